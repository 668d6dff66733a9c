"""Verbs on wholesalers: who sells us lines, and how what we buy is handed over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import collecting, texts
from inventory.deadlines import Guarantee
from inventory.dialect import dialect
from inventory.models.lines import Line, Offer
from inventory.models.mandates import Task
from inventory.models.wholesale import Collection, Order, OrderKind, OrderState, PppEnd, Wholesaler
from inventory.ordering import PLACED
from inventory.path_mtu import USUAL_PATH
from inventory.rights import asks


class NoSuchWholesaler(NotFound):
    """No wholesaler of that name."""

    kind = "no-such-wholesaler"
    phrase = Phrase(
        "Pas d'opérateur de gros nommé « {wholesaler} ». Les trouver : essaim wholesaler list",
        "There is no wholesaler named “{wholesaler}”. To find them: essaim wholesaler list",
    )


class WhichWholesaler(Invalid):
    """Nothing says from whom a line is bought."""

    kind = "which-wholesaler"
    phrase = Phrase(
        "Rien ne dit chez qui {line} est achetée. Rien n'a été changé. Dites-le : --wholesaler NOM (essaim wholesaler "
        "list)",
        "Nothing says from whom {line} is bought. Nothing was changed. Say it: --wholesaler NAME (essaim wholesaler "
        "list)",
    )


class SeveralWholesalers(WhichWholesaler):
    """A line has living orders at several wholesalers, as during a migration."""

    phrase = Phrase(
        "{line} a des commandes en cours chez {names}. Rien n'a été changé. Dites chez qui : --wholesaler NOM",
        "{line} has living orders at {names}. Nothing was changed. Say whose: --wholesaler NAME",
    )


class WholesalerThere(Refused):
    """A wholesaler of that name exists already."""

    kind = "wholesaler-there"
    phrase = Phrase(
        "{wholesaler} existe déjà. Rien n'a été changé. Le modifier : essaim wholesaler change {wholesaler} --title …",
        "{wholesaler} exists already. Nothing was changed. To change it: essaim wholesaler change {wholesaler} "
        "--title …",
    )


class BadCollection(Invalid):
    """A word that is no way to collect."""

    kind = "bad-collection"
    phrase = Phrase("« {value} » : choisir parmi {choices}.", "“{value}”: choose among {choices}.")


class CollectionNeeds(Invalid):
    """A collection lacks what it needs."""

    kind = "collection-needs"
    phrase = Phrase(
        "Une collecte « {collection} » a besoin de {needs}. Rien n'a été changé.",
        "A collection by “{collection}” needs {needs}. Nothing was changed.",
    )


class BadVlans(Invalid):
    """A text that is no range of VLANs."""

    kind = "bad-vlans"
    phrase = Phrase(
        "« {vlans} » n'est pas une plage de VLAN (de 1 à 4094) : par exemple 100-199. Rien n'a été changé.",
        "“{vlans}” is not a range of VLANs (1 to 4094): for example 100-199. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said of a wholesaler; None for what is not said, an empty text for what is no more."""

    title: str | None = None
    collection: str | None = None
    realm: str | None = None
    tunnel_endpoint: str | None = None
    enni: str | None = None
    vlans: str | None = None
    sister: str | None = None
    mapping: str | None = None
    guarantee: str | None = None
    contact: str | None = None
    radius_from: str | None = None
    ppp_end: str | None = None
    path_mtu: str | None = None


_NEEDS: Final[dict[Collection, dict[str, str]]] = {
    Collection.REALM_PROXY: {"realm": "--realm"},
    Collection.TUNNEL_STEERING: {"tunnel_endpoint": "--tunnel-endpoint"},
    Collection.VLAN_HANDOFF: {"enni": "--enni", "vlan_first": "--vlans"},
    Collection.WHITE_LABEL: {"sister": "--sister"},
}
_MOST: Final = {"title": 100, "contact": 200}


@asks(Task.LINES_WRITE)
def add_wholesaler(session: Session, act: Act, name: str, terms: Terms) -> Wholesaler:
    """Someone sells us lines from now on.

    Raises BadCode, BadText, WholesalerThere, BadCollection, CollectionNeeds, BadVlans, NoSuchMapping, BadGuarantee,
    BadSource, SourceTaken, BadPppEnd, BadPathMTU.
    """
    plain = texts.code(name)
    if session.scalar(select(Wholesaler.id).where(Wholesaler.name == plain)) is not None:
        raise WholesalerThere(wholesaler=plain)
    wholesaler = Wholesaler(
        name=plain, title=plain, mapping="manual", contact="", ppp_end=PppEnd.US, path_mtu=USUAL_PATH
    )
    changed = _take(wholesaler, terms)
    collecting.apart(session, wholesaler)
    session.add(wholesaler)
    journal.record(session, act, "wholesaler.add", plain, terms=changed)
    session.flush()
    return wholesaler


@asks(Task.LINES_WRITE)
def change_wholesaler(session: Session, act: Act, wholesaler: Wholesaler, terms: Terms) -> dict[str, object]:
    """Change what is said of a wholesaler, and give what that changed. Tickets keep the repair time they began with.

    Raises BadText, BadCollection, CollectionNeeds, BadVlans, NoSuchMapping, BadGuarantee, BadSource, SourceTaken,
    BadPppEnd, BadPathMTU.
    """
    with session.no_autoflush:
        changed = _take(wholesaler, terms)
        if "radius_from" in changed:
            collecting.apart(session, wholesaler)
    if changed:
        journal.record(session, act, "wholesaler.change", wholesaler.name, terms=changed)
    session.flush()
    return changed


def find_wholesaler(session: Session, name: str) -> Wholesaler:
    """The wholesaler of that name. Raises NoSuchWholesaler."""
    found = session.scalar(select(Wholesaler).where(Wholesaler.name == name.strip()))
    if found is None:
        raise NoSuchWholesaler(wholesaler=name[:40])
    return found


def for_line(session: Session, line: Line, name: str | None) -> Wholesaler:
    """The wholesaler of that name, or where none is said, of the line's living orders, or of its offer.

    Orders of an access count before changes of one, and one that is being terminated only where there is no other.
    Raises NoSuchWholesaler, SeveralWholesalers where living orders are at two, WhichWholesaler.
    """
    if name is not None:
        return find_wholesaler(session, name)
    bought = select(Order.kind, Order.state, Wholesaler.name).join(Wholesaler, Wholesaler.id == Order.wholesaler_id)
    placed = session.execute(bought.where(Order.line_id == line.id, Order.state.in_(PLACED))).all()
    living = [one for one in placed if one.state != OrderState.TERMINATION_REQUESTED] or placed
    possible = {one.name for one in living if one.kind == OrderKind.NEW} or {one.name for one in living}
    if len(possible) > 1:
        raise SeveralWholesalers(line=str(line), names=sorted(possible))
    if possible:
        return find_wholesaler(session, possible.pop())
    found = session.scalar(select(Wholesaler).join(Offer).where(Offer.id == line.offer_id))
    if found is None:
        raise WhichWholesaler(line=str(line))
    return found


def list_wholesalers(session: Session, *, after: str = "", limit: int = 100) -> Sequence[Wholesaler]:
    """Wholesalers by name, a page at a time."""
    return session.scalars(
        select(Wholesaler).where(Wholesaler.name > after).order_by(Wholesaler.name).limit(limit)
    ).all()


def guarantee_of(wholesaler: Wholesaler, text: str) -> Guarantee:
    """A repair time in our spelling or in that of the wholesaler's interface. Raises BadGuarantee."""
    return _guarantee(wholesaler.mapping, text)


def _guarantee(mapping: str, text: str) -> Guarantee:
    return Guarantee.parse(dialect(mapping).guarantees.get(text.strip(), text))


def _take(wholesaler: Wholesaler, terms: Terms) -> dict[str, object]:
    """Put what is said on the row, all of it or nothing, and give what that changes."""
    wanted = _columns(wholesaler, terms)
    after = {**{name: getattr(wholesaler, name) for name in _COLUMNS}, **wanted}
    collection = _collection(after["collection"])
    missing = [option for column, option in _NEEDS[collection].items() if after[column] in (None, "")]
    if missing:
        raise CollectionNeeds(collection=collection, needs=missing)
    if after["ppp_end"] == PppEnd.WHOLESALER and collection != Collection.REALM_PROXY:
        raise collecting.BadPppEnd(value=after["ppp_end"], choices=[one.value for one in PppEnd])
    changed = {name: value for name, value in wanted.items() if getattr(wholesaler, name) != value}
    for name, value in changed.items():
        setattr(wholesaler, name, value)
    return changed


_COLUMNS: Final = ("title", "collection", "realm", "tunnel_endpoint", "enni", "vlan_first", "vlan_last", "sister",
                   "mapping", "guarantee", "contact", "radius_from", "ppp_end", "path_mtu")  # fmt: skip


def _columns(wholesaler: Wholesaler, terms: Terms) -> dict[str, object]:
    said = {one.name: getattr(terms, one.name) for one in fields(terms) if getattr(terms, one.name) is not None}
    wanted: dict[str, object] = {}
    for name, text in said.items():
        match name:
            case "vlans":
                wanted["vlan_first"], wanted["vlan_last"] = _vlans(text)
            case "collection":
                wanted[name] = _collection(text)
            case "mapping":
                wanted[name] = dialect(text.strip()).name
            case "guarantee":
                mapping = dialect(said.get("mapping", wholesaler.mapping).strip()).name
                wanted[name] = str(_guarantee(mapping, text)) if text.strip() else None
            case "radius_from" | "ppp_end" | "path_mtu":
                wanted[name] = collecting.CHECKED[name](text)
            case "title":
                wanted[name] = texts.checked(text, _MOST[name])
            case "contact":
                wanted[name] = texts.checked(text, _MOST[name], empty=True)
            case _:
                wanted[name] = texts.checked(text, 100, empty=True) or None
    return wanted


def _collection(text: str | None) -> Collection:
    try:
        return Collection(text or "")
    except ValueError as unknown:
        raise BadCollection(value=(text or "")[:40], choices=[one.value for one in Collection]) from unknown


def _vlans(text: str) -> tuple[int | None, int | None]:
    if not text.strip():
        return None, None
    first, _, last = text.replace(" ", "").partition("-")
    last = last or first
    if not all(each.isascii() and each.isdigit() and len(each) < 5 for each in (first, last)):
        raise BadVlans(vlans=text[:40])
    if not 1 <= int(first) <= int(last) <= 4094:
        raise BadVlans(vlans=text[:40])
    return int(first), int(last)
