"""The demonstration's association: 150 people who do not exist, their lines and machines, from a fixed seed.

Only documentation prefixes (RFC 5737, 3849, 9637), shared space where more room is needed (RFC 6598), AS numbers
of RFC 5398 and `.example` names. Keys and passwords are drawn afresh each time: nothing secret has a seed.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from random import Random
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy.orm import Session

from foundation.acts import Act
from inventory import addresses, devices, lines, members, offers, places, routing
from inventory.device_facts import Facts
from inventory.lines import Ordering
from inventory.models.addresses import Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import LineState, Offer, Technology
from inventory.models.people import Member
from inventory.models.places import Site

MEMBERS: Final = 150
WIREGUARD_LINES: Final = 75
ADSL_LINES: Final = 40
SHARED_LINES: Final = 4
HOSTED: Final = 20
SHOWN_LINE: Final = 42
"""The line that the tour follows: `L0042`, a WireGuard tunnel."""

BEGINNING: Final = datetime(2021, 3, 6, 14, tzinfo=UTC)
SPACING: Final = timedelta(days=13)

# fmt: off
_GIVEN = (
    "Camille", "Dominique", "Sacha", "Clémence", "Alix", "Maxime", "Charlie", "Lou", "Noa", "Andrea", "Ange", "Morgan",
    "Yaël", "Eden", "Swann", "Aïssatou", "Malik", "Ines", "Gaël", "Maëlle", "Youssef", "Solène", "Thibault", "Nour",
    "Élodie", "Rémi", "Zoé", "Bastien", "Fatou", "Loïc", "Agathe", "Kenza",
)
_FAMILY = (
    "Arnaud", "Berthier", "Cazenave", "Dupouy", "Etcheverry", "Faure", "Garrigue", "Haddad", "Iribarne", "Jaubert",
    "Kerjean", "Lafitte", "Moreau", "N'Diaye", "Ortega", "Peyrat", "Quéré", "Roumégoux", "Saint-Martin", "Traoré",
    "Urruty", "Vidal", "Weber", "Ybarra", "Zeller", "Bouquet", "Delmas", "Escande", "Fabre", "Lestrade",
)
_ORGANISATIONS = (
    "La Bobine", "Café des Orages", "Radio Palombe", "Atelier du Pont", "Épicerie Mutine", "Cantine Rouge-gorge",
)
_SHAPES = (
    "Raspberry Pi sur l'étagère", "tour au sol", "serveur 1U", "serveur 2U", "mini-PC", "carte Olimex sur l'étagère",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Sample:
    """What the tour must know of the association: whose line it follows, and the private key that only they hold."""

    wireguard_line: str
    wireguard_key: str = field(repr=False)


def populate(session: Session, seed: int = 2026, *, cored: bool = False) -> Sample:
    """Fill an empty association. The last deed is dated a few days before 22 November 2026.

    `cored` where a router of the core joins its servers, and the edge stands beyond it (sample_whole.py).
    """
    draw = Random(seed)  # noqa: S311 - names and dates, no secrets
    clock = _days()
    site, vpn, adsl = network(session, clock, cored=cored)
    people = [_join(session, act, draw, rank) for rank, act in zip(range(MEMBERS), clock, strict=False)]
    sample = _order_all(session, draw, people, vpn, adsl)
    _host(session, draw, people, site)
    return sample


def key_pair() -> tuple[str, str]:
    """A fresh WireGuard key pair (X25519), private and public, in base64."""
    private = X25519PrivateKey.generate()
    raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(private.private_bytes(*raw)).decode(), base64.b64encode(public).decode()


def _days() -> Iterator[Act]:
    at = BEGINNING
    while True:
        yield Act("machine:demo", at, "association de démonstration")
        at += SPACING


def network(session: Session, clock: Iterator[Act], *, cored: bool) -> tuple[Site, Offer, Offer]:
    """The machines, what joins them and what they serve: the site of the hosted ones, and the two offers."""
    act = next(clock)
    mezzanine = places.add_site(session, act, "mezzanine", "le datacentre associatif, au-dessus de l'atelier")
    colo = places.add_site(session, act, "colo", "une demi-baie chez un hébergeur")
    places.add_site(session, act, "clocher", "un point haut pour les zones blanches")
    edge = _machine(session, act, "edge", "router", "frr", colo, "100.64.0.1", asn=64496)
    joins = _machine(session, act, "core", "router", "frr", colo, "100.64.0.10", asn=64496) if cored else edge
    lns = _machine(session, act, "lns", "lns", "debian", colo, "100.64.0.2", endpoint="100.64.2.1:1701")
    radius = _machine(session, act, "radius", "radius", "debian", colo, "100.64.0.3")
    private, public = key_pair()
    vpn = _machine(
        session, act, "vpn", "vpn", "debian", colo, "100.64.0.4", endpoint="192.0.2.4:51820", public_key=public
    )
    for device, name, secret in (
        (vpn, "wireguard", private),
        (lns, "radius", secrets.token_urlsafe(18)),
        (lns, "l2tp", secrets.token_urlsafe(18)),
        (radius, "radius", secrets.token_urlsafe(18)),
    ):
        devices.set_secret(session, act, device, name, secret)
    _roads(session, act, joins, lns, radius, vpn)
    _announce(session, act, edge)
    wg0 = devices.add_interface(session, act, vpn, "wg0", "membres")
    tun0 = devices.add_interface(session, act, lns, "tun0", "membres")
    tunnel = offers.add_offer(
        session,
        act,
        "vpn",
        "VPN WireGuard",
        Technology.WIREGUARD,
        "tunnel",
        mtu=1420,
        device=vpn,
        pool_v4=_pool(session, act, "vpn-v4", "198.51.100.0/24", 32, wg0, "198.51.100.1"),
        pool_v6=_pool(session, act, "vpn-v6", "2001:db8:100::/40", 56, wg0, "2001:db8:100::1"),
    )
    copper = offers.add_offer(
        session,
        act,
        "adsl",
        "ADSL",
        Technology.ADSL,
        "l2tp",
        mtu=1460,
        device=lns,
        pool_v4=_pool(session, act, "adsl-v4", "203.0.113.0/24", 32, tun0, "203.0.113.1"),
        pool_v6=_pool(session, act, "adsl-v6", "2001:db8:200::/40", 56, tun0, "2001:db8:200::1"),
    )
    return mezzanine, tunnel, copper


def _machine(
    session: Session, act: Act, name: str, role: str, platform: str, site: Site, management: str, **more: Any
) -> Device:
    return devices.add_device(
        session, act, name, role=role, platform=platform, site=site, shape="serveur 1U", management=management, **more
    )


def _roads(session: Session, act: Act, *machines: Device) -> None:
    """The LAN that joins the machines; the first is the way out of it."""
    core4 = addresses.create_pool(session, act, "coeur-v4", ip_network("192.0.2.0/28"), handed=32, purpose="cœur")
    core6 = addresses.create_pool(session, act, "coeur-v6", ip_network("2001:db8::/64"), handed=128, purpose="cœur")
    for number, device in enumerate(machines, start=1):
        core = devices.add_interface(session, act, device, "core0", "coeur")
        _give(session, act, core4, core, f"192.0.2.{number}")
        _give(session, act, core6, core, f"2001:db8::{number}")


def _announce(session: Session, act: Act, edge: Device) -> None:
    link4 = addresses.create_pool(session, act, "transit-v4", ip_network("192.0.2.128/31"), handed=32)
    link6 = addresses.create_pool(session, act, "transit-v6", ip_network("3fff:0:0:ffff::/127"), handed=128)
    transit = devices.add_interface(session, act, edge, "transit0", "transit AS64500")
    _give(session, act, link4, transit, "192.0.2.129")
    _give(session, act, link6, transit, "3fff:0:0:ffff::1")
    for prefix in ("192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"):
        routing.add_aggregate(session, act, ip_network(prefix))
    for peer in ("192.0.2.128", "3fff:0:0:ffff::"):
        routing.add_peer(session, act, edge, ip_address(peer), 64500, "transit", max_prefix=1000, fast=True)


def _pool(session: Session, act: Act, name: str, prefix: str, handed: int, server: Interface, own: str) -> Pool:
    """A pool of members, served by a machine that keeps one address of it on the interface towards them."""
    pool = addresses.create_pool(session, act, name, ip_network(prefix), handed=handed, device=server.device)
    address = ip_address(own)
    addresses.allocate(session, act, pool, server, Role.LOOPBACK, exactly=ip_network(address))
    if address.version == 4:
        addresses.reserve(session, act, pool, ip_network(address - 1))
    return pool


def _give(session: Session, act: Act, pool: Pool, interface: Interface, address: str) -> None:
    addresses.allocate(session, act, pool, interface, Role.LINK, exactly=ip_network(address))


def _join(session: Session, act: Act, draw: Random, rank: int) -> Member:
    organisation = rank % 25 == 24
    name = _ORGANISATIONS[rank // 25] if organisation else f"{draw.choice(_GIVEN)} {draw.choice(_FAMILY)}"
    return members.add_member(
        session,
        act,
        name,
        email=f"membre{rank + 1}@membres.example",
        status="affiliate" if draw.random() < 0.2 else "adherent",
        language="en" if draw.random() < 0.1 else "fr",
        organisation=organisation,
    )


def _order_all(session: Session, draw: Random, people: list[Member], vpn: Offer, adsl: Offer) -> Sample:
    kinds = [vpn] * (WIREGUARD_LINES - 1) + [adsl] * ADSL_LINES
    draw.shuffle(kinds)
    kinds.insert(SHOWN_LINE - 1, vpn)
    last = BEGINNING + SPACING * (MEMBERS + 1)
    shown_key, copper = "", []
    for rank, (person, offer) in enumerate(zip(people, kinds, strict=False)):
        act = Act("machine:demo", last + timedelta(hours=rank), "association de démonstration")
        private, public = key_pair()
        if offer is vpn:
            line = lines.order_line(session, act, person, offer, Ordering(public_key=public))
            shown_key = private if line.number == SHOWN_LINE else shown_key
        else:
            line = lines.order_line(session, act, person, offer, Ordering(nd=f"05{rank:08d}"))
            for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
                lines.move(session, act, line, state)
            copper.append(line)
    neighbours = iter(people[len(kinds) :])
    for rank, line in enumerate(copper[:SHARED_LINES]):
        act = Act("machine:demo", last + timedelta(days=6, hours=rank), "des voisins partagent la ligne")
        for _ in range(1 + rank % 2):
            lines.add_share(session, act, line, next(neighbours), adsl)
    return Sample(f"L{SHOWN_LINE:04d}", shown_key)


def _host(session: Session, draw: Random, people: list[Member], site: Site) -> None:
    act = Act("machine:demo", BEGINNING + SPACING * (MEMBERS + 2), "association de démonstration")
    pool = addresses.create_pool(session, act, "heberges-v4", ip_network("192.0.2.32/27"), handed=32)
    for rank in range(HOSTED):
        name = f"hosted{rank + 1}"
        device = devices.add_device(
            session,
            act,
            name,
            role="server",
            platform="debian" if rank % 3 else "raspbian",
            site=site,
            shape=_SHAPES[rank % len(_SHAPES)],
            owner=draw.choice(people),
            management="100.64.0.20" if rank == 0 else None,
        )
        if rank == 0:
            core = addresses.find_pool(session, "coeur-v4")
            _give(session, act, core, devices.add_interface(session, act, device, "core0"), "192.0.2.14")
            devices.set_secret(session, act, device, "snmp", secrets.token_urlsafe(12))
            devices.change_device(session, act, device, Facts(snmp_agreed=True))
        else:
            addresses.allocate(session, act, pool, devices.add_interface(session, act, device, "eth0"), Role.WAN)
