"""What members owe: dues that are never edited, and the counter-entries that correct them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.bank import BankEntry
from billing.models.columns import EurosColumn
from foundation.database import Base, RowId, kept
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member
from inventory.numbers import shown


class DueKind(StrEnum):
    """What a due is for, and so which account of the books it goes to.

    A gift is a due that one gave oneself, paid as it is made. A refund takes from a member's credit what is given
    back to them.
    """

    MEMBERSHIP = "membership"
    ENTRY = "entry"
    LINE = "line"
    DEPOSIT = "deposit"
    WORK = "work"
    GIFT = "gift"
    REFUND = "refund"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    DueKind.MEMBERSHIP: Phrase("cotisation", "membership"),
    DueKind.ENTRY: Phrase("droit d'entrée", "right of entry"),
    DueKind.LINE: Phrase("ligne", "line"),
    DueKind.DEPOSIT: Phrase("dépôt de garantie", "deposit"),
    DueKind.WORK: Phrase("intervention", "work"),
    DueKind.GIFT: Phrase("don", "gift"),
    DueKind.REFUND: Phrase("remboursement", "refund"),
}


_ONCE: Final = text("absorbed IS FALSE AND kind IN ('membership', 'entry', 'line', 'deposit')")


class Due(Base):
    """What one member owes for one thing and one period, in the words of the tariff of then.

    `what` is a line's number (`L0042`), `membership`, or the kind again; `period` the first day of the month it was
    issued for, or the very day of what comes once; `day` is the day that it has in the books. A due names its line by
    public number, not by row: it outlives what it was for. `absorbed` ones came with a file that was merged into
    another, which owed the same.
    """

    __tablename__ = "due"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    what: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    period: Mapped[date] = mapped_column(index=True, info=kept("payment"))
    per: Mapped[str] = mapped_column(String(8), info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    label: Mapped[str] = mapped_column(String(100), info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    issued: Mapped[datetime] = mapped_column(info=kept("payment"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("bank_entry.id"), index=True, info=kept("payment"))
    absorbed: Mapped[bool] = mapped_column(default=False, info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")
    entry: Mapped[BankEntry | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("cents > 0", name="positive"),
        CheckConstraint("entry_id IS NULL OR kind = 'refund'", name="given_back"),
        Index(
            "uq_due_once_a_period",
            "member_id",
            "kind",
            "what",
            "period",
            unique=True,
            sqlite_where=_ONCE,
            postgresql_where=_ONCE,
        ),
    )

    def __str__(self) -> str:
        return shown("D", self.number)


class Cause(StrEnum):
    """Why a due is corrected: what it was reckoned from has changed, or someone decided so."""

    FACTS = "facts"
    DECISION = "decision"


class Correction(Base):
    """A counter-entry [contre-passation]: so many cents more or less of a due, with its reason."""

    __tablename__ = "correction"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    due_id: Mapped[int] = mapped_column(ForeignKey("due.id"), index=True, info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    cause: Mapped[str] = mapped_column(String(8), info=kept("payment"))
    reason: Mapped[str] = mapped_column(String(200), info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    due: Mapped[Due] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("cents <> 0", name="not_nothing"),)
