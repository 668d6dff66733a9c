"""Feeds, the outlets of PDUs, and what is and was plugged in where: read, weighed, written, and written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.speech import Phrase
from inventory import devices, names, places, power
from inventory.exchange.cells import Cells
from inventory.exchange.doing import Doing
from inventory.exchange.network import Network
from inventory.exchange.plans import Action, Change, Draft
from inventory.exchange.records import Noun, Place, Record
from inventory.exchange.timelines import Span, Timelines
from inventory.models.devices import Device
from inventory.models.places import Site
from inventory.models.power import Feed, Outlet, Plug

_CHANGEABLE: Final = ("amps", "supplier", "renewable")
_ONE_SOURCE: Final = Phrase(
    "une machine est branchée sur une prise, ou sur une arrivée : l'une des deux colonnes.",
    "a machine is plugged into an outlet, or into a feed: one of the two columns.",
)
_ITSELF: Final = Phrase("{device} s'alimenterait elle-même.", "{device} would feed itself.")
_FEED_OVER: Final = Phrase("{feed} n'alimente plus rien.", "{feed} feeds nothing any more.")


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """A supply of electricity, by its path: `mezzanine/EDF-A`."""

    noun: ClassVar[Noun] = Noun.FEED
    place: Place
    name: str
    room: str | None = None
    volts: int | None = None
    amps: int | None = None
    supplier: str | None = None
    renewable: bool | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class ChangedFeed:
    """What a file says otherwise of a feed."""

    name: str
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class OutletRecord:
    """A socket of a PDU or UPS, by its path: `pdu1/3`."""

    noun: ClassVar[Noun] = Noun.OUTLET
    place: Place
    name: str


@dataclass(frozen=True, slots=True)
class PlugRecord:
    """A power cord: in an outlet, or straight on a feed."""

    noun: ClassVar[Noun] = Noun.PLUG
    place: Place
    device: str
    outlet: str | None = None
    feed: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class NewPlug:
    """A cord to plug in from a day on."""

    record: PlugRecord
    since: date


def read_feed(cells: Cells) -> Iterator[Record]:
    """A row of `feeds`."""
    since, until = cells.day("since"), cells.day("until")
    if cells.period(since, until, empty=True):
        yield FeedRecord(
            place=cells.place,
            name=cells.needed("name", 97),
            room=cells.text("room", 64),
            volts=cells.number("volts"),
            amps=cells.number("amps"),
            supplier=cells.text("supplier", 100),
            renewable=cells.truth("renewable"),
            since=since,
            until=until,
        )


def read_outlet(cells: Cells) -> Iterator[Record]:
    """A row of `outlets`."""
    yield OutletRecord(cells.place, cells.needed("name", 81))


def read_plug(cells: Cells) -> Iterator[Record]:
    """A row of `plugs`."""
    since, until = cells.day("since"), cells.day("until")
    outlet, feed = cells.text("outlet", 81), cells.text("feed", 97)
    if (outlet is None) == (feed is None):
        cells.wrong(_ONE_SOURCE)
    elif cells.period(since, until, empty=True):
        yield PlugRecord(cells.place, cells.needed("device", 64), outlet, feed, since, until)


def weigh_power(
    draft: Draft,
    session: Session,
    network: Network,
    rooms: frozenset[str],
    records: Iterable[FeedRecord | OutletRecord | PlugRecord],
) -> None:
    """Say of each feed, outlet and plug what would become of it: they come in that order. `rooms`: all there are."""
    every = list(records)
    if not every:
        return
    feeds = {one["name"]: one for one in _feeds(session)}
    outlets = {one["name"] for one in _outlets(session)}
    plugged, above = Timelines(), dict[str, set[str]]()
    for one in _plugs(session):
        plugged.note(*_span(one["device"], one["outlet"], one["feed"], one["since"], one["until"], None))
        if one["outlet"] and one["until"] is None:
            above.setdefault(one["device"], set()).add(one["outlet"].partition("/")[0])
    over = {name for name, one in feeds.items() if one["until"] is not None}
    for record in every:
        match record:
            case FeedRecord():
                _feed(draft, network, rooms, feeds, over, record)
            case OutletRecord():
                _outlet(draft, network, outlets, record)
            case PlugRecord() if (missing := _missing(network, feeds, outlets, record)) is not None:
                draft.unknown(record.place, *missing)
            case PlugRecord() if record.feed in over and record.until is None:
                draft.wrong(record.place, _FEED_OVER, feed=record.feed)
            case PlugRecord():
                _plug(draft, plugged, above, record)


def _missing(
    network: Network, feeds: dict[str, dict[str, Any]], outlets: set[str], record: PlugRecord
) -> tuple[Noun, str] | None:
    """What a plug names and is nowhere."""
    if not network.has(Noun.DEVICE, record.device):
        return Noun.DEVICE, record.device
    if record.feed is not None and record.feed not in feeds:
        return Noun.FEED, record.feed
    if record.outlet is not None and record.outlet not in outlets:
        return Noun.OUTLET, record.outlet
    return None


def _feed(
    draft: Draft,
    network: Network,
    rooms: frozenset[str],
    feeds: dict[str, dict[str, Any]],
    over: set[str],
    record: FeedRecord,
) -> None:
    site = record.name.partition("/")[0]
    if not draft.once(record.place, Noun.FEED, record.name):
        return None
    if not network.has(Noun.SITE, site):
        return draft.unknown(record.place, Noun.SITE, site)
    if record.room is not None and f"{site}/{record.room}" not in rooms:
        return draft.unknown(record.place, Noun.ROOM, f"{site}/{record.room}")
    here = feeds.get(record.name)
    if here is None:
        feeds[record.name] = {}
        over |= set() if record.until is None else {record.name}
        return draft.add(record.place, Action.CREATE, Noun.FEED, record.name, record)
    said = {name: value for name in _CHANGEABLE if (value := getattr(record, name)) is not None}
    changes = tuple(Change(name, here[name], value) for name, value in said.items() if value != here[name])
    if changes:
        work = ChangedFeed(record.name, tuple((one.field, one.after) for one in changes))
        return draft.add(record.place, Action.CHANGE, Noun.FEED, record.name, work, changes=changes)
    others = ("room", "volts", "since", "until")
    same = all(getattr(record, name) in (None, here[name]) for name in others)
    return draft.here(record.place, Noun.FEED, record.name, same=same)


def _outlet(draft: Draft, network: Network, outlets: set[str], record: OutletRecord) -> None:
    device = record.name.partition("/")[0]
    if not draft.once(record.place, Noun.OUTLET, record.name):
        return None
    if record.name in outlets:
        return draft.here(record.place, Noun.OUTLET, record.name, same=True)
    if not network.has(Noun.DEVICE, device):
        return draft.unknown(record.place, Noun.DEVICE, device)
    outlets.add(record.name)
    return draft.add(record.place, Action.CREATE, Noun.OUTLET, record.name, record)


def _plug(draft: Draft, plugged: Timelines, above: dict[str, set[str]], record: PlugRecord) -> None:
    key, span = _span(record.device, record.outlet, record.feed, date.min, record.until, record.place)
    living = plugged.living(key, span.what)
    since = record.since or (living.since if living and record.until is None else clock.today(draft.at))
    key, span = _span(record.device, record.outlet, record.feed, since, record.until, record.place)
    name = f"{record.device} → {record.outlet or record.feed}"
    if plugged.weigh(draft, Noun.PLUG, name, key, span, NewPlug(record, since)) and record.until is None:
        if record.outlet is not None:
            above.setdefault(record.device, set()).add(record.outlet.partition("/")[0])
        if _feeds_itself(record.device, above):
            draft.wrong(record.place, _ITSELF, device=record.device)


def _span(
    device: str, outlet: str | None, feed: str | None, since: date, until: date | None, place: Place | None
) -> tuple[tuple[str, ...], Span]:
    """An outlet has one plug at a time; on a feed hang as many machines as it bears."""
    key = (outlet,) if outlet is not None else (feed or "", device)
    return key, Span(since, until, device, place)


def _feeds_itself(device: str, above: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    edge = above.get(device, set())
    while edge:
        if device in edge:
            return True
        seen |= edge
        edge = {up for one in edge for up in above.get(one, ())} - seen
    return False


def add_feed(doing: Doing, record: FeedRecord) -> None:
    """Write a feed."""
    site, _, name = record.name.partition("/")
    found = places.find_site(doing.session, site)
    feed = power.add_feed(
        doing.session,
        doing.act,
        found,
        name,
        volts=230 if record.volts is None else record.volts,
        amps=16 if record.amps is None else record.amps,
        supplier=record.supplier or "",
        renewable=record.renewable,
        room=None if record.room is None else places.find_room(doing.session, found, record.room),
        since=record.since,
    )
    feed.until = None if record.until is None else names.not_before(record.until, feed.since)


def change_feed(doing: Doing, changed: ChangedFeed) -> None:
    """Write what a file says otherwise of a feed."""
    power.change_feed(doing.session, doing.act, power.find_feed(doing.session, changed.name), **dict(changed.values))


def add_outlet(doing: Doing, record: OutletRecord) -> None:
    """Write an outlet, of a machine that is gone too. Raises GivesNoPower, BadLabel."""
    giver, _, name = record.name.partition("/")
    device = devices.find_device(doing.session, giver)
    if device.role not in power.GIVERS:
        raise power.GivesNoPower(device=giver)
    doing.session.add(Outlet(device_id=device.id, name=names.label(name, 16)))
    journal.record(doing.session, doing.act, "device.outlets", giver, outlets=[name])
    doing.session.flush()


def add_plug(doing: Doing, new: NewPlug) -> None:
    """Write what is or was plugged in."""
    session, record = doing.session, new.record
    device = devices.find_device(session, record.device)
    outlet = None if record.outlet is None else power.find_outlet(session, record.outlet)
    feed = None if record.feed is None else power.find_feed(session, record.feed)
    session.add(
        Plug(
            device_id=device.id,
            outlet_id=outlet.id if outlet else None,
            feed_id=feed.id if feed else None,
            since=names.not_before(new.since, device.since),
            until=record.until,
        )
    )
    facts: dict[str, Any] = {"source": record.outlet or record.feed, "since": new.since, "until": record.until}
    journal.record(session, doing.act, "device.plug", record.device, **facts)
    session.flush()


def _feeds(session: Session) -> list[dict[str, Any]]:
    query = select(Feed).join(Site).options(joinedload(Feed.site), joinedload(Feed.room))
    fields = ("volts", "amps", "supplier", "renewable", "since", "until")
    return [
        {
            "name": power.feed_path(one),
            "room": one.room.name if one.room else None,
            **{name: getattr(one, name) for name in fields},
        }
        for one in session.scalars(query.order_by(Site.name, Feed.name))
    ]


def _outlets(session: Session) -> list[dict[str, Any]]:
    query = select(Outlet).join(Device).options(joinedload(Outlet.device)).order_by(Device.name, Outlet.name)
    return [{"name": power.outlet_path(one)} for one in session.scalars(query)]


def _plugs(session: Session) -> list[dict[str, Any]]:
    query = select(Plug).join(Device, Plug.device_id == Device.id).options(
        joinedload(Plug.device),
        joinedload(Plug.outlet).joinedload(Outlet.device),
        joinedload(Plug.feed).joinedload(Feed.site),
    )  # fmt: skip
    return [
        {
            "device": one.device.name,
            "outlet": power.outlet_path(one.outlet) if one.outlet else None,
            "feed": power.feed_path(one.feed) if one.feed else None,
            "since": one.since,
            "until": one.until,
        }
        for one in session.scalars(query.order_by(Device.name, Plug.since, Plug.id))
    ]


THINGS: Final = {"feeds": _feeds, "outlets": _outlets, "plugs": _plugs}
