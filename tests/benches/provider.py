"""A provider with its machines and many lines, half tunnels and half copper, made in seconds; machines are folders."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any

from association import BEGINNING, add, hold
from sqlalchemy import func, select

from desk import association, sample
from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession, Store, open_store, transaction
from foundation.settings import Settings
from foundation.vault import vault_of
from inventory import addresses, devices, offers, pools, rules
from inventory.models import Assignment, Credential, Line, LineEvent, Member, Membership, Pool, ReverseName, Share
from inventory.models.addresses import Role
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind, LineState, Offer
from inventory.models.people import MemberStatus

PREFIXES = {"vpn": ("100.96.0.0/11", "3fff:800::/22"), "lns": ("100.80.0.0/12", "3fff:c00::/22")}
KINDS = {"vpn": ("wireguard", "tunnel", 1420), "lns": ("adsl", "l2tp", 1460)}
NAMED = 10
"""One address in so many has a name."""


@dataclass(frozen=True)
class Provider:
    """Where it is, and how many lines it has."""

    settings: Settings
    store: Store
    lines: int


def build(settings: Settings, lines: int) -> Provider:
    """The demonstration's association with so many lines more, and a name server."""
    association.create(settings).engine.dispose()
    store = open_store(settings)
    with transaction(store) as session:
        sample.populate(session)
    act = Act("machine:bench", clock.now(), "bench")
    with transaction(store) as session:
        _name_server(session, act)
        for server in ("vpn", "lns"):
            _lines(session, act, devices.find_device(session, server), lines // 2)
    return Provider(settings, store, lines)


def key(rank: int) -> str:
    """A WireGuard public key that is nobody's."""
    return base64.b64encode(sha256(f"{rank}".encode()).digest()).decode()


def _name_server(session: EssaimSession, act: Act) -> None:
    site = devices.find_device(session, "vpn").site
    server = devices.add_device(session, act, "ns1", role="dns", platform="debian", site=site, management="100.64.0.5")
    core = devices.add_interface(session, act, server, "core0", "coeur")
    for pool, own in (("coeur-v4", "192.0.2.5"), ("coeur-v6", "2001:db8::5")):
        found = pools.find_pool(session, pool)
        addresses.allocate(session, act, found, core, Role.LINK, exactly=ip_network(ip_address(own)))
    rules.set_rule(session, act, "dns.servers", "ns1.provider.example")
    rules.set_rule(session, act, "dns.contact", "noc@provider.example")


def _lines(session: EssaimSession, act: Act, server: Device, count: int) -> None:
    """So many lines of one offer on one machine: a member each, an IPv4 address and a /56."""
    v4, v6 = (
        pools.create_pool(
            session, act, f"many-{server.name}-v{version}", ip_network(prefix), handed=handed, device=server
        )
        for version, handed, prefix in zip((4, 6), (32, 56), PREFIXES[server.name], strict=True)
    )
    technology, delivery, mtu = KINDS[server.name]
    offer = offers.add_offer(
        session, act, f"many-{server.name}", "Beaucoup", technology, delivery, mtu=mtu, device=server, pool_v4=v4,
        pool_v6=v6,
    )  # fmt: skip
    first = {one: (session.scalar(select(func.max(one.id))) or 0) + 1 for one in (Member, Line, Share)}
    _people(session, first, offer, server, count)
    _credentials(session, first[Share], CredentialKind.PPP if delivery == "l2tp" else CredentialKind.WIREGUARD, count)
    for pool in (v4, v6):
        hold(session, pool, count, count, first=first[Share], noted=0)
    _names(session, v4, act)


def _people(session: EssaimSession, first: dict[Any, int], offer: Offer, server: Device, count: int) -> None:
    day, ranks = BEGINNING.date(), range(count)
    member, line, share = first[Member], first[Line], first[Share]
    number = (session.scalar(select(func.max(Member.number))) or 0) + 1
    public = (session.scalar(select(func.max(Line.number))) or 0) + 1
    named = ({"name": f"Camille Exemple{rank}", "sought": f"camille exemple{rank}"} for rank in ranks)
    add(session, Member, (
        {"id": member + rank, "number": number + rank, "status": MemberStatus.MEMBER, "joined": day, **who}
        for rank, who in zip(ranks, named, strict=True)
    ))  # fmt: skip
    add(session, Membership, ({"member_id": member + rank, "kind": "adherent", "since": day} for rank in ranks))
    add(session, Line, (
        {"id": line + rank, "number": public + rank, "offer_id": offer.id, "device_id": server.id,
         "state": LineState.ACTIVE}
        for rank in ranks
    ))  # fmt: skip
    add(session, LineEvent, ({"line_id": line + rank, "state": LineState.ACTIVE, "at": BEGINNING} for rank in ranks))
    add(session, Share, (
        {"id": share + rank, "line_id": line + rank, "member_id": member + rank, "since": day} for rank in ranks
    ))  # fmt: skip


def _credentials(session: EssaimSession, first: int, kind: CredentialKind, count: int) -> None:
    vault = vault_of(session)

    def opened(rank: int) -> dict[str, Any]:
        if kind == CredentialKind.WIREGUARD:
            return {"name": key(rank), "secret": None}
        return {"name": f"l{rank:06d}@many", "secret": vault.seal(key(rank)[:16])}

    rows = ({"share_id": first + rank, "kind": kind, "since": BEGINNING, **opened(rank)} for rank in range(count))
    add(session, Credential, rows)


def _names(session: EssaimSession, pool: Pool, act: Act) -> None:
    held = session.execute(
        select(Assignment.id, Assignment.first).where(Assignment.pool_id == pool.id).order_by(Assignment.first)
    ).all()

    def rows() -> Iterator[dict[str, Any]]:
        for rank, (assignment, place) in enumerate(held[::NAMED]):
            yield {"assignment_id": assignment, "family": 4, "first": place, "name": f"h{rank}.{pool.name}.example",
                   "since": act.at}  # fmt: skip

    add(session, ReverseName, rows())
