"""What may be told of what members give, so that nobody is found out: small cells are kept back. Pure.

1. A cell of fewer than `LEAST` people is kept back [secret statistique]; an empty one says nothing of anyone.
2. Where those kept back could be told from the total (one alone, fewer than `LEAST` people together, all of one, all of
   four), the smallest cells that are told are kept back too, and all that are as small (complementary suppression).
   Whoever knows this rule cannot tell which of them is which: it treats all cells alike, whatever their order.
3. Where even that would tell, nothing is told of any cell, and not how many people there are.
4. An amount in all is told only where it rules out no other way in which the cells kept back may be filled (`bounded`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

LEAST: Final = 5
"""People in a cell, at least, for it to be told."""

Limits: TypeAlias = Sequence[int]
"""The lower ends of bands, in cents, rising from 0; the last band has no upper end."""


def counts_of(amounts: Sequence[Fraction], limits: Limits) -> list[int]:
    """How many of these amounts are in each band."""
    counts = [0] * len(limits)
    for amount in amounts:
        counts[sum(1 for low in limits if low <= amount) - 1] += 1
    return counts


def kept_back(counts: Sequence[int]) -> frozenset[int] | None:
    """The cells of which nothing is told but what they hold together; None: nothing is told, not even how many."""
    small = frozenset(rank for rank, count in enumerate(counts) if 0 < count < LEAST)
    if not small:
        return small
    together = sum(counts[rank] for rank in small)
    # One alone never holds LEAST people; all of one, or all of four, are told by how many they are together.
    if together >= LEAST and len(small) < together < (LEAST - 1) * len(small):
        return small
    told = [count for count in counts if count >= LEAST]
    if not told:
        return None
    return small | {rank for rank, count in enumerate(counts) if count == min(told)}


def bounded(amounts: Sequence[Fraction], limits: Limits) -> bool:
    """Whether what these amounts are in all may be told beside the cells that `kept_back` leaves.

    For each cell kept back there must be another way to fill the cells, told in the same way, with that amount in all.
    """
    counts = counts_of(amounts, limits)
    hidden = kept_back(counts)
    if hidden is None:
        return False
    in_all = sum(amounts, Fraction(0))
    open_cells = set(hidden)
    for other in _neighbours(counts, sorted(hidden)):
        if open_cells and kept_back(other) == hidden and _holds(other, limits, in_all):
            open_cells -= {rank for rank in hidden if other[rank] != counts[rank]}
    return not open_cells


def rows_kept_back(people: Mapping[str, int], untold: Callable[[str], bool]) -> tuple[frozenset[str], bool]:
    """The rows whose amount is kept back, and whether the amount of all rows may be told.

    Those of fewer than `LEAST` people, those that are `untold` for another reason, and, so that no difference with the
    total gives one away, the smallest beside where these are one alone or fewer than `LEAST` people.
    """
    hidden = {name for name, count in people.items() if 0 < count < LEAST or (count and untold(name))}
    rest = sorted(
        (name for name, count in people.items() if count and name not in hidden), key=lambda n: (people[n], n)
    )
    while hidden and (len(hidden) < 2 or sum(people[name] for name in hidden) < LEAST):
        if not rest:
            return frozenset(hidden), False
        hidden.add(rest.pop(0))
    return frozenset(hidden), True


def _neighbours(counts: Sequence[int], hidden: Sequence[int]) -> Iterator[list[int]]:
    """Other ways to fill the cells kept back with as many people: one moves, or two cells change places."""
    for one in hidden:
        for two in hidden:
            if one != two and counts[one] > 1:
                moved = list(counts)
                moved[one], moved[two] = counts[one] - 1, counts[two] + 1
                yield moved
            if one < two and counts[one] != counts[two]:
                turned = list(counts)
                turned[one], turned[two] = counts[two], counts[one]
                yield turned


def _holds(counts: Sequence[int], limits: Limits, in_all: Fraction) -> bool:
    """Whether so many people in each band could give that much in all."""
    least = sum(count * low for count, low in zip(counts, limits, strict=True))
    if in_all < least:
        return False
    if counts[-1]:
        return True
    ends = zip(counts, limits[1:], strict=False)
    return in_all < sum(count * high for count, high in ends) or in_all == least
