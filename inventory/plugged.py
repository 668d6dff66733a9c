"""What was plugged in where, from day to day: the cords of machines, and the feeds that they lived on in the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from inventory.models.devices import Device
from inventory.models.people import Member
from inventory.models.places import Room, Site
from inventory.models.power import Feed, Outlet, Plug


@dataclass(frozen=True, slots=True)
class Cord:
    """A power cord, from a day to a day (half-open): of a machine, to an outlet (`giver`, `outlet`) or to a feed.

    `owner` is the member's number, none where the machine is the association's own.
    """

    device: str
    owner: str | None
    giver: str | None
    outlet: str | None
    feed: str | None
    since: date
    until: date | None

    @property
    def source(self) -> str:
        """`pdu1/3` or `mezzanine/EDF-A`."""
        return self.feed or f"{self.giver}/{self.outlet}"

    def on(self, day: date) -> bool:
        """Whether it was plugged in on that day."""
        return self.since <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Source:
    """A feed, and the room that it is in, where that is known: `mezzanine/EDF-A`, `mezzanine/salle`."""

    name: str
    room: str | None


def cords(session: Session, since: date, until: date) -> list[Cord]:
    """Every cord that was plugged in at some time from one day to another (half-open), by machine and day."""
    giver = aliased(Device)
    rows = session.execute(
        select(Device.name, Member.number, giver.name, Outlet.name, Site.name, Feed.name, Plug.since, Plug.until)
        .select_from(Plug)
        .join(Device, Device.id == Plug.device_id)
        .outerjoin(Member, Member.id == Device.owner_id)
        .outerjoin(Outlet, Outlet.id == Plug.outlet_id)
        .outerjoin(giver, giver.id == Outlet.device_id)
        .outerjoin(Feed, Feed.id == Plug.feed_id)
        .outerjoin(Site, Site.id == Feed.site_id)
        .where(Plug.since < until, or_(Plug.until.is_(None), Plug.until > since))
        .order_by(Device.name, Plug.since, Plug.id)
    )
    return [
        Cord(
            device,
            None if owner is None else f"M{owner:04d}",
            pdu,
            outlet,
            None if feed is None else f"{site}/{feed}",
            began,
            ended,
        )
        for device, owner, pdu, outlet, site, feed, began, ended in rows
        if ended is None or ended > began
    ]


def sources(session: Session) -> list[Source]:
    """Every feed, those of former times too, by site and name."""
    rows = session.execute(
        select(Site.name, Feed.name, Room.name)
        .select_from(Feed)
        .join(Site, Site.id == Feed.site_id)
        .outerjoin(Room, Room.id == Feed.room_id)
        .order_by(Site.name, Feed.name)
    )
    return [Source(f"{site}/{feed}", None if room is None else f"{site}/{room}") for site, feed, room in rows]


@dataclass(frozen=True, slots=True)
class Declared:
    """A machine, what its owner declared, and the outlets that it lives on: power strip, and number there."""

    machine: str
    watts: int
    outlets: tuple[tuple[str, int | None], ...]


def list_declared(session: Session) -> list[Declared]:
    """Every machine of a member that is here, whose watts were declared and that hangs on outlets, by name."""
    giver = aliased(Device)
    rows = session.execute(
        select(Device.name, Device.watts, giver.name, Outlet.name)
        .join(Plug, Plug.device_id == Device.id)
        .join(Outlet, Outlet.id == Plug.outlet_id)
        .join(giver, giver.id == Outlet.device_id)
        .where(Device.owner_id.is_not(None), Device.watts > 0, Device.until.is_(None), Plug.until.is_(None))
        .order_by(Device.name, giver.name, Outlet.name)
    )
    found: dict[str, Declared] = {}
    for machine, watts, strip, outlet in rows:
        before = found[machine].outlets if machine in found else ()
        found[machine] = Declared(machine, watts or 0, (*before, (strip, number_of(outlet))))
    return list(found.values())


def living(known: Sequence[Cord], source: str, day: date) -> Cord | None:
    """What was in an outlet on that day: `pdu1/3`."""
    return next((cord for cord in reversed(known) if cord.source == source and cord.on(day)), None)


def feeds_above(known: Iterable[Cord], device: str, day: date) -> list[str]:
    """The feeds that a machine lived on that day, through whatever it was plugged into. Pure."""
    above: dict[str, list[Cord]] = {}
    for cord in known:
        if cord.on(day):
            above.setdefault(cord.device, []).append(cord)
    seen: set[str] = set()
    edge, found = {device}, set()
    while edge:
        seen |= edge
        here = [cord for one in edge for cord in above.get(one, ())]
        found |= {cord.feed for cord in here if cord.feed is not None}
        edge = {cord.giver for cord in here if cord.giver is not None} - seen
    return sorted(found)


def number_of(outlet: str) -> int | None:
    """The number by which a power strip knows an outlet: the last digits of what is written beside it (`A3` is 3)."""
    digits = outlet[len(outlet.rstrip("0123456789")) :]
    return int(digits) if digits else None
