"""Machines of members that we host, of any shape; and what a machine still lacks before it can serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
from inventory.models.addresses import Assignment
from inventory.models.devices import Device, DeviceRole, DeviceSecret, Interface
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
_SERVED: Final = {"vpn": "wg0", "lns": "tun0"}
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
    if role not in ("vpn", "lns", "radius", "router") or device.owner_id is not None:
        return []
    if not device.management:
        lacks.append(
            Missing(
                Phrase("une adresse d'administration", "a management address"),
                f"essaim device change {name} --management 100.64.0.4",
            )
        )
    if role in _SERVED and not device.endpoint:
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
            f"essaim device secret {name} {purpose} --generate",
        )
        for purpose in _SECRETS.get(role, ())
        if purpose not in held
    ]
    ports = [("core0", "link"), *([(_SERVED[role], "loopback")] if role in _SERVED else [])]
    for interface, means in ports:
        if not _addressed(session, device, interface):
            there = select(Interface.id).where(Interface.device_id == device.id, Interface.name == interface)
            lacks.append(
                Missing(
                    Phrase(f"une adresse sur {interface}", f"an address on {interface}"),
                    f"essaim device interface add {name} {interface}"
                    if session.scalar(there) is None
                    else f"essaim address allocate --pool POOL --interface {name}/{interface} --role {means}",
                )
            )
    return lacks


def _addressed(session: Session, device: Device, interface: str | None = None) -> bool:
    asked = (
        select(Assignment.id)
        .join(Interface, or_(Assignment.interface_id == Interface.id, Assignment.peer_id == Interface.id))
        .where(Interface.device_id == device.id, Assignment.until.is_(None))
    )
    if interface is not None:
        asked = asked.where(Interface.name == interface)
    return session.scalar(asked.limit(1)) is not None
