"""The books: read a year's, close it, say from when on which VAT; who takes them out is noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from billing.books import bookings, ledger, recorded
from billing.books.chart import Chart, from_text
from billing.books.ledger import Ledger
from billing.books.years import Year, Years, first_open, open_day, years
from billing.models import BankEntry, Correction, Due, Filing, FiscalYear, Payment, Regime, Reversal, VatRegime
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Base
from foundation.errors import Invalid, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.mandates import Task
from inventory.rights import asks

_DATED = (Due, Correction, Payment, Reversal, BankEntry, Filing)


class YearNotOver(Refused):
    """Things may still happen in it."""

    kind = "year-not-over"
    phrase = Phrase(
        "L'exercice {year} finit le {last} : il se clôt après. Rien n'a été changé.",
        "Fiscal year {year} ends on {last}: it is closed afterwards. Nothing was changed.",
    )


class YearClosedBefore(Refused):
    """A year is closed once."""

    kind = "year-closed-before"
    phrase = Phrase(
        "L'exercice {year} est déjà clos. Rien n'a été changé.",
        "Fiscal year {year} is closed already. Nothing was changed.",
    )


class EarlierYearOpen(Refused):
    """Years are closed one after the other."""

    kind = "earlier-year-open"
    phrase = Phrase(
        "L'exercice {before} a des écritures et n'est pas clos. Rien n'a été changé. D'abord : "
        "essaim books year close {before}",
        "Fiscal year {before} has entries and is not closed. Nothing was changed. First: "
        "essaim books year close {before}",
    )


class BooksChanged(Refused):
    """The entries of a closed year are not those that were closed: someone went round the program."""

    kind = "books-changed"
    phrase = Phrase(
        "L'exercice {year} est clos, et ses écritures ne sont plus celles qui ont été closes : la base a été changée "
        "sans passer par Essaim. Rien n'a été écrit. Comparez avec une sauvegarde d'avant.",
        "Fiscal year {year} is closed, and its entries are no longer those that were closed: the database was changed "
        "behind Essaim's back. Nothing was written. Compare it with an earlier backup.",
    )


class BadRate(Invalid):
    """A rate where none is due, or none where one is."""

    kind = "bad-vat-rate"
    phrase = Phrase(
        "Le régime « {regime} » {what}. Rien n'a été changé.",
        "The regime “{regime}” {what}. Nothing was changed.",
    )


_NEEDS_RATE = Phrase("demande un taux, de 0,01 à 100 : --rate 20", "needs a rate, from 0.01 to 100: --rate 20")
_HAS_NO_RATE = Phrase("n'a pas de taux", "has no rate")

MENTIONS = {Regime.NONE: "", Regime.FRANCHISE: "TVA non applicable, art. 293 B du CGI", Regime.TAXED: ""}
"""What each regime requires on what members are handed; where VAT is collected, its rate and amount stand there."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing a year does: so many entries, the result (a surplus where positive), and what it leaves open.

    `waiting` is what nobody has said what it is (471), `by_hand` what was noted by hand and that no statement has
    shown yet (512).
    """

    year: str
    since: date
    last: date
    entries: int
    total: Euros
    result: Euros
    waiting: Euros
    by_hand: Euros


@asks(Task.DUES_READ)
def journal_of(session: Session, act: Act, chart: Chart, name: str = "") -> Ledger:
    """The books of the fiscal year of that name, of today's where empty; as they were numbered, where it is closed.

    Raises NoSuchYear, Unbalanced, BooksChanged.
    """
    return _read(session, years(session, chart.begins), chart, name or clock.today(act.at))


def _read(session: Session, known: Years, chart: Chart, which: str | date) -> Ledger:
    year = known.named(which) if isinstance(which, str) else known.of(which)
    closed = session.scalar(select(FiscalYear).where(FiscalYear.since == year.since))
    found = ledger.read(session, year, known, chart if closed is None else from_text(closed.chart)).checked()
    if closed is not None and (len(found.entries), found.digest()) != (closed.entries, closed.digest):
        raise BooksChanged(year=str(year))
    return found


@asks(Task.DUES_READ)
def note_export(session: Session, act: Act, found: Ledger, form: str) -> None:
    """Note that someone takes the books of a year to another program: members' names may be in them."""
    journal.record(session, act, "books.export", str(found.year), form=form, entries=len(found.entries))


@asks(Task.DUES_WRITE)
def foresee(session: Session, act: Act, chart: Chart, name: str) -> Closing:
    """What closing that year would do. Raises NoSuchYear, YearNotOver, YearClosedBefore, EarlierYearOpen."""
    return _closing(_to_close(session, act, chart, name))


@asks(Task.DUES_WRITE)
def close_year(session: Session, act: Act, chart: Chart, name: str) -> Closing:
    """Close a fiscal year, for good: nothing is dated in it any more, and its accounts keep their numbers and names.

    Raises NoSuchYear, YearNotOver, YearClosedBefore, EarlierYearOpen, Unbalanced.
    """
    if session.get_bind().dialect.name == "postgresql":  # who is writing an entry of that year ends first
        names = ", ".join(table.__tablename__ for table in _DATED)
        session.execute(text(f"LOCK TABLE {names}, fiscal_year IN SHARE ROW EXCLUSIVE MODE"))
    found = _to_close(session, act, chart, name)
    done = _closing(found)
    session.add(
        FiscalYear(
            since=found.year.since,
            until=found.year.until,
            closed_at=act.at,
            entries=done.entries,
            digest=found.digest(),
            chart=chart.text(),
        )
    )
    session.flush()
    journal.record(
        session,
        act,
        "books.close",
        done.year,
        entries=done.entries,
        result=int(done.result),
        digest=found.digest().hex(),
    )
    return done


def _to_close(session: Session, act: Act, chart: Chart, name: str) -> Ledger:
    known = years(session, chart.begins)
    year = known.named(name)
    begun = first_open(session)
    if begun is not None and year.since < begun:
        raise YearClosedBefore(year=name)
    if clock.today(act.at) < year.until:
        raise YearNotOver(year=name, last=year.last)
    earlier = [_first_day(session, table, begun) for table in _DATED]
    oldest = min((day for day in earlier if day is not None), default=year.since)
    if oldest < year.since:
        raise EarlierYearOpen(before=str(known.of(oldest)))
    return ledger.read(session, year, known, chart).checked()


def _first_day(session: Session, table: type[Base], begun: date | None) -> date | None:
    day = table.__table__.c.day
    query = select(func.min(day))
    found: date | None = session.scalar(query if begun is None else query.where(day >= begun))
    return found


def _closing(found: Ledger) -> Closing:
    lines = found.balance()
    code = found.plan.account
    at_end = {line.account.code: line.closing for line in lines}
    result = sum(line.closing - line.opening for line in lines if line.account.code.startswith(("6", "7")))
    return Closing(
        str(found.year),
        found.year.since,
        found.year.last,
        len(found.entries),
        Euros(sum(line.debit for line in lines)),
        Euros(-result),
        at_end.get(code("waiting").code, Euros(0)),
        at_end.get(code("bank").code, Euros(0)),
    )


@asks(Task.DUES_WRITE)
def set_vat(session: Session, act: Act, regime: Regime, *, since: date, rate: int = 0) -> VatRegime:
    """From `since` on the association is under that regime; `rate` in basis points where it collects VAT.

    It holds for dues of that day or later that are issued from now on: those issued before stay. Raises BadRate,
    ClosedDay.
    """
    if regime == Regime.TAXED and not 0 < rate <= bookings.WHOLE:
        raise BadRate(regime=regime, what=_NEEDS_RATE)
    if regime != Regime.TAXED and rate:
        raise BadRate(regime=regime, what=_HAS_NO_RATE)
    open_day(session, since)
    said = VatRegime(since=since, regime=regime, rate=rate, at=act.at)
    session.add(said)
    session.flush()
    journal.record(session, act, "books.vat", str(regime), since=since, rate=rate)
    return said


def vat_on(session: Session, act: Act, day: date) -> tuple[Regime, int]:
    """The regime of that day as it is said by now, and its rate in basis points; none where nothing was said."""
    found = bookings.rate_of(recorded.rates(session), day, act.at)
    return (Regime.NONE, 0) if found is None else (Regime(found.regime), found.rate)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the books stand: years closed, the one of today, the regimes said, what waits in 471."""

    closed: tuple[str, ...]
    open_since: date | None
    year: str
    since: date
    last: date
    regime: Regime
    rate: int
    mention: str


def standing(session: Session, act: Act, chart: Chart) -> Standing:
    """Where the books stand on the day of the act."""
    known, day = years(session, chart.begins), clock.today(act.at)
    regime, rate = vat_on(session, act, day)
    closed = session.scalars(select(FiscalYear.until).order_by(FiscalYear.until)).all()
    names = tuple(f"{(until - timedelta(days=1)).year:04d}" for until in closed)
    year: Year = known.of(day)
    return Standing(names, first_open(session), str(year), year.since, year.last, regime, rate, MENTIONS[regime])
