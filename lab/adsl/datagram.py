"""UDP over IPv6 (RFC 768, RFC 8200): a datagram to the octets of its packet and back, without a kernel in between."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Final

from lab.adsl.octets import Malformed, Reader

UDP: Final = 17
HEADER: Final = 40
HOPS: Final = 1
"""DHCPv6 stays on the link."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram over IPv6."""

    source: IPv6Address
    destination: IPv6Address
    source_port: int
    destination_port: int
    payload: bytes

    def encode(self) -> bytes:
        """The whole packet, with its checksum."""
        length = 8 + len(self.payload)
        ports = self.source_port.to_bytes(2, "big") + self.destination_port.to_bytes(2, "big")
        head = ports + length.to_bytes(2, "big")
        addresses = self.source.packed + self.destination.packed
        # A sum of nothing is sent as all ones: zero would mean that there is none (RFC 8200, 8.1).
        checked = _sum(addresses + length.to_bytes(4, "big") + bytes([0, 0, 0, UDP]) + head + self.payload) or 0xFFFF
        packet = b"\x60\x00\x00\x00" + length.to_bytes(2, "big") + bytes([UDP, HOPS]) + addresses
        return packet + head + checked.to_bytes(2, "big") + self.payload

    @classmethod
    def decode(cls, packet: bytes) -> Datagram | None:
        """The datagram of a packet whose sum is right, or None for one that is something else. Raises Malformed."""
        if packet[:1] < b"\x60" or packet[:1] > b"\x6f" or packet[6:7] != bytes([UDP]):
            return None
        reader = Reader(packet, "IPv6")
        reader.take(4)
        length = reader.number(2)
        reader.take(2)
        source, destination = reader.take(16), reader.take(16)
        octets = reader.take(length)
        udp = Reader(octets, "UDP")
        ports = udp.number(2), udp.number(2)
        if udp.number(2) != length or _sum(source + destination + length.to_bytes(4, "big") + b"\0\0\0\x11" + octets):
            raise Malformed(what="UDP")
        udp.take(2)
        return cls(IPv6Address(source), IPv6Address(destination), *ports, udp.rest())


def _sum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = octets + bytes(len(octets) % 2)
    total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
