"""A client for one IPv4 address (RFC 2131), over the interface itself: it has no address yet to speak from.

Ask and take: a request for whatever the server offers, until it gives it. What is not for us is passed over.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from lab.adsl.octets import Malformed, Reader

CLIENT_PORT: Final = 68
SERVER_PORT: Final = 67

_IPV4: Final = 0x0800
_UDP: Final = 17
_MAGIC: Final = b"\x63\x82\x53\x63"
_BROADCAST: Final = 0x8000
_EVERYBODY: Final = b"\xff" * 6
_USUAL_MTU: Final = 1500
_USUAL_SECONDS: Final = 600


class Kind(IntEnum):
    """Messages (RFC 2132, 9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    ACK = 5
    NAK = 6


class Code(IntEnum):
    """Options that we write or read."""

    ROUTER = 3
    RESOLVER = 6
    MTU = 26
    ASKED = 50
    LEASE = 51
    KIND = 53
    SERVER = 54
    WANTED = 55
    WAYS = 121
    END = 255


@dataclass(frozen=True, slots=True)
class Lease:
    """What the server gave: an address for some seconds, the largest packet in octets, and routes.

    Each of `ways` goes by a router, or by the wire itself where that is None (RFC 3442).
    """

    address: IPv4Address
    seconds: int
    mtu: int
    ways: tuple[tuple[IPv4Network, IPv4Address | None], ...]


class Client:
    """Asks on one interface, whose address is `hardware`; `socket` becomes readable when something came."""

    def __init__(self, interface: str, random: Callable[[int], bytes]) -> None:
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IPV4))
        self.socket.bind((interface, _IPV4))
        self.socket.setblocking(False)
        self._interface = interface
        self.hardware: bytes = self.socket.getsockname()[4]
        self._transaction = random(4)

    def close(self) -> None:
        """Hear nothing any more; the address stays the server's to give to us again."""
        self.socket.close()

    def ask(self) -> None:
        """Look for a server."""
        self._send(Kind.DISCOVER)

    def take(self) -> Lease | None:
        """What came meanwhile: an offer is asked for at once, a lease is given back."""
        lease = None
        with suppress(BlockingIOError):
            while True:
                with suppress(Malformed):
                    lease = self._read(self.socket.recv(4096)) or lease
        return lease

    def _read(self, packet: bytes) -> Lease | None:
        found = message_in(packet)
        if found is None or found[:1] != b"\x02" or found[4:8] != self._transaction:
            return None
        address, said = IPv4Address(found[16:20]), dict(options(found[240:]))
        kind = said.get(Code.KIND, b"")
        if kind == bytes([Kind.OFFER]) and Code.SERVER in said:
            self._send(Kind.REQUEST, (Code.ASKED, address.packed), (Code.SERVER, said[Code.SERVER]))
        return lease_of(address, said) if kind == bytes([Kind.ACK]) else None

    def _send(self, kind: Kind, *more: tuple[Code, bytes]) -> None:
        wanted = bytes((Code.ROUTER, Code.RESOLVER, Code.MTU, Code.WAYS))
        body = b"\x01\x01\x06\x00" + self._transaction + struct.pack("!HH16x", 0, _BROADCAST)
        body += self.hardware.ljust(16, b"\0") + bytes(192) + _MAGIC
        for code, value in ((Code.KIND, bytes([kind])), (Code.WANTED, wanted), *more):
            body += bytes((code, len(value))) + value
        packet = _packet(body + bytes([Code.END]))
        self.socket.sendto(packet, (self._interface, _IPV4, 0, 0, _EVERYBODY))


def _packet(body: bytes) -> bytes:
    """From nobody to everybody (RFC 2131, 4.1), without a checksum of UDP, which IPv4 allows."""
    datagram = struct.pack("!HHHH", CLIENT_PORT, SERVER_PORT, 8 + len(body), 0) + body
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, _UDP, 0, bytes(4), b"\xff" * 4)
    total = sum(struct.unpack("!10H", head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack("!H", 0xFFFF - total) + head[12:] + datagram


def message_in(packet: bytes) -> bytes | None:
    """The DHCP message that an IPv4 packet carries to a client, or None."""
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != _UDP:
        return None
    datagram = packet[(packet[0] & 15) * 4 :]
    if len(datagram) < 8 + 240 or datagram[2:4] != CLIENT_PORT.to_bytes(2, "big"):
        return None
    message = datagram[8:]
    return message if message[236:240] == _MAGIC else None


def options(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The options of a message. Raises Malformed."""
    reader = Reader(octets, "DHCP options")
    while reader:
        code = reader.number(1)
        if code == Code.END:
            return
        if code:
            yield code, reader.take(reader.number(1))


def lease_of(address: IPv4Address, said: dict[int, bytes]) -> Lease:
    """What the options give with an address. Raises Malformed."""
    routers = said.get(Code.ROUTER, b"")
    ways = tuple(_ways(said[Code.WAYS])) if Code.WAYS in said else tuple(_usual(routers[:4]))
    return Lease(
        address,
        int.from_bytes(said.get(Code.LEASE, b""), "big") or _USUAL_SECONDS,
        int.from_bytes(said.get(Code.MTU, b""), "big") or _USUAL_MTU,
        ways,
    )


def _usual(router: bytes) -> Iterable[tuple[IPv4Network, IPv4Address | None]]:
    return [(IPv4Network("0.0.0.0/0"), IPv4Address(router))] if len(router) == 4 else []


def _ways(octets: bytes) -> Iterator[tuple[IPv4Network, IPv4Address | None]]:
    """Classless routes: a length, as many octets as it takes, a router (0.0.0.0: the wire itself)."""
    reader = Reader(octets, "DHCP routes")
    while reader:
        length = reader.number(1)
        if length > 32:
            raise Malformed(what="DHCP routes")
        prefix = reader.take((length + 7) // 8).ljust(4, b"\0")
        router = IPv4Address(reader.take(4))
        yield IPv4Network((prefix, length), strict=False), router if int(router) else None
