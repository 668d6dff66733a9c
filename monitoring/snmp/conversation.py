"""What one device is asked in one round, in which order, and when enough is enough. Pure: no socket, no clock.

A conversation is a generator: it yields a question, and is sent the reply, or thrown why there is none. Whoever drives
it (`engine.py`, or a test with a list of replies) waits for `patience` seconds. What it learns stays in `Known`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from foundation.speech import Phrase
from monitoring.snmp.answers import Answers, Module, Oid, Row, Value, increasing
from monitoring.snmp.modules import system
from monitoring.snmp.pacing import ReplySize, RoundTrip, Silence
from monitoring.snmp.refusals import BACKWARDS, ENDLESS, TOO_LONG, TOO_MANY, TOO_MUCH, BadAnswer, Denied, NoAnswer

TRIES: Final = 3
MOST_OBJECTS: Final = 20_000
MOST_ROWS: Final = 5_000
MOST_ASKED: Final = 300
"""Questions about one column, lost and repeated ones included: what a table that never ends costs at most."""
MOST_QUESTIONS: Final = 5_000
"""Questions to one device in one round."""
MOST_OCTETS: Final = 4_000_000
NAMES_AT_ONCE: Final = 20
LASTING: Final = timedelta(hours=1)
"""How long names, units, and which modules fit are taken as they were."""


@dataclass(frozen=True, slots=True)
class Get:
    """These objects, by name."""

    names: tuple[Oid, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """The next rows of a subtree; asked again, it goes on where it was."""

    root: Oid
    repetitions: int


@dataclass(frozen=True, slots=True)
class Next:
    """The object after the last that this walk has: whether an empty reply meant its end."""

    walk: Bulk


@dataclass(frozen=True, slots=True)
class Greet:
    """Whom we speak to over SNMPv3: its engine's name, its starts and its clock (RFC 3414, 4)."""


Question: TypeAlias = Get | Bulk | Next | Greet


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: objects in the agent's order, and then `ended` where what follows is out of the subtree."""

    objects: Sequence[tuple[Oid, Value]] = ()
    ended: bool = False
    octets: int = 0
    seconds: float = 0.0


class Late(Exception):
    """No reply in time."""


class Shunned(Exception):
    """The agent says that it does not know us (a Report, RFC 3414)."""


class TooBig(Exception):
    """The reply does not fit: into what the agent sends, or into what we take."""


@dataclass(slots=True)
class Known:
    """What is remembered of a device between rounds. It may be forgotten at any time."""

    round_trip: RoundTrip = field(default_factory=RoundTrip)
    silence: Silence = field(default_factory=Silence)
    sizes: dict[Oid, ReplySize] = field(default_factory=dict)
    uptime: int = 0
    fitting: tuple[Module, ...] = ()
    chosen: datetime | None = None
    still: dict[Oid, dict[Row, Value]] = field(default_factory=dict)
    refreshed: dict[str, tuple[datetime, Value | None, frozenset[Row]]] = field(default_factory=dict)


Talk: TypeAlias = Generator[Question, Reply, None]


class Conversation:
    """One round with one device. `answers` and `fitting` are whole once `talk` has ended without raising."""

    def __init__(self, device: str, address: str, known: Known, modules: Sequence[Module], at: datetime) -> None:
        self.answers = Answers()
        self.known = known
        self._device, self._address = device, address
        self._modules, self._at = modules, at
        # A device that said nothing of late is given one chance to be heard again.
        self._tries = 1 if known.silence else TRIES
        known.round_trip = replace(known.round_trip, missed=0)
        self._heard = self._octets = self._questions = 0
        self._greeted_again = False
        self._restarted = False

    @property
    def fitting(self) -> tuple[Module, ...]:
        """The modules that this device has something for."""
        return self.known.fitting

    @property
    def patience(self) -> float:
        """Seconds that the reply to the question just yielded is worth waiting for."""
        return self.known.round_trip.patience

    def talk(self, greet: bool) -> Talk:
        """Ask all there is to ask. Raises NoAnswer, Denied, BadAnswer."""
        if greet:
            yield from self._ask(Greet())
        known = self.known
        fresh = known.chosen is not None and self._at - known.chosen < LASTING
        yield from self._get([*system.GETS, *(_singles(known.fitting) if fresh else ())])
        self._tries = TRIES
        uptime = self.answers.number(system.SYS_UPTIME) or 0
        self._restarted, known.uptime = uptime < known.uptime, uptime
        if not fresh or self._restarted:
            yield from self._choose()
            yield from self._get(list(_singles(known.fitting)))
        for module in known.fitting:
            yield from self._read(module)

    def _choose(self) -> Talk:
        maker = self.answers.value(system.SYS_OBJECT_ID)
        fitting = []
        for module in self._modules:
            if not module.meant_for(maker if isinstance(maker, str) else ""):
                continue
            if (yield from self.offers(module.probe)) and not (
                module.unless and (yield from self.offers(module.unless))
            ):
                fitting.append(module)
        self.known.fitting, self.known.chosen = tuple(fitting), self._at
        self.known.refreshed.clear()

    def offers(self, root: Oid) -> Generator[Question, Reply, bool]:
        """Whether there is anything under a name."""
        reply = yield from self._ask(Bulk(root, 1))
        return len(reply.objects) > 0

    def _get(self, names: Sequence[Oid]) -> Talk:
        """Objects by name, those that the agent has. Its uptime is among them all, or the reply was too big."""
        for first in range(0, len(names), NAMES_AT_ONCE):
            some = tuple(dict.fromkeys([system.SYS_UPTIME, *names[first : first + NAMES_AT_ONCE]]))
            reply = yield from self._ask(Get(some))
            asked = frozenset(some)
            found = {name: value for name, value in reply.objects if name in asked}
            if system.SYS_UPTIME not in found and len(some) > 2:
                half = len(some) // 2
                yield from self._get(some[1 : half + 1])
                yield from self._get(some[half + 1 :])
            self.answers.objects.update(found)

    def _read(self, module: Module) -> Talk:
        columns, known = self.answers.columns, self.known
        for name in module.columns:
            columns[name] = yield from self._column(name)
        if not module.still:
            return
        rows = frozenset[Row]().union(*(columns[name] for name in module.columns))
        stamp = self.answers.value(module.stamp)
        before = known.refreshed.get(module.name)
        if before is None or self._at - before[0] >= LASTING or stamp != before[1] or not rows <= before[2]:
            for name in module.still:
                known.still[name] = yield from self._column(name)
            known.refreshed[module.name] = self._at, stamp, rows
        for name in module.still:
            columns[name] = known.still[name]

    def _column(self, root: Oid) -> Generator[Question, Reply, dict[Row, Value]]:
        """A whole column, asked for anew in smaller parts where a reply is too big or does not come.

        However often that is, `MOST_ASKED` questions are all that it may take.
        """
        size = self.known.sizes.get(root, ReplySize())
        missed, last = 0, self._questions + MOST_ASKED
        while True:
            asked = size.repetitions
            try:
                found, size = yield from self._walk(Bulk(root, asked), size, last)
            except TooBig:
                if asked == 1:
                    raise self._bad(TOO_LONG) from None
            except Late:
                missed += 1
                if missed >= self._tries:
                    raise NoAnswer(device=self._device, address=self._address) from None
            else:
                self.known.sizes[root] = size.counted(len(found))
                return found
            size = self.known.sizes[root] = size.refused(asked)

    def _walk(
        self, bulk: Bulk, size: ReplySize, most: int
    ) -> Generator[Question, Reply, tuple[dict[Row, Value], ReplySize]]:
        """The rows from the first on, while this round took no more than `most` questions."""
        found: dict[Row, Value] = {}
        last: Row | None = None
        cut = len(bulk.root) + 1
        while True:
            reply = yield from self._rows_after(bulk, last, most)
            rows = [name[cut:] for name, _ in reply.objects]
            # What follows the column fills the reply as well, though nobody is told of it: of mostly that, nothing is
            # learned.
            filled = bulk.repetitions if reply.ended else len(rows)
            if 2 * len(rows) >= filled:
                size = size.heard(filled, reply.octets)
            if not rows:
                if not reply.ended and (yield from self._goes_on(bulk)):
                    raise TooBig
                return found, size
            try:
                forward = increasing(rows, last)
            except ValueError:
                forward = False
            if not forward:
                raise self._bad(BACKWARDS)
            found.update(zip(rows, [value for _, value in reply.objects], strict=True))
            last = rows[-1]
            self._heard += len(rows)
            if len(found) > MOST_ROWS or self._heard > MOST_OBJECTS:
                raise self._bad(ENDLESS)
            if reply.ended:
                return found, size

    def _rows_after(self, bulk: Bulk, last: Row | None, most: int) -> Generator[Question, Reply, Reply]:
        """The rows after `last`; where some came before, a reply that does not was lost, and is asked for again."""
        for again in (False, True):
            if self._questions >= most:
                raise self._bad(ENDLESS)
            try:
                return (yield from self._once(bulk))
            except Late:
                if again or last is None:
                    raise
        raise AssertionError

    def _goes_on(self, bulk: Bulk) -> Generator[Question, Reply, bool]:
        """Whether there is more after an empty reply: the library hands `tooBig` over as one (RFC 3416, 4.2.3)."""
        reply = yield from self._ask(Next(bulk))
        return len(reply.objects) > 0

    def _ask(self, question: Question) -> Generator[Question, Reply, Reply]:
        for _ in range(self._tries):
            try:
                return (yield from self._once(question))
            except Late:
                continue
            except TooBig:
                raise self._bad(TOO_LONG) from None
        raise NoAnswer(device=self._device, address=self._address)

    def _once(self, question: Question) -> Generator[Question, Reply, Reply]:
        """One question; where the agent does not know us any more, we introduce ourselves once again."""
        self._questions += 1
        if self._questions > MOST_QUESTIONS:
            raise self._bad(TOO_MANY)
        try:
            reply = yield question
        except Shunned:
            if self._greeted_again:
                raise Denied(device=self._device) from None
            self._greeted_again = True
            yield from self._ask(Greet())
            return (yield from self._once(question))
        except Late:
            self.known.round_trip = self.known.round_trip.late()
            raise
        self._octets += reply.octets
        if self._octets > MOST_OCTETS:
            raise self._bad(TOO_MUCH)
        self.known.round_trip = self.known.round_trip.heard(reply.seconds)
        return reply

    def _bad(self, reason: Phrase) -> BadAnswer:
        return BadAnswer(device=self._device, reason=reason)


def _singles(modules: Iterable[Module]) -> Iterable[Oid]:
    for module in modules:
        yield from module.gets
        if module.stamp:
            yield module.stamp
