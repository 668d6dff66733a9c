"""A small association with fixed secrets, and the texts that its machines should hold."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.database import EssaimSession
from foundation.vault import vault_of
from inventory import addresses, devices, lines, members, offers, places, routing
from inventory.lines import Ordering
from inventory.models.addresses import Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import Credential, Line, LineState, Technology
from inventory.models.people import Member
from provisioning.artifact import Artifact

GOLDEN = Path(__file__).parents[2] / "golden"


def key(number: int) -> str:
    """A WireGuard key that is nobody's."""
    return base64.b64encode(bytes([number]) * 32).decode()


@dataclass(frozen=True)
class Association:
    """Its machines, and lines L0001 to L0003 (tunnels) and L0004, L0005 (copper, the last one shared)."""

    session: Session
    act: Act
    edge: Device
    lns: Device
    radius: Device
    vpn: Device
    people: list[Member]

    @property
    def later(self) -> datetime:
        """An hour after everything."""
        return self.act.at + timedelta(hours=1)

    def line(self, number: str) -> Line:
        """A line by its number."""
        return lines.find_line(self.session, number)


@pytest.fixture
def association(session: EssaimSession, act: Act) -> Association:
    """As the class says."""
    site = places.add_site(session, act, "colo")
    made = {
        name: devices.add_device(
            session, act, name, role=role, platform=platform, site=site, asn=asn, endpoint=endpoint
        )
        for name, role, platform, asn, endpoint in (
            ("edge", "router", "frr", 64496, None),
            ("lns", "lns", "debian", None, "100.64.2.1:1701"),
            ("radius", "radius", "debian", None, None),
            ("vpn", "vpn", "debian", None, "192.0.2.4:51820"),
        )
    }
    edge, lns, radius, vpn = made.values()
    for device, name, secret in (
        (vpn, "wireguard", key(200)),
        (lns, "radius", "between-lns-and-radius"),
        (lns, "l2tp", "between-lac-and-lns"),
        (radius, "radius", "radius-to-itself"),
    ):
        devices.set_secret(session, act, device, name, secret)
    _roads(session, act, edge, lns, radius, vpn)
    people = [
        members.add_member(session, act, f"Camille Escande {rank}", email=f"m{rank}@membres.example")
        for rank in range(6)
    ]
    _lines(session, act, vpn, lns, people)
    return Association(session, act, edge, lns, radius, vpn, people)


@pytest.fixture
def golden() -> Callable[[str, str, Mapping[str, str]], None]:
    """Compare texts with `tests/golden/<artifact>/<platform>/`; `ESSAIM_GOLDEN=write` takes them as they are."""

    def compare(artifact: str, platform: str, texts: Mapping[str, str]) -> None:
        folder = GOLDEN / artifact / platform
        if os.environ.get("ESSAIM_GOLDEN") == "write":
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                (folder / name).write_text(text)
        assert {path.name: path.read_text() for path in sorted(folder.iterdir())} == dict(texts)

    return compare


@pytest.fixture
def answer() -> Callable[[Artifact, Mapping[str, str], Mapping[str, str]], str]:
    """What a machine answers to an observation: the release in force, the daemon's own files, what commands said."""

    def encoded(artifact: Artifact, held: Mapping[str, str], said: Mapping[str, str]) -> str:
        from provisioning.texts import digest

        found = {f"file:{name}": text for name, text in held.items()} | dict(said)
        if held:
            found["release"] = f"releases/{digest(held)}\n"
        rows = (f"{name} {base64.b64encode(text.encode()).decode()}\n" for name, text in found.items())
        return "".join(rows)

    return encoded


def _roads(session: Session, act: Act, *machines: Device) -> None:
    core = [
        addresses.create_pool(session, act, f"coeur-v{network.version}", network, handed=network.max_prefixlen)
        for network in (ip_network("192.0.2.0/28"), ip_network("2001:db8::/64"))
    ]
    for number, device in enumerate(machines, start=1):
        port = devices.add_interface(session, act, device, "core0", "core")
        _give(session, act, core, port, Role.LINK, (f"192.0.2.{number}", f"2001:db8::{number}"))
    link = [
        addresses.create_pool(session, act, f"transit-v{network.version}", network, handed=network.max_prefixlen)
        for network in (ip_network("192.0.2.128/31"), ip_network("3fff:0:0:ffff::/127"))
    ]
    port = devices.add_interface(session, act, machines[0], "transit0", "transit AS64500")
    _give(session, act, link, port, Role.LINK, ("192.0.2.129", "3fff:0:0:ffff::1"))
    for prefix in ("192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"):
        routing.add_aggregate(session, act, ip_network(prefix))
    for peer in ("192.0.2.128", "3fff:0:0:ffff::"):
        routing.add_peer(session, act, machines[0], ip_address(peer), 64500, "transit", max_prefix=1000, fast=True)


def _give(session: Session, act: Act, pools: Iterable[Pool], port: Interface, role: Role, own: Iterable[str]) -> None:
    for pool, address in zip(pools, own, strict=True):
        addresses.allocate(session, act, pool, port, role, exactly=ip_network(address))


def _lines(session: Session, act: Act, vpn: Device, lns: Device, people: list[Member]) -> None:
    for device, name, technology, delivery, mtu, prefixes in (
        (vpn, "vpn", Technology.WIREGUARD, "tunnel", 1420, ("198.51.100.0/24", "2001:db8:100::/40")),
        (lns, "adsl", Technology.ADSL, "l2tp", 1460, ("203.0.113.0/24", "2001:db8:200::/40")),
    ):
        port = devices.add_interface(session, act, device, "wg0" if device is vpn else "tun0")
        v4, v6 = (ip_network(prefix) for prefix in prefixes)
        pools = [
            addresses.create_pool(session, act, f"{name}-v4", v4, handed=32, device=device),
            addresses.create_pool(session, act, f"{name}-v6", v6, handed=56, device=device),
        ]
        _give(session, act, pools, port, Role.LOOPBACK, (str(v4[1]), str(v6[1])))
        offers.add_offer(
            session, act, name, name, technology, delivery, mtu=mtu, device=device, pool_v4=pools[0], pool_v6=pools[1]
        )
    tunnel, copper = offers.find_offer(session, "vpn"), offers.find_offer(session, "adsl")
    for number in range(3):
        lines.order_line(session, act, people[number], tunnel, Ordering(public_key=key(number + 1)))
    for number in range(2):
        line = lines.order_line(session, act, people[number + 3], copper, Ordering(nd=f"055600000{number}"))
        for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
            lines.move(session, act, line, state)
    lines.add_share(session, act, line, people[5], copper)
    for rank, credential in enumerate(session.scalars(select(Credential).where(Credential.kind == "ppp")).all()):
        credential.secret = vault_of(session).seal(f"word-of-{rank}")
    session.flush()
