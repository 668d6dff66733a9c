"""FRRouting at the edge: our interfaces, the way to each pool's machine, and what we tell our peers.

Our aggregates are announced whether or not anything in them answers: a blackhole of the last resort holds
each one up, so that a restart of the LNS is not a flap on the Internet. From peers we take neither our
own prefixes nor those that nobody may announce (RFC 7454); to them we tell our aggregates and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from foundation.text import render
from inventory.models.addresses import IPAddress, IPNetwork, Pool
from inventory.models.devices import Device, Interface
from inventory.models.routing import Aggregate, BgpPeer
from provisioning import facts
from provisioning.artifact import Effect, Impact, Observation
from provisioning.texts import Texts

FILE: Final = "frr.conf"
LAST_RESORT: Final = "blackhole 254"
LONGEST: Final = {4: 24, 6: 48}
"""The longest prefix that the Internet takes, by family."""

_WIDTH: Final = {4: 32, 6: 128}
_ASN: Final = Phrase("un numéro d'AS", "an AS number")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# Prefixes for documentation are bogons on the Internet too; a trial network is made of nothing else.
_BOGONS: Final = tuple(
    ip_network(prefix)
    for prefix in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
        "::/8", "100::/64", "2001:2::/48", "2001:10::/28", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10",
        "ff00::/8",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """One of the router's interfaces."""

    name: str
    description: str
    addresses: tuple[facts.IPInterface, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A static route; `via` is an address, or the blackhole of the last resort."""

    prefix: IPNetwork
    via: str

    @property
    def version(self) -> int:
        """Its family."""
        return self.prefix.version


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a prefix list; `longest` 0: that prefix and no part of it."""

    list: str
    number: int
    verb: str
    prefix: IPNetwork
    longest: int

    @property
    def version(self) -> int:
        """Its family."""
        return self.prefix.version


@dataclass(frozen=True, slots=True)
class Peer:
    """A router that ours speaks BGP with."""

    address: IPAddress
    remote_as: int
    description: str
    max_prefix: int
    fast: bool


@dataclass(frozen=True, slots=True)
class Router:
    """The whole edge."""

    hostname: str
    asn: int | None
    router_id: str
    interfaces: tuple[Port, ...]
    routes: tuple[Route, ...]
    aggregates: tuple[IPNetwork, ...]
    rules: tuple[Rule, ...]
    peers: tuple[Peer, ...]


class Routing:
    """The artifact."""

    name = "router"
    role = "router"
    platform = "frr"
    secrets = re.compile(r"\b(?:password|secret|key-string) (?:\d )?(?P<secret>\S+)")
    observation: Observation | None = None

    def desired(self, session: Session, device: Device, at: datetime) -> Texts:
        """The edge as the inventory has it. Raises MachineIncomplete, Unwritable."""
        aggregates = _aggregates(session)
        peers = tuple(_peers(session, device))
        if peers and device.asn is None:
            raise facts.MachineIncomplete(device=device.name, what=_ASN)
        return _rendered(
            Router(
                hostname=_word(device.name, device.name),
                asn=device.asn,
                router_id=str(facts.core_address(session, device, 4, at)),
                interfaces=tuple(_ports(session, device, at)),
                routes=(*_routes(session, device, at), *(Route(prefix, LAST_RESORT) for prefix in aggregates)),
                aggregates=aggregates,
                rules=tuple(_rules(aggregates)),
                peers=peers,
            )
        )

    def observed(self, output: str) -> Texts:
        """The running configuration, as the router gives it."""
        return {FILE: output}

    def effect(self, before: Texts, after: Texts) -> Effect:
        """A road, a peer or an address that goes cuts whoever goes by it; the texts do not say how many."""
        if dict(before) == dict(after):
            return Effect(Impact.NONE)
        lost = set(_rows(before)) - set(_rows(after))
        return Effect(Impact.CUTS if any(_carries(row) for _, row in lost) else Impact.HITLESS)

    def lines(self, before: Texts, after: Texts) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """None: a router knows pools, not lines."""
        return ()


def _rendered(router: Router) -> Texts:
    return {FILE: render("provisioning", "router/frr.j2", {"router": router})}


def _ports(session: Session, device: Device, at: datetime) -> Iterator[Port]:
    for interface in session.scalars(
        select(Interface).where(Interface.device_id == device.id).order_by(Interface.name)
    ):
        held = facts.interface_addresses(session, device, interface.name, at)
        description = _line(interface.description, device.name)
        if held or description:  # FRR forgets an interface that says nothing
            yield Port(_word(interface.name, device.name), description, held)


def _routes(session: Session, device: Device, at: datetime) -> Iterator[Route]:
    served = (
        select(Pool, Device)
        .join(Device, Pool.device_id == Device.id)
        .where(Device.id != device.id, Pool.closed_at.is_(None))
    )
    rows = session.execute(served).all()
    ways = [(pool.prefix, server) for pool, server in rows]
    ways += [(prefix, server) for prefix, server in facts.strayed(session, at) if server.id != device.id]
    for prefix, server in sorted(ways, key=lambda way: facts.order(way[0])):
        yield Route(prefix, str(facts.core_address(session, server, prefix.version, at)))


def _aggregates(session: Session) -> tuple[IPNetwork, ...]:
    return tuple(sorted((ip_network(text) for text in session.scalars(select(Aggregate.prefix))), key=facts.order))


def _peers(session: Session, device: Device) -> Iterator[Peer]:
    held = session.scalars(select(BgpPeer).where(BgpPeer.device_id == device.id))
    for peer in sorted(held, key=lambda one: (ip_address(one.address).version, int(ip_address(one.address)))):
        described = _line(peer.description, device.name)
        yield Peer(ip_address(peer.address), peer.remote_as, described, peer.max_prefix, peer.fast)


def _rules(aggregates: Iterable[IPNetwork]) -> Iterator[Rule]:
    """What comes in: not ours, not nobody's, not too long. What goes out: our aggregates."""
    for version in (4, 6):
        ours = [prefix for prefix in aggregates if prefix.version == version]
        refused = [*ours, *(prefix for prefix in _BOGONS if prefix.version == version)]
        everything = ip_network("0.0.0.0/0" if version == 4 else "::/0")
        for number, prefix in enumerate(refused, start=1):
            # The default route lies in no other prefix: what is refused is each one and all its parts.
            longest = 0 if prefix.prefixlen == _WIDTH[version] else _WIDTH[version]
            yield Rule(f"IN-V{version}", number * 5, "deny", prefix, longest)
        yield Rule(f"IN-V{version}", len(refused) * 5 + 5, "permit", everything, LONGEST[version])
        for number, prefix in enumerate(ours, start=1):
            yield Rule(f"OUT-V{version}", number * 5, "permit", prefix, 0)
        if not ours:
            yield Rule(f"OUT-V{version}", 5, "deny", everything, _WIDTH[version])


def _word(text: str, owner: str) -> str:
    if not _WORD.fullmatch(text):
        raise facts.Unwritable(what=Phrase(f"Le nom « {text!r} »", f"The name {text!r}"), owner=owner)
    return text


def _line(text: str, owner: str) -> str:
    if not text.isprintable():
        raise facts.Unwritable(what=Phrase("Une description", "A description"), owner=owner)
    return text.strip()


def _rows(texts: Texts) -> Iterator[tuple[str, str]]:
    """Each line with the block that it stands in."""
    block = ""
    for row in texts.get(FILE, "").splitlines():
        if not row.startswith(" "):
            block = row
        yield (block if row.startswith(" ") else "", row.strip())


def _carries(row: str) -> bool:
    """Whether traffic goes by what this line says."""
    if re.match(r"(?:ip|ipv6) route ", row):
        return not re.search(r" (?:Null0|blackhole|reject)\b", row)
    return bool(re.match(r"(?:ip|ipv6) address |router bgp |network |neighbor \S+ (?:remote-as|activate)", row))


ROUTER: Final = Routing()
