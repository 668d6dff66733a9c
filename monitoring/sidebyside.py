"""Samples of one machine, from several places, put side by side: one list of instants, one column a series. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from monitoring.rates import UPTIME
from monitoring.rollups import Whiles

Known: TypeAlias = tuple[str, str, str]
Part: TypeAlias = tuple[list[int], Mapping[Known, list[int | None]]]
"""Instants, and what was said at each of them, by metric, instance and unit."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Some series of one machine; `before` of the samples are of the time before."""

    instants: list[int]
    columns: Mapping[Known, list[int | None]]
    before: int
    _found: dict[tuple[str, str], list[list[int | None]]] = field(default_factory=dict, repr=False)

    def column(self, metric: str, instance: str) -> Sequence[int | None]:
        """One series, sample by sample, with nothing where it is not told of."""
        found = self._by_name().get((metric, instance), [])
        if len(found) > 1:  # its unit has changed
            return [next((word for word in words if word is not None), None) for words in zip(*found, strict=True)]
        return found[0] if found else [None] * len(self.instants)

    def _by_name(self) -> dict[tuple[str, str], list[list[int | None]]]:
        if not self._found:
            for (metric, instance, _), column in self.columns.items():
                self._found.setdefault((metric, instance), []).append(column)
        return self._found

    def whiles(self) -> Whiles:
        """The samples, ready to be gathered."""
        uptimes = next((column for name, column in self.columns.items() if name[0] == UPTIME), None)
        return Whiles(self.instants, self.before, uptimes)


def side_by_side(parts: Iterable[Part], since: int) -> Samples:
    """All of it together, by instant. What is in two parts for one instant is taken from the earlier part."""
    there = [part for part in parts if part[0]]
    instants = [at for part in there for at in part[0]]
    rising = all(before < after for before, after in pairwise(instants))
    alike = all(list(one[1]) == list(other[1]) for one, other in pairwise(there))
    columns: dict[Known, list[int | None]]
    if rising and len(there) == 1:
        columns = dict(there[0][1])
    elif rising and alike and there:
        columns = {name: [word for part in there for word in part[1][name]] for name in there[0][1]}
    else:
        instants = sorted(set(instants))
        columns = _merged(there, instants)
    return Samples(instants, columns, bisect_left(instants, since))


def _merged(parts: Sequence[Part], instants: Sequence[int]) -> dict[Known, list[int | None]]:
    places = {at: place for place, at in enumerate(instants)}
    columns: dict[Known, list[int | None]] = {}
    for own, told in parts:
        for name, words in told.items():
            column = columns.setdefault(name, [None] * len(instants))
            for at, word in zip(own, words, strict=True):
                if column[places[at]] is None:
                    column[places[at]] = word
    return columns
