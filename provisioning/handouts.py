"""What a member is given to connect with: plain settings, or a text that their own router reads.

None of it keeps a private key. A WireGuard one exists at the member's alone, and a text says where it goes; OpenVPN's
is made as it is handed out (openvpn_handouts.py). Texts that a machine reads are quoted by that machine's own rules,
whatever is in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Network
from typing import Final

from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import LANGUAGES, Language, Phrase
from foundation.text import render
from foundation.vault import vault_of
from inventory import collecting
from inventory.models.addresses import Assignment, IPNetwork, Role
from inventory.models.lines import Credential, CredentialKind, Line, Share
from inventory.models.mandates import Task
from inventory.rights import asks
from provisioning import facts, openvpn_handouts
from provisioning.facts import MachineIncomplete, Unwritable
from provisioning.openvpn_handouts import OpenVpnHandout

YOUR_KEY: Final = {"fr": "VOTRE_CLE_PRIVEE", "en": "YOUR_PRIVATE_KEY"}
"""Stands where a member puts the private key that they alone have."""

_SAFE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-+@:/=,")


class NotForThisLine(Invalid):
    """A form that says nothing of such a line."""

    kind = "not-for-this-line"
    phrase = Phrase(
        "{line} ne se remet pas sous la forme « {form} ». Il y a : {forms}.",
        "{line} is not handed out as “{form}”. There are: {forms}.",
    )


class NothingToHandOut(Refused):
    """A part of a line that opens nothing by itself."""

    kind = "nothing-to-hand-out"
    phrase = Phrase(
        "La part de {member} sur {line} n'a ni mot de passe ni clé WireGuard en vigueur : rien à remettre. "
        "Ce qui l'ouvre : essaim line show {line}",
        "The part of {member} in {line} has no password and no WireGuard key in force: nothing to hand out. "
        "What opens it: essaim line show {line}",
    )


class Form(StrEnum):
    """What a hand-out is written for."""

    SHEET = "sheet"
    ROUTEROS = "routeros"
    OPENWRT = "openwrt"
    WIREGUARD = "wireguard"
    OVPN = "ovpn"
    CUBE = "cube"


@dataclass(frozen=True, slots=True)
class WireGuardHandout:
    """A member's side of a WireGuard line. The private key is theirs: it exists here only while it is written down."""

    private_key: str = field(repr=False)
    addresses: tuple[str, ...]
    mtu: int
    server_key: str
    endpoint: str
    line: str = ""
    preshared_key: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Where the tunnel goes, without its port."""
        return self.endpoint.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> str:
        """The UDP port there."""
        return self.endpoint.rpartition(":")[2]

    def text(self) -> str:
        """The wg-quick(8) file."""
        return render("provisioning", "handout/wireguard.j2", {"handout": self})


@dataclass(frozen=True, slots=True)
class PppHandout:
    """What a member's box needs for a PPP line: what opens it, and the prefixes that come with it."""

    line: str
    login: str
    password: str = field(repr=False)
    mtu: int
    address: str
    routed: tuple[str, ...]
    delegated: tuple[str, ...]


Handout = WireGuardHandout | PppHandout | OpenVpnHandout

WRITTEN: Final[Mapping[type[Handout], frozenset[Form]]] = {
    WireGuardHandout: frozenset({Form.SHEET, Form.ROUTEROS, Form.OPENWRT, Form.WIREGUARD}),
    PppHandout: frozenset({Form.SHEET, Form.ROUTEROS, Form.OPENWRT}),
    OpenVpnHandout: frozenset({Form.OVPN, Form.CUBE}),
}
"""For what each is written."""


def written(handout: Handout, form: Form, language: Language) -> str:
    """The text of a hand-out, one that `WRITTEN` names.

    Raises Unwritable where a value holds signs that nobody can see, or that end a line; KeyBesideCube.
    """
    if isinstance(handout, OpenVpnHandout):
        return openvpn_handouts.ovpn(handout, language) if form is Form.OVPN else openvpn_handouts.cube(handout)
    for value in _values(handout):
        _visible(value, handout.line)
    if form is Form.WIREGUARD and isinstance(handout, WireGuardHandout):
        return handout.text()
    kind = "wireguard" if isinstance(handout, WireGuardHandout) else "ppp"
    names: dict[str, object] = {
        "handout": handout,
        "name": f"essaim-{handout.line.lower()}",
        "french": language == LANGUAGES[0],
        "quoted": _QUOTED.get(form, str),
    }
    return render("provisioning", f"handout/{kind}.{form}.j2", names)


@asks(Task.LINES_WRITE, "share", own=True)
def hand_out(
    session: Session, act: Act, line: Line, share: Share, form: str, *, request: str = ""
) -> tuple[Handout, Form]:
    """What a share of a line, as `find_line` loads it, needs to connect; that it was handed out is journaled.

    Of two passwords in force it is the new one. A certificate is a new one each time, for the key of a signing
    `request` where there is one. Raises NothingToHandOut, NotForThisLine, MachineIncomplete, and what
    `openvpn_handouts.made` raises.
    """
    part = next(one for one in line.shares if one.id == share.id)
    held = [one for one in part.credentials if one.until is None and one.migration_id is None]
    made = _made(session, act, line, part, held, request)
    fits = sorted(WRITTEN[type(made)])
    if form not in fits:
        raise NotForThisLine(line=str(line), form=form[:20], forms=[str(one) for one in fits])
    journal.record(session, act, "line.handout", str(line), member=str(part.member), form=form)
    return made, Form(form)


def _made(session: Session, act: Act, line: Line, part: Share, held: list[Credential], request: str) -> Handout:
    language = "en" if part.member.language == "en" else "fr"
    for one in held:
        if one.kind == CredentialKind.WIREGUARD:
            if line.device is None or not line.device.public_key or not line.device.endpoint:
                raise MachineIncomplete(device=str((line.device and line.device.name) or line), what=facts.ENDPOINT)
            addresses = facts.prefixes(part.assignments, act.at)
            return WireGuardHandout(
                private_key=YOUR_KEY[language],
                addresses=tuple(own_address(prefix) for prefix in addresses),
                mtu=facts.mtu(line, one),
                server_key=line.device.public_key,
                endpoint=line.device.endpoint,
                line=str(line),
                preshared_key="" if one.secret is None else vault_of(session).open(one.secret),
            )
        if one.kind == CredentialKind.OPENVPN:
            return openvpn_handouts.made(session, act, line, part, one, request)
        if one.kind == CredentialKind.PPP and one.secret is not None:
            return _ppp(session, act, line, part, one)
    raise NothingToHandOut(member=str(part.member), line=str(line))


def _ppp(session: Session, act: Act, line: Line, part: Share, opens: Credential) -> PppHandout:
    # Neighbours without a login of their own go by this one.
    beside = [one for each in line.shares if not each.credentials for one in each.assignments]
    return PppHandout(
        line=str(line),
        login=opens.name,
        password="" if opens.secret is None else vault_of(session).open(opens.secret),
        mtu=facts.mtu(line, opens, collecting.carried(session)),
        address=", ".join(str(one.network_address) for one in _of_role(part.assignments, Role.WAN, act)) or "—",
        routed=tuple(str(one) for one in _of_role([*part.assignments, *beside], Role.ROUTED, act) if one.version == 4),
        delegated=tuple(str(one) for one in _of_role(part.assignments, Role.DELEGATED, act)),
    )


def _of_role(held: list[Assignment], role: Role, act: Act) -> tuple[IPNetwork, ...]:
    return facts.prefixes([one for one in held if one.role == role], act.at)


def own_address(prefix: IPNetwork) -> str:
    """The address that a home takes of a prefix of its own: all of an IPv4 one, the first of a delegated IPv6 one."""
    if isinstance(prefix, IPv6Network):
        return f"{prefix.network_address + 1}/128"
    return str(prefix)


def routeros(text: str) -> str:
    """A string as RouterOS reads it: between double quotes, all but the plainest octets by their number."""
    octets = (chr(one) if chr(one) in _SAFE else f"\\{one:02X}" for one in text.encode())
    return '"' + "".join(octets) + '"'


def uci(text: str) -> str:
    """A string as OpenWrt's UCI reads it: between single quotes, where only a quote means anything."""
    return "'" + text.replace("'", "'\\''") + "'"


_QUOTED: Final[Mapping[Form, Callable[[str], str]]] = {Form.ROUTEROS: routeros, Form.OPENWRT: uci}


def _values(handout: WireGuardHandout | PppHandout) -> list[str]:
    if isinstance(handout, WireGuardHandout):
        return [
            handout.private_key, handout.server_key, handout.endpoint, handout.preshared_key, *handout.addresses
        ]  # fmt: skip
    return [handout.login, handout.password, handout.address, *handout.routed, *handout.delegated]


def _visible(text: str, owner: str) -> None:
    # What nobody can see (ends of lines, marks that turn the reading round) no sheet can hand over either.
    if not text.isprintable() or re.search(r"[\u2028\u2029]", text):
        raise Unwritable(what=Phrase("Un réglage", "A setting"), owner=owner)
