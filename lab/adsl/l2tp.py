"""Messages of L2TP version 2 (RFC 2661): octets to messages and back, without any state.

Overhead of a data message as written here: 6 octets (no length, no sequence), and PPP's own 4 above it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from lab.adsl.octets import Malformed, Reader

PORT: Final = 1701
DATA_HEADER: Final = 6

_CONTROL: Final = 0x8000
_LENGTH: Final = 0x4000
_SEQUENCE: Final = 0x0800
_OFFSET: Final = 0x0200
_VERSION: Final = 2
_MANDATORY: Final = 0x8000
_HIDDEN: Final = 0x4000
_AVP_LENGTH: Final = 0x03FF


class MessageType(IntEnum):
    """Control messages a LAC sends or meets (RFC 2661, 3.2)."""

    SCCRQ = 1
    SCCRP = 2
    SCCCN = 3
    STOP_CCN = 4
    HELLO = 6
    ICRQ = 10
    ICRP = 11
    ICCN = 12
    CDN = 14


class Attribute(IntEnum):
    """Attributes a LAC writes or reads (RFC 2661, 4.4)."""

    MESSAGE_TYPE = 0
    RESULT_CODE = 1
    PROTOCOL_VERSION = 2
    FRAMING_CAPABILITIES = 3
    HOST_NAME = 7
    ASSIGNED_TUNNEL = 9
    RECEIVE_WINDOW = 10
    CHALLENGE = 11
    CHALLENGE_RESPONSE = 13
    ASSIGNED_SESSION = 14
    CALL_SERIAL_NUMBER = 15
    FRAMING_TYPE = 19
    CALLING_NUMBER = 22
    CONNECT_SPEED = 24


@dataclass(frozen=True, slots=True)
class Avp:
    """An attribute and its value; a hidden value (RFC 2661, 4.3) stays as it came."""

    attribute: int
    value: bytes
    mandatory: bool = True
    hidden: bool = False
    vendor: int = 0

    def encode(self) -> bytes:
        """The AVP with its header. The value is at most 1017 octets long."""
        first = (_MANDATORY * self.mandatory) | (_HIDDEN * self.hidden) | (6 + len(self.value))
        return b"".join(number.to_bytes(2, "big") for number in (first, self.vendor, self.attribute)) + self.value


@dataclass(frozen=True, slots=True)
class Control:
    """A control message to `tunnel` and `session`; without AVPs it is a ZLB, a bare acknowledgement."""

    tunnel: int
    session: int
    ns: int
    nr: int
    avps: tuple[Avp, ...] = ()

    def encode(self) -> bytes:
        """The whole datagram."""
        body = b"".join(avp.encode() for avp in self.avps)
        flags = _CONTROL | _LENGTH | _SEQUENCE | _VERSION
        header = (flags, 12 + len(body), self.tunnel, self.session, self.ns, self.nr)
        return b"".join(number.to_bytes(2, "big") for number in header) + body

    @property
    def type(self) -> int | None:
        """The message type, or None for a ZLB."""
        return self.number(Attribute.MESSAGE_TYPE) if self.avps else None

    def value(self, attribute: Attribute) -> bytes | None:
        """The value of a standard attribute in the clear, or None."""
        for avp in self.avps:
            if (avp.vendor, avp.attribute, avp.hidden) == (0, attribute, False):
                return avp.value
        return None

    def number(self, attribute: Attribute) -> int | None:
        """A 16-bit value, or None. Raises Malformed when its length is another."""
        value = self.value(attribute)
        return None if value is None else Reader(value, attribute.name).number(2)


@dataclass(frozen=True, slots=True)
class Data:
    """A PPP frame on its way through `session` of `tunnel`."""

    tunnel: int
    session: int
    frame: bytes

    def encode(self) -> bytes:
        """The whole datagram, with the shortest header."""
        return b"".join(n.to_bytes(2, "big") for n in (_VERSION, self.tunnel, self.session)) + self.frame


def decode(datagram: bytes) -> Control | Data:
    """One datagram from a peer. Raises Malformed."""
    reader = Reader(datagram, "L2TP")
    flags = reader.number(2)
    if flags & 0xF != _VERSION:
        raise Malformed(what="L2TP version")
    if flags & _LENGTH:
        length = reader.number(2)
        if not 4 <= length <= len(datagram):
            raise Malformed(what="L2TP length")
        reader = Reader(datagram[4:length], "L2TP")
    elif flags & _CONTROL:
        raise Malformed(what="L2TP length")
    if flags & _CONTROL:
        return _control(flags, reader)
    return _data(flags, reader)


def _control(flags: int, reader: Reader) -> Control:
    if not flags & _SEQUENCE or flags & _OFFSET:
        raise Malformed(what="L2TP flags")
    tunnel, session, ns, nr = (reader.number(2) for _ in range(4))
    avps = []
    while reader:
        avps.append(_avp(reader))
    if avps and avps[0].attribute != Attribute.MESSAGE_TYPE:
        raise Malformed(what="L2TP message type")
    return Control(tunnel, session, ns, nr, tuple(avps))


def _avp(reader: Reader) -> Avp:
    first, vendor, attribute = (reader.number(2) for _ in range(3))
    value = reader.take((first & _AVP_LENGTH) - 6)
    return Avp(attribute, value, bool(first & _MANDATORY), bool(first & _HIDDEN), vendor)


def _data(flags: int, reader: Reader) -> Data:
    tunnel, session = reader.number(2), reader.number(2)
    if flags & _SEQUENCE:
        reader.take(4)
    if flags & _OFFSET:
        reader.take(reader.number(2))
    return Data(tunnel, session, reader.rest())


def number(attribute: Attribute, value: int, width: int = 2) -> Avp:
    """An AVP whose value is an unsigned integer of `width` octets."""
    return Avp(attribute, value.to_bytes(width, "big"))


def proof(answered_in: MessageType, secret: bytes, challenge: bytes) -> bytes:
    """The Challenge Response that `answered_in` carries (RFC 2661, 4.4.3): MD5 is the standard's choice."""
    return hashlib.md5(bytes([answered_in]) + secret + challenge, usedforsecurity=False).digest()


def result(avps: Sequence[Avp]) -> tuple[int, str]:
    """The result code of a CDN or StopCCN and what it says (RFC 2661, 4.4.2): `(2, "2/6 shutting down")`."""
    for avp in avps:
        if avp.attribute == Attribute.RESULT_CODE and not avp.hidden and len(avp.value) >= 2:
            code = int.from_bytes(avp.value[:2], "big")
            error = f"/{int.from_bytes(avp.value[2:4], 'big')}" if len(avp.value) >= 4 else ""
            message = avp.value[4:].decode(errors="replace")
            return code, f"{code}{error} {message}".strip()
    return 0, ""
