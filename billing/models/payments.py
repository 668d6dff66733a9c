"""What members paid, what was reversed of it, and which payment settles which due."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.bank import BankEntry
from billing.models.columns import EurosColumn
from foundation.database import Base, RowId, kept
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member
from inventory.numbers import shown


class Means(StrEnum):
    """How someone paid."""

    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct-debit"
    CHEQUE = "cheque"
    CASH = "cash"
    CARD = "card"
    HELLOASSO = "helloasso"
    G1 = "g1"
    OFFSET = "offset"

    @property
    def phrase(self) -> Phrase:
        """The means as people read it."""
        return _MEANS[self]


_MEANS: Final = {
    Means.TRANSFER: Phrase("virement", "bank transfer"),
    Means.DIRECT_DEBIT: Phrase("prélèvement", "direct debit"),
    Means.CHEQUE: Phrase("chèque", "cheque"),
    Means.CASH: Phrase("espèces", "cash"),
    Means.CARD: Phrase("carte", "card"),
    Means.HELLOASSO: Phrase("HelloAsso", "HelloAsso"),
    Means.G1: Phrase("Ğ1", "Ğ1"),
    Means.OFFSET: Phrase("compensation", "offset"),
}


class Payment(Base):
    """Money received from a member. `reference` is what came with it, `source` where we know of it from.

    `entry` is the bank's movement that brought it; several payments may be parts of one.
    """

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    means: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    reference: Mapped[str] = mapped_column(String(140), default="", info=kept("payment"))
    source: Mapped[str] = mapped_column(String(32), info=kept("payment"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("bank_entry.id"), index=True, info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")
    entry: Mapped[BankEntry | None] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("cents > 0", name="positive"),)

    def __str__(self) -> str:
        return shown("P", self.number)


class Reversal(Base):
    """A counter-entry [extourne]: the payment was another's, or came back; it is kept, and counts no more."""

    __tablename__ = "reversal"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), unique=True, info=kept("payment"))
    reason: Mapped[str] = mapped_column(String(200), info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    payment: Mapped[Payment] = relationship(lazy="raise")


class Allocation(Base):
    """The part of a payment that settles a due."""

    __tablename__ = "allocation"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), info=kept("payment"))
    due_id: Mapped[int] = mapped_column(ForeignKey("due.id"), index=True, info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))

    __table_args__ = (
        CheckConstraint("cents > 0", name="positive"),
        UniqueConstraint("payment_id", "due_id"),
    )
