"""What several artifacts read of the inventory, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from operator import attrgetter
from typing import Final, Protocol, TypeAlias

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import devices
from inventory.lines import RENDERED
from inventory.models.addresses import Assignment, IPNetwork, Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import Credential, CredentialKind, Line, Share
from inventory.models.routing import BgpPeer
from provisioning import served

IPInterface: TypeAlias = IPv4Interface | IPv6Interface


class MachineIncomplete(Refused):
    """The inventory lacks something without which the machine cannot be configured."""

    kind = "machine-incomplete"
    phrase = Phrase(
        "Il manque {what} à {device} dans l'inventaire. Rien n'a été envoyé.",
        "{device} lacks {what} in the inventory. Nothing was sent.",
    )


class Unwritable(Refused):
    """A value of the inventory cannot stand in a configuration: it would change the meaning of what is around it."""

    kind = "unwritable"
    phrase = Phrase(
        "{what} de {owner} ne peut pas figurer dans une configuration. Rien n'a été envoyé.",
        "{what} of {owner} cannot stand in a configuration. Nothing was sent.",
    )


_PLACE: Final = attrgetter("family", "first", "length")
"""What puts prefixes of both families in order, without the objects that they become."""

CORE: Final = "core0"
"""The interface of our machines on the LAN that joins them."""

TUNNEL_MTU: Final = 1420
"""The largest packet in a tunnel, whatever carries it: 1500 octets without WireGuard's own and IPv6's headers."""

ENDPOINT: Final = Phrase("une adresse de service (hôte:port)", "a service address (host:port)")

_PLAIN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,63}")


class Dated(Protocol):
    """Whatever lives from an instant to another (half-open)."""

    since: datetime
    until: datetime | None


def living(dated: Dated, at: datetime) -> bool:
    """Whether it is in force at that instant."""
    return dated.since <= at and (dated.until is None or at < dated.until)


def rendered_lines(session: Session, device: Device | None = None) -> Sequence[served.Line]:
    """Lines that are on the machines, by number, with what their shares hold; those of one machine where given.

    A line that is going over to a machine is on that one too.
    """
    return served.served(session, device)


def lines_behind(session: Session, device: Device) -> Sequence[served.Line]:
    """Lines whose packets come in at a machine: its own; where an LNS tells routers whom it holds, those of any LNS."""
    if not tells(session, device):
        return rendered_lines(session, device)
    every = set(session.scalars(select(Device.id).where(Device.role == device.role, Device.until.is_(None))))
    return [line for line in rendered_lines(session) if line.device_id in every]


def held_elsewhere(session: Session, device: Device) -> tuple[IPNetwork, ...]:
    """Pools of other LNS, whose members may come in here as its own there: where LNS tell routers whom they hold."""
    if not tells(session, device):
        return ()
    others = select(Device).where(Device.role == device.role, Device.until.is_(None), Device.id != device.id)
    return tuple(pool for other in session.scalars(others) for pool in served_pools(session, other))


def tells(session: Session, device: Device) -> bool:
    """Whether an LNS tells routers of the sessions that it holds."""
    told = select(BgpPeer.id).where(BgpPeer.device_id == device.id).limit(1)
    return device.role == "lns" and session.scalar(told) is not None


def opening(
    line: served.Line, share: served.Share, kind: CredentialKind, at: datetime, device: Device | None
) -> list[served.Credential]:
    """What opens a line for one share on a machine, or anywhere: while it is going over, the old there, the new here.

    A migration that brings no credential keeps the old one in force at both ends.
    """
    held = [one for one in share.credentials if one.kind == kind and living(one, at)]
    migration = line.migration
    if device is None or migration is None or migration.from_device_id == migration.to_device_id:
        return held
    every = [one for each in line.shares for one in each.credentials]
    new = device.id == migration.to_device_id and any(one.migration_id == migration.id for one in every)
    return [one for one in held if (one.migration_id == migration.id) == new]


def mtu(
    line: Line | served.Line, credential: Credential | served.Credential, carried: Mapping[int, int] | None = None
) -> int:
    """The largest packet, in octets, of what a credential opens: what was said of the line, if its way carries that.

    A tunnel carries what its server's interface does; a PPP session what its LNS does, by `carried`
    (`collecting.carried`), which nobody needs who asks of tunnels alone.
    """
    if line.migration is not None and credential.migration_id is not None:
        said, end = line.migration.to_mtu or line.migration.to_offer.mtu, line.migration.to_device_id
    else:
        said, end = line.mtu or line.offer.mtu, line.device_id
    return min(said, (carried or {}).get(end or 0, said) if credential.kind == CredentialKind.PPP else TUNNEL_MTU)


def prefixes(held: Iterable[Assignment | served.Assignment], at: datetime) -> tuple[IPNetwork, ...]:
    """The living ones' prefixes, IPv4 before IPv6, in order."""
    here = [one for one in held if living(one, at)]
    here.sort(key=_PLACE)
    return tuple(one.prefix for one in here)


def order(prefix: IPNetwork) -> tuple[int, int, int]:
    """A key that sorts prefixes of both families together."""
    return prefix.version, int(prefix.network_address), prefix.prefixlen


def interface_addresses(session: Session, device: Device, name: str, at: datetime) -> tuple[IPInterface, ...]:
    """The addresses of an interface of ours, IPv4 before IPv6.

    One at an end of a link has the link's length. One on a LAN has that of its pool, which is the LAN's own prefix.
    Any other stands alone.
    """
    held = session.execute(
        select(Assignment, Pool.length, Interface.id)
        .join(Interface, or_(Assignment.interface_id == Interface.id, Assignment.peer_id == Interface.id))
        .join(Pool, Assignment.pool_id == Pool.id)
        .where(Interface.device_id == device.id, Interface.name == name)
        .order_by(Assignment.family, Assignment.first)
    ).all()
    return tuple(_interface(one, on_lan, interface) for one, on_lan, interface in held if living(one, at))


def _interface(held: Assignment, on_lan: int, interface: int) -> IPInterface:
    if held.peer_id is not None:
        place = held.ends[0 if held.interface_id == interface else 1], held.length
    else:
        place = held.first, on_lan if held.role == Role.LINK else held.length
    return IPv4Interface(place) if held.family == 4 else IPv6Interface(place)


def served_pools(session: Session, device: Device) -> tuple[IPNetwork, ...]:
    """The prefixes of the pools that this machine serves."""
    pools = session.scalars(select(Pool).where(Pool.device_id == device.id, Pool.closed_at.is_(None)))
    return tuple(sorted((pool.prefix for pool in pools), key=order))


def strayed(session: Session, at: datetime) -> Iterator[tuple[IPNetwork, Device]]:
    """Prefixes of members whose line is served by another machine than their pool is, and that machine.

    So it is after a migration to another concentrator, which keeps the addresses.
    """
    rows = session.execute(
        select(Assignment, Device)
        .join(Share, Share.id == Assignment.share_id)
        .join(Line, Line.id == Share.line_id)
        .join(Pool, Pool.id == Assignment.pool_id)
        .join(Device, Device.id == Line.device_id)
        .where(Line.state.in_(RENDERED), Pool.device_id.is_not(None), Pool.device_id != Line.device_id)
    )
    for held, device in rows:
        if living(held, at):
            yield held.prefix, device


def service(device: Device) -> tuple[str, int]:
    """Address and port where the machine's service is met. Raises MachineIncomplete."""
    host, _, port = (device.endpoint or "").rpartition(":")
    if not host or not port.isdecimal():
        raise MachineIncomplete(device=device.name, what=ENDPOINT)
    return host.strip("[]"), int(port)


def service_secret(session: Session, device: Device, name: str) -> str:
    """One of the machine's secrets, of characters that no configuration takes for anything else.

    Raises NoSuchSecret, Unwritable.
    """
    secret = devices.secret_of(session, device, name)
    if not _PLAIN.fullmatch(secret):
        raise Unwritable(what=Phrase(f"Le secret « {name} »", f"The secret “{name}”"), owner=device.name)
    return secret


def core_address(session: Session, device: Device, family: int, at: datetime) -> IPv4Address | IPv6Address:
    """Where the machine stands on the LAN that joins ours. Raises MachineIncomplete."""
    for address in interface_addresses(session, device, CORE, at):
        if address.version == family:
            return address.ip
    what = Phrase(f"une adresse IPv{family} sur {CORE}", f"an IPv{family} address on {CORE}")
    raise MachineIncomplete(device=device.name, what=what)
