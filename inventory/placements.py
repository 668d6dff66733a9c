"""Verbs on where machines stand: in units of a rack, on its side, on a shelf, on the floor; from a day to a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory import names, rights
from inventory.devices import present
from inventory.models.devices import Device, Face, Placement
from inventory.models.mandates import Task
from inventory.models.places import Rack, RackKind, Site
from inventory.places import NoUnits, lock_rack
from inventory.rights import asks

_HEIGHT: Final = Phrase("la hauteur d'une machine, en U", "a machine's height, in U")


class UnitsTaken(Refused):
    """Another machine is in one of these units."""

    kind = "units-taken"
    phrase = Phrase(
        "{other} occupe déjà {units} dans {rack}. Rien n'a été changé. Voir la baie : essaim rack show {rack}",
        "{other} already takes {units} in {rack}. Nothing was changed. To see the rack: essaim rack show {rack}",
    )


class BeyondRack(Refused):
    """The rack does not reach that far."""

    kind = "beyond-rack"
    phrase = Phrase(
        "{rack} compte {units} U : {asked} n'y entre pas. Rien n'a été changé.",
        "{rack} has {units} U: {asked} does not fit. Nothing was changed.",
    )


class BadFace(Invalid):
    """A side outside the list."""

    kind = "bad-face"
    phrase = Phrase("« {text} » : choisir parmi {faces}.", "“{text}”: choose among {faces}.")


class AlreadyPlaced(Refused):
    """The machine stands somewhere already."""

    kind = "already-placed"
    phrase = Phrase(
        "{device} est déjà dans {rack}. Rien n'a été changé. La déplacer : essaim device move {device} {wanted}",
        "{device} already stands in {rack}. Nothing was changed. To move it: essaim device move {device} {wanted}",
    )


class NotPlaced(Refused):
    """The machine stands nowhere that we know of."""

    kind = "not-placed"
    phrase = Phrase(
        "{device} n'est placée nulle part. Rien n'a été changé. La placer : essaim device place {device} mezzanine/A",
        "{device} has no place. Nothing was changed. To place it: essaim device place {device} mezzanine/A",
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a rack: its lowest unit (None: on its side), how many, which face. Elsewhere `position` says it."""

    unit: int | None = None
    height: int = 1
    face: str = Face.FRONT
    position: str = ""

    def __str__(self) -> str:
        if self.unit is None:
            return "0 U"
        top = self.unit + self.height - 1
        return f"U{self.unit}" if top == self.unit else f"U{self.unit}-U{top}"


ANYWHERE: Final = Spot()

WITH: Final = (
    joinedload(Placement.rack).joinedload(Rack.site),
    joinedload(Placement.device).joinedload(Device.owner),
)
"""What a placement is loaded with, to be shown."""


@asks(Task.DEVICES_WRITE, "device")
def place(
    session: Session, act: Act, device: Device, rack: Rack, spot: Spot = ANYWHERE, *, since: date | None = None
) -> Placement:
    """Put a machine somewhere, from today or from `since`; its site becomes the rack's.

    Raises AlreadyPlaced, Retired, BadFace, OutOfRange, BadText, NoUnits, BeyondRack, UnitsTaken, TooEarly.
    """
    day = since or clock.today(act.at)
    held = _from(session, device, day)
    if held is not None:
        raise AlreadyPlaced(device=device.name, rack=path(held.rack), wanted=path(rack))
    return _put(session, act, device, rack, spot, day, "device.place")


@asks(Task.DEVICES_WRITE, "device")
def move(
    session: Session, act: Act, device: Device, rack: Rack, spot: Spot = ANYWHERE, *, since: date | None = None
) -> Placement:
    """Take a machine from where it stands, and put it elsewhere the same day.

    Raises NotPlaced, and what `place` raises.
    """
    day = since or clock.today(act.at)
    _end(session, device, day)
    return _put(session, act, device, rack, spot, day, "device.move")


@asks(Task.DEVICES_WRITE, "device")
def take_out(session: Session, act: Act, device: Device, *, until: date | None = None) -> Placement:
    """Take a machine out of where it stands: it stays at its site, without a place. Raises NotPlaced, TooEarly."""
    ended = _end(session, device, until or clock.today(act.at))
    journal.record(session, act, "device.take-out", device.name, rack=path(ended.rack))
    return ended


def placement_of(session: Session, device: Device, day: date) -> Placement | None:
    """Where a machine stands that day."""
    asked = select(Placement).where(Placement.device_id == device.id, on(day)).options(*WITH)
    return session.scalar(asked.order_by(Placement.since.desc()).limit(1))


def placements(session: Session, devices: Iterable[Device], day: date) -> dict[int, Placement]:
    """Where each of these machines stands that day, by row."""
    asked = select(Placement).where(Placement.device_id.in_([one.id for one in devices]), on(day)).options(*WITH)
    return {one.device_id: one for one in session.scalars(asked.order_by(Placement.since))}


def standing(session: Session, rack: Rack, day: date) -> Sequence[Placement]:
    """What stands in a rack that day, the highest first, with machines and owners."""
    asked = select(Placement).join(Device).where(Placement.rack_id == rack.id, on(day)).options(*WITH)
    return session.scalars(asked.order_by(Placement.unit.desc(), Device.name)).all()


def on(day: date) -> ColumnElement[bool]:
    """The condition of a placement that holds on a day."""
    return and_(Placement.since <= day, or_(Placement.until.is_(None), Placement.until > day))


def path(rack: Rack) -> str:
    """`mezzanine/A`."""
    return f"{rack.site.name}/{rack.name}"


def collides(one: Spot, other: Spot) -> bool:
    """Whether two machines would be in each other's way: common units, and a common face."""
    if one.unit is None or other.unit is None:
        return False
    high = one.unit < other.unit + other.height and other.unit < one.unit + one.height
    return high and (one.face == other.face or Face.BOTH in (one.face, other.face))


def _put(session: Session, act: Act, device: Device, rack: Rack, spot: Spot, day: date, verb: str) -> Placement:
    present(device)
    names.not_before(day, device.since)
    locked = lock_rack(session, rack)
    site = session.get_one(Site, locked.site_id)
    if device.site_id != site.id:
        rights.demand(session, act, Task.DEVICES_WRITE, locked)
    where = f"{site.name}/{locked.name}"
    known = _checked(locked, where, spot)
    later = or_(Placement.until.is_(None), and_(Placement.until > day, Placement.until > Placement.since))
    others = select(Placement).where(Placement.rack_id == locked.id, later).options(joinedload(Placement.device))
    for other in session.scalars(others.order_by(Placement.unit)):
        taken = spot_of(other)
        if other.device_id != device.id and collides(known, taken):
            raise UnitsTaken(other=other.device.name, units=str(taken), rack=where)
    inside = known.unit is not None
    placed = Placement(
        device_id=device.id,
        rack_id=locked.id,
        unit=known.unit,
        height=known.height if inside else None,
        face=known.face if inside else None,
        position=known.position,
        since=day,
    )
    session.add(placed)
    device.site_id = site.id
    journal.record(session, act, verb, device.name, rack=where, units=str(known), face=known.face, since=day)
    session.flush()
    session.expire(device, ["site"])
    session.refresh(placed, ["rack", "device"])
    return placed


def spot_of(placement: Placement) -> Spot:
    """Where in its rack a machine stands."""
    if placement.unit is None or placement.height is None or placement.face is None:
        return Spot(position=placement.position)
    return Spot(placement.unit, placement.height, placement.face, placement.position)


def _checked(rack: Rack, where: str, spot: Spot) -> Spot:
    position = names.sentence(spot.position, 100)
    if spot.unit is None:
        return Spot(position=position)
    if rack.kind != RackKind.RACK or rack.units is None:
        raise NoUnits(rack=where)
    if spot.face not in set(Face):
        raise BadFace(text=spot.face, faces=[str(one) for one in Face])
    names.within(spot.height, _HEIGHT, 1, rack.units)
    if spot.unit < 1 or spot.unit + spot.height - 1 > rack.units:
        raise BeyondRack(rack=where, units=rack.units, asked=str(spot))
    return Spot(spot.unit, spot.height, str(spot.face), position)


def _from(session: Session, device: Device, day: date) -> Placement | None:
    later = or_(Placement.until.is_(None), and_(Placement.until > day, Placement.until > Placement.since))
    asked = select(Placement).where(Placement.device_id == device.id, later).options(*WITH)
    return session.scalar(asked.order_by(Placement.since).limit(1))


def _end(session: Session, device: Device, day: date) -> Placement:
    session.scalars(select(Device.id).where(Device.id == device.id).with_for_update()).one()
    asked = select(Placement).where(Placement.device_id == device.id, Placement.until.is_(None)).options(*WITH)
    held = session.scalar(asked.execution_options(populate_existing=True))
    if held is None:
        raise NotPlaced(device=device.name)
    held.until = names.not_before(day, held.since)
    session.flush()  # the old place is given up before the new one is taken: the database refuses both at once
    return held
