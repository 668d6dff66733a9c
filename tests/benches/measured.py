"""How something is measured: medians of rounds, and what it is held against."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Measured:
    """What one bench found. `goal` is in the bench's own unit; `peer` what it is compared with, `ratio` by how much."""

    bench: str
    value: float
    unit: str
    goal: float | None
    meets: bool | None
    peer: float | None = None
    ratio: float | None = None


def alternating(calls: int, *deeds: Callable[[int], object]) -> list[float]:
    """The median over the rounds of each deed's median, in milliseconds; the deeds take turns, call by call."""
    rounds: list[list[float]] = [[] for _ in deeds]
    for _ in range(ROUNDS):
        taken: list[list[float]] = [[] for _ in deeds]
        for call in range(calls):
            for place, deed in enumerate(deeds):
                began = time.perf_counter()
                deed(call)
                taken[place].append(time.perf_counter() - began)
        for place, each in enumerate(taken):
            rounds[place].append(statistics.median(each))
    return [statistics.median(each) * 1000 for each in rounds]


def within(bench: str, value: float, goal: float, unit: str = "ms") -> Measured:
    """A figure with a goal of its own."""
    return Measured(bench, round(value, 3), unit, goal, value <= goal)


def against(bench: str, value: float, peer: float, times: float) -> Measured:
    """A figure whose goal is so many times its peer's."""
    return Measured(
        bench,
        round(value, 3),
        "ms",
        round(peer * times, 3),
        value <= peer * times,
        round(peer, 3),
        round(value / peer, 2),
    )
