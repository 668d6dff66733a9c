"""Time: instants in UTC, days in Paris, half-open periods. Nobody but a door asks what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from foundation.errors import Invalid
from foundation.speech import PARIS, Phrase


class BadMoment(Invalid):
    """A text that is no moment, or one that says two things."""

    kind = "bad-moment"
    phrase = Phrase(
        "« {text} » n'est pas un moment. Par exemple : 2026-11-22 ou 2026-11-22T14:02+01:00.",
        "“{text}” is not a moment. For example: 2026-11-22 or 2026-11-22T14:02+01:00.",
    )


class BadMonth(BadMoment):
    """A text that is no month."""

    kind = "bad-month"
    phrase = Phrase(
        "« {text} » n'est pas un mois. Par exemple : 2026-11.",
        "“{text}” is not a month. For example: 2026-11.",
    )


class AmbiguousMoment(BadMoment):
    """A time of day that summer time skips or repeats, given without its offset."""

    kind = "ambiguous-moment"
    phrase = Phrase(
        "« {text} » existe deux fois ou pas du tout (changement d'heure). Ajoutez le décalage : +02:00 ou +01:00.",
        "“{text}” exists twice or not at all (clocks change). Add the offset: +02:00 or +01:00.",
    )


class Month(NamedTuple):
    """A calendar month, as dues are counted."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2026-11`. Raises BadMonth."""
        year, _, number = text.partition("-")
        if len(year) != 4 or len(number) > 2 or not (text.isascii() and year.isdigit() and number.isdigit()):
            raise BadMonth(text=text[:40])
        read = cls(int(year), int(number))
        if not (1 <= read.number <= 12 and 0 < read.year < 9999):
            raise BadMonth(text=text[:40])
        return read

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def after(self) -> date:
        """The first day that is no longer in it."""
        return date(self.year + self.number // 12, self.number % 12 + 1, 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def now() -> datetime:
    """This instant, for doors to pass in; whole microseconds, UTC."""
    return datetime.now(UTC)


def midnight(day: date) -> datetime:
    """The instant at which `day` begins in Paris."""
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


def today(at: datetime) -> date:
    """The day it is in Paris at that instant."""
    return at.astimezone(PARIS).date()


def parse(text: str) -> datetime:
    """Read an ISO 8601 moment of any zone; without a zone it is Paris time, a day alone its midnight.

    Raises BadMoment, or AmbiguousMoment for an hour that summer time repeats or skips.
    """
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError as unreadable:
        raise BadMoment(text=text[:40]) from unreadable
    if not datetime.min.year < value.year < datetime.max.year:  # at its ends the calendar lacks a day for some zone
        raise BadMoment(text=text[:40])
    if value.tzinfo is not None:
        return value.astimezone(UTC)
    early, late = (value.replace(tzinfo=PARIS, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early != late:
        raise AmbiguousMoment(text=text)
    return early


def ends_after(since: datetime, at: datetime) -> datetime:
    """`at`, or the least later instant where a period from `since` would have no length."""
    return max(at, since + timedelta(microseconds=1))
