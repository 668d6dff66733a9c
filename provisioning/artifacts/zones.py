"""What our name servers say, as plain values: the reverse zones of what is ours, and one zone of our machines' names.

A member's address has a name only if they gave it one; nothing of a member's own machines is published. Reverse zones
are those that are delegated to us: of our aggregates and, outside of these, of the pools that members are served from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, ip_network
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from inventory import numbers, reverse, rules
from inventory.models.addresses import Assignment, IPAddress, IPNetwork, Pool, Role, network
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Share
from inventory.models.names import ReverseDelegation, ReverseName
from inventory.models.routing import Aggregate
from provisioning import facts

WIDTH: Final = {4: 32, 6: 128}
_NAME: Final = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)")
_ONE_ADDRESS: Final = frozenset({Role.WAN, Role.LOOPBACK, Role.LINK})


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `owner` is relative to its zone, `label` the line that it is for, which is not published."""

    owner: str
    kind: str
    value: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone without its final dot. `contact` is a mailbox as DNS writes it (RFC 1035, 8)."""

    name: str
    servers: tuple[str, ...]
    contact: str
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class _Named:
    address: IPAddress
    name: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Given:
    prefix: IPNetwork
    servers: tuple[str, ...]
    label: str


def zones(session: Session, device: Device, at: datetime) -> tuple[Zone, ...]:
    """Every zone of ours, reverse ones first. Raises MachineIncomplete where a rule is missing, Unwritable."""
    servers, contact = _decided(session, device)
    given = list(_delegations(session, at))
    machines = list(_machines(session, at))
    forward = _forward(session, device, servers, machines)
    names = [*_names(session, at), *(_Named(each, f"{owner}.{forward[0]}") for owner, each in machines if forward)]
    tree = _Tree(_ours(session, names, given))
    tree.delegate(given)
    for named in sorted(names, key=lambda one: (one.address.version, int(one.address))):
        tree.name(named)
    found = [Zone(name, servers, contact, tuple(records)) for name, records in tree.zones.items()]
    if forward:
        found.append(Zone(forward[0], servers, contact, forward[1]))
    return tuple(found)


class _Tree:
    """Reverse zones by name, each with its records."""

    def __init__(self, prefixes: Iterable[IPNetwork]) -> None:
        self.zones: dict[str, list[Record]] = {}
        self._parts: list[tuple[IPv4Network, str]] = []
        for prefix in prefixes:
            for name in reverse.zones_of(prefix):
                self.zones[name] = []
                if isinstance(prefix, IPv4Network) and prefix.prefixlen > 24:
                    self._parts.append((prefix, name))

    def delegate(self, every: Iterable[_Given]) -> None:
        """Hand parts to their holders' servers. What is handed over whole is theirs from above: no zone here."""
        for given in every:
            for name in reverse.zones_of(given.prefix):
                if self.zones.pop(name, None) is None:
                    self._hand(given, name)

    def name(self, named: _Named) -> None:
        """Say what an address is called."""
        place = self._place(named.address, named.address.reverse_pointer)
        if place is not None:
            zone, owner = place
            self.zones[zone].append(Record(owner, "PTR", f"{named.name}.", named.label))

    def _hand(self, given: _Given, name: str) -> None:
        place = self._place(given.prefix.network_address, name)
        if place is None:
            return
        zone, owner = place
        records = self.zones[zone]
        records += (Record(owner, "NS", f"{server}.", given.label) for server in given.servers)
        if given.prefix.version == 4 and 24 < given.prefix.prefixlen < 32:
            above = owner.partition(".")[2]
            for address in given.prefix:
                octet = str(int(address) & 255)
                alias = f"{octet}.{above}" if above else octet
                records.append(Record(alias, "CNAME", f"{octet}.{owner}.{zone}.", given.label))

    def _place(self, address: IPAddress, name: str) -> tuple[str, str] | None:
        """The zone that a name of the reverse tree is in, and the name within it."""
        labels = name.split(".")
        for count in range(len(labels)):
            zone = ".".join(labels[count:])
            if zone in self.zones:
                return zone, ".".join(labels[:count]) or "@"
        return next(((zone, labels[0]) for prefix, zone in self._parts if address in prefix), None)


def _decided(session: Session, device: Device) -> tuple[tuple[str, ...], str]:
    servers = tuple(rules.value(session, "dns.servers").split())
    mailbox = rules.value(session, "dns.contact")
    if not servers or not mailbox:
        missing = "dns.servers" if not servers else "dns.contact"
        what = Phrase(f"la règle {missing}", f"the rule {missing}")
        raise facts.MachineIncomplete(device=device.name, what=what)
    local, _, domain = mailbox.partition("@")
    return servers, f"{local.replace('.', chr(92) + '.')}.{domain}"


def _ours(session: Session, names: Sequence[_Named], given: Sequence[_Given]) -> list[IPNetwork]:
    """Aggregates, and the pools outside of them that members have names in or are served from; in order."""
    wide = [ip_network(text) for text in session.scalars(select(Aggregate.prefix))]
    for pool in session.scalars(select(Pool).where(Pool.closed_at.is_(None))):
        within = pool.prefix
        used = pool.device_id is not None or any(one.address in within for one in names if one.label)
        if used or any(one.prefix.version == pool.family and one.prefix.network_address in within for one in given):
            wide.append(within)
    kept: list[IPNetwork] = []
    for prefix in sorted(wide, key=facts.order):
        last = kept[-1] if kept else None
        if last is None or last.version != prefix.version or prefix.network_address not in last:
            kept.append(prefix)
    return kept


def _names(session: Session, at: datetime) -> Iterator[_Named]:
    """What members and we called addresses, where the names are not served elsewhere."""
    elsewhere = select(ReverseDelegation.assignment_id).where(_in_force(ReverseDelegation, at))
    query = (
        select(ReverseName.family, ReverseName.first, ReverseName.name, Line.number)
        .join(Assignment, Assignment.id == ReverseName.assignment_id)
        .outerjoin(Share, Share.id == Assignment.share_id)
        .outerjoin(Line, Line.id == Share.line_id)
        .where(_in_force(ReverseName, at), _in_force(Assignment, at), Assignment.id.not_in(elsewhere))
    )
    for family, first, name, line in session.execute(query):
        yield _Named(_address(family, first), written(name, _label(line)), _label(line))


def _delegations(session: Session, at: datetime) -> Iterator[_Given]:
    """Prefixes whose names are served by their holder, in order.

    A server that has its own name in the reverse tree is left out: nobody could find it without an address here.
    """
    query = (
        select(Assignment, ReverseDelegation.servers, Line.number)
        .join(ReverseDelegation, ReverseDelegation.assignment_id == Assignment.id)
        .outerjoin(Share, Share.id == Assignment.share_id)
        .outerjoin(Line, Line.id == Share.line_id)
        .where(_in_force(ReverseDelegation, at), _in_force(Assignment, at))
        .order_by(Assignment.family, Assignment.first)
    )
    for held, servers, line in session.execute(query):
        found = (written(one, _label(line)) for one in servers.split())
        named = tuple(sorted(one for one in found if not one.endswith(".arpa")))
        if named:
            yield _Given(held.prefix, named, _label(line))


def _machines(session: Session, at: datetime) -> Iterator[tuple[str, IPAddress]]:
    """`<interface>.<machine>` of our own machines, and the machine alone where it stands on the core."""
    query = (
        select(Assignment, Interface.id, Interface.name, Device.name)
        .join(Interface, or_(Assignment.interface_id == Interface.id, Assignment.peer_id == Interface.id))
        .join(Device, Device.id == Interface.device_id)
        .where(Device.owner_id.is_(None), Device.until.is_(None), _in_force(Assignment, at))
        .where(Assignment.role.in_(_ONE_ADDRESS))
        .order_by(Device.name, Interface.name, Assignment.family, Assignment.first)
    )
    for held, interface, port, name in session.execute(query):
        first = held.first
        if held.peer_id is not None:
            first = held.ends[0 if held.interface_id == interface else 1]
        yield f"{_as_label(port)}.{_as_label(name)}", _address(held.family, first)


def _forward(
    session: Session, device: Device, servers: Sequence[str], machines: Sequence[tuple[str, IPAddress]]
) -> tuple[str, tuple[Record, ...]] | None:
    """The zone of our machines, where the association has one. Raises MachineIncomplete for a server it lacks."""
    zone = rules.value(session, "dns.zone")
    if not zone:
        return None
    records: list[Record] = []
    for owner, address in machines:
        record = Record(owner, "A" if address.version == 4 else "AAAA", str(address))
        records.append(record)
        port, _, name = owner.partition(".")
        if port == facts.CORE:
            records.append(Record(name, record.kind, record.value))
    owners = {record.owner for record in records}
    for server in servers:
        if server.endswith(f".{zone}") and server.removesuffix(f".{zone}") not in owners:
            what = Phrase(f"une machine {server} avec une adresse", f"a machine {server} with an address")
            raise facts.MachineIncomplete(device=device.name, what=what)
    return zone, tuple(dict.fromkeys(sorted(records, key=lambda one: (one.owner, one.kind, one.value))))


def _in_force(table: type[ReverseName | ReverseDelegation | Assignment], at: datetime) -> ColumnElement[bool]:
    return (table.since <= at) & or_(table.until.is_(None), table.until > at)


def _address(family: int, first: int) -> IPAddress:
    return network(family, first, WIDTH[family]).network_address


def written(name: str, owner: str) -> str:
    """A host name that may stand in a zone, whatever door it came in by. Raises Unwritable."""
    if len(name) > reverse.LONGEST or not _NAME.fullmatch(name):
        raise facts.Unwritable(what=Phrase("Le nom inverse", "The reverse name"), owner=owner)
    return name


def _as_label(text: str) -> str:
    """A machine's or an interface's name as one label of DNS: `eth0.100` becomes `eth0-100`."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")
    return plain or "x"


def _label(line: int | None) -> str:
    return "" if line is None else numbers.shown("L", line)


def by_name(every: Iterable[Zone]) -> Mapping[str, Zone]:
    """Zones by the name of the file that holds each."""
    return {f"{zone.name}.zone": zone for zone in every}
