"""What the books keep beside the money itself: years that are closed, regimes of VAT, and money that changed hands."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import GUARDS, Base, Guard, RowId, kept
from foundation.speech import Phrase


class Regime(StrEnum):
    """How the association stands towards VAT.

    `none`: not for profit, nothing is subject to it; `franchise`: subject to it and dispensed from paying (293 B);
    `taxed`: what members pay for services holds it.
    """

    NONE = "none"
    FRANCHISE = "franchise"
    TAXED = "taxed"

    @property
    def phrase(self) -> Phrase:
        """The regime as people read it."""
        return _REGIMES[self]


_REGIMES: Final = {
    Regime.NONE: Phrase("hors du champ de la TVA", "outside of VAT"),
    Regime.FRANCHISE: Phrase("franchise de TVA (art. 293 B)", "VAT exemption for small amounts (art. 293 B)"),
    Regime.TAXED: Phrase("TVA collectée sur les services", "VAT collected on services"),
}


class VatRegime(Base):
    """From a day on the association is under a regime, as it was said at an instant; never edited.

    It holds for dues of that day or later that are issued after it was said: what is in the books stays as it is.
    `rate` is in basis points (2000 is 20 %), 0 but where VAT is collected.
    """

    __tablename__ = "vat_regime"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))
    regime: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    rate: Mapped[int] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    __table_args__ = (
        CheckConstraint("rate >= 0 AND rate <= 10000", name="rate"),
        CheckConstraint("(regime = 'taxed') = (rate > 0)", name="rate_where_taxed"),
    )


class FiscalYear(Base):
    """A year [exercice] that is closed, half-open: nothing is dated in it, or before it, any more.

    `entries` and `digest` are those of its journal as it was closed; `chart` the numbers and names that its accounts
    then had (TOML).
    """

    __tablename__ = "fiscal_year"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    since: Mapped[date] = mapped_column(unique=True, info=kept("payment"))
    until: Mapped[date] = mapped_column(unique=True, info=kept("payment"))
    closed_at: Mapped[datetime] = mapped_column(info=kept("payment"))
    entries: Mapped[int] = mapped_column(info=kept("payment"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), info=kept("payment"))
    chart: Mapped[str] = mapped_column(Text, info=kept("payment"))

    __table_args__ = (CheckConstraint("until > since", name="period"),)


class MovedMoney(Base):
    """A due or a payment that was one file's until that file was merged into another: the books tell both."""

    __tablename__ = "moved_money"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    due_id: Mapped[int | None] = mapped_column(ForeignKey("due.id"), info=kept("payment"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), info=kept("payment"))
    absorbed_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("payment"))
    into_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    __table_args__ = (
        CheckConstraint("(due_id IS NULL) <> (payment_id IS NULL)", name="one_thing"),
        UniqueConstraint("due_id", "absorbed_id"),
        UniqueConstraint("payment_id", "absorbed_id"),
    )


_CLOSED: Final = "the books of that day are closed"
_STAYS: Final = "what was booked is corrected by another entry"


def _open_days_only(table: str, column: str = "day") -> Guard:
    """A row of this table is dated in a year that is still open."""
    name = f"{table}_{column}_open"
    before = f"NEW.{column} < (SELECT max(until) FROM fiscal_year)"  # noqa: S608 - names of ours
    update = f" OR UPDATE OF {column}" if column != "day" else ""
    return Guard(
        f"nothing of {table} ({column}) is dated in a year that is closed",
        sqlite=tuple(
            f"CREATE TRIGGER IF NOT EXISTS {name}_{verb.split()[0].lower()} BEFORE {verb} ON {table} WHEN {before} "
            f"BEGIN SELECT raise(ABORT, '{_CLOSED}'); END"
            for verb in ("INSERT", *([f"UPDATE OF {column}"] if update else []))
        ),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION essaim_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {before} THEN RAISE check_violation USING MESSAGE = '{_CLOSED}'; END IF; RETURN NEW; END $$",
            f"CREATE OR REPLACE TRIGGER {name} BEFORE INSERT{update} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION essaim_{name}()",
        ),
    )


def _stays(table: str, columns: str) -> Guard:
    """Rows of this table are never deleted, nor these columns edited."""
    return Guard(
        f"what {table} says of the books stays",
        sqlite=tuple(
            f"CREATE TRIGGER IF NOT EXISTS {table}_stays_{verb.split()[0].lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT raise(ABORT, '{_STAYS}'); END"
            for verb in (f"UPDATE OF {columns}", "DELETE")
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION essaim_books_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE check_violation USING MESSAGE = '{_STAYS}'; END $$",
            f"CREATE OR REPLACE TRIGGER {table}_stays BEFORE DELETE OR UPDATE OF {columns} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION essaim_books_stay()",
        ),
    )


GUARDS.extend(
    (
        *(_open_days_only(table) for table in ("due", "correction", "payment", "reversal", "bank_entry", "filing")),
        _open_days_only("filing", "undone_day"),
        _stays("filing", "entry_id, account, cents, words, day, at"),
        _stays("vat_regime", "since, regime, rate, at"),
        _stays("fiscal_year", "since, until, closed_at, entries, digest, chart"),
        _stays("moved_money", "due_id, payment_id, absorbed_id, into_id, day, at"),
    )
)
