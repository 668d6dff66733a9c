"""Whether periods, and prefixes held for periods, overlap: pure, swept in O(n log n)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")


class Ordered(Protocol):
    """A day or an instant."""

    def __lt__(self, other: Any, /) -> bool:
        """Whether it comes before another."""
        ...


P = TypeVar("P", bound=Ordered)


@dataclass(frozen=True, slots=True)
class Held(Generic[T, P]):
    """Addresses `first` to `last` of one family, held from `since` until `until` (None: still). `what` says by whom.

    As prefixes are, two of these are disjoint or one lies within the other.
    """

    family: int
    first: int
    last: int
    since: P
    until: P | None
    what: T


def meet(since: P, until: P | None, other_since: P, other_until: P | None) -> bool:
    """Whether two half-open periods have an instant in common; one without length has none."""
    if (until is not None and not since < until) or (other_until is not None and not other_since < other_until):
        return False
    return (until is None or other_since < until) and (other_until is None or since < other_until)


def conflicts(held: Iterable[Held[T, P]]) -> Iterator[tuple[T, T]]:
    """Pairs that hold one address at one time, each with what it meets first: none if and only if there are none.

    Among those that are given the widest come first, then the earliest: who comes later is the first of the pair.
    """
    around: list[tuple[Held[T, P], _Timeline[T, P]]] = []
    for one in sorted(held, key=lambda one: (one.family, one.first, -one.last, one.since)):
        while around and not _within(one, around[-1][0]):
            around.pop()
        found = next((met for _, timeline in around if (met := timeline.meeting(one)) is not None), None)
        if found is not None:
            yield one.what, found.what
            continue
        if not around or around[-1][0].last != one.last or around[-1][0].first != one.first:
            around.append((one, _Timeline([])))
        around[-1][1].put(one)


def union(periods: Iterable[tuple[date, date | None]]) -> list[tuple[date, date | None]]:
    """Periods that overlap or touch as one, in order."""
    whole: list[tuple[date, date | None]] = []
    for since, until in sorted(periods, key=lambda one: one[0]):
        if not whole or (whole[-1][1] is not None and whole[-1][1] < since):
            whole.append((since, until))
            continue
        before = whole[-1][1]
        whole[-1] = (whole[-1][0], None if before is None or until is None else max(before, until))
    return whole


def day_after(day: date | None) -> date | None:
    """The end of a half-open period whose last day is `day`."""
    return None if day is None else day + timedelta(days=1)


def _within(one: Held[T, P], other: Held[T, P]) -> bool:
    return one.family == other.family and other.first <= one.first and one.last <= other.last


@dataclass(slots=True)
class _Timeline(Generic[T, P]):
    """Who held one prefix when: disjoint, in order."""

    held: list[Held[T, P]]

    def meeting(self, one: Held[T, P]) -> Held[T, P] | None:
        """Whom a holder would meet: only the last that begins before, or the first that begins after."""
        rank = bisect_left(self.held, one.since, key=lambda other: other.since)
        near = self.held[max(rank - 1, 0) : rank + 1]
        return next((other for other in near if meet(one.since, one.until, other.since, other.until)), None)

    def put(self, one: Held[T, P]) -> None:
        """Note a holder who meets nobody."""
        insort(self.held, one, key=lambda other: other.since)
