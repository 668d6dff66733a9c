"""What the bank says: accounts, the files read, and each movement, which waits until someone says what it is."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.columns import EurosColumn
from foundation.database import Base, RowId, kept
from foundation.money import Euros
from inventory.numbers import shown


class Holding(StrEnum):
    """Where money of the association lies: at a bank, at HelloAsso until it pays out, in Ğ1."""

    BANK = "bank"
    HELLOASSO = "helloasso"
    G1 = "g1"


class BankAccount(Base):
    """An account of the association from which statements are read. `iban` may be the bank's own number."""

    __tablename__ = "bank_account"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    name: Mapped[str] = mapped_column(String(32), unique=True, info=kept("payment"))
    kind: Mapped[str] = mapped_column(String(16), default=Holding.BANK, info=kept("payment"))
    iban: Mapped[str] = mapped_column(String(34), unique=True, info=kept("payment"))
    bic: Mapped[str] = mapped_column(String(11), default="", info=kept("payment"))
    holder: Mapped[str] = mapped_column(String(70), default="", info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))

    def __str__(self) -> str:
        return self.name


class BankFile(Base):
    """A statement that was read: which file, what it covers, and the balances that it states."""

    __tablename__ = "bank_file"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"), index=True, info=kept("payment"))
    name: Mapped[str] = mapped_column(String(200), info=kept("payment"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), info=kept("payment"))
    since: Mapped[date | None] = mapped_column(info=kept("payment"))
    until: Mapped[date | None] = mapped_column(info=kept("payment"))
    opening: Mapped[Euros | None] = mapped_column(EurosColumn, info=kept("payment"))
    closing: Mapped[Euros | None] = mapped_column(EurosColumn, info=kept("payment"))
    read_at: Mapped[datetime] = mapped_column(info=kept("payment"))

    account: Mapped[BankAccount] = relationship(lazy="raise")


class BankEntry(Base):
    """One movement of an account, as the bank says it; `cents` are negative where money went out.

    `key` is the bank's own identity of it, or one made of what it says: the same movement in another file is the same.
    """

    __tablename__ = "bank_entry"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("payment"))
    account_id: Mapped[int] = mapped_column(ForeignKey("bank_account.id"), info=kept("payment"))
    file_id: Mapped[int] = mapped_column(ForeignKey("bank_file.id"), index=True, info=kept("payment"))
    key: Mapped[str] = mapped_column(String(128), info=kept("payment"))
    day: Mapped[date] = mapped_column(index=True, info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    label: Mapped[str] = mapped_column(String(500), info=kept("payment"))
    payer: Mapped[str] = mapped_column(String(140), default="", info=kept("payment"))
    payer_account: Mapped[str] = mapped_column(String(64), default="", index=True, info=kept("payment"))
    payer_email: Mapped[str] = mapped_column(String(254), default="", info=kept("payment"))
    end_to_end: Mapped[str] = mapped_column(String(64), default="", info=kept("payment"))
    reference: Mapped[str] = mapped_column(String(64), default="", info=kept("payment"))

    account: Mapped[BankAccount] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("cents <> 0", name="not_nothing"),
        UniqueConstraint("account_id", "key"),
    )

    def __str__(self) -> str:
        return shown("B", self.number)


class Filing(Base):
    """What is no member's payment was filed under an account of the books; `undone` where it was not so."""

    __tablename__ = "filing"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("bank_entry.id"), info=kept("payment"))
    account: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    words: Mapped[str] = mapped_column(String(140), default="", info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))
    undone: Mapped[datetime | None] = mapped_column(info=kept("payment"))
    undone_day: Mapped[date | None] = mapped_column(info=kept("payment"))

    entry: Mapped[BankEntry] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("cents <> 0", name="not_nothing"),
        CheckConstraint("(undone IS NULL) = (undone_day IS NULL)", name="undone"),
        Index(
            "uq_filing_living",
            "entry_id",
            unique=True,
            sqlite_where=text("undone IS NULL"),
            postgresql_where=text("undone IS NULL"),
        ),
    )
