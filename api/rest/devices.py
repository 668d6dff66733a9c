"""Machines: where they stand, what they are plugged into and linked to, what they give back when they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Final

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from api.rest.places import READERS, Until
from foundation import clock
from foundation.acts import Act
from inventory import cabling, device_secrets, devices, hosting, members, placements, places, power, retirement
from inventory.device_facts import Facts
from inventory.models.devices import Device, DeviceRole, Face, Interface, LinkKind
from inventory.models.mandates import Task
from inventory.models.power import Feed, Outlet
from inventory.placements import Spot
from inventory.retirement import Left
from inventory.views.devices import DeviceView, views_of

_MORE: Final = frozenset({"description", "serial", "contact", "watts", "snmp_agreed"})
"""What a machine that comes in is said to be besides what it must be."""


class Said(Body):
    """What may be said of a machine; an empty text takes it away."""

    role: DeviceRole = DeviceRole.OTHER
    platform: str = Field("", max_length=32, examples=["debian"])
    shape: str = Field("", max_length=64, examples=["1U"])
    description: str = Field("", max_length=200)
    serial: str = Field("", max_length=64)
    management: str = Field("", max_length=45, examples=["192.0.2.10"])
    endpoint: str = Field("", max_length=64, examples=["192.0.2.4:51820"])
    public_key: str = Field("", max_length=44)
    asn: int = Field(0, ge=1, le=4_294_967_295, examples=[64496])
    contact: str = Field("", max_length=200)
    watts: int = Field(0, ge=0, le=100_000)
    snmp_agreed: bool = False

    def facts(self) -> Facts:
        """What was said, and no more."""
        names = {field.name for field in fields(Facts)}
        return Facts(**{name: value for name, value in self.given().items() if name in names})


class Where(Body):
    """A place: in a rack its lowest unit, how many, which face; elsewhere words."""

    rack: str = Field(max_length=97, examples=["mezzanine/A"])
    unit: int | None = Field(None, ge=1, le=100)
    height: int = Field(1, ge=1, le=100)
    face: Face = Face.FRONT
    position: str = Field("", max_length=100)
    since: date | None = None

    def spot(self) -> Spot:
        """Where in the rack."""
        return Spot(self.unit, self.height, self.face, self.position)


class NewDevice(Said):
    """A machine comes in; `owner` is a member's number, none for the association's own."""

    name: str = Field(max_length=64, examples=["vpn2"])
    site: str = Field(max_length=64, examples=["mezzanine"])
    role: DeviceRole
    platform: str = Field(max_length=32, examples=["debian"])
    owner: str | None = Field(None, max_length=16)
    since: date | None = None


class Hosted(Said):
    """A member's machine comes in, of any shape."""

    name: str = Field(max_length=64, examples=["tour-de-camille"])
    site: str = Field(max_length=64, examples=["mezzanine"])
    owner: str = Field(max_length=16, examples=["M0042"])
    interface: str = Field("eth0", max_length=48)
    mac: str | None = Field(None, max_length=17)
    place: Where | None = None
    since: date | None = None


class DeviceChange(Said):
    """What changes; `owner` takes the machine over, and an empty one gives it to the association."""

    owner: str = Field("", max_length=16)


class Described(Body):
    """What a machine's owner may say of it."""

    contact: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=200)


class NewInterface(Body):
    """An interface of the machine."""

    name: str = Field(max_length=48, examples=["eth1"])
    description: str = Field("", max_length=200)
    mac: str | None = Field(None, max_length=17)
    enabled: bool = True


class InterfaceChange(Body):
    """What changes of an interface."""

    name: str = Field(max_length=48, examples=["eth1"])
    description: str = Field("", max_length=200)
    mac: str = Field("", max_length=17)
    enabled: bool = True


class Linked(Body):
    """From one of the machine's interfaces to another machine's (`switch1/3`), or to a provider's reference."""

    interface: str = Field(max_length=48, examples=["eth0"])
    to: str | None = Field(None, max_length=113, examples=["switch1/3"])
    kind: LinkKind = LinkKind.CABLE
    reference: str = Field("", max_length=100)
    since: date | None = None


class Unlinked(Until):
    """The interface whose link ends."""

    interface: str = Field(max_length=48, examples=["eth0"])


class Outlets(Body):
    """Labels of the outlets that the machine gives."""

    labels: list[str] = Field(max_length=100, examples=[["1", "2", "3"]])


class Plugged(Body):
    """Into an outlet (`pdu1/3`), or into a feed (`mezzanine/EDF-A`)."""

    outlet: str | None = Field(None, max_length=81, examples=["pdu1/3"])
    feed: str | None = Field(None, max_length=97)
    since: date | None = None


class Unplugged(Until):
    """Out of one of them, or out of all."""

    outlet: str | None = Field(None, max_length=81, examples=["pdu1/3"])
    feed: str | None = Field(None, max_length=97)


class Entrusted(Body):
    """A secret that its service needs, drawn where none is given. It is never shown again."""

    purpose: str = Field(max_length=32, examples=["snmp"])
    secret: str | None = Field(None, max_length=500)


def listed(
    session: Session,
    *,
    role: DeviceRole | None = None,
    site: str | None = None,
    owner: str | None = None,
    retired: bool = False,
    after: str = "",
    limit: int = 100,
) -> Sequence[Device]:
    """Machines by name; those that left only with `retired`."""
    return devices.list_devices(
        session,
        role=role,
        site=places.find_site(session, site) if site is not None else None,
        owner=members.find_member(session, owner) if owner is not None else None,
        retired=retired,
        after=after,
        limit=limit,
    )


def create(session: Session, act: Act, body: NewDevice) -> Device:
    """A machine comes in."""
    said, site = body.given(), places.find_site(session, body.site)
    more = Facts(**{name: said.pop(name) for name in _MORE & said.keys()})
    owner = members.find_member(session, body.owner) if body.owner is not None else None
    direct = {name: value for name, value in said.items() if name not in ("name", "site", "owner")}
    return devices.add_device(session, act, body.name, site=site, owner=owner, facts=more, **direct)


def host(session: Session, act: Act, body: Hosted) -> DeviceView:
    """A member's machine comes in: named, placed, with its first interface."""
    device = hosting.host(
        session,
        act,
        places.find_site(session, body.site),
        body.name,
        members.find_member(session, body.owner),
        body.facts(),
        rack=places.find_rack(session, body.place.rack) if body.place is not None else None,
        spot=body.place.spot() if body.place is not None else placements.ANYWHERE,
        interface=body.interface,
        mac=body.mac,
        since=body.since,
    )
    session.flush()
    return views_of(session, [devices.find_device(session, device.name)], clock.today(act.at))[0]


def change(session: Session, act: Act, device: Device, body: DeviceChange) -> None:
    """What is said of a machine changes."""
    owner = members.find_member(session, body.owner) if body.owner else None
    ours = "owner" in body.model_fields_set and owner is None
    devices.change_device(session, act, device, body.facts(), owner=owner, ours=ours)


def describe(session: Session, act: Act, device: Device, body: Described) -> None:
    """What its owner may say of a machine: whom to call, and what it is."""
    devices.describe(session, act, device, **body.given())


def place(session: Session, act: Act, device: Device, body: Where) -> None:
    """Put a machine somewhere."""
    placements.place(session, act, device, places.find_rack(session, body.rack), body.spot(), since=body.since)


def move(session: Session, act: Act, device: Device, body: Where) -> None:
    """Put a machine elsewhere."""
    placements.move(session, act, device, places.find_rack(session, body.rack), body.spot(), since=body.since)


def take_out(session: Session, act: Act, device: Device, body: Until) -> None:
    """Take a machine out of its rack."""
    placements.take_out(session, act, device, until=body.until)


def retire(session: Session, act: Act, device: Device, body: Until) -> Left:
    """A machine leaves for good: what it gives back."""
    return retirement.retire(session, act, device, until=body.until)


def add_interface(session: Session, act: Act, device: Device, body: NewInterface) -> None:
    """An interface of the machine."""
    devices.add_interface(session, act, device, body.name, body.description, mac=body.mac, enabled=body.enabled)


def change_interface(session: Session, act: Act, device: Device, body: InterfaceChange) -> None:
    """What is said of one of its interfaces changes."""
    said = body.given()
    devices.change_interface(session, act, _interface(session, device, said.pop("name")), **said)


def link(session: Session, act: Act, device: Device, body: Linked) -> None:
    """Link one of its interfaces."""
    far = devices.find_interface(session, body.to) if body.to is not None else None
    near = _interface(session, device, body.interface)
    cabling.connect(session, act, near, far, kind=body.kind, reference=body.reference, since=body.since)


def unlink(session: Session, act: Act, device: Device, body: Unlinked) -> None:
    """The link of one of its interfaces ends."""
    cabling.disconnect(session, act, _interface(session, device, body.interface), until=body.until)


def add_outlets(session: Session, act: Act, device: Device, body: Outlets) -> None:
    """Outlets that the machine gives."""
    power.add_outlets(session, act, device, body.labels)


def plug_in(session: Session, act: Act, device: Device, body: Plugged) -> None:
    """Plug the machine in."""
    power.plug_in(session, act, device, _source(session, body.outlet or "", body.feed), since=body.since)


def unplug(session: Session, act: Act, device: Device, body: Unplugged) -> None:
    """Unplug the machine."""
    every = body.outlet is None and body.feed is None
    source = None if every else _source(session, body.outlet or "", body.feed)
    power.unplug(session, act, device, source, until=body.until)


def entrust(session: Session, act: Act, device: Device, body: Entrusted) -> None:
    """Seal a secret that the machine's service needs."""
    device_secrets.entrust(session, act, device, body.purpose, body.secret)


def _interface(session: Session, device: Device, name: str) -> Interface:
    return devices.find_interface(session, f"{device.name}/{name}")


def _source(session: Session, outlet: str, feed: str | None) -> Outlet | Feed:
    return power.find_outlet(session, outlet) if feed is None else power.find_feed(session, feed)


DEVICES = Noun(
    path="devices",
    about="Machines, by name: the association's and those of its members",
    view=DeviceView,
    views=lambda session, act, rows: views_of(session, rows, clock.today(act.at)),
    find=devices.find_device,
    named=lambda device: device.name,
    listed=listed,
    readers=READERS | {Task.ADDRESSES_WRITE},
    create=create,
    change=change,
    verbs={
        "describe": describe,
        "place": place,
        "move": move,
        "take-out": take_out,
        "retire": retire,
        "interfaces": add_interface,
        "interfaces/change": change_interface,
        "links": link,
        "links/end": unlink,
        "outlets": add_outlets,
        "plugs": plug_in,
        "plugs/end": unplug,
        "secrets": entrust,
    },
    acts={"host": host},
    example={
        "name": "vpn",
        "role": "vpn",
        "platform": "debian",
        "shape": "1U",
        "description": "",
        "serial": None,
        "site": "mezzanine",
        "owner": None,
        "since": "2026-01-15",
        "until": None,
        "management": "192.0.2.10",
        "endpoint": "192.0.2.4:51820",
        "public_key": None,
        "asn": None,
        "contact": "",
        "watts": 60,
        "snmp_agreed": True,
        "rack": "mezzanine/A",
        "unit": 12,
        "height": 1,
        "face": "front",
        "position": "",
        "plugs": ["pdu1/3"],
        "outlets": [],
        "secrets": ["wireguard"],
        "interfaces": [
            {
                "name": "eth0",
                "description": "",
                "mac": None,
                "enabled": True,
                "link": "switch1/3",
                "link_kind": "cable",
                "link_since": "2026-01-15",
                "prefixes": ["192.0.2.10/32"],
            }
        ],
    },
)
