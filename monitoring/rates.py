"""From counters to rates: wraps carried over, resets and long silences left as gaps. Pure.

A rate is what was counted between two samples, by the seconds between them, and belongs to the later of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub, truediv
from typing import Final, TypeAlias

Rate: TypeAlias = float | None
"""A rate or a value, or none where nothing can be said."""

COUNTERS: Final[dict[str, int]] = {
    "bgpPeerInUpdates": 32,
    "bgpPeerOutUpdates": 32,
    "bgpPeerTransitions": 32,
    "ifHCInOctets": 64,
    "ifHCInUcastPkts": 64,
    "ifHCOutOctets": 64,
    "ifHCOutUcastPkts": 64,
    "ifInDiscards": 32,
    "ifInErrors": 32,
    "ifInOctets": 32,
    "ifInUcastPkts": 32,
    "ifOutDiscards": 32,
    "ifOutErrors": 32,
    "ifOutOctets": 32,
    "ifOutUcastPkts": 32,
}
"""What counts up, and in how many bits (Counter32 and Counter64, RFC 2578). Any other metric is a value as it is."""

UPTIME: Final = "sysUpTime"
"""The series, in seconds, whose going back says that the agent, and with it every counter, began again (RFC 3418)."""

DISCONTINUITY: Final = "ifCounterDiscontinuityTime"
"""The series, of each interface, whose change says that its counters began again (IF-MIB, RFC 2863)."""

LONGEST: Final = 600
"""Seconds between two samples from which on what happened between them is not known: a gap."""

FASTEST: Final = 10**12
"""More than anything counts in a second: beyond it a counter that fell was reset, and did not wrap."""


def counted(before: int, after: int, seconds: float, bits: int) -> int | None:
    """How much a counter of so many bits counted from one sample to the next, or none where it was reset.

    A counter that fell has wrapped where that makes for a plausible amount: at most a sixteenth of its range, and
    at most `FASTEST` a second.
    """
    if after >= before:
        return after - before
    wrapped = (after - before) % 2**bits
    return wrapped if wrapped <= min(2**bits // 16, FASTEST * seconds) else None


def spans(instants: Sequence[float], uptimes: Sequence[int | None] | None = None) -> list[float]:
    """Seconds from each sample to the next; 0 where nothing is to be said of the time between.

    That is so where the machine was silent for more than `LONGEST`, or began again: `uptimes` are its seconds since
    it started, sample by sample.
    """
    found = [span if 0 < span <= LONGEST else 0.0 for span in map(sub, instants[1:], instants)]
    latest = None
    for rank, uptime in enumerate(uptimes or ()):
        if uptime is not None:
            if latest is not None and uptime < latest:
                found[rank - 1] = 0.0
            latest = uptime
    return found


def interrupted(seconds: Sequence[float], marks: Sequence[int | None]) -> list[float]:
    """These seconds, with 0 wherever what `marks` an interface's counters, sample by sample, became another."""
    found, latest = list(seconds), None
    for rank, mark in enumerate(marks):
        if mark is not None:
            if latest is not None and mark != latest:
                found[rank - 1] = 0.0
            latest = mark
    return found


def rates(values: Sequence[int | None], seconds: Sequence[float], bits: int | None) -> list[Rate]:
    """The rate at each sample but the first, per second; of what does not count (`bits` is none), its value.

    `seconds` are as `spans` gives them. A sample that is missing is passed over: the next one counts from the one
    before it, unless too long ago.
    """
    if bits is None:
        return list(values[1:])
    if None not in values and 0.0 not in seconds:
        deltas = list(map(sub, values[1:], values))
        if min(deltas, default=0) >= 0:
            return list(map(truediv, deltas, seconds))
    return _with_gaps(values, seconds, bits)


def _with_gaps(values: Sequence[int | None], seconds: Sequence[float], bits: int) -> list[Rate]:
    found: list[Rate] = []
    before, elapsed = values[0], 0.0
    for value, span in zip(values[1:], seconds, strict=True):
        elapsed += span
        if not span:
            before = None
        if value is None:
            found.append(None)
            continue
        if before is None or elapsed > LONGEST:
            found.append(None)
        else:
            amount = counted(before, value, elapsed, bits)
            found.append(None if amount is None else amount / elapsed)
        before, elapsed = value, 0.0
    return found
