"""Cost price [prix de revient]: what each offer's line, and each membership, truly costs. Pure, in exact rationals.

1. Each cost spends so much of a month: `spent`.
2. Its key gives each offer, or the membership, a weight in that month: `weights`.
3. It is shared in proportion (`share`); what no one has a weight for stays apart, and is told.
4. Shown cents are rounded once, by largest remainder (`Shared.table`): what is shared adds up to what is spent.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final, TypeAlias

from billing.models import CostKind, Per, SharingKey
from billing.reckoning import rounded
from foundation.clock import Month
from foundation.money import Euros, split

Bearer: TypeAlias = str | None
"""Who bears a cost: an offer by its name; None is the membership."""

_MICROS_OF_WATTHOUR: Final = Fraction(1, 10_000_000)
"""Cents that a watt-hour costs at a millionth of a euro a kWh."""


@dataclass(frozen=True, slots=True)
class Expense:
    """A cost as the association noted it; see `billing.models.Cost`. `parts` are its thousandths by who bears them."""

    name: str
    label: str
    kind: CostKind
    key: SharingKey
    since: date
    until: date | None = None
    cents: int | None = None
    per: str | None = None
    months: int | None = None
    micros: int | None = None
    feed: str = ""
    watthours: int | None = None
    parts: Mapping[Bearer, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a month was, in numbers that others hand down.

    `lines` of an offer, `users` of one, `members` of the association: each with a bit for every day of the month on
    which it was in service, had a line of that offer, was a member. `rates` are Mbit/s of one line by offer,
    `used` watt-hours of the month by offer, `metered` watt-hours by feed (empty: all) and day.
    """

    month: Month
    lines: Mapping[str, Sequence[int]] = field(default_factory=dict)
    users: Mapping[str, Sequence[int]] = field(default_factory=dict)
    members: Sequence[int] = ()
    rates: Mapping[str, Fraction] = field(default_factory=dict)
    used: Mapping[str, Fraction] = field(default_factory=dict)
    metered: Mapping[str, Mapping[date, int]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Days of the month."""
        return calendar.monthrange(self.month.year, self.month.number)[1]

    def units(self, bearer: Bearer) -> Fraction:
        """How many months of one line of an offer there were, or of one membership."""
        present = self.members if bearer is None else self.lines.get(bearer, ())
        return Fraction(_days(present, -1), self.length)


@dataclass(frozen=True, slots=True)
class Row:
    """A cost in whole cents, and what of it falls to whom; `left` to nobody. They add up to `cents`."""

    name: str
    label: str
    cents: Euros
    shares: Mapping[Bearer, Euros]
    left: Euros


@dataclass(frozen=True, slots=True)
class Shared:
    """Costs of a time as they are shared, exactly, in cents: by cost and who bears it; `left` by cost alone."""

    labels: Mapping[str, str]
    shares: Mapping[str, Mapping[Bearer, Fraction]]
    left: Mapping[str, Fraction]

    @property
    def spent(self) -> Fraction:
        """Everything that was spent."""
        return sum((self._of(name) for name in self.labels), Fraction(0))

    def borne(self, bearer: Bearer) -> Fraction:
        """Everything that falls to one of them."""
        return sum((own.get(bearer, Fraction(0)) for own in self.shares.values()), Fraction(0))

    def bearers(self) -> set[Bearer]:
        """Everyone to whom something falls."""
        return {bearer for own in self.shares.values() for bearer, cents in own.items() if cents}

    def table(self) -> list[Row]:
        """All of it in whole cents, the costs in order: rows add up to what was spent, cells to their row."""
        names = list(self.labels)
        totals = apportioned(rounded(self.spent), [self._of(name) for name in names])
        return [self._row(name, total) for name, total in zip(names, totals, strict=True)]

    def one(self, bearer: Bearer, units: Fraction) -> tuple[Euros, dict[str, Euros]] | None:
        """What one line's month costs, and what that is made of, by cost, to the cent; None where there is no line."""
        if not units:
            return None
        cents = rounded(self.borne(bearer) * Fraction(units.denominator, units.numerator))
        parts = {name: own[bearer] for name, own in self.shares.items() if own.get(bearer)}
        return cents, dict(zip(parts, apportioned(cents, list(parts.values())), strict=True))

    def _of(self, name: str) -> Fraction:
        return sum(self.shares[name].values(), self.left[name])

    def _row(self, name: str, total: Euros) -> Row:
        own = self.shares[name]
        *parts, left = apportioned(total, [*own.values(), self.left[name]])
        return Row(name, self.labels[name], total, dict(zip(own, parts, strict=True)), left)


def share(expenses: Iterable[Expense], months: Sequence[Facts]) -> Shared:
    """Share what these costs spent in these months, each month by what it was. Costs of one name count as one."""
    labels: dict[str, str] = {}
    shares: dict[str, dict[Bearer, Fraction]] = {}
    left: defaultdict[str, Fraction] = defaultdict(Fraction)
    for expense in sorted(expenses, key=lambda one: (one.name, one.since)):
        for facts in months:
            cents = spent(expense, facts)
            if not cents:
                continue
            labels[expense.name] = expense.label
            own = shares.setdefault(expense.name, {})
            heavy = weights(expense, facts)
            whole = sum(heavy.values(), Fraction(0))
            left[expense.name] += Fraction(0) if whole else cents
            for bearer, weight in heavy.items():
                part = cents * weight * Fraction(whole.denominator, whole.numerator)
                own[bearer] = own.get(bearer, Fraction(0)) + part
    return Shared(labels, shares, left)


def spent(one: Expense, facts: Facts) -> Fraction:
    """What a cost takes of a month, in cents: of the days on which it is in force, and never after its end."""
    since, until = _window(one, facts)
    days = (until - since).days
    if days <= 0:
        return Fraction(0)
    if one.months is not None:
        return _straight(one, since, until)
    if one.micros is not None:
        return _watthours(one, facts, since, until) * one.micros * _MICROS_OF_WATTHOUR
    if one.kind is CostKind.WHOLESALE:
        days = sum(_days(facts.lines.get(bearer or "", ()), _mask(one, facts)) for bearer in one.parts)
    return Fraction((one.cents or 0) * days, facts.length * (12 if one.per == Per.YEAR else 1))


def weights(one: Expense, facts: Facts) -> dict[Bearer, Fraction]:
    """What each has to bear it by, in the month's days on which the cost is in force; who has nothing is left out."""
    if one.key is SharingKey.MEMBERSHIP:
        return {None: Fraction(1)}
    if one.key is SharingKey.PARTS:
        return {bearer: Fraction(part) for bearer, part in one.parts.items()}
    if one.key is SharingKey.WATTS and not one.parts:
        return {bearer: used for bearer, used in facts.used.items() if used}
    present = facts.users if one.key is SharingKey.MEMBERS else facts.lines
    mask = _mask(one, facts)
    found: dict[Bearer, Fraction] = {
        name: _days(days, mask) * _each(one, facts, name) for name, days in present.items()
    }
    return {bearer: weight for bearer, weight in found.items() if weight}


def apportioned(total: int, exact: Sequence[Fraction]) -> list[Euros]:
    """So many whole cents in proportion to these, by largest remainder; none where they are nothing."""
    return split(total, exact) if any(exact) else [Euros(0)] * len(exact)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or that month's last one."""
    count = day.month - 1 + months
    year, number = day.year + count // 12, count % 12 + 1
    return date(year, number, min(day.day, calendar.monthrange(year, number)[1]))


def _each(one: Expense, facts: Facts, offer: str) -> Fraction:
    """What one line, or one member, of an offer weighs."""
    if one.parts:
        return Fraction(one.parts.get(offer, 0))
    return facts.rates.get(offer, Fraction(0)) if one.key is SharingKey.RATE else Fraction(1)


def _straight(one: Expense, since: date, until: date) -> Fraction:
    """Straight line [amortissement linéaire]: an equal part each month from the first day, evenly over its days."""
    months, whole = one.months or 1, Fraction(0)
    first = (since.year - one.since.year) * 12 + since.month - one.since.month
    for rank in range(max(0, first - 1), min(months, first + 2)):
        begun, ended = months_after(one.since, rank), months_after(one.since, rank + 1)
        within = (min(until, ended) - max(since, begun)).days
        whole += Fraction(max(0, within), (ended - begun).days)
    return whole * Fraction(one.cents or 0, months)


def _watthours(one: Expense, facts: Facts, since: date, until: date) -> Fraction:
    if one.watthours is not None:
        return Fraction(one.watthours * (until - since).days, facts.length)
    told = facts.metered.get(one.feed, {})
    return Fraction(sum(used for day, used in told.items() if since <= day < until))


def _window(one: Expense, facts: Facts) -> tuple[date, date]:
    """The days of the month on which a cost is in force, half-open; none where the second is not after the first."""
    return max(one.since, facts.month.first), min(one.until or facts.month.after, facts.month.after)


def _mask(one: Expense, facts: Facts) -> int:
    since, until = _window(one, facts)
    length = max(0, (until - since).days)
    return ((1 << length) - 1) << (since - facts.month.first).days


def _days(present: Iterable[int], mask: int) -> int:
    return sum((days & mask).bit_count() for days in present)
