"""What OpenVPN knows of each member: addresses, what is routed to them, and what the kernel sends to its interface."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_interface, ip_network
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.speech import Phrase
from inventory.models.addresses import Assignment, IPNetwork, Pool, Role
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind, Offer, Technology
from provisioning import facts, served
from provisioning.facts import MachineIncomplete, Unwritable
from provisioning.served import Line, Share

Held = TypeVar("Held", Assignment, served.Assignment)

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_RESERVED: Final = frozenset({"DEFAULT"})
"""OpenVPN reads the file of that name for whoever has none."""
_FOUR: Final = r"\d{1,3}(?:\.\d{1,3}){3}"
_SIX: Final = r"[0-9a-f:]{2,39}"
_ADDRESS: Final = re.compile(rf"{_FOUR}|(?<= ){_SIX}(?:/\d+)?")
_ROW: Final = re.compile(
    rf"# L\d+|ifconfig-push {_FOUR} {_FOUR}|iroute {_FOUR} {_FOUR}|push \"route-gateway {_FOUR}\""
    rf"|ifconfig-ipv6-push {_SIX}/\d{{1,3}} {_SIX}|iroute-ipv6 {_SIX}/\d{{1,3}}|push \"tun-mtu \d{{3,4}}\""
)


@dataclass(frozen=True, slots=True)
class Stand:
    """The server's own addresses on its interface; the IPv4 one with the length of the pool that it is of."""

    four: IPv4Interface
    six: IPv6Interface | None


@dataclass(frozen=True, slots=True)
class Routed:
    """An IPv4 prefix as OpenVPN writes it."""

    address: str
    netmask: str


@dataclass(frozen=True, slots=True)
class Client:
    """One certificate's name and what it stands for. `label` is the line: a member's name never goes to a machine.

    `mtu` is 0 where it is the server's.
    """

    label: str
    name: str
    address: str
    netmask: str
    gateway: str
    routes: tuple[Routed, ...]
    address6: str
    gateway6: str
    routes6: tuple[str, ...]
    mtu: int
    prefixes: tuple[str, ...]


def stand(session: Session, device: Device, interface: str, at: datetime) -> Stand:
    """Where the server stands. Raises MachineIncomplete."""
    held = facts.interface_addresses(session, device, interface, at)
    four = next((one for one in held if isinstance(one, IPv4Interface)), None)
    if four is None:
        what = Phrase(f"une adresse IPv4 sur {interface}", f"an IPv4 address on {interface}")
        raise MachineIncomplete(device=device.name, what=what)
    around = [one for one in _own_pools(session, device) if isinstance(one, IPv4Network) and four.ip in one]
    length = around[0].prefixlen if around else four.network.prefixlen
    six = next((one for one in held if isinstance(one, IPv6Interface)), None)
    return Stand(IPv4Interface((four.ip, length)), six)


def clients(session: Session, device: Device, held: Stand, mtu: int, at: datetime) -> Iterator[Client]:
    """Everyone whom the server lets in, by line. Raises MachineIncomplete, Unwritable."""
    for line in facts.rendered_lines(session, device):
        for share in line.shares:
            for credential in facts.opening(line, share, CredentialKind.OPENVPN, at, device):
                if held.six is None and own_prefix(share.assignments, 6, at) is not None:
                    what = Phrase("une adresse IPv6 pour OpenVPN", "an IPv6 address for OpenVPN")
                    raise MachineIncomplete(device=device.name, what=what)
                smaller = facts.mtu(line, credential)
                yield _client(session, held, line, share, credential.name, smaller if smaller < mtu else 0, at)


def routes(session: Session, device: Device, every: Iterable[Client]) -> tuple[str, ...]:
    """What the kernel sends to the interface: the pools that are OpenVPN's alone, and prefixes of members beside them.

    A route to a whole pool stands whether or not anyone is connected, so that a packet to nobody ends here.
    """
    pools = own_pools(session, device)
    beside = (
        each
        for client in every
        for each in client.prefixes
        if not any(_within(ip_network(each), pool) for pool in pools)
    )
    return in_order([*map(str, pools), *beside])


def own_pools(session: Session, device: Device) -> tuple[IPNetwork, ...]:
    """The pools that this machine serves for lines of OpenVPN, and for none of another kind."""
    shared = {pool.id for pool in _pools_of(session, device, Offer.technology != Technology.OPENVPN)}
    own = [one for one in _pools_of(session, device, Offer.technology == Technology.OPENVPN) if one.id not in shared]
    return tuple(sorted((one.prefix for one in own), key=facts.order))


def in_order(prefixes: Iterable[str]) -> tuple[str, ...]:
    """Each once, IPv4 before IPv6."""
    return tuple(str(one) for one in sorted({ip_network(each) for each in prefixes}, key=facts.order))


def check(text: str, owner: str) -> None:
    """OpenVPN only logs what it does not understand here, and lets the member in without it. Raises Unwritable."""
    if not text.endswith("\n") or not all(_understood(row) for row in text[:-1].split("\n")):
        raise Unwritable(what=Phrase("Un réglage OpenVPN", "An OpenVPN setting"), owner=owner)


def _understood(row: str) -> bool:
    if not _ROW.fullmatch(row):
        return False
    try:
        if row.startswith("iroute "):
            ip_network("/".join(row.split()[1:]))
        elif row.startswith("iroute-ipv6 "):
            ip_network(row.split()[1])
        else:
            for one in () if row.startswith("#") else _ADDRESS.findall(row):
                ip_interface(one)
    except ValueError:
        return False
    return True


def checked_name(name: str, owner: str) -> str:
    """A certificate's name, fit to name a file. Raises Unwritable."""
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise Unwritable(what=Phrase("Le nom du certificat", "The certificate's name"), owner=owner)
    return name


def first_of(prefix: IPNetwork) -> str:
    """The address that a home takes of a prefix of its own."""
    return str(prefix.network_address + (prefix.prefixlen < prefix.max_prefixlen))


def own_prefix(held: Iterable[Held], version: int, at: datetime) -> Held | None:
    """The prefix of which a home's own address is: the one given as such, else the first."""
    of_family = [one for one in held if one.family == version and facts.living(one, at)]
    ranked = sorted(of_family, key=lambda one: (one.role != Role.WAN, facts.order(one.prefix)))
    return ranked[0] if ranked else None


def _client(session: Session, held: Stand, line: Line, share: Share, name: str, mtu: int, at: datetime) -> Client:
    mine = facts.prefixes(share.assignments, at)
    four, six = (own_prefix(share.assignments, version, at) for version in (4, 6))
    address, netmask, gateway = ("", "", "") if four is None else _in_pool(session, four, held)
    address6 = "" if six is None else first_of(six.prefix)
    return Client(
        label=str(line),
        name=checked_name(name, str(line)),
        address=address,
        netmask=netmask,
        gateway=gateway,
        routes=tuple(
            Routed(str(one.network_address), str(one.netmask))
            for one in mine
            if isinstance(one, IPv4Network) and str(one) != f"{address}/32"
        ),
        address6=address6,
        gateway6="" if held.six is None else str(held.six.ip),
        routes6=tuple(str(one) for one in mine if isinstance(one, IPv6Network) and str(one) != f"{address6}/128"),
        mtu=mtu,
        prefixes=tuple(str(one) for one in mine),
    )


def _in_pool(session: Session, four: served.Assignment, held: Stand) -> tuple[str, str, str]:
    """A home's IPv4 address, the netmask of the network that it is to believe it is on, and a gateway in there.

    The way out must be on the home's own network: the server where it is of that pool, else any address of it, as all
    go into the tunnel. The first and last address of a pool are members' like the others: their network is taken wider.
    """
    around = session.get_one(Pool, four.pool_id).prefix
    address = four.prefix.network_address + (four.prefix.prefixlen < 32)
    while address in (around.network_address, around.broadcast_address):
        around = around.supernet()
    near = [held.four.ip] if held.four.ip in around else []
    gateway = next(one for one in (*near, *(around.network_address + rank for rank in (1, 2))) if one != address)
    return str(address), str(around.netmask), str(gateway)


def _own_pools(session: Session, device: Device) -> list[IPNetwork]:
    return [one.prefix for one in _pools_of(session, device, Offer.technology == Technology.OPENVPN)]


def _pools_of(session: Session, device: Device, condition: object) -> list[Pool]:
    """Open pools of the machine from which offers that meet the condition are served."""
    offers = session.execute(select(Offer.pool_v4_id, Offer.pool_v6_id).where(condition)).all()  # type: ignore[arg-type]
    rows = {row for each in offers for row in each if row is not None}
    query = select(Pool).where(Pool.id.in_(rows), Pool.device_id == device.id, Pool.closed_at.is_(None))
    return list(session.scalars(query.order_by(Pool.id)))


def _within(mine: IPNetwork, pool: IPNetwork) -> bool:
    return mine.version == pool.version and mine.subnet_of(pool)  # type: ignore[arg-type]
