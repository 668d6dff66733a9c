"""Frames, packets and options of PPP (RFC 1661, 1332, 1334, 1994, 5072): octets to values and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from lab.adsl.octets import Malformed, Reader

FRAME_HEADER: Final = 4
LARGEST_PACKET: Final = 1500
SMALLEST_PACKET: Final = 576
CHAP_MD5: Final = b"\xc2\x23\x05"
PAP: Final = b"\xc0\x23"


class Protocol(IntEnum):
    """What a frame carries."""

    IPV4 = 0x0021
    IPV6 = 0x0057
    IPCP = 0x8021
    IPV6CP = 0x8057
    LCP = 0xC021
    PAP = 0xC023
    CHAP = 0xC223


class Code(IntEnum):
    """Codes of LCP; the network control protocols use those up to CODE_REJECT."""

    CONFIGURE_REQUEST = 1
    CONFIGURE_ACK = 2
    CONFIGURE_NAK = 3
    CONFIGURE_REJECT = 4
    TERMINATE_REQUEST = 5
    TERMINATE_ACK = 6
    CODE_REJECT = 7
    PROTOCOL_REJECT = 8
    ECHO_REQUEST = 9
    ECHO_REPLY = 10
    DISCARD_REQUEST = 11


class Challenge(IntEnum):
    """Codes of CHAP; PAP's request, acknowledgement and refusal are 1, 2 and 3."""

    CHALLENGE = 1
    RESPONSE = 2
    SUCCESS = 3
    FAILURE = 4


class LcpOption(IntEnum):
    """Options of LCP that we know (RFC 1661, 6)."""

    MRU = 1
    ASYNC_MAP = 2
    AUTHENTICATION = 3
    MAGIC = 5
    PROTOCOL_COMPRESSION = 7
    ADDRESS_COMPRESSION = 8


class IpcpOption(IntEnum):
    """Options of IPCP that we know (RFC 1332, RFC 1877)."""

    ADDRESS = 3
    PRIMARY_DNS = 129
    SECONDARY_DNS = 131


INTERFACE_IDENTIFIER: Final = 1


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of a control or authentication protocol."""

    code: int
    identifier: int
    data: bytes = b""

    def encode(self) -> bytes:
        """The packet with its length."""
        return bytes([self.code, self.identifier]) + (4 + len(self.data)).to_bytes(2, "big") + self.data

    @classmethod
    def decode(cls, octets: bytes) -> Packet:
        """One packet; what follows its length is padding. Raises Malformed."""
        reader = Reader(octets, "PPP")
        code, identifier, length = reader.number(1), reader.number(1), reader.number(2)
        return cls(code, identifier, reader.take(length - 4))


@dataclass(frozen=True, slots=True)
class Option:
    """A configuration option."""

    kind: int
    value: bytes = b""


def encode_options(options: Iterable[Option]) -> bytes:
    """Options one after the other."""
    return b"".join(bytes([option.kind, 2 + len(option.value)]) + option.value for option in options)


def decode_options(octets: bytes) -> tuple[Option, ...]:
    """All options of a configuration packet. Raises Malformed."""
    reader = Reader(octets, "PPP options")
    options = []
    while reader:
        kind = reader.number(1)
        options.append(Option(kind, reader.take(reader.number(1) - 2)))
    return tuple(options)


def frame(protocol: int, payload: bytes) -> bytes:
    """A frame with address, control and a whole protocol number."""
    return b"\xff\x03" + protocol.to_bytes(2, "big") + payload


def unframe(octets: bytes) -> tuple[int, bytes]:
    """Protocol and payload of a frame, its header compressed or not (RFC 1661, 6.5 and 6.6). Raises Malformed."""
    reader = Reader(octets.removeprefix(b"\xff\x03"), "PPP frame")
    protocol = reader.number(1)
    if not protocol & 1:
        protocol = protocol << 8 | reader.number(1)
        if not protocol & 1:
            raise Malformed(what="PPP protocol")
    return protocol, reader.rest()


def chap_challenge(data: bytes) -> bytes:
    """The value of a Challenge (RFC 1994, 4.1). Raises Malformed."""
    reader = Reader(data, "CHAP")
    value = reader.take(reader.number(1))
    if not value:
        raise Malformed(what="CHAP")
    return value


def chap_response(identifier: int, password: bytes, challenge: bytes, login: bytes) -> bytes:
    """The data of a Response: CHAP with MD5 is what RFC 1994 defines and what an LNS asks."""
    value = hashlib.md5(bytes([identifier]) + password + challenge, usedforsecurity=False).digest()
    return bytes([len(value)]) + value + login


def pap_request(login: bytes, password: bytes) -> bytes:
    """The data of an Authenticate-Request (RFC 1334, 2.2.1)."""
    return bytes([len(login)]) + login + bytes([len(password)]) + password
