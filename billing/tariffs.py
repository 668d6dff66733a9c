"""Tariffs: what an offer or a membership costs, from a day on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from billing.models import Asked, Per, Tariff
from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import kinds
from inventory.models.lines import Offer
from inventory.models.mandates import Task
from inventory.models.people import MembershipKind
from inventory.rights import asks

MOST: Final = Euros(100_000_00)
"""Above this, an amount is a typing error."""


class BadTariff(Invalid):
    """An amount that no tariff can have."""

    kind = "bad-tariff"
    phrase = Phrase(
        "Un tarif va de 0 à {most} : pas {cents}. Rien n'a été changé.",
        "A tariff is between 0 and {most}: not {cents}. Nothing was changed.",
    )


class BadFloor(Invalid):
    """A least amount above the one suggested."""

    kind = "bad-tariff-floor"
    phrase = Phrase(
        "Le plancher et le montant solidaire vont de 0 au montant proposé, {cents} : pas {given}. Rien n'a été changé.",
        "The floor and the solidarity amount are between 0 and the amount suggested, {cents}: not {given}. "
        "Nothing was changed.",
    )


class BadPeriod(Invalid):
    """An entry every month, or a monthly price once."""

    kind = "bad-tariff-period"
    phrase = Phrase(
        "Un droit d'entrée et un dépôt de garantie se paient une fois (once), le reste par mois ou par an (month, "
        "year) ; un droit d'entrée est d'une adhésion, un dépôt d'une offre. Rien n'a été changé.",
        "A right of entry and a deposit are paid once, all else by month or year; an entry is of a kind of membership, "
        "a deposit of an offer. Nothing was changed.",
    )


class BadLabel(Invalid):
    """Words that cannot stand on a due."""

    kind = "bad-tariff-name"
    phrase = Phrase(
        "Le nom d'un tarif a de 1 à 100 caractères visibles. Rien n'a été changé.",
        "A tariff's name has 1 to 100 visible characters. Nothing was changed.",
    )


class NoSuchTariff(NotFound):
    """No tariff of that name."""

    kind = "no-such-tariff"
    phrase = Phrase(
        "Pas de tarif « {name} ». Ceux qu'il y a : essaim tariff list",
        "There is no tariff “{name}”. Those there are: essaim tariff list",
    )


class NothingToPrice(NotFound):
    """Neither an offer nor a kind of membership."""

    kind = "nothing-to-price"
    phrase = Phrase(
        "« {name} » n'est ni une offre (essaim offer list) ni un type d'adhésion (essaim kind list). "
        "Rien n'a été changé.",
        "“{name}” is neither an offer (essaim offer list) nor a kind of membership (essaim kind list). "
        "Nothing was changed.",
    )


class TwoOfThatName(Refused):
    """An offer and a kind of membership are called alike."""

    kind = "two-of-that-name"
    phrase = Phrase(
        "« {name} » est une offre et un type d'adhésion : dites offer:{name} ou kind:{name}. Rien n'a été changé.",
        "“{name}” is an offer and a kind of membership: say offer:{name} or kind:{name}. Nothing was changed.",
    )


@asks(Task.DUES_WRITE, "of")
def set_tariff(
    session: Session,
    act: Act,
    of: Offer | str,
    cents: Euros,
    *,
    per: Per,
    label: str,
    since: date,
    asked: Asked = Asked.REGULAR,
    floor: Euros | None = None,
    solidarity: Euros | None = None,
) -> Tariff:
    """From `since` on, `of` (an offer, or a kind of membership) costs `cents` a month, a year or once.

    With a `floor` the price is free: `cents` is suggested, and one may choose any amount from the floor on. The
    `solidarity` amount may be chosen by anyone, without a reason. It holds until the next tariff of the same begins;
    another one of the same day is corrected. Dues already issued stay as they are.
    Raises BadTariff, BadFloor, BadPeriod, BadLabel, NoSuchKind.
    """
    words = label.strip()
    if not 0 <= cents <= MOST:
        raise BadTariff(cents=cents, most=MOST)
    for least in (floor, solidarity):
        if least is not None and not 0 <= least <= cents:
            raise BadFloor(given=least, cents=cents)
    elsewhere = Asked.DEPOSIT if isinstance(of, str) else Asked.ENTRY
    if (asked == Asked.REGULAR) == (per == Per.ONCE) or asked == elsewhere:
        raise BadPeriod
    if not 1 <= len(words) <= 100 or not words.isprintable():
        raise BadLabel
    name = kinds.find_kind(session, of).name if isinstance(of, str) else of.name
    tariff = session.scalar(select(Tariff).where(Tariff.since == since, _is_of(of, asked)))
    before = None if tariff is None else int(tariff.cents)
    if tariff is None:
        tariff = Tariff(since=since, asked=asked)
        if isinstance(of, str):
            tariff.membership = of
        else:
            tariff.offer_id = of.id
        session.add(tariff)
    tariff.per, tariff.cents, tariff.label = per, cents, words
    tariff.floor, tariff.solidarity = floor, solidarity
    session.flush()
    journal.record(
        session,
        act,
        "tariff.set",
        name,
        before=before,
        cents=int(cents),
        per=per,
        asked=asked,
        floor=None if floor is None else int(floor),
        solidarity=None if solidarity is None else int(solidarity),
        label=words,
        since=since,
    )
    return tariff


def tariff_on(session: Session, of: Offer | str, day: date, asked: Asked = Asked.REGULAR) -> Tariff | None:
    """The tariff in force on that day, or None where there is none yet."""
    query = select(Tariff).where(_is_of(of, asked), Tariff.since <= day).order_by(Tariff.since.desc()).limit(1)
    return session.scalar(query)


def priced(session: Session, text: str) -> Offer | str:
    """The offer, or the kind of membership, of that name: `vpn`, `adherent`, `offer:vpn`, `kind:adherent`.

    Raises NothingToPrice, TwoOfThatName.
    """
    sort, _, name = text.strip().rpartition(":")
    named = select(MembershipKind).where(MembershipKind.name == name)
    kind = session.scalar(named) if sort in ("", "kind") else None
    offer = session.scalar(select(Offer).where(Offer.name == name)) if sort in ("", "offer") else None
    if kind is not None and offer is not None:
        raise TwoOfThatName(name=name)
    found = kind.name if kind is not None else offer
    if found is None:
        raise NothingToPrice(name=text[:40])
    return found


def usual_label(of: Offer | str, asked: Asked) -> str:
    """What a tariff is called where nobody said: the offer's title, or what is asked."""
    if asked == Asked.ENTRY:
        return asked.phrase.fr.capitalize()
    title = of.title if isinstance(of, Offer) else "Cotisation"
    return f"{asked.phrase.fr.capitalize()} {title}"[:100] if asked == Asked.DEPOSIT else title


def find_tariff(session: Session, text: str) -> Tariff:
    """The tariff of a public name, `offer:vpn:regular:2026-11-01`. Raises NoSuchTariff."""
    of, _, rest = text.strip().partition(":")[2].partition(":")
    asked, _, since = rest.partition(":")
    try:
        subject = priced(session, f"{text.partition(':')[0]}:{of}")
        day = date.fromisoformat(since)
    except (NotFound, ValueError) as wrong:
        raise NoSuchTariff(name=text[:80]) from wrong
    found = session.scalar(select(Tariff).where(Tariff.since == day, _is_of(subject, asked)))
    if found is None:
        raise NoSuchTariff(name=text[:80])
    return found


def list_tariffs(session: Session) -> Sequence[Tariff]:
    """Every tariff that was ever set, in the order of their days."""
    return session.scalars(select(Tariff).order_by(Tariff.since, Tariff.id)).all()


def in_force(tariffs: Iterable[Tariff], day: date) -> Tariff | None:
    """Among the tariffs of one thing, in the order of their days, the one in force on that day."""
    begun = [tariff for tariff in tariffs if tariff.since <= day]
    return begun[-1] if begun else None


def allowed(tariff: Tariff, cents: Euros) -> Euros:
    """What a chosen amount comes to under a tariff that may have changed since: itself, or the nearest it allows.

    Nobody gives more than the price of then because their choice no longer fits: below all that may be chosen it is
    the least of that.
    """
    if cents in (tariff.cents, tariff.solidarity) or (tariff.floor is not None and cents >= tariff.floor):
        return cents
    if tariff.solidarity is not None and cents < tariff.cents:
        return tariff.solidarity
    return tariff.cents if tariff.floor is None else tariff.floor


def _is_of(of: Offer | str, asked: str) -> ColumnElement[bool]:
    subject = Tariff.membership == of if isinstance(of, str) else Tariff.offer_id == of.id
    return subject & (Tariff.asked == asked)
