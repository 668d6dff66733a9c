"""Verbs on places and machines."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import journal
from foundation.acts import Act
from foundation.errors import NotFound, Refused
from foundation.reach import Machine
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory.models.devices import Device, DeviceSecret, Interface
from inventory.models.people import Member
from inventory.models.places import Site


class NoSuchDevice(NotFound):
    """No machine of that name."""

    kind = "no-such-device"
    phrase = Phrase("Pas de machine nommée {device}.", "There is no machine named {device}.")


class NoSuchSecret(Refused):
    """A machine lacks a secret that its service needs."""

    kind = "no-such-secret"
    phrase = Phrase(
        "{device} n'a pas de secret « {secret} » : sa configuration ne peut pas être écrite.",
        "{device} has no “{secret}” secret: its configuration cannot be written.",
    )


def add_site(session: Session, act: Act, name: str, description: str = "") -> Site:
    """A place where machines stand."""
    site = Site(name=name, description=description)
    session.add(site)
    journal.record(session, act, "site.add", name)
    session.flush()
    return site


def add_device(
    session: Session,
    act: Act,
    name: str,
    *,
    role: str,
    platform: str,
    site: Site,
    shape: str = "",
    owner: Member | None = None,
    management: str | None = None,
    endpoint: str | None = None,
    public_key: str | None = None,
    asn: int | None = None,
) -> Device:
    """A machine comes in."""
    device = Device(
        name=name,
        role=role,
        platform=platform,
        site_id=site.id,
        shape=shape,
        owner_id=owner.id if owner else None,
        management=management,
        endpoint=endpoint,
        public_key=public_key,
        asn=asn,
    )
    session.add(device)
    journal.record(session, act, "device.add", name, role=role, platform=platform, site=site.name)
    session.flush()
    return device


def add_interface(session: Session, act: Act, device: Device, name: str, description: str = "") -> Interface:
    """An interface of a machine of ours."""
    interface = Interface(device=device, name=name, description=description)
    session.add(interface)
    journal.record(session, act, "interface.add", f"{device.name}/{name}")
    session.flush()
    return interface


def set_secret(session: Session, act: Act, device: Device, name: str, secret: str) -> None:
    """Seal what a machine's service needs, under the name of what it is for: `wireguard`, `radius`, `l2tp`, `snmp`."""
    sealed = vault_of(session).seal(secret)
    held = session.scalar(select(DeviceSecret).where(DeviceSecret.device_id == device.id, DeviceSecret.name == name))
    if held is None:
        session.add(DeviceSecret(device_id=device.id, name=name, secret=sealed))
    else:
        held.secret = sealed
    journal.record(session, act, "device.secret", device.name, name=name, secret=sealed)
    session.flush()


def secret_of(session: Session, device: Device, name: str) -> str:
    """Open one secret of a machine. Raises NoSuchSecret."""
    held = session.scalar(select(DeviceSecret).where(DeviceSecret.device_id == device.id, DeviceSecret.name == name))
    if held is None:
        raise NoSuchSecret(device=device.name, secret=name)
    return vault_of(session).open(held.secret)


def trust_host_key(session: Session, act: Act, device: Device, key: str) -> None:
    """From now on this machine is who holds this SSH host key (`ssh-ed25519 AAAA…`)."""
    device.host_key = key
    journal.record(session, act, "device.host-key", device.name, key=key)


def find_device(session: Session, name: str) -> Device:
    """The machine of that name, with its interfaces. Raises NoSuchDevice."""
    device = session.scalar(select(Device).where(Device.name == name).options(selectinload(Device.interfaces)))
    if device is None:
        raise NoSuchDevice(device=name)
    return device


def list_devices(session: Session, *, role: str | None = None) -> Sequence[Device]:
    """Machines by name, with their site and owner."""
    query = select(Device).order_by(Device.name).options(joinedload(Device.site), joinedload(Device.owner))
    if role is not None:
        query = query.where(Device.role == role)
    return session.scalars(query).all()


def polled(session: Session) -> Sequence[Device]:
    """Machines that are polled over SNMP: those whose community was given to us."""
    query = select(Device).join(DeviceSecret).where(DeviceSecret.name == "snmp", Device.management.is_not(None))
    return session.scalars(query.order_by(Device.name)).all()


def machine(device: Device) -> Machine:
    """How this machine is met over its management address."""
    return Machine(name=device.name, host=device.management or device.name)
