"""Samples gathered into whiles: the least, the mean and the most of each. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import nan
from operator import mul
from typing import Final, NamedTuple

from monitoring.rates import Rate, interrupted, rates, spans

HOUR: Final = 3_600_000
FIVE_MINUTES: Final = 300_000
"""In milliseconds, as instants are here."""


class Rolled(NamedTuple):
    """One series over an hour, while by while; NaN where nothing is known."""

    low: list[float]
    mean: list[float]
    high: list[float]


class Whiles:
    """The samples of one machine, to be gathered series by series.

    `before` of them are of the time before and only say from where counters count; `uptimes` are its seconds since
    it started, sample by sample, where it tells them.
    """

    def __init__(self, instants: Sequence[int], before: int, uptimes: Sequence[int | None] | None = None) -> None:
        # Of the first sample of all nothing is known but itself.
        self._seconds = [0.0, *spans([each / 1000 for each in instants], uptimes)]
        self._instants = list(instants[before:])
        self._before = before
        self._lasting = self._seconds[before:]
        self._sums: dict[tuple[int, int], float] = {}

    def rates(self, values: Sequence[int | None], bits: int | None, marks: Sequence[int | None] = ()) -> list[Rate]:
        """The rate, or the value, at each sample that is not of before; `marks` change where counters began again."""
        first, seconds = (values[0] if bits is None else None), self._seconds[1:]
        if marks and marks.count(marks[0]) < len(marks):
            seconds = interrupted(seconds, marks)
        return [first, *rates(values, seconds, bits)][self._before :]

    def edges(self, since: int, until: int, lasting: int) -> list[int]:
        """Where each while of so many milliseconds begins and ends among the samples, from `since` to `until`."""
        return [bisect_left(self._instants, each) for each in range(since, until + 1, lasting)]

    def roll(self, found: Sequence[Rate], edges: Sequence[int], *, counts: bool) -> Rolled:
        """What `rates` gave, gathered between these edges; the mean of what counts heeds how long each rate lasted."""
        between = list(pairwise(edges))
        whole = None not in found
        known = found if whole else [rate for rate in found if rate is not None]
        if known and min(known) == max(known):  # type: ignore[type-var]  # as an idle port has it, and most are idle
            there = [begin < end and (whole or found[begin:end].count(None) < end - begin) for begin, end in between]
            flat = [float(known[0] or 0) if each else nan for each in there]
            return Rolled(flat, flat, flat)
        low, mean, high = [], [], []
        for begin, end in between:
            if not whole and None in found[begin:end]:
                least, middle, most = self._with_gaps(found, begin, end, counts=counts)
            else:
                part: Sequence[float] = found[begin:end]  # type: ignore[assignment]  # none of them is None
                least, most = min(part, default=nan), max(part, default=nan)
                middle = self._mean(part, begin, end, counts=counts) if part else nan
            low.append(least)
            mean.append(middle)
            high.append(most)
        return Rolled(low, mean, high)

    def _mean(self, part: Sequence[float], begin: int, end: int, *, counts: bool) -> float:
        if not counts:
            return sum(part) / len(part)
        if (begin, end) not in self._sums:
            self._sums[begin, end] = sum(self._lasting[begin:end])
        whole: float = sum(map(mul, part, self._lasting[begin:end]))
        return whole / (self._sums[begin, end] or 1.0)

    def _with_gaps(self, found: Sequence[Rate], begin: int, end: int, *, counts: bool) -> tuple[float, float, float]:
        lasting = self._lasting[begin:end] if counts else [1.0] * (end - begin)
        each = zip(found[begin:end], lasting, strict=True)
        part = [(rate, span or 1.0) for rate, span in each if rate is not None]
        if not part:
            return nan, nan, nan
        mean = sum(rate * span for rate, span in part) / sum(span for _, span in part)
        return min(rate for rate, _ in part), mean, max(rate for rate, _ in part)
