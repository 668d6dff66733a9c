"""Rooms, racks, and where machines stand and stood: read, weighed, written, and written out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.speech import Phrase
from inventory import devices, names, placements, places
from inventory.exchange.cells import Cells
from inventory.exchange.doing import Doing
from inventory.exchange.network import Network
from inventory.exchange.plans import Action, Change, Draft
from inventory.exchange.records import Noun, Place, Record
from inventory.exchange.timelines import Span, Timelines, where
from inventory.models.devices import Device, Face, Placement
from inventory.models.places import Rack, RackKind, Room, Site
from inventory.placements import Spot

_TALL: Final = 42
_NO_UNITS: Final = Phrase("{rack} n'a pas l'unité {unit}.", "{rack} has no unit {unit}.")
_NO_FACE: Final = Phrase("« {face} » : choisir parmi {choices}.", "“{face}”: choose among {choices}.")
_TAKEN: Final = Phrase(
    "{units} dans {rack} est à {other} en ce temps-là ({where}).",
    "{units} in {rack} is taken by {other} at that time ({where}).",
)


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room of a site, by its path: `mezzanine/salle`."""

    noun: ClassVar[Noun] = Noun.ROOM
    place: Place
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class RackRecord:
    """A rack, shelf or spot on the floor, by its path: `mezzanine/A`. `room` is its name within the site."""

    noun: ClassVar[Noun] = Noun.RACK
    place: Place
    name: str
    kind: str | None = None
    units: int | None = None
    room: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedRack:
    """What a file says otherwise of a rack."""

    name: str
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class PlacementRecord:
    """Where a machine stands or stood; the spot has no unit on a shelf, on the floor or on a rack's side."""

    noun: ClassVar[Noun] = Noun.PLACEMENT
    place: Place
    device: str
    rack: str
    spot: Spot
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class NewPlacement:
    """A machine to put somewhere from a day on."""

    record: PlacementRecord
    since: date


def read_room(cells: Cells) -> Iterator[Record]:
    """A row of `rooms`."""
    yield RoomRecord(cells.place, cells.needed("name", 129), cells.text("description") or "")


def read_rack(cells: Cells) -> Iterator[Record]:
    """A row of `racks`."""
    yield RackRecord(
        place=cells.place,
        name=cells.needed("name", 97),
        kind=cells.text("kind", 8),
        units=cells.number("units"),
        room=cells.text("room", 64),
        description=cells.text("description"),
    )


def read_placement(cells: Cells) -> Iterator[Record]:
    """A row of `placements`."""
    since, until = cells.day("since"), cells.day("until")
    if cells.period(since, until, empty=True):
        unit, height, face = cells.number("unit"), cells.number("height"), cells.text("face", 8)
        position = cells.text("position", 100) or ""
        yield PlacementRecord(
            place=cells.place,
            device=cells.needed("device", 64),
            rack=cells.needed("rack", 97),
            spot=Spot(position=position) if unit is None else Spot(unit, height or 1, face or Face.FRONT, position),
            since=since,
            until=until,
        )


def weigh_places(
    draft: Draft,
    session: Session,
    network: Network,
    records: Iterable[RoomRecord | RackRecord | PlacementRecord],
) -> frozenset[str]:
    """Say of each room, rack and placement what would become of it: they come in that order.

    Gives the paths of all the rooms that there will be.
    """
    every = list(records)
    rooms = {one["name"]: one["description"] for one in _rooms(session)}
    if not every:
        return frozenset(rooms)
    racks = {one["name"]: one for one in _racks(session)}
    tall = {name: one["units"] for name, one in racks.items()}
    standing, spots = _here(session)
    for record in every:
        match record:
            case RoomRecord():
                _room(draft, network, rooms, record)
            case RackRecord():
                _rack(draft, network, rooms, racks, tall, record)
            case PlacementRecord():
                _placement(draft, network, tall, standing, spots, record)
    return frozenset(rooms)


def _room(draft: Draft, network: Network, rooms: dict[str, str], record: RoomRecord) -> None:
    if not draft.once(record.place, Noun.ROOM, record.name):
        return
    if record.name in rooms:
        same = record.description in ("", rooms[record.name])
        draft.here(record.place, Noun.ROOM, record.name, same=same)
    elif _at_a_site(draft, network, record):
        rooms[record.name] = record.description
        draft.add(record.place, Action.CREATE, Noun.ROOM, record.name, record)


def _rack(
    draft: Draft,
    network: Network,
    rooms: dict[str, str],
    racks: dict[str, dict[str, Any]],
    tall: dict[str, int | None],
    record: RackRecord,
) -> None:
    if not draft.once(record.place, Noun.RACK, record.name) or not _at_a_site(draft, network, record):
        return None
    site = record.name.partition("/")[0]
    if record.room is not None and f"{site}/{record.room}" not in rooms:
        return draft.unknown(record.place, Noun.ROOM, f"{site}/{record.room}")
    here = racks.get(record.name)
    if here is None:
        tall[record.name] = (record.units or _TALL) if record.kind in (None, RackKind.RACK) else None
        return draft.add(record.place, Action.CREATE, Noun.RACK, record.name, record)
    said = {name: value for name in ("units", "room", "description") if (value := getattr(record, name)) is not None}
    changes = tuple(Change(name, here[name], value) for name, value in said.items() if value != here[name])
    if record.kind not in (None, here["kind"]) or not changes:
        return draft.here(record.place, Noun.RACK, record.name, same=record.kind in (None, here["kind"]))
    tall[record.name] = record.units or here["units"]
    work = ChangedRack(record.name, tuple((one.field, one.after) for one in changes))
    return draft.add(record.place, Action.CHANGE, Noun.RACK, record.name, work, changes=changes)


def _at_a_site(draft: Draft, network: Network, record: RoomRecord | RackRecord) -> bool:
    site = record.name.partition("/")[0]
    if not network.has(Noun.SITE, site):
        draft.unknown(record.place, Noun.SITE, site)
        return False
    return True


def _placement(
    draft: Draft,
    network: Network,
    tall: dict[str, int | None],
    standing: Timelines,
    spots: dict[str, list[tuple[str, Spot, Span]]],
    record: PlacementRecord,
) -> None:
    spot, units = record.spot, f"{record.rack} {record.spot}"
    if not network.has(Noun.DEVICE, record.device):
        return draft.unknown(record.place, Noun.DEVICE, record.device)
    if record.rack not in tall:
        return draft.unknown(record.place, Noun.RACK, record.rack)
    if spot.unit is not None:
        top, high = spot.unit + spot.height - 1, tall[record.rack]
        if high is None or not 1 <= spot.unit <= top <= high:
            return draft.wrong(record.place, _NO_UNITS, rack=record.rack, unit=top)
        if spot.face not in set(Face):
            return draft.wrong(record.place, _NO_FACE, face=spot.face, choices=[str(one) for one in Face])
    what = (record.rack, spot)
    living = standing.living(record.device, what)
    since = record.since or (living.since if living and record.until is None else clock.today(draft.at))
    span = Span(since, record.until, what, record.place)
    name = f"{record.device} → {units}"
    if standing.weigh(draft, Noun.PLACEMENT, name, record.device, span, NewPlacement(record, since)):
        for device, other, taken in spots[record.rack]:
            if device != record.device and placements.collides(spot, other) and span.meets(taken):
                said = where(taken.place, record.place)
                draft.wrong(record.place, _TAKEN, units=str(spot), rack=record.rack, other=device, where=said)
        spots[record.rack].append((record.device, spot, span))
    return None


def _here(session: Session) -> tuple[Timelines, dict[str, list[tuple[str, Spot, Span]]]]:
    standing, spots = Timelines(), defaultdict(list)
    for one in session.scalars(select(Placement).options(*placements.WITH)):
        rack, spot = placements.path(one.rack), placements.spot_of(one)
        span = Span(one.since, one.until, (rack, spot))
        standing.note(one.device.name, span)
        spots[rack].append((one.device.name, spot, span))
    return standing, spots


def add_room(doing: Doing, record: RoomRecord) -> None:
    """Write a room."""
    site, _, name = record.name.partition("/")
    places.add_room(doing.session, doing.act, places.find_site(doing.session, site), name, record.description)


def add_rack(doing: Doing, record: RackRecord) -> None:
    """Write a rack."""
    site, _, name = record.name.partition("/")
    found = places.find_site(doing.session, site)
    places.add_rack(
        doing.session,
        doing.act,
        found,
        name,
        kind=record.kind or RackKind.RACK,
        units=record.units,
        room=None if record.room is None else places.find_room(doing.session, found, record.room),
        description=record.description or "",
    )


def change_rack(doing: Doing, changed: ChangedRack) -> None:
    """Write what a file says otherwise of a rack."""
    rack, said = places.find_rack(doing.session, changed.name), dict(changed.values)
    if "room" in said:
        said["room"] = places.find_room(doing.session, rack.site, said["room"])
    places.change_rack(doing.session, doing.act, rack, **said)


def add_placement(doing: Doing, new: NewPlacement) -> None:
    """Write where a machine stands, or stood; its site is where it stands."""
    session, record, spot = doing.session, new.record, new.record.spot
    device, rack = devices.find_device(session, record.device), places.find_rack(session, record.rack)
    inside = spot.unit is not None
    names.not_before(new.since, device.since)
    session.add(
        Placement(
            device_id=device.id,
            rack_id=rack.id,
            unit=spot.unit,
            height=spot.height if inside else None,
            face=spot.face if inside else None,
            position=names.sentence(spot.position, 100),
            since=new.since,
            until=record.until,
        )
    )
    if record.until is None:
        device.site_id = rack.site_id
    facts: dict[str, Any] = {"rack": record.rack, "units": str(spot), "since": new.since, "until": record.until}
    journal.record(session, doing.act, "device.place", device.name, **facts)
    session.flush()


def _rooms(session: Session) -> list[dict[str, Any]]:
    query = select(Room).join(Site).options(joinedload(Room.site)).order_by(Site.name, Room.name)
    return [{"name": f"{one.site.name}/{one.name}", "description": one.description} for one in session.scalars(query)]


def _racks(session: Session) -> list[dict[str, Any]]:
    query = select(Rack).join(Site).options(*places.WITH).order_by(Site.name, Rack.name)
    return [
        {
            "name": placements.path(one),
            "kind": one.kind,
            "units": one.units,
            "room": one.room.name if one.room else None,
            "description": one.description,
        }
        for one in session.scalars(query)
    ]


def _placements(session: Session) -> list[dict[str, Any]]:
    query = (
        select(Placement).join(Device).options(*placements.WITH).order_by(Device.name, Placement.since, Placement.id)
    )
    fields = ("unit", "height", "face", "position", "since", "until")
    return [
        {"device": one.device.name, "rack": placements.path(one.rack), **{name: getattr(one, name) for name in fields}}
        for one in session.scalars(query)
    ]


THINGS: Final = {"rooms": _rooms, "racks": _racks, "placements": _placements}
