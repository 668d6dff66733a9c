"""Mandates and collections as every door shows them: of an IBAN, its last four digits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from billing.debit.mandates import lapses
from billing.models import Collection, CollectionItem, DebitMandate, ItemState, SequenceType
from foundation.money import Euros


@dataclass(frozen=True, slots=True)
class DebitMandateView:
    """A mandate. `account` is the last four digits of the IBAN; from `lapses` on it may not serve any more."""

    rum: str
    member: str
    holder: str
    account: str
    signed: date
    ended: date | None
    last_collected: date | None
    lapses: date


@dataclass(frozen=True, slots=True)
class DebitView:
    """What one collection asks of one member. `code` is why the bank gave it back."""

    number: str
    member: str
    rum: str
    cents: Euros
    sequence: SequenceType
    state: ItemState
    announced: date | None
    code: str
    payment: str | None


@dataclass(frozen=True, slots=True)
class CollectionView:
    """A collection: the day on which accounts are debited, when its file was written, what it asks of whom.

    `cents` is the sum of what is asked, without what was withdrawn.
    """

    number: str
    day: date
    created: datetime
    message_id: str
    written: datetime | None
    count: int
    cents: Euros
    debits: tuple[DebitView, ...]


def mandate_view(one: DebitMandate) -> DebitMandateView:
    """A mandate as it is shown, its member loaded."""
    return DebitMandateView(
        one.rum, str(one.member), one.holder, one.last_four, one.signed, one.ended, one.last_collected, lapses(one)
    )


def collection_view(one: Collection) -> CollectionView:
    """A collection as it is shown, its items loaded with their mandates, members and payments."""
    asked = [item for item in one.items if item.state != ItemState.WITHDRAWN]
    total = Euros(sum(item.cents for item in asked))
    debits = tuple(_debit(item) for item in one.items)
    return CollectionView(str(one), one.day, one.created, one.message_id, one.written, len(asked), total, debits)


def _debit(item: CollectionItem) -> DebitView:
    return DebitView(
        item.end_to_end,
        str(item.mandate.member),
        item.mandate.rum,
        item.cents,
        SequenceType(item.sequence),
        ItemState(item.state),
        item.announced,
        item.code,
        str(item.payment) if item.payment is not None else None,
    )
