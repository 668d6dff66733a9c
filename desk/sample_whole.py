"""The demonstration's association once it has grown: two edges with a transit each, OpenVPN, name servers, radio.

All of it beside what sample.py made, of the same prefixes, AS numbers and names for documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy.orm import Session

from desk.sample_lns import add_second_lns
from foundation.acts import Act
from foundation.speech import LANGUAGES
from inventory import (
    addresses,
    authority,
    cabling,
    device_secrets,
    devices,
    lines,
    members,
    offers,
    places,
    pools,
    routing,
    rules,
)
from inventory.lines import Ordering
from inventory.models.addresses import Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import LineState, Offer, Technology
from provisioning import handouts

ZONE: Final = "reseau.abeilles.example"
VLANS: Final = ("101", "102")
"""The tags of the two homes on the radio."""

_AGO: Final = timedelta(days=7)
_ASN: Final = 64496
_OTHER_TRANSIT: Final = 64501
_LINKS: Final = (
    ("core/edge0", "edge/core0", "192.0.2.16/31", "2001:db8:0:1::/127"),
    ("core/edge1", "edge2/core0", "192.0.2.18/31", "2001:db8:0:2::/127"),
    ("edge/edge0", "edge2/edge0", "192.0.2.20/31", "2001:db8:0:3::/127"),
)
"""What joins two routers: both ends, and their networks, of which the first end has the first address."""
_LOOPBACKS: Final = {"core": "192.0.2.24", "edge": "192.0.2.25", "edge2": "192.0.2.26"}
_LOOPBACKS_6: Final = {"core": "2001:db8:0:f::1", "edge": "2001:db8:0:f::2", "edge2": "2001:db8:0:f::3"}
_SERVERS: Final[Mapping[str, tuple[str, int, str | None]]] = {
    "dns": ("dns", 6, None),
    "openvpn": ("vpn", 7, "192.0.2.7:1194"),
    "bng": ("bng", 8, None),
}


@dataclass(frozen=True, slots=True)
class Grown:
    """What the lab's new homes have: the OpenVPN line with the file that its member was handed out."""

    openvpn_line: str
    openvpn_file: str = field(repr=False)


def grow(session: Session, at: datetime) -> Grown:
    """Add to the demonstration's association, made with a router of the core, what a whole one has; days before `at`.

    A certificate and what is revoked have their time: they cannot be years old, as the rest may.
    """
    act = Act("machine:demo", at - _AGO, "association de démonstration")
    roads(session, act)
    add_second_lns(session, act, devices.find_device(session, "core"))
    _names(session, act)
    line, file = _openvpn(session, act)
    _radio(session, act)
    return Grown(line, file)


def roads(session: Session, act: Act) -> None:
    """The edges, what joins them to the core, and the servers that stand there."""
    _routers(session, act)
    _servers(session, act)


def _routers(session: Session, act: Act) -> None:
    site = places.find_site(session, "mezzanine")
    devices.add_device(
        session, act, "edge2", role="router", platform="frr", site=site, shape="serveur 1U",
        management="100.64.0.5", asn=_ASN,
    )  # fmt: skip
    for near, far, four, six in _LINKS:
        ends = [_port(session, act, path) for path in (near, far)]
        cabling.connect(session, act, *ends)
        for version, prefix in ((4, four), (6, six)):
            network = ip_network(prefix)
            name = f"{near.partition('/')[0]}-{far.partition('/')[0]}-v{version}"
            pool = addresses.create_pool(session, act, name, network, handed=network.max_prefixlen, purpose="lien")
            for rank, end in enumerate(ends):
                _give(session, act, pool, end, str(network[rank]), Role.LINK)
    loopbacks = {router: _port(session, act, f"{router}/lo") for router in _LOOPBACKS}
    for name, prefix, held in (
        ("boucles-v4", "192.0.2.24/29", _LOOPBACKS),
        ("boucles-v6", "2001:db8:0:f::/64", _LOOPBACKS_6),
    ):
        network = ip_network(prefix)
        pool = addresses.create_pool(session, act, name, network, handed=network.max_prefixlen, purpose="boucles")
        for router, address in held.items():
            _give(session, act, pool, loopbacks[router], address, Role.LOOPBACK)
    _peers(session, act)


def _peers(session: Session, act: Act) -> None:
    edges = edge, other = [devices.find_device(session, name) for name in ("edge", "edge2")]
    transit = devices.add_interface(session, act, other, "transit0", f"transit AS{_OTHER_TRANSIT}")
    for name, prefix in (("transit2-v4", "192.0.2.130/31"), ("transit2-v6", "3fff:0:0:fffe::/127")):
        network = ip_network(prefix)
        pool = addresses.create_pool(session, act, name, network, handed=network.max_prefixlen)
        _give(session, act, pool, transit, str(network[1]), Role.LINK)
        routing.add_peer(session, act, other, network[0], _OTHER_TRANSIT, "autre transit", max_prefix=1000, fast=True)
    for device, far in zip(edges, (other, edge), strict=True):
        for held in (_LOOPBACKS, _LOOPBACKS_6):
            peer = ip_address(held[far.name])
            routing.add_peer(session, act, device, peer, _ASN, far.name, max_prefix=1000, fast=True)


def _servers(session: Session, act: Act) -> None:
    for name, (role, number, endpoint) in _SERVERS.items():
        site = places.find_site(session, "clocher" if name == "bng" else "colo")
        device = devices.add_device(
            session, act, name, role=role, platform="debian", site=site, shape="serveur 1U",
            management=f"100.64.0.{number}", endpoint=endpoint,
        )  # fmt: skip
        core = devices.add_interface(session, act, device, "core0", "coeur")
        for pool, address in (("coeur-v4", f"192.0.2.{number}"), ("coeur-v6", f"2001:db8::{number}")):
            _give(session, act, pools.find_pool(session, pool), core, address, Role.LINK)


def _names(session: Session, act: Act) -> None:
    for rule, value in (
        ("dns.zone", ZONE),
        ("dns.servers", f"dns.{ZONE}"),
        ("dns.contact", "dns@abeilles.example"),
    ):
        rules.set_rule(session, act, rule, value)


def _openvpn(session: Session, act: Act) -> tuple[str, str]:
    """The offer, and a member of it with the file that was handed out to them."""
    server = devices.find_device(session, "openvpn")
    port = devices.add_interface(session, act, server, "ovpn0", "membres")
    authority.create_authority(session, act, "Les Abeilles")
    device_secrets.entrust(session, act, server, "openvpn")
    offer = _offer(session, act, "openvpn", "VPN OpenVPN", Technology.OPENVPN, 1420, port, "192.0.2.64/27", 0x300)
    who = members.find_member(session, "M0140")
    line = lines.order_line(session, act, who, offer, Ordering())
    given, form = handouts.hand_out(session, act, lines.find_line(session, str(line)), line.shares[0], "ovpn")
    return str(line), handouts.written(given, form, LANGUAGES[0])


def _radio(session: Session, act: Act) -> None:
    """A gateway on a high point: the homes that see it are each in a VLAN of their own."""
    gateway = devices.find_device(session, "bng")
    port = devices.add_interface(session, act, gateway, "coll0", "radio vers les membres")
    offer = _offer(session, act, "radio", "Radio", Technology.RADIO, 1500, port, "192.0.2.96/28", 0x400)
    for rank, vlan in enumerate(VLANS):
        line = lines.order_line(
            session, act, members.find_member(session, f"M{141 + rank:04d}"), offer, Ordering(vlan=vlan)
        )
        for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
            lines.move(session, act, line, state)


def _offer(
    session: Session,
    act: Act,
    name: str,
    title: str,
    technology: Technology,
    mtu: int,
    server: Interface,
    four: str,
    block: int,
) -> Offer:
    """An offer with pools of its own, of which the machine that serves it keeps the first addresses."""
    made = []
    for prefix, handed in ((four, 32), (f"2001:db8:{block:x}::/40", 56)):
        network = ip_network(prefix)
        pool = addresses.create_pool(
            session, act, f"{name}-v{network.version}", network, handed=handed, device=server.device
        )
        _give(session, act, pool, server, str(network[1]), Role.LOOPBACK)
        made.append(pool)
    addresses.reserve(session, act, made[0], ip_network(made[0].prefix.network_address))
    return offers.add_offer(
        session,
        act,
        name,
        title,
        technology,
        "tunnel" if technology is Technology.OPENVPN else "ipoe-vlan",
        mtu=mtu,
        device=server.device,
        pool_v4=made[0],
        pool_v6=made[1],
    )


def _port(session: Session, act: Act, path: str) -> Interface:
    name, _, port = path.partition("/")
    device: Device = devices.find_device(session, name)
    return devices.add_interface(session, act, device, port)


def _give(session: Session, act: Act, pool: Pool, interface: Interface, address: str, role: Role) -> None:
    addresses.allocate(session, act, pool, interface, role, exactly=ip_network(address))
