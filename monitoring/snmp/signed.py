"""Whether a message of SNMPv3 is signed by whom we speak to (RFC 3414, 6 and 7; RFC 7860). Pure.

The library on the polling path reads signatures and does not check them, hence it is handed nothing that was not
checked here.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final

from inventory.snmp_users import Hash

_SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_REPORT: Final = 0xA8
_SIGNED: Final = 0x01
_ENCRYPTED: Final = 0x02
WIDTHS: Final[dict[Hash, int]] = {Hash.SHA1: 12, Hash.SHA256: 24, Hash.SHA512: 48}
"""Octets of a signature: HMAC-SHA-96, and RFC 7860's of 192 and 384 bits."""


class NotSnmp(ValueError):
    """Octets that are no message of SNMPv3."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is read of a message: which engine it is of, where its signature stands, and whether it is a bare Report."""

    engine: bytes
    signed: bool
    report: bool
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Signature:
    """What signs one user's messages of one engine: the key localised to it, and what stands before the signature.

    Where that is found is no matter of trust: who has not the key signs nothing, whatever is taken for the signature.
    """

    key: bytes = field(repr=False)
    mark: bytes
    digest: str
    width: int

    def signs(self, message: bytes) -> bool:
        """Whether a message is signed by that engine for that user."""
        begin = message.find(self.mark) + len(self.mark)
        if begin < len(self.mark):
            return False
        end = begin + self.width
        made = hmac.digest(self.key, message[:begin] + bytes(self.width) + message[end:], self.digest)[: self.width]
        return hmac.compare_digest(made, message[begin:end])


def signature(name: str, key: bytes, kind: Hash) -> Signature:
    """What signs the messages of the user of that name by this key, which is localised to an engine."""
    user, width = name.encode(), WIDTHS[kind]
    mark = bytes([_OCTETS, len(user)]) + user + bytes([_OCTETS, width])
    return Signature(key, mark, kind.value, width)


def header(message: bytes) -> Header:
    """Read a message's header (RFC 3412, 6; RFC 3414, 2.4). Raises NotSnmp."""
    inside, over = _part(message, 0, _SEQUENCE)
    if over != len(message):
        raise NotSnmp
    _, here = _part(message, inside, _INTEGER)
    flags, here = _flags(message, here)
    begin, after = _part(message, here, _OCTETS)
    field, end = _part(message, begin, _SEQUENCE)
    if end != after:
        raise NotSnmp
    begin, here = _part(message, field, _OCTETS)
    engine = message[begin:here]
    for tag in (_INTEGER, _INTEGER, _OCTETS):
        _, here = _part(message, here, tag)
    begin, end = _part(message, here, _OCTETS)
    report = not flags & _ENCRYPTED and _is_report(message, after)
    return Header(engine, bool(flags & _SIGNED), report, begin, end)


def _part(message: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of the value that begins here begins and ends (ITU-T X.690, 8.1)."""
    try:
        if message[at] != tag:
            raise NotSnmp
        size, begin = message[at + 1], at + 2
    except IndexError:
        raise NotSnmp from None
    if size & 0x80:
        begin += size & 0x7F
        size = int.from_bytes(message[at + 2 : begin], "big")
    if begin + size > len(message):
        raise NotSnmp
    return begin, begin + size


def _flags(message: bytes, at: int) -> tuple[int, int]:
    """The flags of a message's global data, and where what follows begins."""
    here, after = _part(message, at, _SEQUENCE)
    for _ in range(2):
        _, here = _part(message, here, _INTEGER)
    begin, end = _part(message, here, _OCTETS)
    if end - begin != 1:
        raise NotSnmp
    return message[begin], after


def _is_report(message: bytes, at: int) -> bool:
    """Whether what is said is a Report, in the clear."""
    here, _ = _part(message, at, _SEQUENCE)
    for _ in range(2):
        _, here = _part(message, here, _OCTETS)
    return message[here : here + 1] == bytes([_REPORT])
