"""What electricity is made of: who supplies a feed, how much of it is renewable, from a day to the next contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import names
from inventory.models.mandates import Task
from inventory.models.places import Site
from inventory.models.power import Feed, Supply
from inventory.power import FeedEnded, feed_path
from inventory.rights import asks

_PERCENT: Final = Phrase("une part renouvelable, en pour cent", "a renewable share, in percent")


class NoFeedOfSupplier(Refused):
    """No feed in use has that supplier."""

    kind = "no-feed-of-supplier"
    phrase = Phrase(
        "Aucune arrivée n'a « {supplier} » pour fournisseur. Rien n'a été changé. Dire laquelle : --feed LIEU/ARRIVÉE",
        "No feed has “{supplier}” as its supplier. Nothing was changed. To say which one: --feed SITE/FEED",
    )


@dataclass(frozen=True, slots=True)
class SupplyView:
    """A feed's contract: from a day (none: since always) to a day (none: still). `renewable` is in percent."""

    feed: str
    supplier: str
    renewable: int | None
    since: date | None
    until: date | None


@asks(Task.DEVICES_WRITE, "feed")
def add_supply(
    session: Session, act: Act, feed: Feed, supplier: str, renewable: int, *, since: date | None = None
) -> Supply:
    """A feed's electricity comes from this supplier from that day on, and is renewable to so many percent.

    Said again for the same day, it is put right. Raises BadText, OutOfRange, FeedEnded, TooEarly.
    """
    if feed.until is not None:
        raise FeedEnded(feed=feed_path(feed), until=feed.until)
    day = names.not_before(since or clock.today(act.at), feed.since)
    name, percent = names.sentence(supplier, 100), names.within(renewable, _PERCENT, 0, 100)
    supply = session.scalar(select(Supply).where(Supply.feed_id == feed.id, Supply.since == day))
    if supply is None:
        supply = Supply(feed_id=feed.id, since=day)
        session.add(supply)
    supply.supplier, supply.renewable = name, percent
    if day <= clock.today(act.at):
        feed.supplier = name
    journal.record(session, act, "feed.supply", feed_path(feed), supplier=name, renewable=percent, since=day)
    session.flush()
    return supply


def feeds_of_supplier(session: Session, supplier: str) -> Sequence[Feed]:
    """The feeds in use that have this supplier, by site and name. Raises NoFeedOfSupplier."""
    asked = select(Feed).join(Site).where(Feed.supplier == supplier, Feed.until.is_(None))
    found = session.scalars(asked.order_by(Site.name, Feed.name).options(joinedload(Feed.site))).all()
    if not found:
        raise NoFeedOfSupplier(supplier=names.shown(supplier))
    return found


def list_supplies(session: Session) -> list[SupplyView]:
    """The contracts of every feed, one after another.

    Before the first one, a feed that is said to be renewable is so wholly; one said not to be, not at all.
    """
    feeds = session.scalars(select(Feed).join(Site).order_by(Site.name, Feed.name).options(joinedload(Feed.site)))
    told: dict[int, list[Supply]] = {}
    for one in session.scalars(select(Supply).order_by(Supply.since)):
        told.setdefault(one.feed_id, []).append(one)
    return [one for feed in feeds for one in _of_feed(feed, told.get(feed.id, []))]


def _of_feed(feed: Feed, told: Sequence[Supply]) -> list[SupplyView]:
    path = feed_path(feed)
    by_word = None if feed.renewable is None else 100 if feed.renewable else 0
    if not told:
        return [SupplyView(path, feed.supplier, by_word, None, feed.until)]
    found = [
        SupplyView(path, one.supplier, one.renewable, one.since, feed.until if after is None else after.since)
        for one, after in pairwise([*told, None])
        if one is not None
    ]
    if told[0].since > feed.since and by_word is not None:
        found.insert(0, SupplyView(path, "", by_word, None, told[0].since))
    return found
