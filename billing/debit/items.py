"""What the bank says of direct debits: paid, alone or as one sum, or given back with a code.

Only an exact sum under an identifier of ours counts; anything else waits for a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from billing.allocations import stands
from billing.debit.collections import locked
from billing.debit.words import REASONS, code_in
from billing.models import (
    BankEntry,
    Collection,
    CollectionItem,
    DebitMandate,
    Filing,
    ItemState,
    Means,
    Payment,
    SequenceType,
)
from billing.payments import record_payment, reverse
from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks


class NotOfACollection(Refused):
    """A movement of the bank that is no direct debit of ours, or is booked already."""

    kind = "not-of-a-collection"
    phrase = Phrase(
        "{entry} n'est ni un prélèvement que la banque devait, ni un rejet, à ce montant exact ; ou bien c'est déjà "
        "noté. Rien n'a été changé. Les remises : essaim debit list",
        "{entry} is neither a direct debit that the bank owed nor one given back, of that very amount; or it is noted "
        "already. Nothing was changed. Collections: essaim debit list",
    )


class NoSuchItem(NotFound):
    """No direct debit of that identifier."""

    kind = "no-such-debit"
    phrase = Phrase(
        "Pas de prélèvement {item}. Ceux d'une remise : essaim debit show V0001",
        "There is no direct debit {item}. Those of a collection: essaim debit show V0001",
    )


class NotReturnable(Refused):
    """Only what a bank was asked for can come back from it, once."""

    kind = "debit-not-returnable"
    phrase = Phrase(
        "{item} est {state} : la banque ne peut pas le rejeter. Rien n'a été changé.",
        "{item} is {state}: a bank cannot give it back. Nothing was changed.",
    )


class UnknownReason(Invalid):
    """A code that is no reason of a return."""

    kind = "unknown-return-code"
    phrase = Phrase(
        "« {code} » n'est pas un code de rejet. Il y a : {codes}. Sans --code : MS03, la banque ne dit pas pourquoi.",
        "“{code}” is not a code of return. There are: {codes}. Without --code: MS03, the bank does not say why.",
    )


@dataclass(frozen=True, slots=True)
class Part:
    """What a movement says of one direct debit: its identifier, whose it is, its cents; negative where it came back.

    `code` is why it came back, empty where it was paid.
    """

    item: str
    member: str
    cents: Euros
    code: str = ""


_SIGNS: Final = re.compile(r"[^A-Z0-9]+")


def of_entry(session: Session, entry: BankEntry) -> tuple[Part, ...] | None:
    """What the bank says by this movement of direct debits of ours; None where it says nothing of them for certain.

    Money that came in: one that was handed to the bank, by its end-to-end identifier, or all that is still waited for
    of a collection, or of those of one sequence in it, by the message's identifier; the cents are the same to the
    cent. Money that went out: one that was paid before and comes back. Nothing is written; an entry that is booked
    already is None.
    """
    if _booked(session, entry):
        return None
    found = _one(session, entry) or (_batch(session, entry) if entry.cents > 0 else ())
    if not found:
        return None
    if entry.cents > 0:
        return tuple(Part(one.end_to_end, str(one.mandate.member), one.cents) for one in found)
    code = code_in(f"{entry.label} {entry.reference}")
    return tuple(Part(one.end_to_end, str(one.mandate.member), -one.cents, code) for one in found)


@asks(Task.PAYMENTS_MATCH)
def book(session: Session, act: Act, entry: BankEntry) -> list[Payment]:
    """Note what this movement says of direct debits: the payments that it makes; what it takes back is reversed.

    Raises NotOfACollection; of the payments what `record_payment` and `reverse` raise.
    """
    first = of_entry(session, entry)
    if first:
        locked(session, find_item(session, first[0].item).collection)
    # Whoever came first has booked it, or another part of it, meanwhile.
    parts = of_entry(session, entry)
    if parts is None:
        raise NotOfACollection(entry=str(entry))
    noted = []
    for part in parts:
        item = find_item(session, part.item)
        if part.cents > 0:
            noted.append(paid(session, act, item, entry))
        elif item.state == ItemState.RETURNED:
            item.entry_id = entry.id  # noted by hand before: this is the movement of it
        else:
            returned(session, act, item, part.code, entry=entry)
    session.flush()
    return noted


@asks(Task.PAYMENTS_MATCH)
def paid(session: Session, act: Act, item: CollectionItem, entry: BankEntry) -> Payment:
    """The bank's statement shows it: the member has paid. Raises NotReturnable, and as `record_payment`."""
    if item.state != ItemState.SENT:
        raise NotReturnable(item=str(item), state=ItemState(item.state).phrase)
    member, source = item.mandate.member, f"debit {item.collection}"
    made = record_payment(
        session, act, member, item.cents, date=entry.day, means=Means.DIRECT_DEBIT,
        reference=item.end_to_end, entry=entry, source=source,
    )  # fmt: skip
    item.payment_id, item.payment, item.state = made.id, made, ItemState.PAID
    session.flush()
    return made


@asks(Task.PAYMENTS_MATCH)
def returned(
    session: Session, act: Act, item: CollectionItem, code: str, *, entry: BankEntry | None = None
) -> CollectionItem:
    """The bank gave it back, or never took it: what it paid is owed again, and nobody is asked again by itself.

    `code` is the bank's reason. Raises UnknownReason, NotReturnable, AlreadyReversed.
    """
    said = REASONS.get(code)
    if said is None:
        raise UnknownReason(code=code[:10], codes=sorted(REASONS))
    locked(session, item.collection)
    session.refresh(item, ["state", "payment_id"])
    if item.state not in (ItemState.SENT, ItemState.PAID):
        raise NotReturnable(item=str(item), state=ItemState(item.state).phrase)
    if item.payment_id is not None:
        reverse(session, act, session.get_one(Payment, item.payment_id), f"{code} : {said.say('fr')}")
    item.state, item.code = ItemState.RETURNED, code
    item.entry_id = None if entry is None else entry.id
    session.flush()
    member = str(session.get_one(Member, item.mandate.member_id))
    journal.record(session, act, "debit.return", str(item), member=member, cents=int(item.cents), code=code)
    return item


def find_item(session: Session, text: str) -> CollectionItem:
    """The direct debit of that end-to-end identifier, `V0001-M0042`. Raises NoSuchItem."""
    wanted = text.strip().upper()
    found = session.scalar(select(CollectionItem).where(CollectionItem.end_to_end == wanted).options(*_WITH))
    if found is None:
        raise NoSuchItem(item=wanted[:40])
    return found


_WITH: Final = (
    selectinload(CollectionItem.mandate).selectinload(DebitMandate.member),
    selectinload(CollectionItem.collection),
    selectinload(CollectionItem.payment),
)


def _booked(session: Session, entry: BankEntry) -> bool:
    payments = select(Payment.id).where(Payment.entry_id == entry.id, stands())
    filed = select(Filing.id).where(Filing.entry_id == entry.id, Filing.undone.is_(None))
    back = select(CollectionItem.id).where(CollectionItem.entry_id == entry.id)
    return any(session.scalar(query.limit(1)) is not None for query in (payments, filed, back))


def _one(session: Session, entry: BankEntry) -> list[CollectionItem]:
    """The one direct debit that this movement names, where it is of that amount and at that account."""
    unsaid = (CollectionItem.state == ItemState.RETURNED) & CollectionItem.entry_id.is_(None)
    back = (CollectionItem.state == ItemState.PAID) | (unsaid & CollectionItem.payment_id.is_not(None))
    named = {text for text in (entry.end_to_end.strip(), entry.reference.strip()) if text}
    query = (
        select(CollectionItem)
        .join(Collection, Collection.id == CollectionItem.collection_id)
        .where(
            CollectionItem.end_to_end.in_(named),
            CollectionItem.state == ItemState.SENT if entry.cents > 0 else back,
            CollectionItem.cents == abs(int(entry.cents)),
            Collection.account_id == entry.account_id,
        )
    )
    found = list(session.scalars(query.options(*_WITH)))
    return found if len(found) == 1 else []


def _batch(session: Session, entry: BankEntry) -> list[CollectionItem]:
    """All that is waited for of the collection that this movement names, or of one sequence of it, to the cent."""
    told = _SIGNS.sub("", " ".join((entry.end_to_end, entry.reference, entry.label)).upper())
    waited = (
        select(CollectionItem)
        .join(Collection, Collection.id == CollectionItem.collection_id)
        .where(CollectionItem.state == ItemState.SENT, Collection.account_id == entry.account_id)
        .order_by(CollectionItem.id)
    )
    items = [one for one in session.scalars(waited.options(*_WITH)) if _plain(one.collection.message_id) in told]
    if len({one.collection_id for one in items}) != 1:
        return []
    kinds = {kind: [one for one in items if one.sequence == kind] for kind in SequenceType}
    whole = _plain(items[0].collection.message_id)
    named = [part for kind, part in kinds.items() if f"{whole}{kind}" in told]
    return next((part for part in named or [items, *kinds.values()] if part and _sum(part) == entry.cents), [])


def _sum(items: list[CollectionItem]) -> Euros:
    return Euros(sum(one.cents for one in items))


def _plain(text: str) -> str:
    return _SIGNS.sub("", text.upper())
