"""A client for one delegated IPv6 prefix (RFC 8415, 6.3): messages to octets and back, and the exchange. No sockets.

Solicit -> Advertise -> Request -> Reply, then Renew to the same server at T1 and Rebind to any at T2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Network
from typing import Final, TypeAlias

from lab.adsl.octets import Malformed, Reader

SERVERS: Final = "ff02::1:2"
SERVER_PORT: Final = 547
CLIENT_PORT: Final = 546
FIRST_RETRANSMISSION: Final = 1.0
LONGEST_RETRANSMISSION: Final = 120.0
REQUESTS: Final = 5
FOREVER: Final = 0xFFFFFFFF
LONGEST_PREFIX: Final = 64
ROUTABLE: Final = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))


class MessageType(IntEnum):
    """Messages between a client and a server."""

    SOLICIT = 1
    ADVERTISE = 2
    REQUEST = 3
    RENEW = 5
    REBIND = 6
    REPLY = 7


class OptionCode(IntEnum):
    """Options we write or read (RFC 8415, 21)."""

    CLIENT_ID = 1
    SERVER_ID = 2
    OPTION_REQUEST = 6
    ELAPSED_TIME = 8
    STATUS_CODE = 13
    IA_PD = 25
    IA_PREFIX = 26


@dataclass(frozen=True, slots=True)
class Option:
    """An option: its code and its octets."""

    code: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its 24-bit transaction number."""

    type: int
    transaction: int
    options: tuple[Option, ...]

    def encode(self) -> bytes:
        """The whole UDP payload."""
        return bytes([self.type]) + self.transaction.to_bytes(3, "big") + encode_options(self.options)

    @classmethod
    def decode(cls, octets: bytes) -> Message:
        """One message. Raises Malformed."""
        reader = Reader(octets, "DHCPv6")
        kind, transaction = reader.number(1), reader.number(3)
        return cls(kind, transaction, decode_options(reader.rest()))

    def value(self, code: OptionCode) -> bytes | None:
        """The first option with that code, or None."""
        return next((option.value for option in self.options if option.code == code), None)


def encode_options(options: Iterable[Option]) -> bytes:
    """Options one after the other."""
    return b"".join(
        option.code.to_bytes(2, "big") + len(option.value).to_bytes(2, "big") + option.value for option in options
    )


def decode_options(octets: bytes) -> tuple[Option, ...]:
    """All options of a message or of an option that holds options. Raises Malformed."""
    reader = Reader(octets, "DHCPv6 options")
    options = []
    while reader:
        code, length = reader.number(2), reader.number(2)
        options.append(Option(code, reader.take(length)))
    return tuple(options)


@dataclass(frozen=True, slots=True)
class Lease:
    """A delegated prefix; `renew_after`, `rebind_after` and `valid` are seconds from its Reply, None for ever."""

    prefix: IPv6Network
    renew_after: float | None
    rebind_after: float | None
    valid: float | None


@dataclass(frozen=True, slots=True)
class Delegated:
    """The prefix is ours, for the first time or still."""

    lease: Lease


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The prefix is no longer ours."""

    prefix: IPv6Network


Event: TypeAlias = Delegated | Withdrawn


class PrefixClient:
    """Asks for one prefix and keeps it. Messages to send gather in `outbox`.

    A box that has a `hardware` address is known by it, and has its prefix again the next time.
    """

    def __init__(self, random: Callable[[int], bytes], hardware: bytes = b"") -> None:
        self.outbox: list[bytes] = []
        self.deadline: float | None = None
        self._random = random
        # DUID-LL (RFC 8415, 11.4); a locally administered address is made up for this life of a box without one.
        self._duid = b"\x00\x03\x00\x01" + (hardware or b"\x02" + random(5))
        self._association = hardware[-4:] or random(4)
        self._server: bytes | None = None
        self._offered: bytes = b""
        self._lease: Lease | None = None
        self._leased_at = 0.0
        self._asking = MessageType.SOLICIT
        self._transaction = 0
        self._asked_at = 0.0
        self._tries = 0

    def start(self, now: float) -> None:
        """Look for a server."""
        self._ask(now, MessageType.SOLICIT)

    def receive(self, now: float, octets: bytes) -> list[Event]:
        """Take one message. Raises Malformed."""
        message = Message.decode(octets)
        awaited = MessageType.ADVERTISE if self._asking == MessageType.SOLICIT else MessageType.REPLY
        ours = message.transaction == self._transaction and message.value(OptionCode.CLIENT_ID) == self._duid
        server = message.value(OptionCode.SERVER_ID)
        if message.type != awaited or not ours or server is None or self._tries == 0:
            return []
        found = self._association_of(message)
        if found is None:
            return self._refused(now)
        lease, octets_offered = found
        self._offered = octets_offered
        self._server = server
        if message.type == MessageType.ADVERTISE:
            self._ask(now, MessageType.REQUEST)
            return []
        return self._leased(now, lease)

    def tick(self, now: float) -> list[Event]:
        """Do what is due: ask again, renew, rebind, or give the prefix up when its time is over."""
        if self.deadline is None or now < self.deadline:
            return []
        lease = self._lease
        age = now - self._leased_at
        if lease is not None and lease.valid is not None and age >= lease.valid:
            self._lease = None
            self._ask(now, MessageType.SOLICIT)
            return [Withdrawn(lease.prefix)]
        if lease is not None and lease.rebind_after is not None and age >= lease.rebind_after:
            fresh = self._asking != MessageType.REBIND
            self._ask(now, MessageType.REBIND) if fresh else self._again(now)
        elif lease is not None and self._tries == 0:
            self._ask(now, MessageType.RENEW)
        elif self._asking == MessageType.REQUEST and self._tries >= REQUESTS:
            self._ask(now, MessageType.SOLICIT)
        else:
            self._again(now)
        return []

    def _refused(self, now: float) -> list[Event]:
        """The server knows no prefix for us: keep what we have, or look again later."""
        if self._asking in (MessageType.RENEW, MessageType.REBIND):
            self._ask(now, MessageType.REQUEST)
        return []

    def _leased(self, now: float, lease: Lease) -> list[Event]:
        before = self._lease
        self._lease = lease
        self._leased_at = now
        self._tries = 0
        times = [time for time in (lease.renew_after, lease.valid) if time is not None]
        self.deadline = now + min(times) if times else None
        gone: list[Event] = []
        if before is not None and before.prefix != lease.prefix:
            gone.append(Withdrawn(before.prefix))
        return [*gone, Delegated(lease)]

    def _association_of(self, message: Message) -> tuple[Lease, bytes] | None:
        """The first living prefix of our IA_PD (RFC 8415, 21.21 and 21.22), and its option's octets."""
        for option in message.options:
            if option.code != OptionCode.IA_PD or option.value[:4] != self._association:
                continue
            reader = Reader(option.value[4:], "IA_PD")
            renew, rebind = reader.number(4), reader.number(4)
            for inner in decode_options(reader.rest()):
                if inner.code == OptionCode.IA_PREFIX:
                    lease = _lease(inner.value, renew, rebind)
                    if lease is not None:
                        return lease, encode_options([inner])
        return None

    def _ask(self, now: float, kind: MessageType) -> None:
        self._asking = kind
        self._transaction = int.from_bytes(self._random(3), "big")
        self._asked_at = now
        self._tries = 0
        self._again(now)

    def _again(self, now: float) -> None:
        elapsed = min(int((now - self._asked_at) * 100), 0xFFFF)
        # T1 and T2 are the server's to choose: we ask with zero.
        association = self._association + bytes(8)
        if self._asking != MessageType.SOLICIT:
            association += self._offered
        options = [
            Option(OptionCode.CLIENT_ID, self._duid),
            Option(OptionCode.ELAPSED_TIME, elapsed.to_bytes(2, "big")),
            Option(OptionCode.IA_PD, association),
        ]
        if self._server is not None and self._asking in (MessageType.REQUEST, MessageType.RENEW):
            options.append(Option(OptionCode.SERVER_ID, self._server))
        self.outbox.append(Message(self._asking, self._transaction, tuple(options)).encode())
        self.deadline = now + min(FIRST_RETRANSMISSION * 2**self._tries, LONGEST_RETRANSMISSION)
        self._tries = min(self._tries + 1, 16)


def _lease(octets: bytes, renew: int, rebind: int) -> Lease | None:
    """What an IA Prefix option gives, or None for one that is over. Raises Malformed."""
    reader = Reader(octets, "IA_PREFIX")
    preferred, valid, length = reader.number(4), reader.number(4), reader.number(1)
    address = reader.take(16)
    if length > LONGEST_PREFIX or preferred > valid:
        raise Malformed(what="IA_PREFIX")
    prefix = IPv6Network((address, length), strict=False)
    if not any(prefix.subnet_of(whole) for whole in ROUTABLE):
        raise Malformed(what="IA_PREFIX")
    if not valid:
        return None
    if preferred != FOREVER:
        renew, rebind = renew or preferred // 2, rebind or preferred * 4 // 5
    return Lease(prefix, _seconds(renew or FOREVER), _seconds(rebind or FOREVER), _seconds(valid))


def _seconds(value: int) -> float | None:
    return None if value == FOREVER else float(max(value, 1))
