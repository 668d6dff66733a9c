"""Many devices asked side by side over UDP (RFC 3416, RFC 3417, RFC 3414), in one thread.

One question is under way for a device at a time, and `AT_ONCE` devices. Those that said nothing of late have a lane of
their own, so that they hold nobody up. Every device is given a bounded time, number of objects and of octets: one that
is silent, slow or lies costs itself alone.
"""

from __future__ import annotations

import heapq
import random
import resource
import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Final, TypeAlias

from foundation.speech import Phrase
from monitoring.snmp import pacing
from monitoring.snmp.agents import Agent
from monitoring.snmp.answers import Answers, Module
from monitoring.snmp.conversation import Conversation, Known, Late, Question, Reply, Shunned, Talk, TooBig
from monitoring.snmp.modules import MODULES
from monitoring.snmp.refusals import GARBLED, TOO_SLOW, BadAnswer, Denied, NoAnswer, Refusal, StillSilent
from monitoring.snmp.session import Garbled, Session

AT_ONCE: Final = 256
SILENT_AT_ONCE: Final = 32
DEVICE_SECONDS: Final = 30.0
GARBLED_AT_MOST: Final = 8
_SPARE_FILES: Final = 300
"""Open files left to the rest of the program: the database, pages, machines over SSH."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a device answered, and the modules that know what it means."""

    answers: Answers
    fitting: tuple[Module, ...]


Heard: TypeAlias = Callable[[Agent, "Said | Refusal"], None]


@dataclass(slots=True, eq=False)
class _Exchange:
    """One device in one round: what is said, and until when an answer is waited for."""

    agent: Agent
    silent: bool
    conversation: Conversation
    session: Session
    talk: Talk
    began: float
    question: Question | None = None
    descriptor: int = -1
    asked: float = 0.0
    number: int = 0
    garbled: int = 0
    wrong: Phrase = GARBLED


@dataclass(slots=True)
class _Lane:
    """Devices that wait, and how many of them are asked at once."""

    most: int
    waiting: deque[tuple[float, Agent]] = field(default_factory=deque)
    under_way: int = 0


class Poller:
    """Asks devices, round after round, and remembers what it learned of each. To be used in one thread."""

    def __init__(self, modules: Sequence[Module] = MODULES, seed: int | None = None) -> None:
        self._modules = modules
        self._known: dict[str, Known] = {}
        self._kept: dict[Agent, Session] = {}
        self._draw = random.Random(seed)  # noqa: S311 - it spreads, and hides nothing
        self._most_kept = max(0, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE_FILES - AT_ONCE)

    def known(self, device: str) -> Known:
        """What is remembered of a device."""
        return self._known.setdefault(device, Known())

    def ask(
        self, agents: Sequence[Agent], at: datetime, heard: Heard, *, interval: float = 0.0, patient: bool = False
    ) -> None:
        """Ask every agent; `heard` is called in this thread as each has answered or not.

        Over an `interval` of seconds, starts are spread. Where `patient`, a device that is silent is left alone for as
        long as `pacing.Silence` says, and heard of as `StillSilent`. Sockets are made in the calling thread, hence in
        its network namespace. None of the agents' errors is raised.
        """
        due = []
        for agent in agents:
            silence = self.known(agent.device).silence
            if patient and not silence.due(at):
                heard(agent, StillSilent(device=agent.device, missed=silence.missed, until=silence.until))
            else:
                due.append(agent)
        _Round(self, due, at, heard, interval).run()
        gone = self._known.keys() - {agent.device for agent in agents}
        for device in gone:
            del self._known[device]
        for agent in self._kept.keys() - set(agents):
            del self._kept[agent]

    def conversation(self, agent: Agent, at: datetime) -> Conversation:
        """What an agent is asked in a round at `at`."""
        return Conversation(agent.device, agent.address, self.known(agent.device), self._modules, at)

    def session(self, agent: Agent) -> Session:
        """A socket for this agent: over SNMPv3 the one from the round before, if there was one."""
        return self._kept.pop(agent, None) or Session(agent)

    def after(self, agent: Agent, session: Session | None, said: Said | Refusal, at: datetime) -> None:
        """Remember how it went."""
        known = self.known(agent.device)
        if isinstance(said, NoAnswer):
            known.silence = known.silence.longer(at, self._draw.random())
            return
        known.silence = pacing.Silence()
        if isinstance(said, Said) and session is not None and session.lasting and len(self._kept) < self._most_kept:
            self._kept[agent] = session


class _Round:
    """One round: who waits, who is being asked, and when patience ends."""

    def __init__(self, poller: Poller, agents: Iterable[Agent], at: datetime, heard: Heard, interval: float) -> None:
        self._poller, self._at, self._heard = poller, at, heard
        self._lanes = {False: _Lane(AT_ONCE), True: _Lane(SILENT_AT_ONCE)}
        began = time.monotonic()
        starts = sorted(
            ((began + pacing.start(agent.device, interval), agent) for agent in agents), key=lambda pair: pair[0]
        )
        for start, agent in starts:
            self._lanes[bool(poller.known(agent.device).silence)].waiting.append((start, agent))
        self._numbers = count(1)
        self._deadlines: list[tuple[float, int, _Exchange]] = []
        self._asked: dict[int, _Exchange] = {}

    def run(self) -> None:
        """Until everyone has answered or been given up."""
        with select.epoll() as self._ready:
            while True:
                nothing_before = self._start(time.monotonic())
                if not self._asked and nothing_before is None:
                    return
                self._wait(nothing_before)
                self._give_up(time.monotonic())

    def _start(self, now: float) -> float | None:
        """Begin with those whose turn it is; when the next one's turn comes."""
        later = []
        for silent, lane in self._lanes.items():
            while lane.waiting and lane.under_way < lane.most and lane.waiting[0][0] <= now:
                self._begin(lane.waiting.popleft()[1], silent, now)
            if lane.waiting:
                later.append(lane.waiting[0][0] if lane.under_way < lane.most else now + pacing.LONGEST)
        return min(later, default=None)

    def _begin(self, agent: Agent, silent: bool, now: float) -> None:
        try:
            session = self._poller.session(agent)
        except (OSError, ValueError):
            self._tell(agent, None, NoAnswer(device=agent.device, address=agent.address))
            return
        conversation = self._poller.conversation(agent, self._at)
        talk = conversation.talk(session.must_greet())
        exchange = _Exchange(agent, silent, conversation, session, talk, now)
        self._lanes[silent].under_way += 1
        self._step(exchange, None)

    def _wait(self, until: float | None) -> None:
        """Hear who answers, until the next thing to do."""
        if self._deadlines:
            until = self._deadlines[0][0] if until is None else min(until, self._deadlines[0][0])
        # A millisecond more than is left: epoll counts in whole ones, and waking early is waking twice.
        seconds = 1.0 if until is None else max(0.0, until - time.monotonic()) + 0.001
        for descriptor, _ in self._ready.poll(seconds):
            exchange = self._asked.get(descriptor)
            if exchange is not None:
                self._hear(exchange)

    def _hear(self, exchange: _Exchange) -> None:
        assert exchange.question is not None
        try:
            reply = exchange.session.receive(exchange.question)
        except (Shunned, TooBig) as said:
            self._step(exchange, said)
        except Garbled as wrong:
            exchange.garbled += 1
            exchange.wrong = wrong.reason
            if exchange.garbled >= GARBLED_AT_MOST:
                self._end(exchange, BadAnswer(device=exchange.agent.device, reason=wrong.reason))
        except OSError:
            # Nobody listens on that port: told at once, and worth no more waiting.
            self._step(exchange, Late())
        else:
            if reply is not None:
                seconds = time.monotonic() - exchange.asked
                self._step(exchange, Reply(reply.objects, reply.ended, reply.octets, seconds))

    def _give_up(self, now: float) -> None:
        while self._deadlines and self._deadlines[0][0] <= now:
            _, number, exchange = heapq.heappop(self._deadlines)
            if number != exchange.number:
                continue
            if exchange.garbled:
                self._end(exchange, BadAnswer(device=exchange.agent.device, reason=exchange.wrong))
            else:
                self._step(exchange, Late())

    def _step(self, exchange: _Exchange, said: Reply | Exception | None) -> None:
        """Go on with what was said, to the next question or the end."""
        try:
            talk = exchange.talk
            question = talk.throw(said) if isinstance(said, Exception) else talk.send(said)  # type: ignore[arg-type]
        except StopIteration:
            self._end(exchange, Said(exchange.conversation.answers, exchange.conversation.fitting))
        except (NoAnswer, Denied, BadAnswer) as refusal:
            self._end(exchange, refusal)
        else:
            self._put(exchange, question)

    def _put(self, exchange: _Exchange, question: Question) -> None:
        now = exchange.asked = time.monotonic()
        if now - exchange.began > DEVICE_SECONDS:
            self._end(exchange, BadAnswer(device=exchange.agent.device, reason=TOO_SLOW))
            return
        exchange.question = question
        exchange.number = next(self._numbers)
        try:
            exchange.session.send(question)
        except OSError:
            self._end(exchange, NoAnswer(device=exchange.agent.device, address=exchange.agent.address))
            return
        descriptor = exchange.session.descriptor
        if descriptor != exchange.descriptor:
            self._asked.pop(exchange.descriptor, None)
            self._asked[descriptor] = exchange
            exchange.descriptor = descriptor
            self._ready.register(descriptor, select.EPOLLIN)
        heapq.heappush(self._deadlines, (now + exchange.conversation.patience, exchange.number, exchange))

    def _end(self, exchange: _Exchange, said: Said | Refusal) -> None:
        exchange.number = 0
        exchange.talk.close()
        if self._asked.pop(exchange.descriptor, None) is not None:
            with suppress(OSError):  # a greeting that could not be sent has closed it
                self._ready.unregister(exchange.descriptor)
        self._lanes[exchange.silent].under_way -= 1
        self._tell(exchange.agent, exchange.session, said)

    def _tell(self, agent: Agent, session: Session | None, said: Said | Refusal) -> None:
        self._poller.after(agent, session, said, self._at)
        self._heard(agent, said)
