"""Verbs on electricity: feeds, the outlets of PDUs and UPSes, and what is plugged in where, dated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import names, rights
from inventory.devices import find_device, present
from inventory.models.devices import Device, DeviceRole
from inventory.models.mandates import Task
from inventory.models.places import Room, Site
from inventory.models.power import Feed, Outlet, Plug
from inventory.places import NoSuchRoom
from inventory.rights import asks
from inventory.scopes import owners_of, scopes_of, scopes_of_device

GIVERS: Final = frozenset({DeviceRole.PDU, DeviceRole.UPS})
"""Roles of the machines that have outlets."""

_VOLTS: Final = Phrase("une tension en volts", "a voltage in volts")
_AMPS: Final = Phrase("une intensité en ampères", "a current in amperes")


class NoSuchFeed(NotFound):
    """No feed of that name there."""

    kind = "no-such-feed"
    phrase = Phrase(
        "Pas d'arrivée électrique {feed}. Les voir : essaim feed list",
        "There is no feed {feed}. To see them: essaim feed list",
    )


class NoSuchOutlet(NotFound):
    """No outlet of that name on that machine."""

    kind = "no-such-outlet"
    phrase = Phrase(
        "Pas de prise {outlet}. Ajouter des prises à une multiprise : essaim device outlets pdu1 --count 8",
        "There is no outlet {outlet}. To add outlets to a PDU: essaim device outlets pdu1 --count 8",
    )


class FeedExists(Refused):
    """A feed of that name is there already."""

    kind = "feed-exists"
    phrase = Phrase("{feed} existe déjà. Rien n'a été changé.", "{feed} exists already. Nothing was changed.")


class FeedEnded(Refused):
    """The feed gives nothing any more."""

    kind = "feed-ended"
    phrase = Phrase(
        "{feed} n'alimente plus rien depuis le {until}. Rien n'a été changé.",
        "{feed} has fed nothing since {until}. Nothing was changed.",
    )


class StillFeeds(Refused):
    """Machines hang on the feed."""

    kind = "still-feeds"
    phrase = Phrase(
        "{feed} alimente encore {devices}. Rien n'a été changé.",
        "{feed} still feeds {devices}. Nothing was changed.",
    )


class GivesNoPower(Invalid):
    """Only PDUs and UPSes have outlets."""

    kind = "gives-no-power"
    phrase = Phrase(
        "{device} n'est ni une multiprise (pdu) ni un onduleur (ups) : elle n'a pas de prises. Rien n'a été changé.",
        "{device} is neither a PDU nor a UPS: it has no outlets. Nothing was changed.",
    )


class OutletExists(Refused):
    """An outlet of that name is on that machine already."""

    kind = "outlet-exists"
    phrase = Phrase("{outlet} existe déjà. Rien n'a été changé.", "{outlet} exists already. Nothing was changed.")


class OutletTaken(Refused):
    """Something is plugged in there."""

    kind = "outlet-taken"
    phrase = Phrase(
        "{other} est déjà sur la prise {outlet}. Rien n'a été changé.",
        "{other} is already plugged into {outlet}. Nothing was changed.",
    )


class FeedsItself(Invalid):
    """A PDU would be plugged into itself, perhaps through others."""

    kind = "feeds-itself"
    phrase = Phrase(
        "{device} s'alimenterait elle-même. Rien n'a été changé.",
        "{device} would feed itself. Nothing was changed.",
    )


class NotPlugged(Refused):
    """The machine is not plugged in, or not there."""

    kind = "not-plugged"
    phrase = Phrase(
        "{device} n'est pas branchée là. Rien n'a été changé. Où elle l'est : essaim device show {device}",
        "{device} is not plugged in there. Nothing was changed. Where it is: essaim device show {device}",
    )


@scopes_of.register
def _(subject: Feed, session: Session) -> frozenset[str]:
    return scopes_of(session.get_one(Site, subject.site_id), session)


@scopes_of.register
def _(subject: Outlet, session: Session) -> frozenset[str]:
    return scopes_of_device(subject.device_id, session)


@owners_of.register
def _(subject: Outlet, session: Session) -> frozenset[int]:
    """Whoever owns the machine that is in it."""
    held = select(Device.owner_id).join(Plug, Plug.device_id == Device.id)
    held = held.where(Plug.outlet_id == subject.id, Plug.until.is_(None), Device.owner_id.is_not(None))
    return frozenset(owner for owner in session.scalars(held) if owner is not None)


@asks(Task.DEVICES_WRITE, "site")
def add_feed(
    session: Session,
    act: Act,
    site: Site,
    name: str,
    *,
    volts: int = 230,
    amps: int = 16,
    supplier: str = "",
    renewable: bool | None = None,
    room: Room | None = None,
    since: date | None = None,
) -> Feed:
    """A supply of electricity. `renewable` None: nobody knows. Raises BadLabel, OutOfRange, BadText, FeedExists."""
    known = names.label(name, 32)
    if room is not None and room.site_id != site.id:
        raise NoSuchRoom(room=room.name, site=site.name)
    feed = Feed(
        site_id=site.id,
        room_id=room.id if room else None,
        name=known,
        volts=names.within(volts, _VOLTS, 5, 1000),
        amps=names.within(amps, _AMPS, 1, 1000),
        supplier=names.sentence(supplier, 100),
        renewable=renewable,
        since=since or clock.today(act.at),
    )
    if session.scalar(select(Feed.id).where(Feed.site_id == site.id, Feed.name == known)) is not None:
        raise FeedExists(feed=f"{site.name}/{known}")
    session.add(feed)
    journal.record(session, act, "feed.add", f"{site.name}/{known}", volts=volts, amps=amps, renewable=renewable)
    session.flush()
    session.refresh(feed, ["site", "room"])
    return feed


@asks(Task.DEVICES_WRITE, "feed")
def change_feed(
    session: Session,
    act: Act,
    feed: Feed,
    *,
    amps: int | None = None,
    supplier: str | None = None,
    renewable: bool | None = None,
) -> None:
    """Another contract on the same wires; None leaves it as it is. Raises OutOfRange, BadText."""
    if amps is not None:
        feed.amps = names.within(amps, _AMPS, 1, 1000)
    if supplier is not None:
        feed.supplier = names.sentence(supplier, 100)
    if renewable is not None:
        feed.renewable = renewable
    journal.record(session, act, "feed.change", feed_path(feed), amps=feed.amps, supplier=feed.supplier,
                   renewable=feed.renewable)  # fmt: skip
    session.flush()


@asks(Task.DEVICES_WRITE, "feed")
def end_feed(session: Session, act: Act, feed: Feed, *, until: date | None = None) -> None:
    """A feed gives nothing any more. Raises FeedEnded, StillFeeds, TooEarly."""
    if feed.until is not None:
        raise FeedEnded(feed=feed_path(feed), until=feed.until)
    hanging = select(Device.name).join(Plug, Plug.device_id == Device.id).where(Plug.feed_id == feed.id)
    held = session.scalars(hanging.where(Plug.until.is_(None)).order_by(Device.name)).all()
    if held:
        raise StillFeeds(feed=feed_path(feed), devices=list(held))
    feed.until = names.not_before(until or clock.today(act.at), feed.since)
    journal.record(session, act, "feed.end", feed_path(feed))
    session.flush()


@asks(Task.DEVICES_WRITE, "device")
def add_outlets(session: Session, act: Act, device: Device, labels: Sequence[str]) -> list[Outlet]:
    """The outlets of a PDU or UPS, by what is written beside them. Raises GivesNoPower, BadLabel, OutletExists."""
    present(device)
    if device.role not in GIVERS:
        raise GivesNoPower(device=device.name)
    made = []
    for label in labels:
        known = names.label(label, 16)
        if session.scalar(select(Outlet.id).where(Outlet.device_id == device.id, Outlet.name == known)) is not None:
            raise OutletExists(outlet=f"{device.name}/{known}")
        made.append(Outlet(device=device, name=known))
        session.add(made[-1])
        session.flush()
    journal.record(session, act, "device.outlets", device.name, outlets=[one.name for one in made])
    return made


@asks(Task.DEVICES_WRITE, "device")
def plug_in(session: Session, act: Act, device: Device, source: Outlet | Feed, *, since: date | None = None) -> Plug:
    """Plug a machine into an outlet, or hang it on a feed.

    Raises OutletTaken, FeedsItself, FeedEnded, TooEarly, Retired.
    """
    present(device)
    rights.demand(session, act, Task.DEVICES_WRITE, source)
    day = names.not_before(since or clock.today(act.at), device.since)
    if isinstance(source, Outlet):
        session.scalars(select(Outlet.id).where(Outlet.id == source.id).with_for_update()).one()
        present(source.device)
        held = select(Device.name).join(Plug, Plug.device_id == Device.id)
        other = session.scalar(held.where(Plug.outlet_id == source.id, Plug.until.is_(None)))
        if other is not None:
            raise OutletTaken(other=other, outlet=outlet_path(source))
        if device.id in _above(session, source.device_id):
            raise FeedsItself(device=device.name)
    elif source.until is not None:
        raise FeedEnded(feed=feed_path(source), until=source.until)
    plug = Plug(
        device_id=device.id,
        outlet_id=source.id if isinstance(source, Outlet) else None,
        feed_id=source.id if isinstance(source, Feed) else None,
        since=day,
    )
    session.add(plug)
    journal.record(session, act, "device.plug", device.name, source=source_path(source))
    session.flush()
    return plug


@asks(Task.DEVICES_WRITE, "device")
def unplug(
    session: Session, act: Act, device: Device, source: Outlet | Feed | None = None, *, until: date | None = None
) -> list[str]:
    """Unplug a machine from a source, or from all of them: which ones. Raises NotPlugged, TooEarly."""
    held = [
        plug
        for plug in plugs_of(session, [device])
        if source is None or (plug.outlet_id if isinstance(source, Outlet) else plug.feed_id) == source.id
    ]
    if not held:
        raise NotPlugged(device=device.name)
    day = until or clock.today(act.at)
    for plug in held:
        plug.until = names.not_before(day, plug.since)
    freed = [plugged_into(plug) for plug in held]
    journal.record(session, act, "device.unplug", device.name, sources=freed)
    session.flush()
    return freed


def find_feed(session: Session, path: str) -> Feed:
    """The feed of that name: `mezzanine/EDF-A`. Raises NoSuchFeed."""
    site, _, name = path.partition("/")
    asked = select(Feed).join(Site).where(Site.name == site, Feed.name == name)
    feed = session.scalar(asked.options(joinedload(Feed.site), joinedload(Feed.room)))
    if feed is None:
        raise NoSuchFeed(feed=path[:97])
    return feed


def list_feeds(
    session: Session, *, site: Site | None = None, ended: bool = False, after: str = "", limit: int = 100
) -> Sequence[Feed]:
    """Feeds by site and name; `after` is the last one's path."""
    asked = select(Feed).join(Site).where(tuple_(Site.name, Feed.name) > tuple_(*after.partition("/")[::2]))
    if site is not None:
        asked = asked.where(Feed.site_id == site.id)
    if not ended:
        asked = asked.where(Feed.until.is_(None))
    asked = asked.order_by(Site.name, Feed.name).limit(limit)
    return session.scalars(asked.options(joinedload(Feed.site), joinedload(Feed.room))).all()


def find_outlet(session: Session, path: str) -> Outlet:
    """The outlet of that name: `pdu1/3`. Raises NoSuchDevice, NoSuchOutlet."""
    giver, _, name = path.partition("/")
    device = find_device(session, giver)
    asked = select(Outlet).where(Outlet.device_id == device.id, Outlet.name == name)
    outlet = session.scalar(asked.options(joinedload(Outlet.device)))
    if outlet is None:
        raise NoSuchOutlet(outlet=path[:80])
    return outlet


def outlets_of(session: Session, devices: Iterable[Device]) -> Sequence[tuple[Outlet, str | None]]:
    """The outlets of PDUs, in the order of their numbers, with the machine in each."""
    asked = (
        select(Outlet, Device.name)
        .outerjoin(Plug, (Plug.outlet_id == Outlet.id) & Plug.until.is_(None))
        .outerjoin(Device, Device.id == Plug.device_id)
        .where(Outlet.device_id.in_([one.id for one in devices]))
    )
    rows = [(outlet, name) for outlet, name in session.execute(asked)]
    return sorted(rows, key=lambda row: (row[0].device_id, row[0].name.zfill(16)))


def plugs_of(session: Session, devices: Iterable[Device]) -> Sequence[Plug]:
    """The living plugs of machines, with what they are plugged into."""
    asked = select(Plug).where(Plug.device_id.in_([one.id for one in devices]), Plug.until.is_(None))
    sources = joinedload(Plug.outlet).joinedload(Outlet.device), joinedload(Plug.feed).joinedload(Feed.site)
    return session.scalars(asked.order_by(Plug.id).options(*sources)).all()


def feeds_of(session: Session, device: Device) -> list[str]:
    """The feeds that a machine lives on in the end, through whatever PDUs."""
    reached = {device.id, *_above(session, device.id)}
    asked = select(Feed).join(Plug, Plug.feed_id == Feed.id).where(Plug.device_id.in_(reached), Plug.until.is_(None))
    return sorted({feed_path(feed) for feed in session.scalars(asked.options(joinedload(Feed.site)))})


def plugged_into(plug: Plug) -> str:
    """`pdu1/3` or `mezzanine/EDF-A`."""
    source = plug.outlet or plug.feed
    return source_path(source) if source is not None else ""


def source_path(source: Outlet | Feed) -> str:
    """`pdu1/3` or `mezzanine/EDF-A`."""
    return outlet_path(source) if isinstance(source, Outlet) else feed_path(source)


def outlet_path(outlet: Outlet) -> str:
    """`pdu1/3`."""
    return f"{outlet.device.name}/{outlet.name}"


def feed_path(feed: Feed) -> str:
    """`mezzanine/EDF-A`."""
    return f"{feed.site.name}/{feed.name}"


def _above(session: Session, device_id: int) -> set[int]:
    """The rows of a machine and of all that it is plugged into, step by step."""
    seen: set[int] = set()
    edge = {device_id}
    while edge:
        seen |= edge
        asked = select(Outlet.device_id).join(Plug, Plug.outlet_id == Outlet.id)
        edge = set(session.scalars(asked.where(Plug.device_id.in_(edge), Plug.until.is_(None)))) - seen
    return seen
