"""The days on which banks of the euro settle (TARGET): neither weekends nor its six holidays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)
_FIXED: Final = ((1, 1), (5, 1), (12, 25), (12, 26))


def settles(day: date) -> bool:
    """Whether accounts are debited on that day."""
    easter = _easter(day.year)
    moving = (easter - 2 * _DAY, easter + _DAY)
    return day.weekday() < 5 and (day.month, day.day) not in _FIXED and day not in moving


def first_from(day: date) -> date:
    """That day where banks settle then, else the next one on which they do."""
    while not settles(day):
        day += _DAY
    return day


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)
