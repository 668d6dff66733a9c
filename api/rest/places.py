"""Places: sites with their rooms, racks and shelves, feeds of electricity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation import clock
from foundation.acts import Act
from inventory import placements, places, power
from inventory.models.mandates import Task
from inventory.models.places import Rack, RackKind, Site
from inventory.models.power import Feed
from inventory.views.devices import FeedView, feed_view
from inventory.views.places import RackView, SiteView, rack_views, site_views

READERS = frozenset({Task.DEVICES_WRITE, Task.MONITORING_READ, Task.CHANGES_PROPOSE})
"""Who sees where machines stand."""


class NewSite(Body):
    """A datacentre, a shelf in a bookshop, a roof."""

    name: str = Field(max_length=64, examples=["mezzanine"])
    description: str = Field("", max_length=200)
    address: str = Field("", max_length=200)


class SiteChange(Body):
    """What else is said of it."""

    description: str = Field("", max_length=200)
    address: str = Field("", max_length=200)


class NewRoom(Body):
    """A room of a site."""

    name: str = Field(max_length=64, examples=["cave"])
    description: str = Field("", max_length=200)


class NewRack(Body):
    """A rack, a shelf or a spot on the floor."""

    site: str = Field(max_length=64, examples=["mezzanine"])
    name: str = Field(max_length=32, examples=["A"])
    kind: RackKind = RackKind.RACK
    units: int | None = Field(None, ge=1, le=100, examples=[42])
    room: str | None = Field(None, max_length=64)
    description: str = Field("", max_length=200)


class RackChange(Body):
    """What else is said of it."""

    units: int = Field(0, ge=1, le=100, examples=[47])
    room: str = Field("", max_length=64)
    description: str = Field("", max_length=200)


class NewFeed(Body):
    """A supply of electricity."""

    site: str = Field(max_length=64, examples=["mezzanine"])
    name: str = Field(max_length=32, examples=["EDF-A"])
    volts: int = Field(230, ge=1, le=1000)
    amps: int = Field(16, ge=1, le=10_000)
    supplier: str = Field("", max_length=100)
    renewable: bool | None = None
    room: str | None = Field(None, max_length=64)
    since: date | None = None


class FeedChange(Body):
    """What else is said of it."""

    amps: int = Field(0, ge=1, le=10_000)
    supplier: str = Field("", max_length=100)
    renewable: bool = False


class Until(Body):
    """The day on which it ends: today where none is given."""

    until: date | None = None


def create_site(session: Session, act: Act, body: NewSite) -> Site:
    """A place where machines stand."""
    return places.add_site(session, act, body.name, body.description, address=body.address)


def change_site(session: Session, act: Act, site: Site, body: SiteChange) -> None:
    """Other words for a site."""
    places.change_site(session, act, site, **body.given())


def add_room(session: Session, act: Act, site: Site, body: NewRoom) -> None:
    """A room of this site."""
    places.add_room(session, act, site, body.name, body.description)


SITES = Noun(
    path="sites",
    about="Sites, by name, with their rooms and racks",
    view=SiteView,
    views=lambda session, act, rows: site_views(session, rows, clock.today(act.at)),
    find=places.find_site,
    named=lambda site: site.name,
    listed=places.list_sites,
    readers=READERS,
    create=create_site,
    change=change_site,
    verbs={"rooms": add_room},
    example={
        "name": "mezzanine",
        "description": "",
        "address": "",
        "rooms": ["cave"],
        "machines": 12,
        "unplaced": [],
        "watts": 640,
        "free_units": 17,
        "racks": [],
    },
)


def racks_listed(session: Session, *, site: str | None = None, after: str = "", limit: int = 100) -> Sequence[Rack]:
    """Racks, shelves and spots by site and name."""
    where = places.find_site(session, site) if site is not None else None
    return places.list_racks(session, site=where, after=after, limit=limit)


def create_rack(session: Session, act: Act, body: NewRack) -> Rack:
    """A rack, a shelf or a spot on the floor."""
    site = places.find_site(session, body.site)
    room = places.find_room(session, site, body.room) if body.room is not None else None
    return places.add_rack(
        session, act, site, body.name, kind=body.kind, units=body.units, room=room, description=body.description
    )


def change_rack(session: Session, act: Act, rack: Rack, body: RackChange) -> None:
    """Other words, another room or more units for a rack."""
    said = body.given()
    if "room" in said:
        said["room"] = places.find_room(session, rack.site, body.room)
    places.change_rack(session, act, rack, **said)


RACKS = Noun(
    path="racks",
    about="Racks, shelves and spots on the floor, and what stands there",
    view=RackView,
    views=lambda session, act, rows: rack_views(session, rows, clock.today(act.at)),
    find=places.find_rack,
    named=placements.path,
    listed=racks_listed,
    readers=READERS,
    create=create_rack,
    change=change_rack,
    slashed=True,
    example={
        "name": "mezzanine/A",
        "site": "mezzanine",
        "room": None,
        "kind": "rack",
        "units": 42,
        "free_units": 17,
        "watts": 640,
        "description": "",
        "machines": [
            {
                "device": "vpn",
                "role": "vpn",
                "owner": None,
                "watts": 60,
                "unit": 12,
                "height": 1,
                "face": "front",
                "position": "",
                "since": "2026-01-15",
            }
        ],
    },
)


def feeds_listed(
    session: Session, *, site: str | None = None, ended: bool = False, after: str = "", limit: int = 100
) -> Sequence[Feed]:
    """Feeds by site and name; those that ended only with `ended`."""
    where = places.find_site(session, site) if site is not None else None
    return power.list_feeds(session, site=where, ended=ended, after=after, limit=limit)


def create_feed(session: Session, act: Act, body: NewFeed) -> Feed:
    """A supply of electricity."""
    site = places.find_site(session, body.site)
    said = body.given() | {"room": places.find_room(session, site, body.room) if body.room is not None else None}
    return power.add_feed(session, act, site, said.pop("name"), **{name: said[name] for name in said if name != "site"})


def change_feed(session: Session, act: Act, feed: Feed, body: FeedChange) -> None:
    """What else is said of a feed."""
    power.change_feed(session, act, feed, **body.given())


def end_feed(session: Session, act: Act, feed: Feed, body: Until) -> None:
    """A feed is no more."""
    power.end_feed(session, act, feed, until=body.until)


FEEDS = Noun(
    path="feeds",
    about="Feeds: supplies of electricity",
    view=FeedView,
    views=lambda _session, _act, rows: [feed_view(one) for one in rows],
    find=power.find_feed,
    named=power.feed_path,
    listed=feeds_listed,
    readers=READERS,
    create=create_feed,
    change=change_feed,
    verbs={"end": end_feed},
    slashed=True,
    example={
        "name": "mezzanine/EDF-A",
        "site": "mezzanine",
        "room": None,
        "volts": 230,
        "amps": 16,
        "supplier": "",
        "renewable": True,
        "since": "2026-01-15",
        "until": None,
    },
)
