"""The schema of money: tariffs, dues, payments, and which payment settles which due.

Amounts are whole cents. A due names its line by public number, not by row: dues outlive what they were for.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Dialect, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from foundation.database import GUARDS, Base, Guard, RowId, kept
from foundation.money import Euros
from inventory.models.people import Member
from inventory.numbers import shown

MEMBERSHIP = "membership"
"""What a due is for when it is not for a line."""


class EurosColumn(TypeDecorator[Euros]):
    """Whole cents: BIGINT in the database, `Euros` in the program."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The cents."""
        return None if value is None else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Euros | None:  # noqa: ARG002
        """The amount; PostgreSQL sums BIGINT into a Decimal without a fraction."""
        return None if value is None else Euros(value)


class Per(StrEnum):
    """What a tariff's amount is for."""

    MONTH = "month"
    YEAR = "year"


class Means(StrEnum):
    """How someone paid."""

    TRANSFER = "transfer"
    DIRECT_DEBIT = "direct-debit"
    CHEQUE = "cheque"
    CASH = "cash"
    CARD = "card"


class Tariff(Base):
    """What an offer or a kind of membership costs from a day on, until the next tariff of the same begins."""

    __tablename__ = "tariff"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"), info=kept("payment"))
    membership: Mapped[str | None] = mapped_column(String(32), info=kept("payment"))
    per: Mapped[str] = mapped_column(String(8), info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    label: Mapped[str] = mapped_column(String(100), info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))

    __table_args__ = (
        CheckConstraint("cents >= 0", name="not_negative"),
        CheckConstraint("(offer_id IS NULL) <> (membership IS NULL)", name="of_one_thing"),
        UniqueConstraint("offer_id", "since"),
        UniqueConstraint("membership", "since"),
    )


class Due(Base):
    """What one member owes for one thing and one period, in the words of the tariff of then.

    `what` is a line's number (`L0042`) or `membership`; `period` the first day of the month it was issued for.
    """

    __tablename__ = "due"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("payment"))
    what: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    period: Mapped[date] = mapped_column(index=True, info=kept("payment"))
    per: Mapped[str] = mapped_column(String(8), info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    label: Mapped[str] = mapped_column(String(100), info=kept("payment"))
    issued: Mapped[datetime] = mapped_column(info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("cents > 0", name="positive"),
        UniqueConstraint("member_id", "what", "period"),
    )


class Payment(Base):
    """Money received from a member. `reference` is what came with it, `source` where we know of it from."""

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    means: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    reference: Mapped[str] = mapped_column(String(140), default="", info=kept("payment"))
    source: Mapped[str] = mapped_column(String(32), info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("cents > 0", name="positive"),)

    def __str__(self) -> str:
        return shown("P", self.number)


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


_PAST_PAYMENT = """(SELECT coalesce(sum(cents), 0) FROM allocation WHERE payment_id = NEW.payment_id AND id <> NEW.id)
    + NEW.cents > (SELECT cents FROM payment WHERE id = NEW.payment_id)"""
_PAST_DUE = """(SELECT coalesce(sum(cents), 0) FROM allocation WHERE due_id = NEW.due_id AND id <> NEW.id)
    + NEW.cents > (SELECT cents FROM due WHERE id = NEW.due_id)"""
_OTHER_MEMBER = """(SELECT member_id FROM payment WHERE id = NEW.payment_id)
    <> (SELECT member_id FROM due WHERE id = NEW.due_id)"""
_BEYOND = f"{_PAST_PAYMENT} OR {_PAST_DUE} OR {_OTHER_MEMBER}"

GUARDS.append(
    Guard(
        "an allocation stays within its payment, its due and its member",
        # AFTER: on SQLite a row has no id of its own before it is there.
        sqlite=tuple(
            f"CREATE TRIGGER IF NOT EXISTS allocation_within_{verb} AFTER {verb} ON allocation WHEN {_BEYOND} "
            f"BEGIN SELECT raise(ABORT, 'an allocation stays within its payment and its due'); END"
            for verb in ("insert", "update")
        ),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION essaim_allocation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {_BEYOND} THEN "
            f"RAISE check_violation USING MESSAGE = 'an allocation stays within its payment and its due'; "
            f"END IF; RETURN NEW; END $$",
            "CREATE OR REPLACE TRIGGER allocation_within AFTER INSERT OR UPDATE ON allocation "
            "FOR EACH ROW EXECUTE FUNCTION essaim_allocation()",
        ),
    )
)
