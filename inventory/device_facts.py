"""What is said of a machine, checked before it is written down."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from ipaddress import ip_address
from typing import Any, Final

from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory import names
from inventory.models.devices import DRIVEN, DeviceRole

_PLATFORM: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_FQDN: Final = re.compile(
    r"(?=.{1,45}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_WATTS: Final = Phrase("une puissance en watts", "a power in watts")
_ASN: Final = Phrase("un numéro d'AS", "an AS number")


class BadRole(Invalid):
    """A role outside the list."""

    kind = "bad-role"
    phrase = Phrase(
        "« {text} » n'est pas un rôle. Choisir parmi {roles}.", "“{text}” is not a role. Choose among {roles}."
    )


class BadPlatform(Invalid):
    """A text that cannot name a platform."""

    kind = "bad-platform"
    phrase = Phrase(
        "« {text} » ne peut pas nommer un système : minuscules et chiffres, comme debian ou frr. Rien n'a été changé.",
        "“{text}” cannot name a platform: small letters and digits, such as debian or frr. Nothing was changed.",
    )


class BadManagement(Invalid):
    """A text at which no machine can be met."""

    kind = "bad-management"
    phrase = Phrase(
        "« {text} » n'est ni une adresse ni un nom d'hôte où joindre une machine. Rien n'a été changé.",
        "“{text}” is neither an address nor a host name at which to meet a machine. Nothing was changed.",
    )


class BadEndpoint(Invalid):
    """A text that says no host and port."""

    kind = "bad-endpoint"
    phrase = Phrase(
        "« {text} » n'est pas une adresse de service (hôte:port), comme 192.0.2.4:51820. Rien n'a été changé.",
        "“{text}” is not a service address (host:port), such as 192.0.2.4:51820. Nothing was changed.",
    )


class BadPublicKey(Invalid):
    """A text that is no WireGuard key."""

    kind = "bad-public-key"
    phrase = Phrase(
        "« {text} » n'est pas une clé WireGuard : 32 octets en base64. Rien n'a été changé.",
        "“{text}” is not a WireGuard key: 32 octets in base64. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be said of a machine. None says nothing; an empty text takes away what was said."""

    role: str | None = None
    platform: str | None = None
    shape: str | None = None
    description: str | None = None
    serial: str | None = None
    management: str | None = None
    endpoint: str | None = None
    public_key: str | None = None
    asn: int | None = None
    contact: str | None = None
    watts: int | None = None
    snmp_agreed: bool | None = None


def checked(facts: Facts) -> dict[str, Any]:
    """The columns of what was said, as they are written down.

    Raises BadRole, BadPlatform, BadText, BadManagement, BadEndpoint, BadPublicKey, OutOfRange.
    """
    said = {field.name: getattr(facts, field.name) for field in fields(facts)}
    return {name: _CHECKS[name](value) for name, value in said.items() if value is not None}


def driver_wanted(role: str, platform: str) -> str | None:
    """The platform that Essaim would need to configure a machine of this role; None where nothing is amiss."""
    known = DRIVEN.get(role, (platform,))
    return None if platform in known else known[0]


def wireguard_key(text: str) -> str:
    """A WireGuard key in its one spelling (RFC 7748, base64). Raises BadPublicKey."""
    plain = text.strip()
    try:
        octets = base64.b64decode(plain, validate=True)
    except ValueError as wrong:
        raise BadPublicKey(text=plain[:10]) from wrong
    if len(octets) != 32 or not any(octets) or base64.b64encode(octets).decode() != plain:
        raise BadPublicKey(text=plain[:10])
    return plain


def _role(text: str) -> str:
    if text not in set(DeviceRole):
        raise BadRole(text=text[:32], roles=[str(one) for one in DeviceRole])
    return str(text)


def _platform(text: str) -> str:
    if text and not _PLATFORM.fullmatch(text):
        raise BadPlatform(text=names.shown(text))
    return text


def _management(text: str) -> str | None:
    if not text:
        return None
    try:
        return str(ip_address(text.strip()))
    except ValueError as wrong:
        if not _FQDN.fullmatch(text.strip()) or re.fullmatch(r"[0-9.]+", text.strip()):
            raise BadManagement(text=names.shown(text)) from wrong
    return text.strip()


def _endpoint(text: str) -> str | None:
    if not text:
        return None
    host, colon, port = text.strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not (colon and port.isascii() and port.isdecimal() and 0 < int(port) < 65536) or (":" in host and not bracketed):
        raise BadEndpoint(text=names.shown(text))
    try:
        _management(host.strip("[]") or "-")
    except BadManagement as wrong:
        raise BadEndpoint(text=names.shown(text)) from wrong
    return text.strip()


def _serial(text: str) -> str | None:
    return names.sentence(text, 64) or None


def _public_key(text: str) -> str | None:
    return wireguard_key(text) if text else None


_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "role": _role,
    "platform": _platform,
    "shape": lambda text: names.sentence(text, 64),
    "description": names.sentence,
    "serial": _serial,
    "management": _management,
    "endpoint": _endpoint,
    "public_key": _public_key,
    "asn": lambda number: names.within(number, _ASN, 1, 2**32 - 2),
    "contact": names.sentence,
    "watts": lambda number: names.within(number, _WATTS, 0, 20_000),
    "snmp_agreed": bool,
}
