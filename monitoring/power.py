"""Electricity as energy: what the figures of an outlet make in watt-hours, day by day. Pure.

A counter of watt-hours says most: what passed between two readings is known even if nobody listened meanwhile. Where
it began again, or where there is none, power is summed up by trapezes between readings that are near enough. All other
time is a gap, and a gap is said: nothing is made up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from foundation import clock
from monitoring.rates import LONGEST

MOST_WATTS: Final = 100_000
"""More than any feed of a small room gives: a counter that would have turned faster was changed by hand."""

Told: TypeAlias = Sequence[tuple[datetime, float]]
"""Readings, the oldest first: watts, or watt-hours since the counter began."""


class Stretch(NamedTuple):
    """A while over which so many watt-hours passed, evenly as far as anyone knows.

    `spread` says that a counter alone tells of it, before and after a silence.
    """

    since: datetime
    until: datetime
    watthours: float
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """All that is known of one outlet: stretches in order, without overlap, and the highest watts about instants."""

    stretches: Sequence[Stretch] = ()
    peaks: Told = ()


@dataclass(frozen=True, slots=True)
class Energy:
    """What passed in a time: watt-hours, the seconds that they are known for, the highest watts seen.

    `asked` is how many seconds there were; `spread` are those for which a counter alone tells.
    """

    asked: float = 0.0
    watthours: float = 0.0
    known: float = 0.0
    spread: float = 0.0
    peak: float | None = None

    @property
    def gap(self) -> float:
        """Seconds of which nothing is known."""
        return max(0.0, self.asked - self.known)

    @property
    def mean(self) -> float | None:
        """Mean watts of the time that is known."""
        return self.watthours * 3600 / self.known if self.known else None

    def then(self, other: Energy) -> Energy:
        """This time and a later one."""
        peaks = [one for one in (self.peak, other.peak) if one is not None]
        return Energy(
            self.asked + other.asked,
            self.watthours + other.watthours,
            self.known + other.known,
            self.spread + other.spread,
            max(peaks, default=None),
        )

    def beside(self, other: Energy) -> Energy:
        """Two outlets over the same time: it is known as long as the one that is known least.

        Peaks are added up, though they may not have been at the same moment: no peak was higher than that.
        """
        peaks = [one for one in (self.peak, other.peak) if one is not None]
        return Energy(
            max(self.asked, other.asked),
            self.watthours + other.watthours,
            min(self.known, other.known),
            max(self.spread, other.spread),
            sum(peaks) if peaks else None,
        )

    def part(self, share: float) -> Energy:
        """A share of it, of 0 to 1: of what two feeds give a power strip, the half that is one's."""
        peak = None if self.peak is None else self.peak * share
        return Energy(self.asked, self.watthours * share, self.known, self.spread, peak)


def of_counter(told: Told, longest: float = LONGEST) -> list[Stretch]:
    """What a counter of watt-hours turned between its readings. Where it fell it was reset: nothing is known there.

    Readings further apart than `longest` seconds still tell how much passed, though not when.
    """
    found = []
    for (since, before), (until, after) in pairwise(told):
        seconds = (until - since).total_seconds()
        turned = after - before
        if seconds > 0 and 0 <= turned <= MOST_WATTS * seconds / 3600:
            found.append(Stretch(since, until, turned, spread=seconds > longest))
    return found


def of_watts(told: Told, longest: float = LONGEST) -> list[Stretch]:
    """Power summed up by trapezes between readings at most `longest` seconds apart."""
    found = []
    for (since, before), (until, after) in pairwise(told):
        seconds = (until - since).total_seconds()
        if 0 < seconds <= longest:
            found.append(Stretch(since, until, (before + after) / 2 * seconds / 3600))
    return found


def account(counter: Told, watts: Told, peaks: Told = (), longest: float = LONGEST) -> Account:
    """What an outlet's figures make: its counter where it has one, its power wherever that says nothing.

    `peaks` are the highest watts about instants; without any, the readings of its power are taken.
    """
    counted, measured = of_counter(counter, longest), of_watts(watts, longest)
    return Account(sorted([*counted, *_beyond(measured, counted)]), peaks or watts)


def split(known: Account, bounds: Sequence[datetime]) -> list[Energy]:
    """What passed between each of these instants, in order, and the next: of a stretch across one, in proportion.

    The parts of an outlet's energy are the whole of it, wherever one cuts.
    """
    found = [Energy(asked=(until - since).total_seconds()) for since, until in pairwise(bounds)]
    for one in known.stretches:
        length = (one.until - one.since).total_seconds()
        place = max(bisect_right(bounds, one.since) - 1, 0)
        while place < len(found) and bounds[place] < one.until:
            seconds = (min(one.until, bounds[place + 1]) - max(one.since, bounds[place])).total_seconds()
            part = Energy(0.0, one.watthours * seconds / length, seconds, seconds if one.spread else 0.0)
            found[place] = found[place].then(part)
            place += 1
    for at, watts in known.peaks:
        place = bisect_right(bounds, at) - 1
        if 0 <= place < len(found):
            found[place] = found[place].then(Energy(peak=watts))
    return found


def in_turn(parts: Iterable[Energy]) -> Energy:
    """One time after another, as one."""
    return reduce(Energy.then, parts, Energy())


def side_by_side(parts: Sequence[Energy]) -> Energy:
    """Several outlets over the same time, as one; nothing of none."""
    return reduce(Energy.beside, parts) if parts else Energy()


def midnights(days: Sequence[date]) -> list[datetime]:
    """When each of these days begins in Paris, and when the last one ends."""
    return [clock.midnight(day) for day in (*days, days[-1] + timedelta(days=1))]


def _beyond(measured: Sequence[Stretch], counted: Sequence[Stretch]) -> Iterator[Stretch]:
    """What is left of stretches where others, which do not overlap, tell nothing."""
    place = 0
    for one in measured:
        while place < len(counted) and counted[place].until <= one.since:
            place += 1
        since, rank = one.since, place
        while rank < len(counted) and counted[rank].since < one.until:
            if counted[rank].since > since:
                yield _clipped(one, since, counted[rank].since)
            since = max(since, counted[rank].until)
            rank += 1
        if since < one.until:
            yield _clipped(one, since, one.until)


def _clipped(one: Stretch, since: datetime, until: datetime) -> Stretch:
    share = (until - since) / (one.until - one.since)
    return Stretch(since, until, one.watthours * share, one.spread)
