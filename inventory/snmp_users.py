"""Whom a machine knows over SNMPv3 (RFC 3414): a name, two algorithms and two secrets, in one sealed text.

The text is a passphrase alone, of the user `essaim` with SHA-256 and AES-128, or all of it:
`name:sha512-aes256:secret` or `name:sha512-aes256:authentication:privacy`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from foundation.errors import Invalid
from foundation.speech import Phrase

_WHOLE: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]{1,32}):(?P<hash>sha1|sha256|sha512)-(?P<cipher>aes128|aes256)"
    r":(?P<authentication>[A-Za-z0-9._~+/=-]{8,63})(?::(?P<privacy>[A-Za-z0-9._~+/=-]{8,63}))?"
)


class BadSnmpUser(Invalid):
    """A text that names no SNMPv3 user. It is not repeated."""

    kind = "bad-snmp-user"
    phrase = Phrase(
        "Ce compte SNMPv3 ne convient pas : une phrase secrète de 8 signes au moins, ou nom:sha256-aes128:secret "
        "(sha1, sha256 ou sha512 ; aes128 ou aes256), et :secret une fois de plus si le chiffrement a le sien. "
        "Rien n'a été changé.",
        "This SNMPv3 user will not do: a passphrase of at least 8 signs, or name:sha256-aes128:secret (sha1, sha256 or "
        "sha512; aes128 or aes256), and :secret once more where encryption has its own. Nothing was changed.",
    )


class Hash(StrEnum):
    """How messages are signed (RFC 3414, RFC 7860)."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"

    @property
    def net_snmp(self) -> str:
        """As snmpd.conf has it."""
        return {"sha1": "SHA", "sha256": "SHA-256", "sha512": "SHA-512"}[self]


class Cipher(StrEnum):
    """How messages are encrypted (RFC 3826; AES-256 with the keys of draft-blumenthal-aes-usm-04)."""

    AES128 = "aes128"
    AES256 = "aes256"

    @property
    def net_snmp(self) -> str:
        """As snmpd.conf has it."""
        return {"aes128": "AES", "aes256": "AES-256"}[self]


@dataclass(frozen=True, slots=True)
class SnmpUser:
    """A user of SNMPv3 who signs and encrypts; `str` and `repr` show no secret."""

    name: str
    hash: Hash
    cipher: Cipher
    authentication: str = field(repr=False)
    privacy: str = field(repr=False)


def snmp_user(text: str) -> SnmpUser:
    """Whom a sealed text names. Raises BadSnmpUser."""
    plain = text.strip()
    found = _WHOLE.fullmatch(plain if ":" in plain else f"essaim:sha256-aes128:{plain}")
    if found is None:
        raise BadSnmpUser
    authentication = found["authentication"]
    return SnmpUser(
        found["name"], Hash(found["hash"]), Cipher(found["cipher"]), authentication, found["privacy"] or authentication
    )
