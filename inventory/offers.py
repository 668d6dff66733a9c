"""Offers: what can be ordered, and from which pools and machine it is served."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import line_parts, rights
from inventory.models.addresses import Pool
from inventory.models.devices import Device
from inventory.models.lines import Delivery, Line, LineState, Offer, Technology
from inventory.models.mandates import Task
from inventory.models.wholesale import Wholesaler
from inventory.path_mtu import USUAL_PATH, over_l2tp
from inventory.rights import asks

USUAL_MTU: Final = {Delivery.TUNNEL: 1420, Delivery.L2TP: over_l2tp(USUAL_PATH), Delivery.PPPOE: 1492}
"""Octets of the largest packet, by delivery; 1500 for the others."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_REALM: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


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
        "Cette association n'a encore aucune offre. Rien n'a été changé. En créer une : "
        "essaim offer add vpn --title 'VPN WireGuard' --technology wireguard",
        "This association has no offer yet. Nothing was changed. To make one: "
        "essaim offer add vpn --title 'WireGuard VPN' --technology wireguard",
    )


class OfferExists(Refused):
    """An offer of that name is there already."""

    kind = "offer-exists"
    phrase = Phrase(
        "L'offre {offer} existe déjà. Rien n'a été changé. La voir : essaim offer show {offer}",
        "Offer {offer} exists already. Nothing was changed. To see it: essaim offer show {offer}",
    )


class BadOfferName(Invalid):
    """A text that names no offer."""

    kind = "bad-offer-name"
    phrase = Phrase(
        "« {name} » ne peut pas nommer une offre (minuscules sans accent, chiffres et tirets ; au plus 32).",
        "“{name}” cannot name an offer (lower case without accents, digits and hyphens; at most 32).",
    )


class BadTitle(Invalid):
    """A title that cannot be read."""

    kind = "bad-title"
    phrase = Phrase(
        "Le titre d'une offre a de 1 à 100 caractères visibles.",
        "An offer's title has 1 to 100 visible characters.",
    )


class BadRealm(Invalid):
    """A text that can follow no login."""

    kind = "bad-realm"
    phrase = Phrase(
        "« {realm} » ne peut pas suivre le @ d'un identifiant (minuscules, chiffres, points et tirets).",
        "“{realm}” cannot follow the @ of a login (lower case, digits, dots and hyphens).",
    )


class NoSuchTechnology(Invalid):
    """A word that is no technology."""

    kind = "no-such-technology"
    phrase = Phrase(
        "« {value} » n'est pas une technologie : choisir parmi {choices}.",
        "“{value}” is no technology: choose among {choices}.",
    )


class BadDelivery(Invalid):
    """A technology that does not arrive in that way."""

    kind = "bad-delivery"
    phrase = Phrase(
        "{technology} n'arrive pas par « {value} » : choisir parmi {choices}.",
        "{technology} does not arrive by “{value}”: choose among {choices}.",
    )


class WrongFamily(Invalid):
    """A pool of the other family."""

    kind = "wrong-family"
    phrase = Phrase(
        "Le pool {pool} n'est pas en IPv{family}. Rien n'a été changé.",
        "Pool {pool} is not IPv{family}. Nothing was changed.",
    )


class NothingSaid(Invalid):
    """A change that changes nothing."""

    kind = "nothing-to-change"
    phrase = Phrase("Rien à changer : dites quoi (--help).", "Nothing to change: say what (--help).")


class AlreadyRetired(Refused):
    """An offer that was retired before."""

    kind = "already-retired"
    phrase = Phrase(
        "L'offre {offer} est retirée depuis le {retired}. Rien n'a été changé.",
        "Offer {offer} was retired on {retired}. Nothing was changed.",
    )


class OfferRetired(Refused):
    """An offer that nobody may order any more."""

    kind = "offer-retired"
    phrase = Phrase(
        "L'offre {offer} est retirée depuis le {retired}. Rien n'a été changé. Les autres : essaim offer list",
        "Offer {offer} was retired on {retired}. Nothing was changed. The others: essaim offer list",
    )


@dataclass(frozen=True, slots=True)
class Offering:
    """What is said of an offer besides its name and kind. None leaves as it is; an empty realm takes away."""

    title: str | None = None
    mtu: int | None = None
    device: Device | None = None
    pool_v4: Pool | None = None
    pool_v6: Pool | None = None
    realm: str | None = None
    wholesaler: Wholesaler | None = None


@asks(Task.LINES_WRITE)
def add_offer(
    session: Session,
    act: Act,
    name: str,
    title: str,
    technology: str,
    delivery: str | None = None,
    *,
    mtu: int | None = None,
    device: Device | None = None,
    pool_v4: Pool | None = None,
    pool_v6: Pool | None = None,
    realm: str | None = None,
    wholesaler: Wholesaler | None = None,
) -> Offer:
    """Something that can be ordered from now on. Its delivery and MTU are the technology's usual ones if not said.

    Raises BadOfferName, OfferExists, BadTitle, NoSuchTechnology, BadDelivery, BadMTU, BadRealm, WrongFamily.
    """
    carried = parse_technology(technology)
    arrives = _delivery(carried, delivery)
    if not _NAME.fullmatch(name):
        raise BadOfferName(name=name[:40])
    if session.scalar(select(Offer.id).where(Offer.name == name)) is not None:
        raise OfferExists(offer=name)
    offer = Offer(name=name, technology=carried, delivery=arrives)
    _set(offer, Offering(title, mtu or USUAL_MTU.get(arrives, 1500), device, pool_v4, pool_v6, realm, wholesaler))
    session.add(offer)
    journal.record(session, act, "offer.add", name, technology=carried, delivery=arrives, mtu=offer.mtu)
    session.flush()
    return offer


@asks(Task.LINES_WRITE, "offer")
def change_offer(session: Session, act: Act, offer: Offer, offering: Offering) -> tuple[str, ...]:
    """Change what an offer says, for lines ordered from now on; its MTU counts for all.

    Gives the names of what changed.
    Raises NothingSaid, BadTitle, BadMTU, BadRealm, WrongFamily; NotMandated where a new machine or pool of it is out
    of reach.
    """
    for name in ("device", "pool_v4", "pool_v6"):
        there = getattr(offering, name)
        if there is not None and there.id != getattr(offer, f"{name}_id"):
            rights.demand(session, act, Task.LINES_WRITE, there)
    changed = _set(offer, offering)
    if not changed:
        raise NothingSaid
    session.flush()
    journal.record(session, act, "offer.change", offer.name, changed=changed)
    session.flush()
    return tuple(changed)


@asks(Task.LINES_WRITE, "offer")
def retire_offer(session: Session, act: Act, offer: Offer) -> int:
    """Nobody orders it any more; lines that have it keep it: so many. Raises AlreadyRetired."""
    if offer.retired is not None:
        raise AlreadyRetired(offer=offer.name, retired=offer.retired)
    offer.retired = clock.today(act.at)
    journal.record(session, act, "offer.retire", offer.name)
    session.flush()
    return count_lines(session, [offer])[offer.id]


def find_offer(session: Session, name: str) -> Offer:
    """The offer of that name, retired or not. Raises NoSuchOffer, NoOffers."""
    offer = session.scalar(_whole().where(Offer.name == name))
    if offer is None:
        known = [one.name for one in list_offers(session)]
        raise NoSuchOffer(offer=name, offers=known) if known else NoOffers()
    return offer


def list_offers(
    session: Session, *, retired: bool = False, technology: str | None = None, after: str = "", limit: int = 100
) -> Sequence[Offer]:
    """Offers by name, a page at a time; those retired only where asked."""
    query = _whole().where(Offer.name > after).order_by(Offer.name).limit(limit)
    if not retired:
        query = query.where(Offer.retired.is_(None))
    if technology is not None:
        query = query.where(Offer.technology == parse_technology(technology))
    return session.scalars(query).all()


def count_lines(session: Session, offers: Sequence[Offer]) -> dict[int, int]:
    """How many lines that are not over have each offer, by row."""
    counted = (
        select(Line.offer_id, func.count())
        .where(Line.offer_id.in_([one.id for one in offers]))
        .where(Line.state.not_in([LineState.CLOSED, LineState.CANCELLED]))
        .group_by(Line.offer_id)
    )
    return dict.fromkeys((one.id for one in offers), 0) | dict(session.execute(counted).all())


def demand_offered(offer: Offer) -> None:
    """Raises OfferRetired."""
    if offer.retired is not None:
        raise OfferRetired(offer=offer.name, retired=offer.retired)


def parse_technology(text: str) -> Technology:
    """A technology by its code. Raises NoSuchTechnology."""
    try:
        return Technology(text.strip().lower())
    except ValueError as unknown:
        raise NoSuchTechnology(value=text[:40], choices=[one.value for one in Technology]) from unknown


def _delivery(technology: Technology, text: str | None) -> Delivery:
    if text is None:
        return technology.deliveries[0]
    plain = text.strip().lower()
    found = next((one for one in technology.deliveries if one == plain), None)
    if found is None:
        raise BadDelivery(technology=technology, value=text[:40], choices=[one.value for one in technology.deliveries])
    return found


def _set(offer: Offer, said: Offering) -> dict[str, object]:
    """Put what is said on the offer: what changed, as the journal has it."""
    changed: dict[str, object] = {}
    for name in ("device", "pool_v4", "pool_v6", "wholesaler"):
        value = getattr(said, name)
        if value is not None:
            if name.startswith("pool") and value.family != int(name[-1]):
                raise WrongFamily(pool=value.name, family=int(name[-1]))
            setattr(offer, name, value)
            changed[name] = value.name
    if said.title is not None:
        offer.title = changed["title"] = _checked_title(said.title)
    if said.mtu is not None:
        offer.mtu = changed["mtu"] = line_parts.checked_mtu(said.mtu)
    if said.realm is not None:
        plain = said.realm.strip().lower()
        if plain and not _REALM.fullmatch(plain):
            raise BadRealm(realm=said.realm[:40])
        offer.realm = changed["realm"] = plain or None
    return changed


def _checked_title(title: str) -> str:
    plain = unicodedata.normalize("NFC", title).strip()
    if not 1 <= len(plain) <= 100 or not plain.replace("\N{NO-BREAK SPACE}", " ").isprintable():
        raise BadTitle
    return plain


def _whole() -> Select[Offer]:
    return select(Offer).options(
        joinedload(Offer.pool_v4), joinedload(Offer.pool_v6), joinedload(Offer.device), joinedload(Offer.wholesaler)
    )
