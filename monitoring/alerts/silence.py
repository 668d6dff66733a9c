"""Which silent machines are down, and which are merely behind one that is. Pure.

Whoever answers is plainly reached. From there the cables are followed: the first silent machine on the way is the one
that is down, and what lies only behind it says nothing on its own.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

FEWEST_BEHIND = 2
"""Silent neighbours by which a switch that nobody asks is taken for the one that is down."""


@dataclass(frozen=True, slots=True)
class Silence:
    """`behind` gives each silent machine that another hides. `presumed` are those that nobody asks, and hide several.

    `all` says that nobody answers, of two or more: it is the poller that is cut off.
    """

    behind: Mapping[str, str]
    presumed: frozenset[str]
    all: bool


def explain(cables: Iterable[tuple[str, str]], silent: AbstractSet[str], answering: AbstractSet[str]) -> Silence:
    """Who hides whom, from the machines that cables join and how each of those that are asked met the round."""
    if not answering:
        return Silence({}, frozenset(), all=len(silent) > 1)
    joined: dict[str, set[str]] = defaultdict(set)
    for near, far in cables:
        if near != far:
            joined[near].add(far)
            joined[far].add(near)
    presumed = frozenset(
        one
        for one, others in joined.items()
        if one not in silent | answering and len(others & silent) >= FEWEST_BEHIND and len(others & answering) <= 1
    )
    dead = silent | presumed
    reached = _reached(joined, answering, dead)
    roots = sorted(one for one in dead if joined[one] & reached)
    behind = _behind(joined, roots, dead, reached)
    return Silence(behind, presumed & set(behind.values()), all=False)


def _reached(joined: Mapping[str, set[str]], answering: AbstractSet[str], dead: AbstractSet[str]) -> set[str]:
    """Whoever answers, and those between whom nobody asks and nothing speaks against."""
    found, left = set(answering), deque(sorted(answering))
    while left:
        for one in joined.get(left.popleft(), ()):
            if one not in found and one not in dead:
                found.add(one)
                left.append(one)
    return found


def _behind(
    joined: Mapping[str, set[str]], roots: list[str], dead: AbstractSet[str], reached: AbstractSet[str]
) -> dict[str, str]:
    hides = {root: root for root in roots}
    left = deque(roots)
    while left:
        here = left.popleft()
        for one in sorted(joined.get(here, ())):
            if one not in hides and one not in reached:
                hides[one] = hides[here]
                left.append(one)
    return {one: root for one, root in hides.items() if one in dead and one != root}
