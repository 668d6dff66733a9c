"""How far what members give covers a cost, and how it is distributed among them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from billing.cost.disclosure import Limits, bounded, counts_of, kept_back
from billing.cost.given import Given
from billing.cost.price import Bearer, months_after
from billing.models import DueKind
from foundation.clock import Month

LINE_BANDS: Final = (0, 1, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 5000, 7500, 10000)
"""Lower ends, in cents a month for one line. They never depend on what is given, which they would tell of."""
_NEAR: Final = 25
"""Cents below the end of a band, from 5 € on, that count as in it: a third of 35,00 € is 11,66 € for someone."""
YEAR_BANDS: Final = (0, 1, 500, 1000, 1500, 2000, 3000, 5000, 10000)
"""Lower ends, in cents a year for a membership."""


@dataclass(frozen=True, slots=True)
class Had:
    """A member had a part of a line of an offer for so many months of lines: half a line all month is ½."""

    month: Month
    member: str
    line: str
    offer: str
    months: Fraction


@dataclass(frozen=True, slots=True)
class Cell:
    """People who give from `low` to less than `high` cents; None people: fewer than five, or kept back beside such."""

    low: int
    high: int | None
    people: int | None


@dataclass(slots=True)
class Giving:
    """What goes to one offer, or to the membership: in all, and what each member gives for one line's month.

    Of the membership, for a year. Whoever has it and gives nothing is there with nothing.
    """

    in_all: Fraction = Fraction(0)
    each: dict[str, Fraction] = field(default_factory=dict)

    def cells(self, limits: Limits) -> tuple[Cell, ...]:
        """The distribution as it may be told; none where nothing of it may be."""
        counts = counts_of(list(self.each.values()), _near(limits))
        hidden = kept_back(counts)
        if hidden is None:
            return ()
        ends = (*limits[1:], None)
        return tuple(
            Cell(low, high, None if rank in hidden else count)
            for rank, (low, high, count) in enumerate(zip(limits, ends, counts, strict=True))
            if count
        )

    def people(self, limits: Limits) -> int | None:
        """How many members it is about; None where that may not be told."""
        return None if kept_back(counts_of(list(self.each.values()), _near(limits))) is None else len(self.each)

    def untold(self, limits: Limits) -> bool:
        """Whether the amount in all would say what someone gives."""
        return bool(self.each) and not bounded(list(self.each.values()), _near(limits))


def bands(bearer: Bearer) -> Limits:
    """The bands of an offer, or of the membership."""
    return YEAR_BANDS if bearer is None else LINE_BANDS


def _near(limits: Limits) -> Limits:
    return tuple(low - _NEAR if low >= 500 else low for low in limits)


def year_issued(issued: Collection[Month], last: Month) -> bool:
    """Whether the dues of a whole year up to that month were issued, so that who has none gives nothing."""
    days = [months_after(last.first, -rank) for rank in range(12)]
    return all(Month(day.year, day.month) in issued for day in days)


def coverage(
    given: Sequence[Given],
    had: Sequence[Had],
    members: Mapping[Month, Sequence[str]],
    offers_now: Mapping[str, str],
    issued: Collection[Month],
) -> dict[Bearer, Giving]:
    """What goes to each offer and to the membership.

    What a line's month brings goes to the offers that it had, in proportion to its days; to the one it has now where
    it did not serve. A right of entry counts for the membership, though in nobody's yearly amount.
    """
    found: defaultdict[Bearer, Giving] = defaultdict(Giving)
    parts = _offers_of(had)
    gave: defaultdict[tuple[Bearer, str], Fraction] = defaultdict(Fraction)
    years: defaultdict[str, list[Fraction]] = defaultdict(list)
    for one in given:
        if one.kind is DueKind.LINE:
            now = offers_now.get(one.what)
            for offer, part in (parts.get((one.month, one.what)) or ({now: Fraction(1)} if now else {})).items():
                found[offer].in_all += one.cents * part
                gave[offer, one.member] += one.cents * part
        elif one.kind is not DueKind.GIFT:
            found[None].in_all += one.cents
            if one.kind is DueKind.MEMBERSHIP:
                years[one.member].append(one.cents)
    _lines_each(found, gave, had, issued)
    everyone = set(years)
    if members and year_issued(issued, max(members)):
        everyone.update(*members.values())
    for member in sorted(everyone):
        own = years.get(member)
        found[None].each[member] = sum(own, Fraction(0)) * Fraction(12, len(own)) if own else Fraction(0)
    return dict(found)


def _offers_of(had: Sequence[Had]) -> dict[tuple[Month, str], dict[str, Fraction]]:
    """For each line in each month, the parts of it that were under which offer."""
    whole: defaultdict[tuple[Month, str], Fraction] = defaultdict(Fraction)
    for one in had:
        whole[one.month, one.line] += one.months
    parts: defaultdict[tuple[Month, str], dict[str, Fraction]] = defaultdict(dict)
    for one in had:
        all_of_it = whole[one.month, one.line]
        part = one.months * Fraction(all_of_it.denominator, all_of_it.numerator)
        own = parts[one.month, one.line]
        own[one.offer] = own.get(one.offer, Fraction(0)) + part
    return parts


def _lines_each(
    found: defaultdict[Bearer, Giving],
    gave: Mapping[tuple[Bearer, str], Fraction],
    had: Sequence[Had],
    issued: Collection[Month],
) -> None:
    """What each member gives for one line's month, of the months whose dues were issued."""
    months: defaultdict[tuple[Bearer, str], Fraction] = defaultdict(Fraction)
    for one in had:
        if one.month in issued:
            months[one.offer, one.member] += one.months
    for offer, member in sorted({*months, *gave}, key=lambda key: (key[0] or "", key[1])):
        cents, held = gave.get((offer, member), Fraction(0)), months.get((offer, member), Fraction(0))
        # Whoever gives for a line that did not serve has no line's month to count it by: what they give stands alone.
        found[offer].each[member] = cents * Fraction(held.denominator, held.numerator) if held else cents
