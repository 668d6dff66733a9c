"""How fast a device is asked, from what it did so far. Pure: no clock, no socket, no chance of its own.

- `RoundTrip`: how long an answer is waited for, after Jacobson (RFC 6298) with bounds of our own.
- `ReplySize`: how many rows are asked for at once, so that a reply fits one packet.
- `Silence`: when a device that says nothing is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

SHORTEST: Final = 0.3
LONGEST: Final = 5.0
UNKNOWN: Final = 1.0
"""Seconds that an answer is waited for: at least, at most, and of a device that was never heard."""

PACKET: Final = 1400
"""Octets of a reply that pass everywhere in one packet: 1,500 less IPv6, UDP, and what tunnels put around them."""

ENVELOPE: Final = 80
"""Octets of a reply that are no rows, about: version, community, numbers."""

MOST_ROWS: Final = 100
FIRST_ROWS: Final = 25

SOONEST: Final = timedelta(minutes=1)
LATEST: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The round trip to a device, in seconds: smoothed, and how much it varies. Nothing before the first."""

    smoothed: float | None = None
    variation: float = 0.0
    missed: int = 0

    def heard(self, seconds: float) -> RoundTrip:
        """After an answer. Each question has a number of its own, so that it is known which one was answered."""
        if self.smoothed is None:
            return RoundTrip(seconds, seconds / 2)
        variation = 0.75 * self.variation + 0.25 * abs(self.smoothed - seconds)
        return RoundTrip(0.875 * self.smoothed + 0.125 * seconds, variation)

    def late(self) -> RoundTrip:
        """After none: the next is waited for half as long again, or a device that slowed down is never heard."""
        return replace(self, missed=min(self.missed + 1, 8))

    @property
    def patience(self) -> float:
        """How long the next answer is waited for: from `SHORTEST` to `LONGEST` seconds."""
        expected = UNKNOWN if self.smoothed is None else max(SHORTEST, self.smoothed + 4 * self.variation)
        return min(LONGEST, expected * 1.5**self.missed)


@dataclass(frozen=True, slots=True)
class ReplySize:
    """What replies about one column of one device were like: octets a row, rows there are, rows asked for at most."""

    octets: float = 30.0
    rows: int | None = None
    most: int = FIRST_ROWS

    @property
    def repetitions(self) -> int:
        """Rows to ask for: as many as there were and the one after them, if a reply holds so many."""
        fitting = max(1, int((PACKET - ENVELOPE) / self.octets))
        return max(1, min(self.most, fitting, MOST_ROWS, MOST_ROWS if self.rows is None else self.rows + 1))

    def heard(self, rows: int, octets: int) -> ReplySize:
        """After a reply of so many rows and octets: the bound grows by a quarter."""
        if rows <= 0:
            return self
        each = max(1.0, (octets - ENVELOPE) / rows)
        # What is larger counts at once, what is smaller little by little: too small a guess costs a packet.
        learned = each if each > self.octets else 0.75 * self.octets + 0.25 * each
        return ReplySize(learned, self.rows, min(MOST_ROWS, self.most + max(1, self.most // 4)))

    def refused(self, asked: int) -> ReplySize:
        """After `tooBig`, a reply that was too large for us, or none at all: half of what was asked for."""
        return replace(self, most=max(1, min(asked, self.most) // 2))

    def counted(self, rows: int) -> ReplySize:
        """Once the whole column was read: so many rows there are."""
        return self if rows == self.rows else ReplySize(self.octets, rows, self.most)


@dataclass(frozen=True, slots=True)
class Silence:
    """How often in a row a device said nothing, and when it is asked again: after 1, 2, 4, 8, then 15 minutes."""

    missed: int = 0
    until: datetime | None = None

    def longer(self, at: datetime, draw: float) -> Silence:
        """Once more nothing, at `at`; `draw` from 0 to 1 spreads by a quarter those who fell silent together."""
        wait = min(LATEST, SOONEST * 2 ** min(self.missed, 8))
        return Silence(self.missed + 1, at + wait * (0.75 + 0.25 * draw))

    def due(self, at: datetime) -> bool:
        """Whether it is time to ask."""
        return self.until is None or at >= self.until

    def __bool__(self) -> bool:
        return self.missed > 0


def start(device: str, interval: float) -> float:
    """When in an interval of so many seconds this device is asked: always the same, and spread over all of them."""
    return crc32(device.encode()) / 2**32 * interval
