"""Verbs on machines, their interfaces and their secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.reach import Machine
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import names
from inventory.device_facts import Facts, checked
from inventory.models.devices import Device, DeviceSecret, Interface
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.places import Site
from inventory.rights import asks

_PORT: Final = Phrase("le nom d'une interface", "an interface's name")


class NoSuchDevice(NotFound):
    """No machine of that name."""

    kind = "no-such-device"
    phrase = Phrase(
        "Pas de machine nommée {device}. Les voir : essaim device list",
        "There is no machine named {device}. To see them: essaim device list",
    )


class NoSuchInterface(NotFound):
    """A machine has no interface of that name."""

    kind = "no-such-interface"
    phrase = Phrase(
        "{device} n'a pas d'interface {interface}. L'ajouter : essaim device interface add {device} {interface}",
        "{device} has no interface {interface}. To add it: essaim device interface add {device} {interface}",
    )


class BadInterfacePath(Invalid):
    """A text that does not say of which machine."""

    kind = "bad-interface-path"
    phrase = Phrase(
        "« {text} » ne dit pas de quelle machine : il faut la machine et son interface, comme vpn/eth0.",
        "“{text}” does not say of which machine: it takes the machine and its interface, such as vpn/eth0.",
    )


class BadInterfaceName(Invalid):
    """A text that cannot name an interface."""

    kind = "bad-interface-name"
    phrase = Phrase(
        "« {text} » ne peut pas nommer une interface : 48 signes au plus, sans espace. Rien n'a été changé.",
        "“{text}” cannot name an interface: 48 characters at most, without spaces. Nothing was changed.",
    )


class NameTaken(Refused):
    """A machine has or had that name."""

    kind = "device-name-taken"
    phrase = Phrase(
        "{device} est déjà le nom d'une machine, et le reste même après son départ. Rien n'a été changé.",
        "{device} already is a machine's name, and stays so even after it leaves. Nothing was changed.",
    )


class InterfaceExists(Refused):
    """The machine has an interface of that name."""

    kind = "interface-exists"
    phrase = Phrase(
        "{device} a déjà une interface {interface}. Rien n'a été changé.",
        "{device} already has an interface {interface}. Nothing was changed.",
    )


class Retired(Refused):
    """The machine has left."""

    kind = "device-retired"
    phrase = Phrase(
        "{device} est partie le {until}. Rien n'a été changé.", "{device} left on {until}. Nothing was changed."
    )


class NoSuchSecret(Refused):
    """A machine lacks a secret that its service needs."""

    kind = "no-such-secret"
    phrase = Phrase(
        "{device} n'a pas de secret « {secret} » : sa configuration ne peut pas être écrite. "
        "Le donner : essaim device secret {device} {secret}",
        "{device} has no “{secret}” secret: its configuration cannot be written. "
        "To give it: essaim device secret {device} {secret}",
    )


@asks(Task.DEVICES_WRITE, "site")
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
    facts: Facts | None = None,
    since: date | None = None,
) -> Device:
    """A machine comes in, of the association unless it has an `owner`; `facts` says the rest of it.

    Raises BadHostName, NameTaken, and what `device_facts.checked` raises.
    """
    known = names.host(name)
    if session.scalar(select(Device.id).where(Device.name == known)) is not None:
        raise NameTaken(device=known)
    given = Facts(role, platform, shape, management=management, endpoint=endpoint, public_key=public_key, asn=asn)
    device = Device(
        name=known,
        site_id=site.id,
        owner_id=owner.id if owner else None,
        since=since or clock.today(act.at),
        **(checked(given) | checked(facts or Facts())),
    )
    session.add(device)
    journal.record(
        session,
        act,
        "device.add",
        known,
        member=str(owner) if owner else None,
        role=device.role,
        platform=device.platform,
        site=site.name,
    )
    session.flush()
    return device


@asks(Task.DEVICES_WRITE, "device")
def change_device(
    session: Session,
    act: Act,
    device: Device,
    facts: Facts,
    *,
    owner: Member | None = None,
    ours: bool = False,
) -> None:
    """Say something else of a machine; `owner` takes it over, or with `ours` the association does.

    Raises Retired, and what `device_facts.checked` raises.
    """
    present(device)
    news: Mapping[str, object] = checked(facts)
    if owner is not None or ours:
        news = {**news, "owner_id": owner.id if owner else None}
    told = {field: value for field, value in news.items() if field not in ("contact", "owner_id")}
    before = {field: getattr(device, field) for field in told}
    for field, value in news.items():
        setattr(device, field, value)
    if "owner_id" in news:
        told["owner"] = str(owner) if owner else None
    journal.record(session, act, "device.change", device.name, fields=sorted(news), before=before, after=told)
    session.flush()
    session.expire(device, ["owner"])


@asks(Task.DEVICES_WRITE, "device", own=True)
def describe(
    session: Session, act: Act, device: Device, *, contact: str | None = None, description: str | None = None
) -> None:
    """What a machine's owner may say of it themselves: whom to call, and what it is. Raises BadText, Retired."""
    change_device(session, act, device, Facts(contact=contact, description=description))


@asks(Task.DEVICES_WRITE, "device")
def add_interface(
    session: Session,
    act: Act,
    device: Device,
    name: str,
    description: str = "",
    *,
    mac: str | None = None,
    enabled: bool = True,
) -> Interface:
    """An interface of a machine. Raises BadInterfaceName, BadText, BadMac, InterfaceExists, Retired."""
    present(device)
    known = _interface_name(name)
    said, station = names.sentence(description), names.mac(mac) if mac else None
    there = select(Interface.id).where(Interface.device_id == device.id, Interface.name == known)
    if session.scalar(there) is not None:
        raise InterfaceExists(device=device.name, interface=known)
    interface = Interface(device=device, name=known, description=said, mac=station, enabled=enabled)
    session.add(interface)
    journal.record(session, act, "interface.add", f"{device.name}/{known}", mac=station)
    session.flush()
    return interface


@asks(Task.DEVICES_WRITE, "interface")
def change_interface(
    session: Session,
    act: Act,
    interface: Interface,
    *,
    description: str | None = None,
    mac: str | None = None,
    enabled: bool | None = None,
) -> None:
    """Say something else of an interface; None leaves it as it is, an empty MAC takes it away.

    Raises BadText, BadMac.
    """
    if description is not None:
        interface.description = names.sentence(description)
    if mac is not None:
        interface.mac = names.mac(mac) if mac else None
    if enabled is not None:
        interface.enabled = enabled
    path = f"{session.get_one(Device, interface.device_id).name}/{interface.name}"
    journal.record(
        session, act, "interface.change", path,
        mac=interface.mac, enabled=interface.enabled, description=interface.description,
    )  # fmt: skip
    session.flush()


@asks(Task.DEVICES_WRITE, "device")
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


@asks(Task.DEVICES_WRITE, "device")
def trust_host_key(session: Session, act: Act, device: Device, key: str) -> None:
    """From now on this machine is who holds this SSH host key (`ssh-ed25519 AAAA…`)."""
    device.host_key = key
    journal.record(session, act, "device.host-key", device.name, key=key)


def find_device(session: Session, name: str) -> Device:
    """The machine of that name, with its interfaces, site and owner. Raises NoSuchDevice."""
    asked = select(Device).where(Device.name == name)
    device = session.scalar(
        asked.options(selectinload(Device.interfaces), joinedload(Device.site), joinedload(Device.owner))
    )
    if device is None:
        raise NoSuchDevice(device=name)
    return device


def find_interface(session: Session, path: str) -> Interface:
    """The interface of that name, with its machine: `vpn/eth0`. Raises BadInterfacePath, NoSuchDevice, NoSuchInterface.

    A switch's own names may hold slashes: `switch1/Gi1/0/24`.
    """
    machine_name, slash, name = path.partition("/")
    if not (machine_name and slash and name):
        raise BadInterfacePath(text=path[:80])
    device = find_device(session, machine_name)
    asked = select(Interface).where(Interface.device_id == device.id, Interface.name == name)
    interface = session.scalar(asked.options(joinedload(Interface.device)))
    if interface is None:
        raise NoSuchInterface(device=device.name, interface=name)
    return interface


def list_devices(
    session: Session,
    *,
    role: str | None = None,
    site: Site | None = None,
    owner: Member | None = None,
    retired: bool = False,
    after: str = "",
    limit: int = 100,
) -> Sequence[Device]:
    """Machines by name, with their site and owner; those that left only where asked."""
    query = select(Device).where(Device.name > after).order_by(Device.name).limit(limit)
    if not retired:
        query = query.where(Device.until.is_(None))
    if role is not None:
        query = query.where(Device.role == role)
    if site is not None:
        query = query.where(Device.site_id == site.id)
    if owner is not None:
        query = query.where(Device.owner_id == owner.id)
    return session.scalars(query.options(joinedload(Device.site), joinedload(Device.owner))).all()


def polled(session: Session) -> Sequence[Device]:
    """Machines that are polled over SNMP: those whose community or user was given to us.

    A member's machine is so only where its owner agreed: of the others we know their outlet and their switch port.
    """
    told = select(DeviceSecret.device_id).where(DeviceSecret.name.in_(("snmp", "snmp3")))
    query = select(Device).where(Device.id.in_(told), Device.management.is_not(None))
    query = query.where(or_(Device.owner_id.is_(None), Device.snmp_agreed))
    return session.scalars(query.where(Device.until.is_(None)).order_by(Device.name)).all()


def machine(device: Device) -> Machine:
    """How this machine is met over its management address."""
    return Machine(name=device.name, host=device.management or device.name)


def present(device: Device) -> None:
    """Raises Retired where the machine has left."""
    if device.until is not None:
        raise Retired(device=device.name, until=device.until)


def _interface_name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > 48 or not plain.isascii() or not plain.isprintable() or " " in plain:
        raise BadInterfaceName(text="".join(sign if sign.isprintable() else "\ufffd" for sign in plain[:50]))
    return plain
