"""Repair times as wholesalers promise them (GTR), and the instant at which one is over. Pure.

Three ways to promise: hours straight, day and night (`4h`); working hours (`8ho`, heures ouvrées); working days
(`j+1`: by the end of the working day after the one on which the fault was told).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Final

from foundation import clock
from foundation.errors import Invalid
from foundation.speech import PARIS, Phrase

OPENS: Final = time(8)
CLOSES: Final = time(18)
"""A working day, in Paris."""

_DAY: Final = timedelta(days=1)
_MOST: Final = 1000
_WRITTEN: Final = re.compile(r"([0-9]{1,4})(h|ho|wh)|[jd]\+([0-9]{1,4})", re.IGNORECASE)


class BadGuarantee(Invalid):
    """A text that is no repair time."""

    kind = "bad-guarantee"
    phrase = Phrase(
        "« {text} » n'est pas une garantie de rétablissement. Par exemple : 4h (jour et nuit), 8ho (heures ouvrées) "
        "ou j+1 (jours ouvrés).",
        "“{text}” is not a repair time. For example: 4h (day and night), 8wh (working hours) or j+1 (working days).",
    )


class Counted(StrEnum):
    """What a promise counts in, as it is written."""

    HOURS = "{}h"
    WORKING_HOURS = "{}ho"
    WORKING_DAYS = "j+{}"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """A promised repair time."""

    count: int
    counted: Counted

    @classmethod
    def parse(cls, text: str) -> Guarantee:
        """Read `4h`, `8ho` (or `8wh`), `j+1` (or `d+1`). Raises BadGuarantee."""
        read = _WRITTEN.fullmatch(text.strip())
        if read is None or not 1 <= int(read[1] or read[3]) <= _MOST:
            raise BadGuarantee(text=text[:40])
        if read[3] is not None:
            return cls(int(read[3]), Counted.WORKING_DAYS)
        return cls(int(read[1]), Counted.HOURS if read[2].lower() == "h" else Counted.WORKING_HOURS)

    def __str__(self) -> str:
        return self.counted.format(self.count)


def deadline(opened: datetime, promised: Guarantee) -> datetime:
    """The instant at which the promise is broken, for a fault told at `opened`."""
    match promised.counted:
        case Counted.HOURS:
            return opened.astimezone(UTC) + timedelta(hours=promised.count)
        case Counted.WORKING_HOURS:
            return _after_working_hours(opened, timedelta(hours=promised.count))
        case Counted.WORKING_DAYS:
            return _after_working_days(opened, promised.count)


def is_working(day: date) -> bool:
    """Whether people work on that day: Monday to Friday, but on public holidays."""
    return day.weekday() < 5 and day not in holidays(day.year)


@cache
def holidays(year: int) -> frozenset[date]:
    """The eleven public holidays of France (Code du travail, L3133-1)."""
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    moving = (easter(year) + after * _DAY for after in (1, 39, 50))  # Easter Monday, Ascension, Whit Monday
    return frozenset(date(year, month, day) for month, day in fixed) | frozenset(moving)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    corrected = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - century // 4 - corrected + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _after_working_days(opened: datetime, count: int) -> datetime:
    day = opened.astimezone(PARIS).date()
    if opened >= _at(day, CLOSES):
        day += _DAY
    day = _working_from(day)
    for _ in range(count):
        day = _working_from(day + _DAY)
    return _at(day, CLOSES)


def _after_working_hours(opened: datetime, left: timedelta) -> datetime:
    day = _working_from(clock.today(opened))
    while True:
        begins = max(opened.astimezone(UTC), _at(day, OPENS))
        room = _at(day, CLOSES) - begins
        if left <= room:
            return begins + left
        left -= max(room, timedelta())
        day = _working_from(day + _DAY)


def _working_from(day: date) -> date:
    while not is_working(day):
        day += _DAY
    return day


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, PARIS).astimezone(UTC)
