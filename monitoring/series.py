"""Series of samples: what a machine says of itself, and the one small interface of whatever keeps it.

A series is one thing measured on one machine: its metric (`ifHCInOctets`) and its instance (`eth0`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple, Protocol, TypeAlias


@dataclass(slots=True, unsafe_hash=True)  # frozen, each would take several times as long to make: nobody changes one
class Measure:
    """What a machine says of itself at one instant.

    `value` is an integer and `unit` says how it counts: `octets`, `packets`, `percent`, `seconds`, `hundredths`,
    `bit/s`, `state`, and so on. What counts up is from 0 to 2^64 - 1 (Counter64, RFC 2578), all else from -2^63 to
    2^63 - 1; `monitoring.rates.COUNTERS` says which is which.
    """

    metric: str
    instance: str
    unit: str
    value: int


class Point(NamedTuple):
    """A value at an instant."""

    at: datetime
    value: int


class Latest(NamedTuple):
    """When a machine last said anything, and the latest sample of each of its series, by metric and instance."""

    at: datetime
    said: Sequence[tuple[Point, Measure]]


class Band(NamedTuple):
    """What a series was over a while from `since` on: its least, its mean, its most.

    Of what counts up these are rates in its unit per second; of all else, the values.
    """

    since: datetime
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Heard:
    """All that one machine said at one instant."""

    device: str
    at: datetime
    measures: Sequence[Measure]


@dataclass(frozen=True, slots=True)
class Name:
    """Which series: of what machine, what, and of which of its parts."""

    device: str
    metric: str
    instance: str = ""


class Resolution(Enum):
    """How finely a period is told: each sample, five minutes together, or an hour."""

    RAW = timedelta(0)
    FIVE_MINUTES = timedelta(minutes=5)
    HOUR = timedelta(hours=1)


Wanted: TypeAlias = Callable[[str, str], bool]
"""Whether series of this metric and this unit are wanted."""


class SeriesStore(Protocol):
    """What keeps series. Every one of them passes `tests/contract/test_series_stores.py`.

    Instants are kept to the millisecond. All methods raise DatabaseBusy, DatabaseUnreadable.
    """

    def append(self, heard: Iterable[Heard]) -> None:
        """Add a cycle: when this returns, none of it is lost whatever happens to this program.

        What was said twice for one instant is kept as it was said first; of two measures of one series in one
        `Heard`, the latter. A value that is out of bounds is left out: a machine that lies costs itself alone.
        """
        ...

    def forget(self, device: str, before: datetime | None = None) -> None:
        """Delete what a machine said; with `before`, only whole hours that were over by then."""
        ...

    def devices(self) -> Sequence[str]:
        """The machines of which something is kept, by name."""
        ...

    def last(self, device: str) -> Sequence[tuple[Point, Measure]]:
        """The latest sample of each series of a machine, by metric and instance.

        A series that the machine no longer tells of is left out from the hour after next on.
        """
        ...

    def latest(self, devices: Collection[str], wanted: Wanted | None = None) -> Mapping[str, Latest]:
        """The same of each of these machines that ever said anything; of those series alone that are wanted."""
        ...

    def between(self, series: Name, since: datetime, until: datetime) -> Sequence[Point]:
        """The samples of one series from `since` to `until` (half-open), the oldest first, as they were said."""
        ...

    def bands(self, series: Name, since: datetime, until: datetime, resolution: Resolution) -> Sequence[Band]:
        """One series from `since` to `until` (half-open), the oldest first; what is not known is absent.

        Each band begins on a whole multiple of the resolution; at `Resolution.RAW` there is one for each sample.
        """
        ...
