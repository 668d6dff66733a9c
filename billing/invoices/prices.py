"""What a price of so much a month makes for a period: exact, and how far a pro rata may differ by a day. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

from billing.invoices.facts import Period
from foundation.clock import Month
from foundation.money import Euros, split

_ACCOUNTING_MONTH = 30


def months(period: Period) -> Iterator[tuple[int, int]]:
    """Month by month: how many days of it are in the period, and how many it has."""
    since = period.since
    while since < period.until:
        month = Month(since.year, since.month)
        until = min(month.after, period.until)
        yield (until - since).days, (month.after - month.first).days
        since = until


def whole(period: Period) -> int:
    """How many whole months of the calendar the period is; none where it is not made of whole ones."""
    parts = list(months(period))
    return len(parts) if all(days == length for days, length in parts) else 0


def monthly(cents: int, period: Period) -> Fraction | None:
    """What an amount for a period makes a month; None where it is not for whole months."""
    count = whole(period)
    return Fraction(int(cents), count) if count else None


def expected(price: Fraction, period: Period) -> tuple[Euros, Euros, Euros]:
    """What is expected of a price a month: the least, the amount itself, the most.

    Whole months leave no room but rounding. Of a part of a month, its days by the calendar or by months of thirty days,
    and one day more or less, are all right.
    """
    exact = low = high = Fraction(0)
    for days, length in months(period):
        exact += price * Fraction(days, length)
        if days == length:
            low, high = low + price, high + price
            continue
        low += price * min(Fraction(days - 1, each) for each in (length, _ACCOUNTING_MONTH))
        high += price * max(Fraction(days + 1, each) for each in (length, _ACCOUNTING_MONTH))
    return Euros(floor(low)), Euros(floor(exact + Fraction(1, 2))), Euros(ceil(high))


def part(cents: Euros, period: Period, days: int) -> Euros:
    """What so many days of the period count for in the amount, in whole cents."""
    if not 0 < days < period.days:
        return cents if days > 0 else Euros(0)
    return split(cents, [days, period.days - days])[0]
