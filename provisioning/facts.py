"""What several artifacts read of the inventory, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Final, Protocol, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import devices
from inventory.lines import RENDERED
from inventory.models.addresses import Assignment, IPNetwork, Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Share

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


CORE: Final = "core0"
"""The interface of our machines on the LAN that joins them."""

ENDPOINT: Final = Phrase("une adresse de service (hôte:port)", "a service address (host:port)")

_PLAIN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{1,63}")


class Dated(Protocol):
    """Whatever lives from an instant to another (half-open)."""

    since: datetime
    until: datetime | None


def living(dated: Dated, at: datetime) -> bool:
    """Whether it is in force at that instant."""
    return dated.since <= at and (dated.until is None or at < dated.until)


def rendered_lines(session: Session, device: Device | None = None) -> Sequence[Line]:
    """Lines that are on the machines, by number, with what their shares hold; those of one machine where given."""
    shares = selectinload(Line.shares)
    query = (
        select(Line)
        .where(Line.state.in_(RENDERED))
        .order_by(Line.number)
        .options(
            joinedload(Line.offer),
            shares.selectinload(Share.credentials),
            shares.selectinload(Share.assignments),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalars(query if device is None else query.where(Line.device_id == device.id)).all()


def prefixes(assignments: Iterable[Assignment], at: datetime) -> tuple[IPNetwork, ...]:
    """The living ones' prefixes, IPv4 before IPv6, in order."""
    return tuple(sorted((one.prefix for one in assignments if living(one, at)), key=order))


def order(prefix: IPNetwork) -> tuple[int, int, int]:
    """A key that sorts prefixes of both families together."""
    return prefix.version, int(prefix.network_address), prefix.prefixlen


def interface_addresses(session: Session, device: Device, name: str, at: datetime) -> tuple[IPInterface, ...]:
    """The addresses of an interface of ours, IPv4 before IPv6.

    One on a link has the length of its pool, which is the link's own prefix; any other stands alone.
    """
    held = session.execute(
        select(Assignment, Pool.length)
        .join(Interface, Assignment.interface_id == Interface.id)
        .join(Pool, Assignment.pool_id == Pool.id)
        .where(Interface.device_id == device.id, Interface.name == name)
        .order_by(Assignment.family, Assignment.first)
    ).all()
    return tuple(
        _interface(one, on_link if one.role == Role.LINK else one.length) for one, on_link in held if living(one, at)
    )


def _interface(held: Assignment, length: int) -> IPInterface:
    if held.family == 4:
        return IPv4Interface((held.first, length))
    return IPv6Interface((held.first, length))


def served_pools(session: Session, device: Device) -> tuple[IPNetwork, ...]:
    """The prefixes of the pools that this machine serves."""
    pools = session.scalars(select(Pool).where(Pool.device_id == device.id))
    return tuple(sorted((pool.prefix for pool in pools), key=order))


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
