"""What an agent answered, as plain values, and how a module reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from monitoring.models import LARGEST
from monitoring.series import Measure

Oid: TypeAlias = tuple[int, ...]
Value: TypeAlias = int | bytes | Oid
Answers: TypeAlias = Mapping[Oid, Value]
"""Every object of an agent that was asked for and that it has (RFC 3416's varbinds)."""


@dataclass(frozen=True, slots=True)
class Module:
    """A part of a MIB: single objects (`gets`), columns or subtrees (`walks`), and what they mean.

    `read` takes whatever an agent may say: what does not fit is left out, and nothing is raised.
    """

    gets: tuple[Oid, ...]
    walks: tuple[Oid, ...]
    read: Callable[[Answers], Sequence[Measure]]


def oid(dotted: str) -> Oid:
    """`oid("1.3.6.1")` is `(1, 3, 6, 1)`."""
    return tuple(int(part) for part in dotted.split("."))


def number(answers: Answers, name: Oid) -> int | None:
    """The object as a number from 0 to 2^64 - 1, or nothing where the agent says no such thing."""
    value = answers.get(name)
    return value if isinstance(value, int) and 0 <= value <= LARGEST else None


def words(answers: Answers, name: Oid, most: int) -> str:
    """The object as one line of at most `most` printable characters; empty where it is no text."""
    value = answers.get(name)
    if not isinstance(value, bytes):
        return ""
    text = value.decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else " " for char in text).strip()[:most]


def rows(answers: Answers, column: Oid) -> Iterator[Oid]:
    """The indexes of the rows that have something in this column, in order."""
    depth = len(column)
    for name in sorted(answers):
        if name[:depth] == column and len(name) > depth:
            yield name[depth:]
