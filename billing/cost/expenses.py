"""The costs of the association: noted from a day on, ended, listed, and read as the cost price reckons them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from billing.cost.price import Bearer, Expense, months_after
from billing.models import MEMBERSHIP, Cost, CostKind, CostPart, Per, SharingKey
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import names, offers, texts
from inventory.models.mandates import Task
from inventory.rights import asks

MOST: Final = Euros(10_000_000_00)
"""Above this, an amount is a typing error."""
LONGEST: Final = 600
"""Months over which a machine may be amortised."""

_MONTHS: Final = Phrase("un nombre de mois", "a number of months")
_PARTED: Final = frozenset({SharingKey.LINES, SharingKey.MEMBERS, SharingKey.RATE, SharingKey.WATTS, SharingKey.PARTS})


class NoSuchCost(NotFound):
    """No cost of that name."""

    kind = "no-such-cost"
    phrase = Phrase("Pas de coût nommé {cost}. Les voir : essaim cost list", "There is no cost named {cost}. "
                    "To see them: essaim cost list")  # fmt: skip


class CostExists(Refused):
    """A cost of that name is in force on that day already, and would not give way."""

    kind = "cost-exists"
    phrase = Phrase(
        "{cost} compte déjà à partir du {since}. Rien n'a été changé. Un nouveau prix commence plus tard ; "
        "pour corriger, retirer d'abord l'ancien : essaim cost end {cost} --on {since}",
        "{cost} counts already from {since} on. Nothing was changed. A new price begins later; "
        "to put it right, take the old one back first: essaim cost end {cost} --on {since}",
    )


class CostEnded(Refused):
    """A cost that had ended by that day."""

    kind = "cost-ended"
    phrase = Phrase(
        "{cost} ne compte plus depuis le {until}. Rien n'a été changé.",
        "{cost} has not counted since {until}. Nothing was changed.",
    )


class BadCost(Invalid):
    """What a cost of that kind cannot be."""

    kind = "bad-cost"
    phrase = Phrase("{reason} Rien n'a été changé.", "{reason} Nothing was changed.")


class BadPart(Invalid):
    """A part that is no number of something."""

    kind = "bad-cost-part"
    phrase = Phrase(
        "« {text} » ne dit pas à quelle offre va quelle part. Par exemple : adsl=2, vpn=7.5 ou membership=1. "
        "Rien n'a été changé.",
        "“{text}” does not say which offer has which part. For example: adsl=2, vpn=7.5 or membership=1. "
        "Nothing was changed.",
    )


AMOUNT_NEEDED: Final = Phrase("Un coût va de 0,01 à 10 000 000 €.", "A cost is between 0.01 and 10,000,000 €.")
PRICE_NEEDED: Final = Phrase(
    "L'électricité a un prix du kWh, en euros : --kwh-price 0.2276.",
    "Electricity has a price per kWh, in euros: --kwh-price 0.2276.",
)
ONE_OFFER: Final = Phrase(
    "Un accès de gros est celui d'une offre : --to adsl.", "Wholesale access is that of one offer: --to adsl."
)
PARTS_NEEDED: Final = Phrase("Dites qui en porte quelle part : --to adsl=2 --to vpn=1.",
                             "Say who bears which part: --to adsl=2 --to vpn=1.")  # fmt: skip
NO_PARTS: Final = Phrase(
    "L'adhésion seule en porte les parts, sans --to ; ailleurs, seules des parts fixes vont à membership.",
    "The membership alone bears it, without --to; elsewhere, only fixed parts go to membership.",
)
NOT_OF_THIS: Final = Phrase(
    "Les mois sont ceux d'une machine ; le prix du kWh, les kWh et l'arrivée, ceux de l'électricité.",
    "Months are a machine's; a price per kWh, kWh and a feed are electricity's.",
)


@dataclass(frozen=True, slots=True)
class Price:
    """What a cost takes. `cents` a month, a year (`per`), a line's month, or in all over `months`.

    Of electricity: `micros`, millionths of a euro a kWh; the `feed` that is measured (empty: all), or `watthours` a
    month where nothing measures.
    """

    cents: Euros | None = None
    per: Per = Per.MONTH
    months: int | None = None
    micros: int | None = None
    feed: str = ""
    watthours: int | None = None


@dataclass(frozen=True, slots=True)
class CostView:
    """A cost: its name and label, how it comes and is shared, its price, its days (half-open), who has which part."""

    name: str
    label: str
    kind: CostKind
    key: SharingKey
    cents: int | None
    per: str | None
    months: int | None
    micros: int | None
    feed: str
    watthours: int | None
    since: date
    until: date | None
    parts: Mapping[str, str] = field(default_factory=dict)


@asks(Task.DUES_WRITE)
def add_cost(
    session: Session,
    act: Act,
    name: str,
    kind: CostKind,
    price: Price,
    *,
    key: SharingKey = SharingKey.LINES,
    to: Sequence[str] = (),
    label: str = "",
    since: date | None = None,
) -> Cost:
    """A cost counts from that day on (today); what was in force under its name ends then.

    `to` says `offer=part`: fixed parts, or Mbit/s or watts of one line by the key; for other keys, to which offers it
    keeps. A machine and a one-off (spread over a year) end by themselves.
    Raises BadCode, BadText, BadCost, BadPart, OutOfRange, NoSuchOffer, CostExists.
    """
    day = since or clock.today(act.at)
    short, words = texts.code(name), texts.checked(label or name, 100)
    key = SharingKey.PARTS if kind is CostKind.WHOLESALE else key
    _demand_priced(kind, price)
    parts = [_part(session, text) for text in to]
    _demand_parts(kind, key, parts)
    months = 12 if kind is CostKind.ONCE else price.months
    until = None if months is None else months_after(day, names.within(months, _MONTHS, 1, LONGEST))
    before = _give_way(session, short, day)
    cost = Cost(
        name=short,
        label=words,
        kind=kind,
        shared_by=key,
        cents=price.cents,
        per=price.per if kind in (CostKind.RECURRING, CostKind.TRANSIT) else None,
        months=months,
        micros=price.micros,
        feed=price.feed,
        watthours=price.watthours,
        since=day,
        until=until,
        parts=parts,
    )
    session.add(cost)
    session.flush()
    journal.record(
        session, act, "cost.add", short, kind=kind, key=key, since=day, until=until, before=before, to=list(to),
        cents=None if price.cents is None else int(price.cents), micros=price.micros,
    )  # fmt: skip
    return cost


@asks(Task.DUES_WRITE)
def end_cost(session: Session, act: Act, name: str, *, on: date | None = None) -> Cost:
    """From that day (today) the cost counts no more; from its first day, it never did.

    Raises NoSuchCost, CostEnded, TooEarly.
    """
    cost, day = find_cost(session, name), on or clock.today(act.at)
    names.not_before(day, cost.since)
    if cost.until is not None and cost.until <= day:
        raise CostEnded(cost=cost.name, until=cost.until)
    cost.until = day
    journal.record(session, act, "cost.end", cost.name, on=day)
    session.flush()
    return cost


def find_cost(session: Session, name: str) -> Cost:
    """The latest cost of that name that ever counted. Raises NoSuchCost."""
    cost = session.scalars(_counting().where(Cost.name == name.strip()).order_by(Cost.since.desc())).first()
    if cost is None:
        raise NoSuchCost(cost=names.shown(name))
    return cost


def list_costs(session: Session, *, on: date | None = None, after: str = "", limit: int = 1000) -> list[CostView]:
    """Costs by name and first day: all of them, or those in force on a day."""
    query = _counting().where(Cost.name > after).order_by(Cost.name, Cost.since).limit(limit)
    if on is not None:
        query = query.where(Cost.since <= on, or_(Cost.until.is_(None), Cost.until > on))
    return [view(one) for one in session.scalars(query)]


def expenses(session: Session, since: date, until: date) -> list[Expense]:
    """What counts between two days, as the cost price takes it."""
    query = _counting().where(Cost.since < until, or_(Cost.until.is_(None), Cost.until > since))
    return [
        Expense(
            name=one.name,
            label=one.label,
            kind=CostKind(one.kind),
            key=SharingKey(one.shared_by),
            since=one.since,
            until=one.until,
            cents=one.cents,
            per=one.per,
            months=one.months,
            micros=one.micros,
            feed=one.feed,
            watthours=one.watthours,
            parts={_bearer(part): part.thousandths for part in one.parts},
        )
        for one in session.scalars(query.order_by(Cost.name, Cost.since))
    ]


def view(one: Cost) -> CostView:
    """A cost as every door shows it."""
    return CostView(
        name=one.name,
        label=one.label,
        kind=CostKind(one.kind),
        key=SharingKey(one.shared_by),
        cents=one.cents,
        per=one.per,
        months=one.months,
        micros=one.micros,
        feed=one.feed,
        watthours=one.watthours,
        since=one.since,
        until=one.until,
        parts={_bearer(part) or MEMBERSHIP: _plain(part.thousandths) for part in one.parts},
    )


def micros(text: str) -> int:
    """A price per kWh in millionths of a euro, from euros: `0.2276` or `0,2276`. Raises BadCost."""
    found = _scaled(text, 6)
    if found is None or not 0 < found <= 100_000_000:
        raise BadCost(reason=PRICE_NEEDED)
    return found


def _demand_priced(kind: CostKind, price: Price) -> None:
    electric = kind is CostKind.ELECTRICITY
    if electric and price.micros is None:
        raise BadCost(reason=PRICE_NEEDED)
    if not electric and (price.cents is None or not 0 < price.cents <= MOST):
        raise BadCost(reason=AMOUNT_NEEDED)
    of_electricity = price.micros is not None or price.feed or price.watthours is not None
    spread = price.months is not None
    if (not electric and of_electricity) or (electric and price.cents is not None):
        raise BadCost(reason=NOT_OF_THIS)
    if spread is not (kind is CostKind.MACHINE):
        raise BadCost(reason=NOT_OF_THIS)
    if price.watthours is not None and not 0 < price.watthours <= 10**12:
        raise BadCost(reason=NOT_OF_THIS)


def _demand_parts(kind: CostKind, key: SharingKey, parts: Sequence[CostPart]) -> None:
    if kind is CostKind.WHOLESALE and (len(parts) != 1 or parts[0].offer_id is None):
        raise BadCost(reason=ONE_OFFER)
    if key is SharingKey.PARTS and not parts:
        raise BadCost(reason=PARTS_NEEDED)
    if parts and key not in _PARTED:
        raise BadCost(reason=NO_PARTS)
    if key is not SharingKey.PARTS and any(part.offer_id is None for part in parts):
        raise BadCost(reason=NO_PARTS)
    if len({part.offer_id for part in parts}) < len(parts):
        raise BadCost(reason=PARTS_NEEDED)


def _part(session: Session, text: str) -> CostPart:
    """`adsl=2`, or `adsl` alone for 1. Raises BadPart, NoSuchOffer."""
    name, said, amount = text.strip().partition("=")
    thousandths = _scaled(amount, 3) if said else 1000
    if not name or thousandths is None or not 0 < thousandths <= 10**12:
        raise BadPart(text=names.shown(text))
    offer = None if name == MEMBERSHIP else offers.find_offer(session, name)
    return CostPart(offer_id=None if offer is None else offer.id, offer=offer, thousandths=thousandths)


def _scaled(text: str, digits: int) -> int | None:
    """A plain decimal number times a power of ten, if that is whole."""
    plain = text.strip().replace(",", ".")
    if not plain or len(plain) > 20 or not set(plain) <= set("0123456789."):
        return None
    try:
        found = Decimal(plain).scaleb(digits)
    except InvalidOperation:
        return None
    return int(found) if found == int(found) else None


def _give_way(session: Session, name: str, day: date) -> int | None:
    """End on that day what is in force under this name: the cents that it took.

    Raises CostExists where it may not give way.
    """
    held = session.scalars(_counting().where(Cost.name == name).order_by(Cost.since.desc())).first()
    if held is None or (held.until is not None and held.until <= day):
        return None
    if held.since >= day or held.months is not None:
        raise CostExists(cost=name, since=held.since)
    held.until = day
    session.flush()
    return None if held.cents is None else int(held.cents)


def _counting() -> Select[Cost]:
    """Costs but those taken back on their first day."""
    whole = select(Cost).where(or_(Cost.until.is_(None), Cost.until > Cost.since))
    return whole.options(selectinload(Cost.parts).joinedload(CostPart.offer))


def _bearer(part: CostPart) -> Bearer:
    return None if part.offer is None else part.offer.name


def _plain(thousandths: int) -> str:
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") if rest else str(whole)
