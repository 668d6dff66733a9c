"""Lettering [lettrage]: which dues and payments of a member settle one another to the cent, read from allocations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple


class Thread(NamedTuple):
    """A due with its corrections, or a payment with its reversal: what a member's account has of it, and since when."""

    cents: int
    last: date


class Letter(NamedTuple):
    """The letters of what is settled together, and the day since which it is."""

    code: str
    day: date


def letters(
    threads: Mapping[tuple[int, str], Thread], pairs: Iterable[tuple[str, str]]
) -> dict[tuple[int, str], Letter]:
    """By member and thread, the letters of all that is wholly settled; `pairs` are the dues and payments allocated.

    What is joined by allocations is lettered once its debits and credits in one member's account are equal. Letters
    are a member's own: AA, AB, … in the order of the days.
    """
    groups: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    root = _roots(pairs)
    for member, thread in threads:
        groups[member, root.get(thread, thread)].append(thread)
    settled: defaultdict[int, list[tuple[date, str, list[str]]]] = defaultdict(list)
    for (member, _), own in groups.items():
        if sum(threads[member, thread].cents for thread in own) == 0:
            settled[member].append((max(threads[member, thread].last for thread in own), min(own), own))
    return {
        (member, thread): Letter(_letters(rank), day)
        for member, found in settled.items()
        for rank, (day, _, own) in enumerate(sorted(found))
        for thread in own
    }


def _roots(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """One name for all that pairs join, directly or through others."""
    above: dict[str, str] = {}

    def root(one: str) -> str:
        path = []
        while above.setdefault(one, one) != one:
            path.append(one)
            one = above[one]
        above.update(dict.fromkeys(path, one))
        return one

    for one, other in pairs:
        above[root(one)] = root(other)
    return {one: root(one) for one in list(above)}


def _letters(rank: int) -> str:
    """AA, AB, …, ZZ, then AAA, AAB, …"""
    length, count = 2, 26**2
    while rank >= count:
        rank, length, count = rank - count, length + 1, count * 26
    return "".join(chr(65 + rank // 26**place % 26) for place in range(length - 1, -1, -1))
