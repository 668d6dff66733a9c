"""Verbs on places: sites, their rooms, and the racks, shelves and floor spots where machines stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import names
from inventory.models.devices import Placement
from inventory.models.mandates import Task
from inventory.models.places import Rack, RackKind, Room, Site
from inventory.rights import asks
from inventory.scopes import scopes_of

TALLEST: Final = 100
"""Units of the tallest rack."""

WITH: Final = (joinedload(Rack.site), joinedload(Rack.room))
"""What a rack is loaded with, to be shown."""

_UNITS: Final = Phrase("la hauteur d'une baie, en U", "a rack's height, in U")


class NoSuchSite(NotFound):
    """No site of that name."""

    kind = "no-such-site"
    phrase = Phrase(
        "Pas de lieu nommé {site}. Les voir : essaim site list",
        "There is no site named {site}. To see them: essaim site list",
    )


class NoSuchRoom(NotFound):
    """No room of that name there."""

    kind = "no-such-room"
    phrase = Phrase(
        "Pas de salle {room} à {site}. L'ajouter : essaim site room {site} {room}",
        "There is no room {room} at {site}. To add it: essaim site room {site} {room}",
    )


class NoSuchRack(NotFound):
    """No rack, shelf or floor spot of that name there."""

    kind = "no-such-rack"
    phrase = Phrase(
        "Pas de baie, d'étagère ni d'emplacement {rack}. Les voir : essaim rack list",
        "There is no rack, shelf or spot {rack}. To see them: essaim rack list",
    )


class PlaceExists(Refused):
    """A place of that name is there already."""

    kind = "place-exists"
    phrase = Phrase("{place} existe déjà. Rien n'a été changé.", "{place} exists already. Nothing was changed.")


class BadRackName(Invalid):
    """A text that does not say at which site."""

    kind = "bad-rack-name"
    phrase = Phrase(
        "« {text} » ne dit pas où : il faut le lieu et le nom, comme mezzanine/A.",
        "“{text}” does not say where: it takes the site and the name, such as mezzanine/A.",
    )


class BadRackKind(Invalid):
    """A kind of place outside the list."""

    kind = "bad-rack-kind"
    phrase = Phrase("« {text} » : choisir parmi {kinds}.", "“{text}”: choose among {kinds}.")


class NoUnits(Invalid):
    """A shelf or the floor has no units."""

    kind = "no-units"
    phrase = Phrase(
        "{rack} n'est pas une baie : elle n'a pas d'unités. Rien n'a été changé.",
        "{rack} is no rack: it has no units. Nothing was changed.",
    )


class StandsAbove(Refused):
    """A machine stands where the rack would no longer reach."""

    kind = "stands-above"
    phrase = Phrase(
        "Des machines montent jusqu'à {top} U dans {rack}. Rien n'a été changé.",
        "Machines stand as high as {top} U in {rack}. Nothing was changed.",
    )


class RackUsed(Refused):
    """Machines stand there or stood there."""

    kind = "rack-used"
    phrase = Phrase(
        "Des machines sont ou ont été dans {rack} : son histoire se garde. Rien n'a été changé.",
        "Machines are or were in {rack}: its history is kept. Nothing was changed.",
    )


@scopes_of.register(Room)
@scopes_of.register(Rack)
def _(subject: Room | Rack, session: Session) -> frozenset[str]:
    return scopes_of(session.get_one(Site, subject.site_id), session)


@asks(Task.DEVICES_WRITE)
def add_site(session: Session, act: Act, name: str, description: str = "", *, address: str = "") -> Site:
    """A place where machines stand. Raises BadLabel, BadText, PlaceExists."""
    site = Site(name=names.label(name, 64), description=names.sentence(description), address=names.sentence(address))
    if session.scalar(select(Site.id).where(Site.name == site.name)) is not None:
        raise PlaceExists(place=site.name)
    session.add(site)
    journal.record(session, act, "site.add", site.name)
    session.flush()
    return site


@asks(Task.DEVICES_WRITE, "site")
def change_site(
    session: Session, act: Act, site: Site, *, description: str | None = None, address: str | None = None
) -> None:
    """Say something else of a site; None leaves it as it is. Raises BadText."""
    if description is not None:
        site.description = names.sentence(description)
    if address is not None:
        site.address = names.sentence(address)
    journal.record(session, act, "site.change", site.name, description=site.description, address=site.address)
    session.flush()


@asks(Task.DEVICES_WRITE, "site")
def add_room(session: Session, act: Act, site: Site, name: str, description: str = "") -> Room:
    """A room of a site. Raises BadLabel, BadText, PlaceExists."""
    room = Room(site_id=site.id, name=names.label(name, 64), description=names.sentence(description))
    if session.scalar(select(Room.id).where(Room.site_id == site.id, Room.name == room.name)) is not None:
        raise PlaceExists(place=f"{site.name}/{room.name}")
    session.add(room)
    journal.record(session, act, "room.add", f"{site.name}/{room.name}")
    session.flush()
    return room


@asks(Task.DEVICES_WRITE, "site")
def add_rack(
    session: Session,
    act: Act,
    site: Site,
    name: str,
    *,
    kind: str = RackKind.RACK,
    units: int | None = None,
    room: Room | None = None,
    description: str = "",
) -> Rack:
    """A rack (of 42 U unless told), a shelf, or a spot on the floor.

    Raises BadLabel, BadText, BadRackKind, OutOfRange, NoUnits, NoSuchRoom, PlaceExists.
    """
    if kind not in set(RackKind):
        raise BadRackKind(text=kind, kinds=[str(one) for one in RackKind])
    wanted = names.label(name, 32)
    path = f"{site.name}/{wanted}"
    if kind != RackKind.RACK and units is not None:
        raise NoUnits(rack=path)
    high = names.within(units or 42, _UNITS, 1, TALLEST) if kind == RackKind.RACK else None
    said = names.sentence(description)
    _in_site(site, room)
    if session.scalar(select(Rack.id).where(Rack.site_id == site.id, Rack.name == wanted)) is not None:
        raise PlaceExists(place=path)
    rack = Rack(site_id=site.id, name=wanted, kind=kind, units=high, room=room, description=said)
    session.add(rack)
    journal.record(session, act, "rack.add", path, kind=str(kind), units=high)
    session.flush()
    session.refresh(rack, ["site", "room"])
    return rack


@asks(Task.DEVICES_WRITE, "rack")
def change_rack(
    session: Session,
    act: Act,
    rack: Rack,
    *,
    units: int | None = None,
    room: Room | None = None,
    description: str | None = None,
) -> None:
    """Say something else of a rack; None leaves it as it is.

    Raises BadText, OutOfRange, NoUnits, StandsAbove, NoSuchRoom.
    """
    site = session.get_one(Site, rack.site_id)
    path = f"{site.name}/{rack.name}"
    locked = lock_rack(session, rack)
    if units is not None:
        if locked.kind != RackKind.RACK:
            raise NoUnits(rack=path)
        standing = select(func.max(Placement.unit + Placement.height - 1)).where(
            Placement.rack_id == locked.id, Placement.until.is_(None)
        )
        top = session.scalar(standing) or 0
        if top > names.within(units, _UNITS, 1, TALLEST):
            raise StandsAbove(top=top, rack=path)
        locked.units = units
    _in_site(site, room)
    if room is not None:
        locked.room = room
    if description is not None:
        locked.description = names.sentence(description)
    journal.record(session, act, "rack.change", path, units=locked.units, description=locked.description)
    session.flush()


@asks(Task.DEVICES_WRITE, "rack")
def remove_rack(session: Session, act: Act, rack: Rack) -> None:
    """Take away a rack that never held anything. Raises RackUsed."""
    path = f"{session.get_one(Site, rack.site_id).name}/{rack.name}"
    locked = lock_rack(session, rack)
    if session.scalar(select(Placement.id).where(Placement.rack_id == locked.id).limit(1)) is not None:
        raise RackUsed(rack=path)
    session.delete(locked)
    journal.record(session, act, "rack.remove", path)
    session.flush()


def lock_rack(session: Session, rack: Rack) -> Rack:
    """The rack, which nobody else fills until the transaction ends."""
    asked = select(Rack).where(Rack.id == rack.id).with_for_update(of=Rack)
    return session.scalars(asked.options(*WITH).execution_options(populate_existing=True)).one()


def find_site(session: Session, name: str) -> Site:
    """The site of that name, with its rooms and racks. Raises NoSuchSite."""
    asked = select(Site).where(Site.name == name).options(selectinload(Site.rooms), selectinload(Site.racks))
    site = session.scalar(asked.execution_options(populate_existing=True))
    if site is None:
        raise NoSuchSite(site=name)
    return site


def list_sites(session: Session, *, after: str = "", limit: int = 100) -> Sequence[Site]:
    """Sites by name, with their rooms and racks."""
    asked = select(Site).where(Site.name > after).order_by(Site.name).limit(limit)
    return session.scalars(asked.options(selectinload(Site.rooms), selectinload(Site.racks))).all()


def find_room(session: Session, site: Site, name: str) -> Room:
    """The room of that name at that site. Raises NoSuchRoom."""
    room = session.scalar(select(Room).where(Room.site_id == site.id, Room.name == name))
    if room is None:
        raise NoSuchRoom(room=name, site=site.name)
    return room


def find_rack(session: Session, path: str) -> Rack:
    """The rack, shelf or spot of that name: `mezzanine/A`. Raises BadRackName, NoSuchRack."""
    site, slash, name = path.partition("/")
    if not (site and slash and name):
        raise BadRackName(text=path[:50])
    asked = select(Rack).join(Site).where(Site.name == site, Rack.name == name)
    rack = session.scalar(asked.options(*WITH))
    if rack is None:
        raise NoSuchRack(rack=path[:97])
    return rack


def list_racks(session: Session, *, site: Site | None = None, after: str = "", limit: int = 100) -> Sequence[Rack]:
    """Racks, shelves and spots by site and name; `after` is the last one's path."""
    last = tuple_(*after.partition("/")[::2])
    asked = select(Rack).join(Site).where(tuple_(Site.name, Rack.name) > last)
    if site is not None:
        asked = asked.where(Rack.site_id == site.id)
    asked = asked.order_by(Site.name, Rack.name).limit(limit)
    return session.scalars(asked.options(*WITH)).all()


def _in_site(site: Site, room: Room | None) -> None:
    if room is not None and room.site_id != site.id:
        raise NoSuchRoom(room=room.name, site=site.name)
