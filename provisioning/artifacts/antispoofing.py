"""nftables on a Debian VPN server or LNS: members send from their own addresses alone (BCP 38), and TCP fits the line.

One table of ours, `inet essaim`, replaced in one step; no other is touched, and nothing else is filtered. WireGuard
itself ties each address to its peer, and l2tpns each IPv4 address to its session: the table holds, for both families,
that what comes in by the members' interface is from an address that is somebody's. Its elements are read back from
the kernel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Interface, ip_network
from typing import Final

from sqlalchemy.orm import Session

from foundation.text import render
from inventory import collecting
from inventory.models.addresses import IPNetwork
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.artifacts import l2tp
from provisioning.served import Line, Share
from provisioning.texts import Texts

FILE: Final = "essaim.nft"
WIREGUARD_INTERFACE: Final = "wg0"
EDITED: Final = f"{FILE} was edited by hand"

_HEADERS: Final = {4: 40, 6: 60}
"""Octets of the IP and TCP headers, which a segment's size leaves out."""
_ELEMENT: Final = re.compile(r'^\t\t\t(\S+) comment "(L\d+)",$', re.MULTILINE)
_REPLACED: Final = "table inet essaim\ndelete table inet essaim\n"
"""With these before it, what the file holds takes the place of what the kernel has, in one transaction."""
_ELEMENTS: Final = re.compile(r"elements = \{([^}]*)\}")
PATH: Final = f"{releases.FOLDER}/antispoofing/current/{FILE}"
_LOOK: Final = """\
if nft list table inet essaim >/dev/null 2>&1; then section table nft -s list table inet essaim; fi
"""


@dataclass(frozen=True, slots=True)
class Element:
    """A prefix, and the line that it is for: a member's name never goes to a machine."""

    prefix: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """The prefixes of one family whose lines carry the same largest packet; `mss` in octets."""

    name: str
    version: int
    mss: int
    elements: tuple[Element, ...]

    @property
    def family(self) -> str:
        """How nft calls addresses of this family in a rule."""
        return "ip" if self.version == 4 else "ip6"


@dataclass(frozen=True, slots=True)
class Tunnel:
    """The interface by which members come, the prefix of the link itself if any, and whose addresses lie behind."""

    interface: str
    link: str
    groups: tuple[Group, ...]


class Antispoofing:
    """The artifact, for one role: where members' packets come in, and whether losing an address cuts a session."""

    name = "antispoofing"
    platform = "debian"
    secrets = re.compile(r"(?!)(?P<secret>)")
    observation = Observation(releases.looking("antispoofing", {FILE: PATH}, _LOOK))

    def __init__(self, role: str, interface: str, *, cuts: bool) -> None:
        self.role = role
        self._interface = interface
        self._cuts = cuts

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The table with the addresses of the machine's lines."""
        tunnel = Tunnel(
            self._interface,
            _link(session, device, self._interface, at),
            tuple(_groups(self._interface, facts.lines_behind(session, device), collecting.carried(session), at)),
        )
        return {FILE: _REPLACED + render("provisioning", "antispoofing/debian.j2", {"tunnel": tunnel})}

    def observed(self, output: str) -> Texts:
        """The table that the kernel has, as `desired` spells it; nothing where it has none."""
        found = releases.sections(output)
        if "table" not in found:
            return {}
        try:
            note = f"# {EDITED}\n" if releases.edited(found) else ""
            return {FILE: _REPLACED + _respelled(found["table"]) + note}
        except ValueError as wrong:
            raise releases.Illegible(what="nft list table inet essaim") from wrong

    def effect(self, before: Texts, after: Texts) -> Effect:
        """Replaced between two packets. Behind an LNS, who loses an address is cut, since their session stands.

        On a VPN server whoever loses an address is cut by the tunnel's own change, and counted there.
        """
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        old, new = _elements(before), _elements(after)
        lost = {label for prefix, label in old.items() if prefix not in new}
        if lost and self._cuts:
            return Effect(Impact.CUTS, len(lost))
        return Effect(Impact.HITLESS, len(set(new.values()) - set(old.values())))

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines that gain or lose an address, or whose largest packet changes."""
        old, new = _rows(before), _rows(after)
        return tuple(sorted({label for _, _, label in old ^ new}, key=lambda label: (len(label), label)))


def _link(session: Session, device: Device, interface: str, at: datetime) -> str:
    """The /64 that an LNS makes known to the boxes behind it: their own end of the link is in it."""
    if interface != l2tp.TUNNEL:
        return ""
    held = facts.interface_addresses(session, device, interface, at)
    heard = next((one.ip for one in held if isinstance(one, IPv6Interface)), None)
    return "" if heard is None else str(IPv6Interface((heard, 64)).network)


def _groups(interface: str, lines: Sequence[Line], carried: Mapping[int, int], at: datetime) -> Iterator[Group]:
    held: dict[tuple[int, int], dict[IPNetwork, str]] = {}
    for line in lines:
        mtu = _mtu(line, carried, at)
        for share in line.shares:
            if interface == WIREGUARD_INTERFACE and _by_openvpn(share, at):
                continue
            for prefix in facts.prefixes(share.assignments, at):
                held.setdefault((prefix.version, mtu), {})[prefix] = str(line)
    for (version, mtu), prefixes in sorted(held.items()):
        elements = (Element(_short(one), prefixes[one]) for one in sorted(prefixes, key=facts.order))
        yield Group(f"{interface}_v{version}_{mtu}", version, mtu - _HEADERS[version], tuple(elements))


def _by_openvpn(share: Share, at: datetime) -> bool:
    """Whether all that opens it is OpenVPN's, which ties addresses of both families to a certificate by itself."""
    kinds = {one.kind for one in share.credentials if facts.living(one, at)}
    return kinds == {CredentialKind.OPENVPN}


def _mtu(line: Line, carried: Mapping[int, int], at: datetime) -> int:
    """The smallest of what the line's credentials carry: one that is going over has two."""
    every = [one for share in line.shares for one in share.credentials if facts.living(one, at)]
    return min((facts.mtu(line, one, carried) for one in every), default=line.mtu or line.offer.mtu)


def _short(prefix: IPNetwork) -> str:
    """As nft lists it: an address alone has no length."""
    return str(prefix.network_address if prefix.prefixlen == prefix.max_prefixlen else prefix)


def _respelled(listing: str) -> str:
    """The kernel's listing with one element a line, by address, and one blank line between parts."""

    def spread(found: re.Match[str]) -> str:
        each = [one.strip() for one in found.group(1).split(",")]
        ordered = sorted(each, key=lambda one: facts.order(ip_network(one.split()[0])))
        return "elements = {\n" + "".join(f"\t\t\t{one},\n" for one in ordered) + "\t\t}"

    return _ELEMENTS.sub(spread, listing).strip() + "\n"


def _rows(texts: Texts) -> set[tuple[str, str, str]]:
    """The name of the set, the prefix and the line of each element."""
    found = set()
    for part in texts.get(FILE, "").split("\tset ")[1:]:
        name = part.partition(" ")[0]
        found |= {(name, prefix, label) for prefix, label in _ELEMENT.findall(part)}
    return found


def _elements(texts: Texts) -> Mapping[str, str]:
    return {prefix: label for _, prefix, label in _rows(texts)}


ANTISPOOFING_VPN: Final = Antispoofing("vpn", WIREGUARD_INTERFACE, cuts=False)
ANTISPOOFING_LNS: Final = Antispoofing("lns", l2tp.TUNNEL, cuts=True)
