"""SNMPv2c over UDP (RFC 3416, RFC 3417): the only place that knows the SNMP library.

Every device is given a bounded time and a bounded number of objects, and many are asked at once in one
thread, so that a slow, silent or lying agent costs itself alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    bulk_cmd,
    get_cmd,
)
from pysnmp.proto.errind import RequestTimedOut
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from foundation.errors import Unavailable
from foundation.speech import Phrase
from monitoring.snmp.answers import Answers, Oid, Value

REPLY_SECONDS: Final = 1.0
RETRIES: Final = 1
DEVICE_SECONDS: Final = 15.0
AT_ONCE: Final = 32
REPETITIONS: Final = 25
"""Rows asked for at a time: a reply of counters stays under one packet of 1,400 octets."""
MOST_OBJECTS: Final = 10_000


class NoAnswer(Unavailable):
    """A device says nothing over SNMP, or not to us."""

    kind = "snmp-no-answer"
    phrase = Phrase(
        "{device} ne répond pas en SNMP ({address}). Rien n'a été enregistré pour elle. "
        "Est-elle allumée, et la communauté est-elle la bonne ?",
        "{device} does not answer over SNMP ({address}). Nothing was recorded for it. "
        "Is it on, and is the community right?",
    )


class BadAnswer(Unavailable):
    """A device answers what SNMP does not allow, or without end."""

    kind = "snmp-bad-answer"
    phrase = Phrase(
        "{device} répond de travers en SNMP ({reason}). Rien n'a été enregistré pour elle.",
        "{device} answers wrongly over SNMP ({reason}). Nothing was recorded for it.",
    )


_ENDLESS = Phrase("sa liste ne finit pas", "its list does not end")
_BACKWARDS = Phrase("sa liste revient en arrière", "its list goes backwards")
_TOO_SLOW = Phrase("plus de {seconds} s", "over {seconds} s")


@dataclass(frozen=True, slots=True)
class Agent:
    """Where a device is asked, by address, and the community that may read it."""

    device: str
    address: str
    community: str = field(repr=False)
    port: int = 161


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked: objects by their full name, and subtrees walked to their end."""

    gets: tuple[Oid, ...]
    walks: tuple[Oid, ...] = ()


def ask(
    agents: Sequence[Agent], questions: Questions, heard: Callable[[Agent, Answers | NoAnswer | BadAnswer], None]
) -> None:
    """Ask every agent, `AT_ONCE` at a time; `heard` is called in this thread as each has answered or not.

    The sockets are made in the calling thread, hence in its network namespace. None of the agents' errors
    is raised: they are handed to `heard`.
    """
    asyncio.run(_ask_all(agents, questions, heard))


async def _ask_all(
    agents: Sequence[Agent], questions: Questions, heard: Callable[[Agent, Answers | NoAnswer | BadAnswer], None]
) -> None:
    engine = SnmpEngine()
    lanes = asyncio.Semaphore(AT_ONCE)

    async def one(agent: Agent) -> None:
        async with lanes:
            heard(agent, await _ask_or_say_why(engine, agent, questions))

    try:
        async with asyncio.TaskGroup() as group:
            for agent in agents:
                group.create_task(one(agent))
    finally:
        engine.close_dispatcher()


async def _ask_or_say_why(engine: Any, agent: Agent, questions: Questions) -> Answers | NoAnswer | BadAnswer:
    try:
        async with asyncio.timeout(DEVICE_SECONDS):
            return await _ask_one(engine, agent, questions)
    except (NoAnswer, BadAnswer) as said:
        return said
    except TimeoutError:
        reason = Phrase(_TOO_SLOW.fr.format(seconds=DEVICE_SECONDS), _TOO_SLOW.en.format(seconds=DEVICE_SECONDS))
        return BadAnswer(device=agent.device, reason=reason)
    except (OSError, PySnmpError, ValueError):
        return NoAnswer(device=agent.device, address=agent.address)


async def _ask_one(engine: Any, agent: Agent, questions: Questions) -> Answers:
    target = UdpTransportTarget if ip_address(agent.address).version == 4 else Udp6TransportTarget
    where = await target.create((agent.address, agent.port), timeout=REPLY_SECONDS, retries=RETRIES)
    asking = _Asking(engine, agent, where, answers={})
    await asking.get(questions.gets)
    for subtree in questions.walks:
        await asking.walk(subtree)
    return asking.answers


@dataclass(frozen=True, slots=True)
class _Asking:
    """One device being asked, and what it said so far."""

    engine: Any
    agent: Agent
    where: Any
    answers: dict[Oid, Value]

    async def get(self, names: Sequence[Oid]) -> None:
        """GET these objects; those that the agent has not are left out."""
        for name, value in self._checked(await get_cmd(*self._who(), *map(_object, names), lookupMib=False)):
            if name in names and value is not None:
                self.answers[name] = value

    async def walk(self, subtree: Oid) -> None:
        """GETBULK all that is under `subtree`. Raises BadAnswer for a list that turns back or never ends."""
        last = subtree
        while True:
            reply = await bulk_cmd(*self._who(), 0, REPETITIONS, _object(last), lookupMib=False)
            binds = self._checked(reply)
            for name, value in binds:
                if value is None or name[: len(subtree)] != subtree:
                    return
                if name <= last:
                    raise BadAnswer(device=self.agent.device, reason=_BACKWARDS)
                if len(self.answers) >= MOST_OBJECTS:
                    raise BadAnswer(device=self.agent.device, reason=_ENDLESS)
                self.answers[name] = value
                last = name
            if not binds:
                return

    def _who(self) -> tuple[Any, ...]:
        community = CommunityData(self.agent.community, mpModel=1)  # noqa: S508 - the management LAN carries it
        return self.engine, community, self.where, ContextData()

    def _checked(self, reply: tuple[Any, Any, Any, Any]) -> list[tuple[Oid, Value | None]]:
        indication, status, _, binds = reply
        if isinstance(indication, RequestTimedOut):
            raise NoAnswer(device=self.agent.device, address=self.agent.address)
        if indication or status:
            reason = str(indication) if indication else status.prettyPrint()
            raise BadAnswer(device=self.agent.device, reason=reason[:100])
        return [(tuple(name), _plain(value)) for name, value in binds]


def _object(name: Oid) -> Any:
    return ObjectType(ObjectIdentity(name))


def _plain(value: Any) -> Value | None:
    """The value as Python has it; nothing where the agent has no such object."""
    if isinstance(value, (NoSuchObject, NoSuchInstance, EndOfMibView)):
        return None
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())
    if hasattr(value, "asTuple"):
        return tuple(value.asTuple())
    return int(value)
