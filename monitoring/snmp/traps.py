"""Traps and informs are heard, and taken for hints: whom to ask now (RFC 3416, 4.2.6). Each costs little.

A packet is looked at where it comes from the address of a device that we ask, is not longer than a trap is, and is
not one too many of that device. It counts where it opens with the device's own community or SNMPv3 user. What does not
is counted and forgotten: nothing of it is written anywhere.
"""

from __future__ import annotations

import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Final

from foundation.errors import Unavailable
from foundation.speech import Phrase
from monitoring.snmp.agents import Agent
from monitoring.snmp.answers import Oid, below, printable
from monitoring.snmp.trap_messages import Messages, Said

LONGEST: Final = 1500
"""Octets of a trap: one packet."""
OFTEN: Final = 10
WHILE_SECONDS: Final = 30.0
"""So many packets of one address are opened in so long a while, whatever they are."""
AT_ONCE: Final = 2000
"""Packets taken from the socket before anything else is done."""
BUFFER: Final = 1 << 20

_TRAP_OID: Final = "1.3.6.1.6.3.1.1.4.1.0"
_IF_INDEX: Final = "1.3.6.1.2.1.2.2.1.1"
_IF_NAMES: Final = ("1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.2.2.1.2")
"""ifName and ifDescr, which some put into linkDown besides what they must."""
_SNMP: Final = "1.3.6.1.6.3.1.1.5"
_UPS: Final = "1.3.6.1.2.1.33.2"
_APC: Final = "1.3.6.1.4.1.318.0"
NAMES: Final[dict[Oid, str]] = {
    f"{_SNMP}.1": "coldStart",
    f"{_SNMP}.2": "warmStart",
    f"{_SNMP}.3": "linkDown",
    f"{_SNMP}.4": "linkUp",
    f"{_UPS}.1": "upsTrapOnBattery",
    f"{_UPS}.3": "upsTrapAlarmEntryAdded",
    f"{_UPS}.4": "upsTrapAlarmEntryRemoved",
    f"{_APC}.5": "upsOnBattery",
    f"{_APC}.7": "lowBattery",
    f"{_APC}.9": "powerRestored",
}
"""Traps that alerts speak of (SNMPv2-MIB, IF-MIB, UPS-MIB, PowerNet-MIB); any other is a hint without a name."""


class Outcome(StrEnum):
    """What became of a packet."""

    HEARD = "heard"
    STRANGER = "stranger"
    TOO_OFTEN = "too-often"
    TOO_LONG = "too-long"
    REFUSED = "refused"


class CannotListen(Unavailable):
    """The address for traps cannot be listened on."""

    kind = "cannot-listen"
    phrase = Phrase(
        "Impossible d'écouter les traps sur {where} ({reason}). Un port sous 1024 demande le droit "
        "CAP_NET_BIND_SERVICE ; l'adresse se règle par ESSAIM_TRAPS.",
        "Cannot listen for traps on {where} ({reason}). A port below 1024 takes the right CAP_NET_BIND_SERVICE; the "
        "address is set by ESSAIM_TRAPS.",
    )


@dataclass(frozen=True, slots=True)
class Hint:
    """A device said something of itself: the trap's name where it is one of ours, and of which part."""

    device: str
    name: str = ""
    part: str = ""


@dataclass(slots=True)
class Ear:
    """What comes to one socket, from the devices that are known. In one thread."""

    socket: socket.socket
    clock: Callable[[], float] = time.monotonic
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _agents: dict[str, list[Agent]] = field(default_factory=dict)
    _opened: dict[str, deque[float]] = field(default_factory=dict)
    _messages: Messages = field(default_factory=Messages)

    def knows(self, agents: Iterable[Agent]) -> None:
        """Listen to these from now on, and to nobody else."""
        self._agents = {}
        for one in agents:
            if one.address:
                self._agents.setdefault(_spelled(one.address), []).append(one)
        self._opened = {address: times for address, times in self._opened.items() if address in self._agents}

    def listen(self, seconds: float) -> list[Hint]:
        """Wait for something for so long at most; then all that is there, up to `AT_ONCE` packets."""
        select.select([self.socket], [], [], max(0.0, seconds))
        hints = []
        for _ in range(AT_ONCE):
            try:
                message, whom = self.socket.recvfrom(LONGEST + 1)
            except BlockingIOError:
                break
            except OSError:
                continue
            outcome, hint = self._heard(message, whom)
            self.outcomes[outcome] += 1
            if hint is not None:
                hints.append(hint)
        return hints

    def _heard(self, message: bytes, whom: tuple[str, int]) -> tuple[Outcome, Hint | None]:
        address = _spelled(whom[0])
        agents = self._agents.get(address)
        if agents is None:
            return Outcome.STRANGER, None
        if len(message) > LONGEST:
            return Outcome.TOO_LONG, None
        now, times = self.clock(), self._opened.setdefault(address, deque(maxlen=OFTEN))
        if len(times) == OFTEN and now - times[0] < WHILE_SECONDS:
            return Outcome.TOO_OFTEN, None
        times.append(now)
        for one in agents:
            said = self._messages.read(one.credential, message, lambda answer: self._answer(answer, whom))
            if said is not None:
                return Outcome.HEARD, _hint(one.device, said)
        return Outcome.REFUSED, None

    def _answer(self, message: bytes, whom: tuple[str, int]) -> None:
        with suppress(OSError):  # whoever sent an inform sends it again
            self.socket.sendto(message, whom)


@contextmanager
def listening(where: str) -> Iterator[Ear]:
    """An ear on `address:port`, in the calling thread's network namespace. Raises CannotListen."""
    with _bound(where) as opened:
        yield Ear(opened)


def _bound(where: str) -> socket.socket:
    host, _, port = where.rpartition(":")
    try:
        address = ip_address(host.strip("[]"))
        opened = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
    except (OSError, ValueError) as failed:
        raise CannotListen(where=where, reason=str(failed)) from failed
    try:
        if address.version == 6 and address.is_unspecified:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        opened.setblocking(False)
        opened.bind((str(address), int(port)))
    except (OSError, OverflowError) as failed:
        opened.close()
        raise CannotListen(where=where, reason=getattr(failed, "strerror", "port")) from failed
    return opened


def _hint(device: str, said: Said) -> Hint:
    """What a trap says of itself. Raises nothing: a trap of no name is a hint all the same."""
    told = dict(said)
    name = NAMES.get(str(told.get(_TRAP_OID, "")), "")
    return Hint(device, name, _part(said) if name.startswith("link") else "")


def _part(said: Said) -> str:
    """The port that a link's trap is about, by the name that it gives, or by its number."""
    for column in _IF_NAMES:
        for name, value in said:
            if below(name, column) and isinstance(value, bytes):
                return printable(value, 60)
    number = next((value for name, value in said if below(name, _IF_INDEX) and isinstance(value, int)), None)
    return f"ifIndex {number}" if number is not None else ""


def _spelled(address: str) -> str:
    """One spelling of each address: those of IPv4 that an IPv6 socket hears are of IPv4."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)
