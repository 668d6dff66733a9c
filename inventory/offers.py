"""Offers: what can be ordered, and from which pools and machine it is served."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import journal
from foundation.acts import Act
from foundation.errors import NotFound
from foundation.speech import Phrase
from inventory.models.addresses import Pool
from inventory.models.devices import Device
from inventory.models.lines import Offer, Technology


class NoSuchOffer(NotFound):
    """No offer of that name."""

    kind = "no-such-offer"
    phrase = Phrase(
        "Pas d'offre nommée {offer}. Il y a : {offers}.",
        "There is no offer named {offer}. There are: {offers}.",
    )


class NoOffers(NotFound):
    """The association has no offer at all yet."""

    kind = "no-offers"
    phrase = Phrase(
        "Cette association n'a encore aucune offre, et cette version n'a pas de commande pour en créer. "
        "Rien n'a été changé. Pour essayer : ESSAIM_VAR=var/essai essaim init --demo",
        "This association has no offer yet, and this version has no command to make one. "
        "Nothing was changed. To try: ESSAIM_VAR=var/trial essaim init --demo",
    )


def add_offer(
    session: Session,
    act: Act,
    name: str,
    title: str,
    technology: Technology,
    delivery: str,
    *,
    mtu: int,
    device: Device | None = None,
    pool_v4: Pool | None = None,
    pool_v6: Pool | None = None,
) -> Offer:
    """Something that can be ordered from now on."""
    offer = Offer(
        name=name,
        title=title,
        technology=technology,
        delivery=delivery,
        mtu=mtu,
        device=device,
        pool_v4=pool_v4,
        pool_v6=pool_v6,
    )
    session.add(offer)
    journal.record(session, act, "offer.add", name, technology=technology, delivery=delivery)
    session.flush()
    return offer


def find_offer(session: Session, name: str) -> Offer:
    """The offer of that name. Raises NoSuchOffer, NoOffers."""
    offer = session.scalar(
        select(Offer)
        .where(Offer.name == name)
        .options(joinedload(Offer.pool_v4), joinedload(Offer.pool_v6), joinedload(Offer.device))
    )
    if offer is None:
        known = [one.name for one in list_offers(session)]
        raise NoSuchOffer(offer=name, offers=known) if known else NoOffers()
    return offer


def list_offers(session: Session) -> Sequence[Offer]:
    """All offers by name."""
    return session.scalars(select(Offer).order_by(Offer.name)).all()
