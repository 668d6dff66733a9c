"""IPoE on a Debian gateway: lines that arrive each in a VLAN of its own, and are known by it alone.

Whoever asks in a line's VLAN is that line (no box is known by its hardware address, so a member changes theirs
without a word): Kea gives it its one IPv4 address (RFC 2131) and its delegated prefix (RFC 8415, 6.3), radvd says who
its router is and what the largest packet is (RFC 4861). The interfaces, the routes and the filter against forged
addresses (BCP 38) are brought up by a small program of the role, which reads the file `lines`; the route of a
delegated prefix goes by whichever router of the member's answers there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Interface, ip_address
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.text import render
from inventory import numbers, rules
from inventory.models.access import VlanPair
from inventory.models.addresses import IPAddress, IPNetwork, Pool, Role
from inventory.models.devices import Device
from inventory.models.lines import Delivery
from provisioning import facts, releases
from provisioning.artifact import Effect, Impact, Observation
from provisioning.served import Assignment, Line
from provisioning.texts import Texts

ACCESS: Final = "coll0"
"""The interface by which lines arrive; the VLAN of a line is `coll0.100`, or `coll0.100.2` within another."""
LINES: Final = "lines"
FILES: Final = {
    LINES: f"{releases.FOLDER}/ipoe/current/{LINES}",
    "kea-dhcp4.conf": "/etc/kea/kea-dhcp4.conf",
    "kea-dhcp6.conf": "/etc/kea/kea-dhcp6.conf",
    "radvd.conf": "/etc/radvd.conf",
}
EDITED: Final = "ipoe was edited by hand"

_GATEWAY: Final = Phrase(f"une adresse IPv4 sur {ACCESS}", f"an IPv4 address on {ACCESS}")
_SECOND_PREFIX: Final = 1_000_000
_ROW: Final = re.compile(r"^\S+ (L\d+) ", re.MULTILINE)
_LOOK: Final = """\
if [ -e /var/lib/essaim/ipoe/told ]; then section told cat /var/lib/essaim/ipoe/told; fi
if systemctl is-active --quiet essaim-ipoe && systemctl is-active --quiet kea-dhcp4-server &&
  systemctl is-active --quiet kea-dhcp6-server && nft list table inet essaim_ipoe >/dev/null 2>&1 &&
  { ! grep -q '^interface' /etc/radvd.conf || systemctl is-active --quiet radvd; }; then section running echo yes; fi
"""


@dataclass(frozen=True, slots=True)
class Wan:
    """A line's own IPv4 address, and its router. The box is alone in its network: the router is told as a route."""

    address: IPv4Address
    gateway: IPv4Address

    @property
    def number(self) -> int:
        """What Kea knows its subnet by, for as long as the address is the line's."""
        return int(self.address)

    @property
    def ways(self) -> str:
        """The router is on the wire, and everything goes by it: in hexadecimal, as RFC 3442 packs it."""
        router = self.gateway.packed.hex()
        return f"20{router}00000000" + f"00{router}"


@dataclass(frozen=True, slots=True)
class Delegated:
    """A prefix that a line's router is given; `number` is what Kea knows its subnet by."""

    prefix: IPNetwork
    number: int


@dataclass(frozen=True, slots=True)
class Access:
    """One line: its VLAN, the largest packet in octets, what its box is given and what is routed to it beside.

    `inner` is 0 where one tag is all; `links` are IPv6 networks that the VLAN itself has.
    """

    label: str
    outer: int
    inner: int
    mtu: int
    wans: tuple[Wan, ...]
    delegated: tuple[Delegated, ...]
    links: tuple[IPNetwork, ...]
    routed: tuple[IPNetwork, ...]

    @property
    def interface(self) -> str:
        """The interface of its VLAN."""
        return _interface(self.outer, self.inner)

    @property
    def own(self) -> str:
        """Where Kea answers in this VLAN (RFC 3927): it takes no address that two interfaces have, as the router's."""
        number = numbers.parse("L", self.label)
        return f"169.254.{1 + number // 254 % 254}.{1 + number % 254}"


@dataclass(frozen=True, slots=True)
class Gateway:
    """The whole machine; `resolvers` are those that members are told of, of either family."""

    lines: tuple[Access, ...]
    resolvers: tuple[IPAddress, ...]


class Ipoe:
    """The artifact."""

    name = "ipoe"
    role = "bng"
    platform = "debian"
    secrets = re.compile(r"(?!)(?P<secret>)")
    observation = Observation(releases.looking("ipoe", FILES, _LOOK))

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The gateway with the lines that arrive there. One whose VLAN is not said is left out.

        Raises MachineIncomplete.
        """
        gateway = Gateway(tuple(_lines(session, device, at)), _resolvers(session))
        return {name: render("provisioning", f"ipoe/debian.{name}.j2", {"gateway": gateway}) for name in sorted(FILES)}

    def observed(self, output: str) -> Texts:
        """The files that the daemons read, and what is amiss with them."""
        found = releases.sections(output)
        texts = releases.files(found)
        if releases.by_hand(found):
            # What Debian's packages put there serves nobody.
            return {**texts, LINES: f"# {releases.FOREIGN}\n"} if _served_by_hand(texts) else {}
        return {**texts, LINES: texts.get(LINES, "") + releases.amiss(found, EDITED)}

    def recognised(self, running: Texts, desired: Texts) -> Texts:  # noqa: ARG002 - the protocol's signature
        """Nothing that was made by hand: Kea's files say one thing in many ways."""
        return running

    def strangers(self, running: Texts, desired: Texts) -> tuple[str, ...]:  # noqa: ARG002
        """Interfaces that somebody else's files serve, which ours would take the place of."""
        return _served_by_hand(running) if f"# {releases.FOREIGN}\n" in running.get(LINES, "") else ()

    def effect(self, before: Texts, after: Texts) -> Effect:
        """Whoever loses their VLAN, an address or a prefix is cut; the others keep what they were given."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        old, new = _held(before), _held(after)
        lost = {label for label, held in old.items() if held - new.get(label, frozenset())}
        if lost:
            return Effect(Impact.CUTS, len(lost))
        return Effect(Impact.HITLESS, len(new.keys() - old.keys()))

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:
        """Lines that come, go, or are given something else."""
        rows = set(before.get(LINES, "").splitlines()) ^ set(after.get(LINES, "").splitlines())
        labels = {found.group(1) for row in rows if (found := _ROW.match(row))}
        return tuple(sorted(labels, key=lambda label: (len(label), label)))


def interfaces(session: Session, device: Device, at: datetime) -> Mapping[int, str]:
    """The interface of each line that arrives here by VLAN, by the line's row."""
    return {row: _interface(pair.outer_tag, pair.inner_tag) for row, pair in _pairs(session, device, at).items()}


def _interface(outer: int, inner: int) -> str:
    return f"{ACCESS}.{outer}.{inner}" if inner else f"{ACCESS}.{outer}"


def _lines(session: Session, device: Device, at: datetime) -> Iterator[Access]:
    pairs = _pairs(session, device, at)
    pools = {pool.id: pool for pool in session.scalars(select(Pool))}
    ends = [one for one in facts.interface_addresses(session, device, ACCESS, at) if isinstance(one, IPv4Interface)]
    for line in facts.rendered_lines(session, device):
        pair = pairs.get(line.id)
        if pair is None:
            continue
        held = [one for share in line.shares for one in share.assignments if facts.living(one, at)]
        held.sort(key=lambda one: facts.order(one.prefix))
        prefixes = [one.prefix for one in held if one.role == Role.DELEGATED]
        yield Access(
            label=str(line),
            outer=pair.outer_tag,
            inner=pair.inner_tag,
            mtu=_mtu(line, pair),
            wans=tuple(_wans(device, held, pools, ends)),
            delegated=tuple(Delegated(each, line.number + _SECOND_PREFIX * n) for n, each in enumerate(prefixes)),
            links=tuple(one.prefix for one in held if one.role == Role.WAN and one.family == 6),
            routed=tuple(one.prefix for one in held if one.role == Role.ROUTED),
        )


def _pairs(session: Session, device: Device, at: datetime) -> Mapping[int, VlanPair]:
    """The VLAN of each line that arrives here, by row: one that is going over arrives here too."""
    living = (VlanPair.since <= at) & or_(VlanPair.until.is_(None), VlanPair.until > at)
    here = select(VlanPair).where(VlanPair.device_id == device.id, VlanPair.delivery == Delivery.IPOE_VLAN, living)
    return {pair.line_id: pair for pair in session.scalars(here.order_by(VlanPair.id))}


def _mtu(line: Line, pair: VlanPair) -> int:
    if pair.migration_id is not None and line.migration is not None:
        return line.migration.to_mtu or line.migration.to_offer.mtu
    return line.mtu or line.offer.mtu


def _wans(
    device: Device, held: Sequence[Assignment], pools: Mapping[int, Pool], ends: Sequence[IPv4Interface]
) -> Iterator[Wan]:
    for one in held:
        if one.role != Role.WAN or one.family != 4:
            continue
        if not ends:
            raise facts.MachineIncomplete(device=device.name, what=_GATEWAY)
        pool = pools[one.pool_id].prefix
        near = next((end.ip for end in ends if end.ip in pool), None)
        yield Wan(IPv4Address(int(one.prefix.network_address)), near or ends[0].ip)


def _resolvers(session: Session) -> tuple[IPAddress, ...]:
    return tuple(ip_address(each) for each in rules.value(session, "dns.resolvers").split())


def _served_by_hand(texts: Texts) -> tuple[str, ...]:
    """The interfaces that Kea and radvd listen on, by their files."""
    radvd = re.findall(r"^\s*interface\s+([^\s{]+)", texts.get("radvd.conf", ""), re.MULTILINE)
    for name in ("kea-dhcp4.conf", "kea-dhcp6.conf"):
        for listed in re.findall(r'"interfaces"\s*:\s*\[([^\]]*)\]', texts.get(name, "")):
            radvd += re.findall(r'"([^"]+)"', listed)
    return tuple(sorted(set(radvd)))


def _held(texts: Texts) -> Mapping[str, frozenset[str]]:
    """What each line has, by its number: its interface, its router, its prefixes."""
    rows = [row.split() for row in texts.get(LINES, "").splitlines() if row and not row.startswith("#")]
    return {row[1]: frozenset((row[0], *row[5:])) for row in rows}


IPOE: Final = Ipoe()
