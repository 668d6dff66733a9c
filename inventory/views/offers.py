"""An offer from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from inventory import offers
from inventory.models.lines import Delivery, Offer, Technology


@dataclass(frozen=True, slots=True)
class OfferView:
    """What can be ordered: how it is carried and delivered, from which pools and machine, with which PPP realm.

    `mtu` in octets; `lines` how many have it now; `retired` since when nobody orders it any more.
    """

    name: str
    title: str
    technology: Technology
    delivery: Delivery
    mtu: int
    realm: str | None
    wholesaler: str | None
    device: str | None
    pool_v4: str | None
    pool_v6: str | None
    lines: int
    retired: date | None


def view(session: Session, offer: Offer) -> OfferView:
    """One offer, as `find_offer` loads it."""
    return views_of(session, [offer])[0]


def views_of(session: Session, found: Sequence[Offer]) -> list[OfferView]:
    """Offers, as `list_offers` loads them."""
    counts = offers.count_lines(session, found)
    return [_view(offer, counts[offer.id]) for offer in found]


def _view(offer: Offer, lines: int) -> OfferView:
    return OfferView(
        name=offer.name,
        title=offer.title,
        technology=Technology(offer.technology),
        delivery=Delivery(offer.delivery),
        mtu=offer.mtu,
        realm=offer.realm,
        wholesaler=offer.wholesaler.name if offer.wholesaler else None,
        device=offer.device.name if offer.device else None,
        pool_v4=offer.pool_v4.name if offer.pool_v4 else None,
        pool_v6=offer.pool_v6.name if offer.pool_v6 else None,
        lines=lines,
        retired=offer.retired,
    )
