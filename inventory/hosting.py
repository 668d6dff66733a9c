"""Machines of members that we host, of any shape; and what a machine still lacks before it can serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import cabling, placements, power
from inventory.device_facts import Facts
from inventory.devices import add_device, add_interface
from inventory.lines import RENDERED
from inventory.models.addresses import Assignment, Pool
from inventory.models.devices import Device, DeviceRole, DeviceSecret, Interface
from inventory.models.lines import Line, Share
from inventory.models.mandates import Task
from inventory.models.people import Member, MemberStatus
from inventory.models.places import Rack, Site
from inventory.placements import ANYWHERE, Spot
from inventory.rights import asks


class OwnerLeft(Refused):
    """Who would own it is no member any more."""

    kind = "owner-left"
    phrase = Phrase(
        "{member} n'est plus membre : on n'héberge pas sa machine. Rien n'a été changé.",
        "{member} is no longer a member: their machine is not hosted. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Missing:
    """What a machine still lacks, and the command that gives it."""

    what: Phrase
    command: str


_SECRETS: Final = {"vpn": ("wireguard",), "lns": ("radius", "l2tp"), "radius": ("radius",)}
_SERVED: Final = {"vpn": "wg0", "lns": "tun0", "bng": "coll0"}
"""The interface towards the members, by role."""


@asks(Task.DEVICES_WRITE, "site")
def host(
    session: Session,
    act: Act,
    site: Site,
    name: str,
    owner: Member,
    facts: Facts,
    *,
    rack: Rack | None = None,
    spot: Spot = ANYWHERE,
    interface: str = "eth0",
    mac: str | None = None,
    since: date | None = None,
) -> Device:
    """A member's machine comes in, with its first interface, and its place where that is known.

    Raises OwnerLeft, and what `add_device`, `add_interface` and `place` raise.
    """
    if owner.status == MemberStatus.LEFT:
        raise OwnerLeft(member=str(owner))
    device = add_device(
        session,
        act,
        name,
        role=facts.role or DeviceRole.SERVER,
        platform=facts.platform or "",
        site=site,
        owner=owner,
        facts=facts,
        since=since,
    )
    add_interface(session, act, device, interface, mac=mac)
    if rack is not None:
        placements.place(session, act, device, rack, spot, since=since)
    journal.record(session, act, "device.host", device.name, member=str(owner))
    session.flush()
    return device


def addresses_of_hosted(session: Session) -> dict[str, list[IPv4Address | IPv6Address]]:
    """Where each member's machine that is here may be met: its first lone address of each family, by its name."""
    rows = session.execute(
        select(Device.name, Assignment)
        .join(Interface, Interface.device_id == Device.id)
        .join(Assignment, Assignment.interface_id == Interface.id)
        .where(Device.owner_id.is_not(None), Device.until.is_(None), Assignment.until.is_(None))
        .order_by(Device.name, Assignment.id)
    )
    found: dict[str, dict[int, IPv4Address | IPv6Address]] = {}
    for name, held in rows:
        if held.prefix.num_addresses == 1:
            found.setdefault(name, {}).setdefault(held.family, held.prefix.network_address)
    return {name: list(known.values()) for name, known in found.items()}


def missing(session: Session, device: Device, day: date) -> list[Missing]:
    """What a machine still lacks: a hosted one to be powered, joined and addressed, one of ours to be configured."""
    if device.until is not None:
        return []
    return [*_lacks_of_hosted(session, device, day), *_lacks_of_ours(session, device)]


def _lacks_of_hosted(session: Session, device: Device, day: date) -> list[Missing]:
    if device.owner_id is None:
        return []
    name, lacks = device.name, []
    port = session.scalar(select(Interface).where(Interface.device_id == device.id).order_by(Interface.name).limit(1))
    eth0 = f"{name}/{port.name if port else 'eth0'}"
    if placements.placement_of(session, device, day) is None:
        lacks.append(Missing(Phrase("une place", "a place"), f"essaim device place {name} mezzanine/A --unit 1"))
    if not power.plugs_of(session, [device]):
        lacks.append(Missing(Phrase("une prise", "an outlet"), f"essaim device plug {name} --outlet pdu1/1"))
    if port is None:
        lacks.append(Missing(Phrase("une interface", "an interface"), f"essaim device interface add {name} eth0"))
    if not cabling.links_of(session, [device]):
        lacks.append(Missing(Phrase("un port de commutateur", "a switch port"), f"essaim device link {eth0} switch1/1"))
    if not _addressed(session, device):
        lacks.append(
            Missing(Phrase("une adresse", "an address"), f"essaim address allocate --pool POOL --interface {eth0}")
        )
    if not device.contact:
        lacks.append(
            Missing(
                Phrase("un contact d'urgence", "an emergency contact"), f"essaim device change {name} --contact '…'"
            )
        )
    if device.watts is None:
        lacks.append(
            Missing(Phrase("une puissance déclarée", "a declared power"), f"essaim device change {name} --watts 15")
        )
    return lacks


def _lacks_of_ours(session: Session, device: Device) -> list[Missing]:
    name, role, lacks = device.name, device.role, []
    if role not in ("vpn", "lns", "bng", "radius", "router") or device.owner_id is not None:
        return []
    if not device.management:
        lacks.append(
            Missing(
                Phrase("une adresse d'administration", "a management address"),
                f"essaim device change {name} --management 100.64.0.4",
            )
        )
    if role in _SERVED and role != "bng" and not device.endpoint:
        port = 51820 if role == "vpn" else 1701
        lacks.append(
            Missing(
                Phrase("une adresse de service", "a service address"),
                f"essaim device change {name} --endpoint 192.0.2.4:{port}",
            )
        )
    held = set(session.scalars(select(DeviceSecret.name).where(DeviceSecret.device_id == device.id)))
    lacks += [
        Missing(
            Phrase(f"le secret « {purpose} »", f"the “{purpose}” secret"),
            f"essaim device secret {name} {purpose}" + (" --generate" if purpose != "login" else ""),
        )
        for purpose in (("login",) if device.platform == "freeradius-sql" else _SECRETS.get(role, ()))
        if purpose not in held and not (role == "vpn" and "openvpn" in held)
    ]
    ports: list[tuple[str, int | None, str]] = [("core0", None, "link")]
    if _has(session, device, "core0"):
        ports = [("core0", family, "link") for family in sorted(core_families(session, device))]
    if role in _SERVED and not (role == "vpn" and "openvpn" in held and "wireguard" not in held):
        ports.append((_SERVED[role], None if role == "vpn" else 4, "loopback"))
    if role == "vpn" and "openvpn" in held:
        ports.append(("ovpn0", 4, "loopback"))
    return lacks + [
        _no_address(session, device, interface, family, means)
        for interface, family, means in ports
        if not _addressed(session, device, interface, family)
    ]


def core_families(session: Session, device: Device) -> set[int]:
    """The families in which a machine of ours is met on the LAN that joins them: 4, and those of what it serves, since
    the router sends them that way. What it serves are its pools, and what its lines brought from another's.
    """
    served = select(Pool.family).where(Pool.device_id == device.id, Pool.closed_at.is_(None))
    brought = (
        select(Assignment.family)
        .join(Share, Share.id == Assignment.share_id)
        .join(Line, Line.id == Share.line_id)
        .join(Pool, Pool.id == Assignment.pool_id)
        .where(Line.device_id == device.id, Line.state.in_(RENDERED), Assignment.until.is_(None))
        .where(Pool.device_id.is_not(None), Pool.device_id != device.id)
    )
    return {4, *session.scalars(served), *session.scalars(brought.distinct())}


def _no_address(session: Session, device: Device, interface: str, family: int | None, means: str) -> Missing:
    kind = "" if family is None else f" IPv{family}"
    if not _has(session, device, interface):
        command = f"essaim device interface add {device.name} {interface}"
    else:
        # The pool that the others have theirs of, on the LAN that joins them.
        beside = select(Pool.name).join(Assignment, Assignment.pool_id == Pool.id)
        beside = beside.join(Interface, Interface.id == Assignment.interface_id)
        beside = beside.where(Interface.name == interface, Pool.family == (family or 4), Assignment.until.is_(None))
        pool = session.scalar(beside.where(Pool.closed_at.is_(None)).order_by(Pool.name).limit(1)) or "POOL"
        command = f"essaim address allocate --pool {pool} --interface {device.name}/{interface} --role {means}"
    return Missing(Phrase(f"une adresse{kind} sur {interface}", f"an{kind} address on {interface}"), command)


def _has(session: Session, device: Device, interface: str) -> bool:
    there = select(Interface.id).where(Interface.device_id == device.id, Interface.name == interface)
    return session.scalar(there) is not None


def _addressed(session: Session, device: Device, interface: str | None = None, family: int | None = None) -> bool:
    asked = (
        select(Assignment.id)
        .join(Interface, or_(Assignment.interface_id == Interface.id, Assignment.peer_id == Interface.id))
        .where(Interface.device_id == device.id, Assignment.until.is_(None))
    )
    if interface is not None:
        asked = asked.where(Interface.name == interface)
    if family is not None:
        asked = asked.where(Assignment.family == family)
    return session.scalar(asked.limit(1)) is not None
