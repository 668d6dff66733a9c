"""What a month costs whom: pure, in exact rationals, rounded once a month.

A line's month costs its tariff, or that many days of it; the amount is rounded to the cent, then split between
those who shared the line in proportion to weight times days present, by largest remainder (`foundation.money.split`).
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache

from billing.models import Per
from foundation.clock import Month
from foundation.money import Euros, split


@dataclass(frozen=True, slots=True)
class Presence:
    """Someone's part of a line from a day to a day, half-open. `member` is whoever pays for it."""

    member: int
    weight: int
    since: date
    until: date | None

    def on(self, day: date) -> bool:
        """Whether the part is in force on that day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Stay:
    """A membership of one kind from a day to a day, half-open."""

    kind: str
    since: date
    until: date | None

    def on(self, day: date) -> bool:
        """Whether the membership is in force on that day."""
        return self.since <= day and (self.until is None or day < self.until)


@lru_cache(64)
def days_of(month: Month) -> tuple[date, ...]:
    """Every day of the month."""
    length = calendar.monthrange(month.year, month.number)[1]
    return tuple(date(month.year, month.number, day) for day in range(1, length + 1))


def month_price(cents: Euros, per: str, month: Month) -> Euros:
    """What one whole month costs. The twelve months of a yearly price add up to it exactly."""
    if per == Per.MONTH:
        return cents
    return Euros(cents * month.number // 12 - cents * (month.number - 1) // 12)


@lru_cache(4096)
def day_price(cents: Euros, per: str, month: Month) -> Fraction:
    """What one day of that month costs, exactly, in cents."""
    return Fraction(month_price(cents, per, month), len(days_of(month)))


def days_in_service(events: Sequence[tuple[date, bool]], days: Sequence[date]) -> list[date]:
    """The days on which a line counts as in service, from what it became on which day, the oldest first.

    What it became last on a day holds for the whole of that day.
    """
    if events and days and events[-1][0] <= days[0]:
        return list(days) if events[-1][1] else []
    served = []
    for day in days:
        past = [serves for since, serves in events if since <= day]
        if past and past[-1]:
            served.append(day)
    return served


def line_parts(
    prices: Mapping[date, Fraction],
    presences: Sequence[Presence],
    paused: Callable[[int, date], bool] | None = None,
) -> dict[int, Euros]:
    """What each member owes for a line's month, from what each day in service costs; the first share first.

    Days on which nobody has a part cost nobody anything. The parts add up to the month's cost to the cent; what falls
    on a member's paused days is left out, and asked of nobody else.
    """
    if paused is None and prices and _whole(presences, list(prices)):
        weights = {(one.member, False): 0 for one in presences}
        for one in presences:
            weights[one.member, False] += one.weight * len(prices)
        cost = _total(list(prices.values()))
    else:
        weights, cost = _weighed(prices, presences, paused)
    if len(weights) < 2:  # as most lines are
        return {member: Euros(0) if waits else rounded(cost) for member, waits in weights}
    owed: Counter[int] = Counter()
    for (member, waits), part in zip(weights, split(rounded(cost), list(weights.values())), strict=True):
        owed[member] += 0 if waits else part
    return {member: Euros(cents) for member, cents in owed.items()}


def _whole(presences: Sequence[Presence], days: Sequence[date]) -> bool:
    """Whether every part is in force on all of these days, the first of which comes first."""
    return all(one.on(days[0]) and one.on(days[-1]) for one in presences)


def _total(prices: Sequence[Fraction]) -> Fraction:
    """The sum: a month has few prices, and adding thirty fractions takes long."""
    if prices and all(price is prices[0] for price in prices):
        return prices[0] * len(prices)
    return sum((price * count for price, count in Counter(prices).items()), Fraction(0))


def _weighed(
    prices: Mapping[date, Fraction],
    presences: Sequence[Presence],
    paused: Callable[[int, date], bool] | None,
) -> tuple[dict[tuple[int, bool], int], Fraction]:
    """Weight times days of each member, paused days apart; and what the days cost that somebody had."""
    weights: Counter[tuple[int, bool]] = Counter()
    had = []
    for day, price in prices.items():
        present = [presence for presence in presences if presence.on(day)]
        if present:
            had.append(price)
        for presence in present:
            weights[presence.member, paused is not None and paused(presence.member, day)] += presence.weight
    return weights, _total(had)


def rounded(cents: Fraction) -> Euros:
    """To the nearest cent, half a cent up."""
    return Euros((2 * cents.numerator + cents.denominator) // (2 * cents.denominator))


def anniversary(stays: Sequence[Stay], month: Month) -> tuple[date, Stay] | None:
    """The day in that month on which a year of membership begins, and the membership then in force.

    Years are counted from the first day of an unbroken membership, whatever its kinds; 29 February falls on the
    28th in common years. None where no year begins in that month. `stays` are one member's, the oldest first.
    """
    length = len(days_of(month))
    start: date | None = None
    before: Stay | None = None
    found = None
    for stay in stays:
        if start is None or before is None or before.until is None or before.until < stay.since:
            start = stay.since
        day = date(month.year, month.number, min(start.day, length))
        if start.month == month.number and start <= day and stay.on(day):
            found = (day, stay)
        before = stay
    return found


def first_day(stays: Sequence[Stay], month: Month) -> tuple[date, Stay] | None:
    """The first day of that month on which someone is a member, and the membership then in force."""
    return next(((day, stay) for day in days_of(month) for stay in stays if stay.on(day)), None)
