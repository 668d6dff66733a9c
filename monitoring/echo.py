"""ICMP echoes as they travel (RFC 792, RFC 4443), and the sockets that an ordinary account may send them by.

An echo carries eight octets drawn for it alone: what does not bring them back, from where they were sent, is no answer.
"""

from __future__ import annotations

import secrets
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Literal, TypeAlias

from foundation.errors import Unavailable
from foundation.speech import Phrase

Version: TypeAlias = Literal[4, 6]
Address: TypeAlias = IPv4Address | IPv6Address

MARK: Final = 8
"""Octets that tell one echo from all others."""
LENGTH: Final = 8 + 56
"""Octets of an echo, its header included: what `ping` sends, too."""
_RECEIVED: Final = 2048
_REQUEST: Final[dict[Version, int]] = {4: 8, 6: 128}
_REPLY: Final[dict[Version, int]] = {4: 0, 6: 129}
_SO_TIMESTAMPNS: Final = 35
"""Linux' own: the instant at which the kernel had a packet (socket(7))."""
_SOL_RAW: Final = 255
_ICMP_FILTER: Final = 1
_ICMP6_FILTER: Final = 1


class NoEchoes(Unavailable):
    """This account may send no ICMP here."""

    kind = "no-echoes"
    phrase = Phrase(
        "Ce compte n'a pas le droit d'envoyer des échos ICMP (IPv{version}) : {reason}. Rien n'a été mesuré. Le lui "
        'donner : sysctl net.ipv4.ping_group_range="0 2147483647", ou la capacité CAP_NET_RAW.',
        "This account may not send ICMP echoes (IPv{version}): {reason}. Nothing was measured. To let it: "
        'sysctl net.ipv4.ping_group_range="0 2147483647", or the capability CAP_NET_RAW.',
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """An echo that came back: from where, with which mark, and how long it waited here before we read it."""

    address: Address
    mark: bytes
    waited: float


class Echoes:
    """One socket of one family. `raw` where the kernel does not keep others' answers away."""

    def __init__(self, version: Version, sock: socket.socket, *, raw: bool) -> None:
        self.version: Final[Version] = version
        self.raw: Final = raw
        self.socket: Final = sock
        self._number = 0
        self._own = secrets.randbelow(0x10000)

    def send(self, address: Address) -> bytes:
        """Send an echo; its mark. Raises OSError where it did not leave."""
        mark = secrets.token_bytes(MARK)
        self._number = (self._number + 1) % 0x10000
        self.socket.sendto(request(self.version, self._own, self._number, mark), (str(address), 0))
        return mark

    def receive(self, now: float) -> Answer | None:
        """The next packet that came: an answer, or none where it is something else. `now` is the clock's (Unix time).

        Raises BlockingIOError when there is no more.
        """
        packet, ancillary, _, source = self.socket.recvmsg(_RECEIVED, socket.CMSG_SPACE(16))
        mark = answered(self.version, packet, raw=self.raw)
        if mark is None:
            return None
        kind: type[Address] = IPv4Address if self.version == 4 else IPv6Address
        return Answer(kind(source[0].partition("%")[0]), mark, _waited(ancillary, now))

    def close(self) -> None:
        """Let go of the socket."""
        self.socket.close()


def open_echoes(version: Version) -> Echoes:
    """A socket for echoes in the network of this thread, with no right but what the kernel gives to anyone where
    `net.ipv4.ping_group_range` holds the account's group; else a raw one.

    Raises NoEchoes.
    """
    family, protocol = (
        (socket.AF_INET, socket.IPPROTO_ICMP) if version == 4 else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
    )
    refused: OSError | None = None
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            opened = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
        except OSError as no:
            refused = no
            continue
        raw = kind == socket.SOCK_RAW
        if raw:
            _answers_alone(version, opened)
        opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        return Echoes(version, opened, raw=raw)
    raise NoEchoes(version=version, reason=refused.strerror if refused is not None else "socket") from refused


def request(version: Version, identifier: int, number: int, mark: bytes) -> bytes:
    """An echo request. Of ICMPv6 the kernel writes the checksum, which takes in the addresses (RFC 4443, 2.3)."""
    body = struct.pack("!HH", identifier, number) + mark + bytes(LENGTH - 8 - len(mark))
    head = struct.pack("!BB", _REQUEST[version], 0)
    return head + struct.pack("!H", checksum(head + b"\0\0" + body) if version == 4 else 0) + body


def answered(version: Version, packet: bytes, *, raw: bool) -> bytes | None:
    """The mark in an echo reply; none where the packet is anything else. A raw IPv4 socket gives the IP header, too."""
    if raw and version == 4:
        if not packet or packet[0] >> 4 != 4:
            return None
        packet = packet[(packet[0] & 15) * 4 :]
    if len(packet) < 8 + MARK or packet[0] != _REPLY[version] or packet[1] != 0:
        return None
    return packet[8 : 8 + MARK]


def checksum(octets: bytes) -> int:
    """The Internet's checksum (RFC 1071) of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _answers_alone(version: Version, opened: socket.socket) -> None:
    """Let the kernel throw away what is no echo reply: a raw socket is handed all of the machine's ICMP."""
    if version == 4:
        passed = struct.pack("=I", ~(1 << _REPLY[4]) & 0xFFFFFFFF)
        opened.setsockopt(_SOL_RAW, _ICMP_FILTER, passed)
    else:
        words = [0xFFFFFFFF] * 8
        words[_REPLY[6] >> 5] &= ~(1 << (_REPLY[6] & 31)) & 0xFFFFFFFF
        opened.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *words))


def _waited(ancillary: list[tuple[int, int, bytes]], now: float) -> float:
    """Seconds since the kernel had the packet: a poller that is late must not be taken for a line that is slow."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(data) == 16:
            seconds, nanoseconds = struct.unpack("=qq", data)
            waited = now - (seconds + nanoseconds / 1e9)
            return waited if 0 < waited < 60 else 0.0  # a clock that was set meanwhile says nothing
    return 0.0
