"""Sites and racks from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inventory import placements, places
from inventory.models.devices import Device, DeviceRole, Face, Placement
from inventory.models.places import Rack, RackKind, Site


@dataclass(frozen=True, slots=True)
class SlotView:
    """A machine in its place: `unit` is the lowest it takes (none: on the side, on a shelf, on the floor).

    `owner` is a member's number, none for the association's own; `watts` is what was declared.
    """

    device: str
    role: DeviceRole
    owner: str | None
    watts: int | None
    unit: int | None
    height: int | None
    face: Face | None
    position: str
    since: date


@dataclass(frozen=True, slots=True)
class RackView:
    """A rack, shelf or floor spot, and what stands there that day. `units` and `free_units` are a rack's alone."""

    name: str
    site: str
    room: str | None
    kind: RackKind
    units: int | None
    free_units: int | None
    watts: int
    description: str
    machines: tuple[SlotView, ...]


@dataclass(frozen=True, slots=True)
class SiteView:
    """A site, its rooms and racks. `machines` are all that are there, `watts` what is declared of them."""

    name: str
    description: str
    address: str
    rooms: tuple[str, ...]
    machines: int
    unplaced: tuple[str, ...]
    watts: int
    free_units: int
    racks: tuple[RackView, ...]


def rack_view(session: Session, rack: Rack, day: date) -> RackView:
    """A rack, found by `places.find_rack`, on a day."""
    return rack_views(session, [rack], day)[0]


def rack_views(session: Session, racks: Sequence[Rack], day: date) -> list[RackView]:
    """Racks with their site and room loaded, on a day."""
    asked = select(Placement).join(Device).where(Placement.rack_id.in_([one.id for one in racks]), placements.on(day))
    held: dict[int, list[Placement]] = defaultdict(list)
    for one in session.scalars(asked.order_by(Placement.unit.desc(), Device.name).options(*placements.WITH)):
        held[one.rack_id].append(one)
    return [_rack(one, held[one.id]) for one in racks]


def site_view(session: Session, site: Site, day: date) -> SiteView:
    """A site, found by `places.find_site`, on a day."""
    return site_views(session, [site], day)[0]


def site_views(session: Session, sites: Sequence[Site], day: date) -> list[SiteView]:
    """Sites with their rooms and racks loaded, on a day."""
    rows = [one.id for one in sites]
    racks: dict[str, list[RackView]] = defaultdict(list)
    asked = select(Rack).where(Rack.site_id.in_(rows)).order_by(Rack.name).options(*places.WITH)
    for one in rack_views(session, session.scalars(asked).all(), day):
        racks[one.site].append(one)
    there = select(Device.site_id, func.count(), func.coalesce(func.sum(Device.watts), 0)).group_by(Device.site_id)
    living = there.where(Device.site_id.in_(rows), Device.until.is_(None))
    counted = {row[0]: (int(row[1]), int(row[2] or 0)) for row in session.execute(living)}
    lost: dict[int, list[str]] = defaultdict(list)
    placed = select(Placement.device_id).where(placements.on(day))
    nowhere = select(Device.site_id, Device.name).where(Device.site_id.in_(rows), Device.until.is_(None))
    for row, name in session.execute(nowhere.where(Device.id.not_in(placed)).order_by(Device.name)):
        lost[row].append(name)
    return [
        SiteView(
            name=site.name,
            description=site.description,
            address=site.address,
            rooms=tuple(room.name for room in site.rooms),
            machines=counted.get(site.id, (0, 0))[0],
            unplaced=tuple(lost[site.id]),
            watts=counted.get(site.id, (0, 0))[1],
            free_units=sum(one.free_units or 0 for one in racks[site.name]),
            racks=tuple(racks[site.name]),
        )
        for site in sites
    ]


def _rack(rack: Rack, held: Iterable[Placement]) -> RackView:
    slots = tuple(_slot(one) for one in held)
    taken = {slot.unit + step for slot in slots if slot.unit for step in range(slot.height or 0)}
    return RackView(
        name=placements.path(rack),
        site=rack.site.name,
        room=rack.room.name if rack.room else None,
        kind=RackKind(rack.kind),
        units=rack.units,
        free_units=None if rack.units is None else rack.units - len(taken),
        watts=sum(slot.watts or 0 for slot in slots),
        description=rack.description,
        machines=slots,
    )


def _slot(placement: Placement) -> SlotView:
    device = placement.device
    return SlotView(
        device=device.name,
        role=DeviceRole(device.role),
        owner=str(device.owner) if device.owner else None,
        watts=device.watts,
        unit=placement.unit,
        height=placement.height,
        face=Face(placement.face) if placement.face else None,
        position=placement.position,
        since=placement.since,
    )
