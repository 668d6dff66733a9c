"""Fiscal years [exercices]: which there are, which are closed, and that nothing is dated in one that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.models import FiscalYear
from foundation.errors import NotFound, Refused
from foundation.speech import Phrase


class ClosedDay(Refused):
    """What would be dated in a year whose books are closed."""

    kind = "closed-day"
    phrase = Phrase(
        "Les comptes sont clos jusqu'au {last} : rien ne peut plus y être daté du {day}. Rien n'a été changé. "
        "Datez du {first} au plus tôt, ou corrigez par une écriture d'aujourd'hui.",
        "The books are closed until {last}: nothing can be dated {day} any more. Nothing was changed. "
        "Date it {first} at the earliest, or correct it by an entry of today.",
    )


class NoSuchYear(NotFound):
    """A text that names no fiscal year."""

    kind = "no-such-fiscal-year"
    phrase = Phrase(
        "« {year} » n'est pas un exercice. On le nomme par l'année où il finit : 2026.",
        "“{year}” is no fiscal year. It is named by the year in which it ends: 2026.",
    )


@dataclass(frozen=True, slots=True)
class Year:
    """A fiscal year, half-open, named by the calendar year of its last day; `closed` is when its books were."""

    since: date
    until: date
    closed: datetime | None = None

    @property
    def last(self) -> date:
        """Its last day."""
        return self.until - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.last.year:04d}"


class Years:
    """The years of an association: those that are closed, and the others as they follow from its month of beginning."""

    def __init__(self, closed: Sequence[Year], begins: int) -> None:
        self._closed, self._begins = closed, begins

    def of(self, day: date) -> Year:
        """The year in which a day is."""
        if not self._closed or day < self._closed[0].since:
            return self._before(day)
        for year in self._closed:
            if year.since <= day < year.until:
                return year
        year = Year(self._closed[-1].until, self._after(self._closed[-1]))
        while day >= year.until:
            year = Year(year.until, self._after(year))
        return year

    def named(self, text: str) -> Year:
        """The year of that name. Raises NoSuchYear."""
        if not (len(text) == 4 and text.isascii() and text.isdigit() and 1900 <= int(text) < 9000):
            raise NoSuchYear(year=text[:40])
        for month in range(12, 0, -1):
            year = self.of(date(int(text), month, 1))
            if str(year) == text:
                return year
        raise NoSuchYear(year=text)

    def _before(self, day: date) -> Year:
        since = date(day.year - (day.month < self._begins), self._begins, 1)
        until = date(since.year + 1, self._begins, 1)
        return Year(since, min(until, self._closed[0].since) if self._closed else until)

    def _after(self, year: Year) -> date:
        """Where the year after that one ends: a year that was cut short is followed by one of its own name."""
        end = date(year.until.year, self._begins, 1)
        while end <= year.until or (end - timedelta(days=1)).year == year.last.year:
            end = date(end.year + 1, self._begins, 1)
        return end


def years(session: Session, begins: int) -> Years:
    """The years, where one that is not closed begins in the month of that number."""
    return Years(closed_years(session), begins)


def closed_years(session: Session) -> list[Year]:
    """Those that are closed, the oldest first."""
    query = select(FiscalYear.since, FiscalYear.until, FiscalYear.closed_at).order_by(FiscalYear.since)
    return [Year(since, until, closed) for since, until, closed in session.execute(query)]


def first_open(session: Session) -> date | None:
    """The first day of which the books are open; None where no year is closed."""
    return session.scalar(select(func.max(FiscalYear.until)))


def open_day(session: Session, day: date) -> date:
    """That day, if its books are open. Raises ClosedDay."""
    first = first_open(session)
    if first is not None and day < first:
        raise ClosedDay(day=day, first=first, last=first - timedelta(days=1))
    return day


def moved_day(session: Session, day: date) -> date:
    """That day, or the first one of which the books are open."""
    return max(day, first_open(session) or day)
