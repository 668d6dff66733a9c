"""Offers: what can be ordered. Every member may read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation.acts import Act
from inventory import devices, offers, pools, wholesalers
from inventory.models.lines import Delivery, Offer, Technology
from inventory.offers import Offering
from inventory.views.offers import OfferView, views_of


class Said(Body):
    """What is said of an offer; an empty realm takes it away."""

    title: str = Field("", max_length=100, examples=["VPN"])
    mtu: int = Field(0, ge=1, le=65535, examples=[1420])
    device: str = Field("", max_length=64, examples=["vpn"])
    pool_v4: str = Field("", max_length=32, examples=["vpn-v4"])
    pool_v6: str = Field("", max_length=32)
    realm: str = Field("", max_length=63)
    wholesaler: str = Field("", max_length=32)


class NewOffer(Said):
    """Something to order."""

    name: str = Field(max_length=32, examples=["vpn"])
    title: str = Field(max_length=100, examples=["VPN"])
    technology: Technology
    delivery: Delivery | None = None


def listed(
    session: Session,
    *,
    retired: bool = False,
    technology: Technology | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[Offer]:
    """Offers by name; those that nobody may order any more only with `retired`."""
    return offers.list_offers(session, retired=retired, technology=technology, after=after, limit=limit)


def create(session: Session, act: Act, body: NewOffer) -> Offer:
    """Something that can be ordered from now on."""
    said = _said(session, body)
    title = said.pop("title")
    return offers.add_offer(session, act, body.name, title, body.technology, body.delivery, **said)


def change(session: Session, act: Act, offer: Offer, body: Said) -> None:
    """What an offer says changes, for lines ordered from now on."""
    offers.change_offer(session, act, offer, Offering(**_said(session, body)))


def retire(session: Session, act: Act, offer: Offer) -> None:
    """Nobody orders it any more; lines that have it keep it."""
    offers.retire_offer(session, act, offer)


def _said(session: Session, body: Said) -> dict[str, Any]:
    said = {name: value for name, value in body.given().items() if name in Said.model_fields}
    found = {"device": devices.find_device, "pool_v4": pools.find_pool, "pool_v6": pools.find_pool}
    for name, find in {**found, "wholesaler": wholesalers.find_wholesaler}.items():
        if name in said:
            said[name] = find(session, said[name])
    return said


OFFERS = Noun(
    path="offers",
    about="Offers, by name: what can be ordered",
    view=OfferView,
    views=lambda session, _act, rows: views_of(session, rows),
    find=offers.find_offer,
    named=lambda offer: offer.name,
    listed=listed,
    readers=None,
    create=create,
    change=change,
    verbs={"retire": retire},
    example={
        "name": "vpn",
        "title": "VPN",
        "technology": "wireguard",
        "delivery": "tunnel",
        "mtu": 1420,
        "realm": None,
        "wholesaler": None,
        "device": "vpn",
        "pool_v4": "vpn-v4",
        "pool_v6": "vpn-v6",
        "lines": 12,
        "retired": None,
    },
)
