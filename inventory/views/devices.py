"""A machine from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inventory import cabling, placements, power
from inventory.models.addresses import Assignment
from inventory.models.devices import Device, DeviceRole, DeviceSecret, Face, Interface, Link, LinkKind, Placement
from inventory.models.power import Feed


@dataclass(frozen=True, slots=True)
class InterfaceView:
    """An interface: what it is linked to (`switch1/3`, or a provider's reference), and the prefixes that it holds."""

    name: str
    description: str
    mac: str | None
    enabled: bool
    link: str | None
    link_kind: LinkKind | None
    link_since: date | None
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A machine. `owner` is a member's number, none for the association's own; `secrets` are named, never shown.

    `rack` to `position` say where it stands; `plugs` what it is plugged into, `outlets` those that it gives.
    """

    name: str
    role: DeviceRole
    platform: str
    shape: str
    description: str
    serial: str | None
    site: str
    owner: str | None
    since: date | None
    until: date | None
    management: str | None
    endpoint: str | None
    public_key: str | None
    asn: int | None
    contact: str
    watts: int | None
    snmp_agreed: bool
    rack: str | None
    unit: int | None
    height: int | None
    face: Face | None
    position: str
    plugs: tuple[str, ...]
    outlets: tuple[str, ...]
    secrets: tuple[str, ...]
    interfaces: tuple[InterfaceView, ...]


@dataclass(frozen=True, slots=True)
class FeedView:
    """A supply of electricity. `renewable` none: nobody knows."""

    name: str
    site: str
    room: str | None
    volts: int
    amps: int
    supplier: str
    renewable: bool | None
    since: date
    until: date | None


def view(session: Session, device: Device, day: date) -> DeviceView:
    """A machine with its site and owner loaded, placed as it is on a day."""
    return views_of(session, [device], day)[0]


def views_of(session: Session, devices: Sequence[Device], day: date) -> list[DeviceView]:
    """Machines with their site and owner loaded, placed as they are on a day."""
    places = placements.placements(session, devices, day)
    plugs, outlets, secrets = defaultdict(list), defaultdict(list), defaultdict(list)
    for plug in power.plugs_of(session, devices):
        plugs[plug.device_id].append(power.plugged_into(plug))
    for outlet, _ in power.outlets_of(session, devices):
        outlets[outlet.device_id].append(outlet.name)
    rows = [one.id for one in devices]
    held = select(DeviceSecret.device_id, DeviceSecret.name).where(DeviceSecret.device_id.in_(rows))
    for row, name in session.execute(held.order_by(DeviceSecret.name)):
        secrets[row].append(name)
    interfaces = _interfaces(session, devices)
    return [
        _device(
            one, places.get(one.id), tuple(plugs[one.id]), tuple(outlets[one.id]), tuple(secrets[one.id]),
            tuple(interfaces[one.id]),
        )
        for one in devices
    ]  # fmt: skip


def feed_view(feed: Feed) -> FeedView:
    """A feed with its site and room loaded."""
    return FeedView(
        name=power.feed_path(feed),
        site=feed.site.name,
        room=feed.room.name if feed.room else None,
        volts=feed.volts,
        amps=feed.amps,
        supplier=feed.supplier,
        renewable=feed.renewable,
        since=feed.since,
        until=feed.until,
    )


def _device(
    one: Device,
    place: Placement | None,
    plugs: tuple[str, ...],
    outlets: tuple[str, ...],
    secrets: tuple[str, ...],
    interfaces: tuple[InterfaceView, ...],
) -> DeviceView:
    return DeviceView(
        name=one.name,
        role=DeviceRole(one.role),
        platform=one.platform,
        shape=one.shape,
        description=one.description,
        serial=one.serial,
        site=one.site.name,
        owner=str(one.owner) if one.owner else None,
        since=one.since,
        until=one.until,
        management=one.management,
        endpoint=one.endpoint,
        public_key=one.public_key,
        asn=one.asn,
        contact=one.contact,
        watts=one.watts,
        snmp_agreed=one.snmp_agreed,
        rack=placements.path(place.rack) if place else None,
        unit=place.unit if place else None,
        height=place.height if place else None,
        face=Face(place.face) if place and place.face else None,
        position=place.position if place else "",
        plugs=plugs,
        outlets=outlets,
        secrets=secrets,
        interfaces=interfaces,
    )


def _interfaces(session: Session, devices: Sequence[Device]) -> Mapping[int, Iterable[InterfaceView]]:
    asked = select(Interface).where(Interface.device_id.in_([one.id for one in devices])).order_by(Interface.name)
    found = session.scalars(asked).all()
    ends: dict[int, Link] = {}
    for link in cabling.links_of(session, devices):
        ends |= {row: link for row in (link.near_id, link.far_id) if row is not None}
    rows = [one.id for one in found]
    living = select(Assignment).where(Assignment.until.is_(None))
    theirs = living.where(or_(Assignment.interface_id.in_(rows), Assignment.peer_id.in_(rows)))
    prefixes: dict[int | None, list[str]] = defaultdict(list)
    for held in session.scalars(theirs.order_by(Assignment.family, Assignment.first)):
        for row in (held.interface_id, held.peer_id):
            prefixes[row].append(str(held.prefix))
    views: dict[int, list[InterfaceView]] = defaultdict(list)
    for one in found:
        end = ends.get(one.id)
        views[one.device_id].append(
            InterfaceView(
                name=one.name,
                description=one.description,
                mac=one.mac,
                enabled=one.enabled,
                link=cabling.other_end(end, one) if end else None,
                link_kind=LinkKind(end.kind) if end else None,
                link_since=end.since if end else None,
                prefixes=tuple(prefixes[one.id]),
            )
        )
    return views
