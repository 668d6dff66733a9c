"""What an agent answered, as plain values, and what a device module is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import lt
from typing import Final, TypeAlias

from foundation.speech import Phrase
from monitoring.models import LARGEST
from monitoring.series import Measure

Oid: TypeAlias = str
"""The name of an object or a column, as `1.3.6.1.2.1.1.5.0`, without a leading dot."""

Row: TypeAlias = str
"""What follows a column's name in an object's: `2` of `ifName.2`, `4.192.0.2.1` of an address."""

Value: TypeAlias = int | float | bytes | str
"""A number, a string of octets, or (a text) an object's name or an IPv4 address."""

LEAST: Final = -(2**63)


@dataclass(slots=True)
class Answers:
    """What one agent said in one round: single objects by name, and tables by column and row."""

    objects: dict[Oid, Value] = field(default_factory=dict)
    columns: dict[Oid, dict[Row, Value]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.objects) + sum(map(len, self.columns.values()))

    def column(self, name: Oid) -> Mapping[Row, Value]:
        """A column by row, in the agent's order; empty where it has none."""
        return self.columns.get(name, {})

    def number(self, name: Oid, row: Row | None = None) -> int | None:
        """The object as a number from 0 to 2^64 - 1, or nothing where the agent says no such thing."""
        value = self.signed(name, row)
        return value if value is not None and value >= 0 else None

    def signed(self, name: Oid, row: Row | None = None) -> int | None:
        """The object as a number of at most 64 bits, which may be below zero."""
        value = self.value(name, row)
        return value if isinstance(value, int) and LEAST <= value <= LARGEST else None

    def words(self, name: Oid, row: Row | None = None, most: int = 128) -> str:
        """The object as one line of at most `most` printable characters; empty where it is no text."""
        value = self.value(name, row)
        return printable(value, most) if isinstance(value, bytes) else ""

    def value(self, name: Oid, row: Row | None = None) -> Value | None:
        """The object as the agent says it, or nothing."""
        return self.objects.get(name) if row is None else self.columns.get(name, {}).get(row)

    def rows(self, *names: Oid) -> Sequence[Row]:
        """The rows that have something in one of these columns, in the order of their numbers."""
        found = dict.fromkeys(chain.from_iterable(self.column(name) for name in names))
        return sorted(found, key=arcs)


@dataclass(frozen=True, slots=True)
class Module:
    """A part of a MIB, or a make of machine: what is asked, and what the answers mean.

    `makers` are the beginnings of the sysObjectID that it is meant for, none for any; it fits where there is something
    under `probe`, and nothing under `unless`. `gets` are single objects, `columns` what changes from round to
    round, and `still` what hardly ever does (names, units, scales): asked for once an hour, when the agent has begun
    again, when `columns` have a row that was not there, and when the object `stamp` has another value (reindexing).

    `read` takes whatever an agent may say: what does not fit is left out, and nothing is raised.
    """

    name: str
    phrase: Phrase
    probe: Oid
    read: Callable[[Answers], Sequence[Measure]]
    makers: tuple[Oid, ...] = ()
    unless: Oid = ""
    gets: tuple[Oid, ...] = ()
    columns: tuple[Oid, ...] = ()
    still: tuple[Oid, ...] = ()
    stamp: Oid = ""

    def meant_for(self, maker: Oid) -> bool:
        """Whether a machine of this sysObjectID may have it."""
        return not self.makers or any(below(maker, one) for one in self.makers)


def below(name: Oid, root: Oid) -> bool:
    """Whether an object's name is this one, or under it."""
    return name == root or name.startswith(f"{root}.")


def arcs(name: str) -> tuple[int, ...]:
    """The numbers of a dotted name. Raises ValueError."""
    return tuple(map(int, name.split("."))) if name else ()


def increasing(rows: Sequence[Row], after: Row | None) -> bool:
    """Whether these rows follow one another, and the row `after`, in the order of a MIB (RFC 3416, 4.2.2).

    Raises ValueError where one is no row.
    """
    whole = rows if after is None else [after, *rows]
    try:
        single = list(map(int, whole))
    except ValueError:
        several = list(map(arcs, whole))
        return all(map(lt, several, several[1:]))
    return all(map(lt, single, single[1:]))


def printable(value: bytes, most: int) -> str:
    """Octets as one line of at most `most` printable characters."""
    text = value[: 4 * most].decode("utf-8", errors="replace")
    if text.isprintable():
        return text.strip()[:most]
    return "".join(char if char.isprintable() else " " for char in text).strip()[:most]


class Instances:
    """Names of the parts of a machine, each given once: the second `eth0` is `eth0 (3)`, after its row."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def name(self, name: str, row: Row) -> str:
        """What this part goes by; its row where it has no name."""
        wanted = name[:100] or row
        chosen = wanted if wanted not in self._given else f"{wanted} ({row})"[:128]
        self._given.add(chosen)
        return chosen[:128]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measure as data: which object or column says it, in what unit, and by what it is multiplied to be in it.

    What is below `least` is how a make says that it does not know. The values of `states` are ours for the make's own.
    """

    metric: str
    oid: Oid
    unit: str
    times: int = 1
    least: int = 0
    states: Mapping[int, int] | None = None

    def measure(self, value: Value | None, instance: str = "") -> Measure | None:
        """What a value of the agent means, if it means anything."""
        if not isinstance(value, int) or not self.least <= value <= LARGEST:
            return None
        if self.states is None:
            return Measure(self.metric, instance, self.unit, value * self.times)
        return Measure(self.metric, instance, self.unit, self.states[value]) if value in self.states else None


def singles(answers: Answers, quantities: Sequence[Quantity]) -> Iterator[Measure]:
    """What single objects say."""
    return filter(None, (quantity.measure(answers.value(quantity.oid)) for quantity in quantities))


Columns: TypeAlias = Sequence[tuple[Quantity, Mapping[Row, Value]]]
"""Quantities, each with what the agent says of it row by row."""


def columns_of(answers: Answers, quantities: Sequence[Quantity]) -> Columns:
    """What the columns of a table say, to be read row by row."""
    return [(quantity, answers.column(quantity.oid)) for quantity in quantities]


def measures_of(row: Row, instance: str, columns: Columns) -> Iterator[Measure]:
    """What one row says."""
    return filter(None, [quantity.measure(column.get(row), instance) for quantity, column in columns])


def table(
    answers: Answers, quantities: Sequence[Quantity], named: Callable[[Answers, Row], str] = lambda _, row: row
) -> Iterator[Measure]:
    """What the columns of a table say, row by row, each row under its name."""
    instances, columns = Instances(), columns_of(answers, quantities)
    for row in answers.rows(*oids(*quantities)):
        yield from measures_of(row, instances.name(named(answers, row), row), columns)


def named_by(*columns: Oid) -> Callable[[Answers, Row], str]:
    """A row's name is what the first of these columns that has words says."""

    def named(answers: Answers, row: Row) -> str:
        return next(filter(None, (answers.words(column, row, 100) for column in columns)), "")

    return named


def numbered_by(column: Oid = "") -> Callable[[Answers, Row], str]:
    """A row's name is its number: what the column says, else the last of its index.

    So are outlets named: the inventory knows what is plugged into them by their numbers, and a label that somebody
    changes on a power strip would begin another series.
    """

    def named(answers: Answers, row: Row) -> str:
        told = answers.number(column, row) if column else None
        return row.rpartition(".")[2] if told is None else str(told)

    return named


def oids(*quantities: Quantity) -> tuple[Oid, ...]:
    """The objects or columns that they are said by."""
    return tuple(quantity.oid for quantity in quantities)
