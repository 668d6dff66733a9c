"""What alerts are judged by: one cycle's facts, as plain values from the inventory and from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from foundation.speech import Phrase
from monitoring.series import Measure, Point

End: TypeAlias = tuple[str, str]
"""A port: the machine, and the interface's name there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a machine met the latest round: whether it answered at all, and what it could not tell, in words."""

    heard: bool
    amiss: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A BGP session that the inventory has: our router, its neighbour's address, and by which port it goes.

    `far` is the neighbour where it is a machine of ours. `up` is None where nobody could say.
    """

    device: str
    peer: str
    words: str
    up: bool | None
    port: str | None = None
    far: str | None = None


@dataclass(frozen=True, slots=True)
class SaidItself:
    """A trap that a machine sent of itself: its name, of which part, and when it was heard."""

    name: str
    part: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lapse:
    """Something that opens, and when it ends."""

    kind: str
    name: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class LetIn:
    """A line that is connected by a certificate that was revoked, and the machine that lets it in."""

    line: str
    device: str


@dataclass(frozen=True, slots=True)
class Supply:
    """A feed: the watts that it may give, and those that are drawn from it, None where nobody measures."""

    name: str
    site: str
    may: float
    drawn: float | None


@dataclass(frozen=True, slots=True)
class Draw:
    """A member's machine: the watts that its owner declared, and those that it draws, None where they are not known."""

    machine: str
    declared: float
    drawn: float | None


@dataclass(frozen=True, slots=True)
class Cycle:
    """The latest round: when it began and how long it took; `blind` where all that were asked kept silent.

    `late` is by how much it began after its turn; None of a round that was made by hand, whose turn it never was.
    """

    began: datetime
    took: timedelta
    blind: bool = False
    late: timedelta | None = None

    @property
    def ended(self) -> datetime:
        """When it was over."""
        return self.began + self.took


@dataclass(frozen=True, slots=True)
class Works:
    """Works under way or an open incident: its number, and what it is about (`device:vpn`, `site:colo`)."""

    number: str
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One cycle. `sites` gives the site of each machine; `answers` is of the machines that are asked.

    `ports` are those in use: cabled, or with an address of ours. `cables` join two of them. `samples` are the latest
    of each series of a machine. `vanished` are copper lines gone without an order. `traps` are what machines said of
    themselves lately, unasked: never a reason for an alert, only told beside it.
    """

    at: datetime
    interval: timedelta
    cycle: Cycle | None
    sites: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    ports: frozenset[End] = frozenset()
    cables: Sequence[tuple[End, End]] = ()
    sessions: Sequence[Session] = ()
    samples: Mapping[str, Sequence[tuple[Point, Measure]]] = field(default_factory=dict)
    lapses: Sequence[Lapse] = ()
    supplies: Sequence[Supply] = ()
    draws: Sequence[Draw] = ()
    works: Sequence[Works] = ()
    vanished: Sequence[str] = ()
    traps: Mapping[str, Sequence[SaidItself]] = field(default_factory=dict)
    let_in: Sequence[LetIn] = ()

    @property
    def stale(self) -> datetime:
        """What was said before this no longer says how things are."""
        return self.at - self.interval * 2.5

    @property
    def dead(self) -> bool:
        """Whether no round was made for so long that nothing is known."""
        return self.cycle is None or self.at - self.cycle.began > self.interval * 2.5
