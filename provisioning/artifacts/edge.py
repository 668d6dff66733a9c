"""What the edge says and is told, as plain values, whatever software it runs.

Our aggregates are announced whether or not anything in them answers: a blackhole of the last resort holds
each one up, so that a restart of the LNS is not a flap on the Internet. From peers we take neither our
own prefixes nor those that nobody may announce (RFC 7454), nor what RPKI says is not theirs; to them we tell our
aggregates and nothing else. One address alone among the aggregates is told as one to drop (RFC 7999).

Routers of ours that meet tell each other by OSPF (inside.py) the way to each pool's machine, and by whom the Internet
is reached; those of one AS that are peers tell each other all that they heard. One that has no peer outside announces
nothing, and holds nothing up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from inventory import rules
from inventory.models.addresses import IPAddress, IPNetwork, Pool
from inventory.models.devices import Device, Interface
from inventory.models.routing import Aggregate, BgpPeer
from provisioning import facts
from provisioning.artifact import Effect, Impact
from provisioning.artifacts import inside
from provisioning.artifacts.inside import Key, Way

LAST_RESORT: Final = "blackhole 254"
LONGEST: Final = {4: 24, 6: 48}
"""The longest prefix that the Internet takes, by family."""

_WIDTH: Final = {4: 32, 6: 128}
_EVERYTHING: Final = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
_ASN: Final = Phrase("un numéro d'AS", "an AS number")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PORT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:-]*")
"""What vendors call an interface: `GigabitEthernet0/0/1`."""
_AUTHENTICATES: Final = re.compile(
    r"(?:ip ospf|ipv6 ospf6|ospfv3 \d+) authentication |authentication cryptographic;|ip ospf message-digest-key "
)
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
    """A router that ours speaks BGP with; `internal` is one of our own AS, met from `source` where that is set."""

    address: IPAddress
    remote_as: int
    description: str
    max_prefix: int
    fast: bool
    internal: bool = False
    source: IPAddress | None = None
    lns: bool = False
    """An LNS of ours, which tells of its sessions in both families over this one session, and hears nothing."""

    @property
    def symbol(self) -> str:
        """A name for it of letters, digits and underscores, that is its own and stays so."""
        return re.sub(r"[^0-9a-f]", "_", str(self.address))


@dataclass(frozen=True, slots=True)
class Cache:
    """A server that says which AS may announce what (RFC 8210); asked in order of `rank`."""

    address: IPAddress
    port: int
    rank: int


@dataclass(frozen=True, slots=True)
class Router:
    """The whole edge. `dropped` are addresses that our transits are asked to drop, `ways` what OSPF goes by."""

    hostname: str
    asn: int | None
    router_id: str
    interfaces: tuple[Port, ...]
    routes: tuple[Route, ...]
    aggregates: tuple[IPNetwork, ...]
    dropped: tuple[IPNetwork, ...]
    rules: tuple[Rule, ...]
    peers: tuple[Peer, ...]
    caches: tuple[Cache, ...]
    ways: tuple[Way, ...] = ()
    members: tuple[Rule, ...] = ()
    keys: tuple[Key, ...] = ()
    digest: str = "md5"
    """How keys sign over IPv4: `md5` or `hmac-sha-256`. Over IPv6 it is the latter."""
    signed: tuple[int, ...] = (4, 6)
    """The families in which they do."""

    @property
    def told(self) -> tuple[Route, ...]:
        """What other routers of ours are told of beside our interfaces: the ways that we alone know."""
        return tuple(route for route in self.routes if route.via != LAST_RESORT) if self.ways else ()

    @property
    def outward(self) -> bool:
        """Whether the Internet is reached by this router."""
        return any(not peer.internal for peer in self.peers)


def edge(session: Session, device: Device, at: datetime) -> Router:
    """The edge as the inventory has it. Raises MachineIncomplete, Unwritable."""
    peers = tuple(_peers(session, device, at))
    if peers and device.asn is None:
        raise facts.MachineIncomplete(device=device.name, what=_ASN)
    outside = [peer.address for peer in peers if not peer.internal]
    ways = inside.ways(session, device, outside, at)
    ports = tuple(_ports(session, device, at))
    announced = _announced(session) if outside or not ways else ()
    dropped = tuple(prefix for prefix in announced if prefix.prefixlen == prefix.max_prefixlen)
    aggregates = tuple(prefix for prefix in announced if prefix not in dropped)
    roads = [route for route in _routes(session, device, at) if route.prefix not in dropped]
    if ways:
        roads = [route for route in roads if _beside(route, ports)]
    return Router(
        hostname=word(device.name, device.name),
        asn=device.asn,
        router_id=_router_id(session, device, ports, at),
        interfaces=ports,
        routes=(*roads, *(Route(prefix, LAST_RESORT) for prefix in announced)),
        aggregates=aggregates,
        dropped=dropped,
        rules=tuple(_rules(aggregates, dropped)) if outside or not ways else (),
        peers=peers,
        caches=tuple(_caches(session)) if outside or not ways else (),
        ways=ways,
        members=tuple(_members(_announced(session))) if any(peer.lns for peer in peers) else (),
        keys=inside.keys(session) if ways else (),
        digest=inside.digest(session) if ways else "md5",
        signed=inside.signed(session) if ways else (4, 6),
    )


def word(text: str, owner: str, form: re.Pattern[str] = _WORD) -> str:
    """A name that no router takes for anything else. Raises Unwritable."""
    if not form.fullmatch(text):
        raise facts.Unwritable(what=Phrase(f"Le nom « {text!r} »", f"The name {text!r}"), owner=owner)
    return text


def _router_id(session: Session, device: Device, ports: Iterable[Port], at: datetime) -> str:
    """Its address among ours; of a router whose ports have their vendor's names, that of `lo`, else its first.

    Raises MachineIncomplete.
    """
    own = {port.name: one for port in ports for one in reversed(port.addresses) if one.version == 4}
    if facts.CORE in own or not own:
        return str(facts.core_address(session, device, 4, at))
    return str((own.get(inside.LOOPBACK) or next(iter(own.values()))).ip)


def _line(text: str, owner: str) -> str:
    if not text.isprintable():
        raise facts.Unwritable(what=Phrase("Une description", "A description"), owner=owner)
    return text.strip()


def _ports(session: Session, device: Device, at: datetime) -> Iterator[Port]:
    for interface in session.scalars(
        select(Interface).where(Interface.device_id == device.id).order_by(Interface.name)
    ):
        held = facts.interface_addresses(session, device, interface.name, at)
        description = _line(interface.description, device.name)
        if held or description:  # FRR forgets an interface that says nothing
            yield Port(word(interface.name, device.name, _PORT), description, held)


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


def _beside(route: Route, ports: Iterable[Port]) -> bool:
    """Whether the machine that a route goes by is in a network of this router's: the others are heard of."""
    via = ip_address(route.via)
    return any(via in address.network for port in ports for address in port.addresses)


def _announced(session: Session) -> tuple[IPNetwork, ...]:
    return tuple(sorted((ip_network(text) for text in session.scalars(select(Aggregate.prefix))), key=facts.order))


def _peers(session: Session, device: Device, at: datetime) -> Iterator[Peer]:
    held = session.scalars(select(BgpPeer).where(BgpPeer.device_id == device.id))
    for peer in sorted(held, key=lambda one: (ip_address(one.address).version, int(ip_address(one.address)))):
        described, address = _line(peer.description, device.name), ip_address(peer.address)
        internal = peer.remote_as == device.asn
        lns = internal and address in _lns(session, at)
        source = inside.loopback(session, device, address.version, at) if internal and not lns else None
        yield Peer(address, peer.remote_as, described, peer.max_prefix, peer.fast, internal, source, lns)


def _lns(session: Session, at: datetime) -> set[IPAddress]:
    """Where our LNS stand on the LAN that joins ours."""
    living = session.scalars(select(Device).where(Device.role == "lns", Device.until.is_(None)))
    held = (facts.interface_addresses(session, each, facts.CORE, at) for each in living)
    return {one.ip for each in held for one in each}


def _caches(session: Session) -> Iterator[Cache]:
    for rank, each in enumerate(rules.value(session, "routing.rpki").split(), start=1):
        host, _, port = each.rpartition(":")
        yield Cache(ip_address(host.strip("[]")), int(port), rank)


def _rules(aggregates: Iterable[IPNetwork], dropped: Iterable[IPNetwork]) -> Iterator[Rule]:
    """In: not ours, not nobody's, not too long. Out: our aggregates, and never what is nobody's."""
    for version in (4, 6):
        ours = [prefix for prefix in aggregates if prefix.version == version]
        nobodys = [prefix for prefix in _BOGONS if prefix.version == version]
        refused, width = [*ours, *nobodys], _WIDTH[version]
        for number, prefix in enumerate(refused, start=1):
            # The default route lies in no other prefix: what is refused is each one and all its parts.
            yield Rule(f"IN-V{version}", number * 5, "deny", prefix, 0 if prefix.prefixlen == width else width)
        yield Rule(f"IN-V{version}", len(refused) * 5 + 5, "permit", _EVERYTHING[version], LONGEST[version])
        for number, prefix in enumerate(nobodys, start=1):
            yield Rule(f"OUT-V{version}", number * 5, "deny", prefix, width)
        for number, prefix in enumerate(ours, start=len(nobodys) + 1):
            yield Rule(f"OUT-V{version}", number * 5, "permit", prefix, 0)
        own = [prefix for prefix in dropped if prefix.version == version]
        for number, prefix in enumerate(own, start=1):
            yield Rule(f"DROP-V{version}", number * 5, "permit", prefix, 0)


def _members(announced: Iterable[IPNetwork]) -> Iterator[Rule]:
    """What an LNS may tell of: parts of what is ours, and nothing of anybody else's. It is told of nothing."""
    for version in (4, 6):
        for number, prefix in enumerate((one for one in announced if one.version == version), start=1):
            longest = 0 if prefix.prefixlen == _WIDTH[version] else _WIDTH[version]
            yield Rule(f"MEMBERS-V{version}", number * 5, "permit", prefix, longest)
        yield Rule("NOBODY", 5, "deny", _EVERYTHING[version], _WIDTH[version])


def effect(before: str, after: str, carries: Callable[[str], bool]) -> Effect:
    """A road, a peer or an address that goes cuts whoever goes by it; the texts do not say how many.

    `carries` is whether traffic goes by what a line says.
    """
    if before == after:
        return Effect(Impact.NONE)
    old, new = set(_lines(before)), set(_lines(after))
    cuts = any(carries(row) for _, row in old - new)
    # Who begins to ask for a key hears nobody who does not give one yet.
    cuts |= bool(before) and any(_AUTHENTICATES.match(row) for _, row in old ^ new)
    return Effect(Impact.CUTS if cuts else Impact.HITLESS)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the block that it stands in."""
    block = ""
    for row in text.splitlines():
        if not row.startswith(" "):
            block = row
        yield (block if row.startswith(" ") else "", row.strip())
