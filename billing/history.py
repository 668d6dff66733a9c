"""A member's account, row by row: every due, correction, payment and reversal in order, and what settles what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import Allocation, Correction, Due, Payment, Reversal
from billing.words import due_phrase, means_phrase
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member


class Step(StrEnum):
    """What a row of an account is."""

    DUE = "due"
    CORRECTION = "correction"
    PAYMENT = "payment"
    REVERSAL = "reversal"

    @property
    def phrase(self) -> Phrase:
        """The step as people read it."""
        return _STEPS[self]


_STEPS: Final = {
    Step.DUE: Phrase("dû", "due"),
    Step.CORRECTION: Phrase("correction", "correction"),
    Step.PAYMENT: Phrase("paiement", "payment"),
    Step.REVERSAL: Phrase("annulation", "reversal"),
}


@dataclass(frozen=True, slots=True)
class Settled:
    """So many cents of a payment settle a due: the number of the other side."""

    number: str
    cents: Euros


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a member's account. `cents` are what it changes: dues take, payments give; `after` is the balance then.

    `number` is that of the due or payment it is of, `open_cents` what is not settled of a due, or not used of a
    payment, now; `settled` by or of what. `reason` is why a counter-entry was made, `reference` what came with a
    payment.
    """

    number: str
    step: Step
    day: date
    what: Phrase
    cents: Euros
    after: Euros
    open_cents: Euros | None
    settled: tuple[Settled, ...]
    reason: str
    reference: str


class _Row(NamedTuple):
    """An entry before it is known where it stands; rows of one instant come in the order of their numbers."""

    day: date
    at: datetime
    number: str
    step: Step
    what: Phrase
    cents: Euros
    left: Euros | None = None
    settled: tuple[Settled, ...] = ()
    reason: str = ""
    reference: str = ""


def history(session: Session, member: Member) -> list[Entry]:
    """Every row of the member's account, in the order of their days, then of when they were noted."""
    dues = session.scalars(select(Due).where(Due.member_id == member.id)).all()
    payments = session.scalars(select(Payment).where(Payment.member_id == member.id)).all()
    rows = [*_of_dues(session, dues), *_of_payments(session, payments)]
    entries, after = [], Euros(0)
    for row in sorted(rows, key=lambda one: one[:3]):
        after += row.cents
        entries.append(
            Entry(row.number, row.step, row.day, row.what, row.cents, after, row.left, row.settled, row.reason,
                  row.reference)
        )  # fmt: skip
    return entries


def _of_dues(session: Session, dues: Sequence[Due]) -> Iterator[_Row]:
    settled, corrections = settled_of(session, dues), corrections_of(session, dues)
    for due in dues:
        what, by = due_phrase(due), tuple(settled[due.id])
        net = due.cents + sum(one.cents for one in corrections[due.id])
        left = net - sum(one.cents for one in by)
        yield _Row(due.day, due.issued, str(due), Step.DUE, what, -due.cents, left, by)
        for one in corrections[due.id]:
            yield _Row(one.day, one.at, str(due), Step.CORRECTION, what, -one.cents, reason=one.reason)


def _of_payments(session: Session, payments: Sequence[Payment]) -> Iterator[_Row]:
    spent, reversals = spent_of(session, payments), reversals_of(session, payments)
    for one in payments:
        what, of, back = means_phrase(one.means), tuple(spent[one.id]), reversals.get(one.id)
        left = Euros(0) if back else one.cents - sum(part.cents for part in of)
        yield _Row(one.day, one.at, str(one), Step.PAYMENT, what, one.cents, left, of, reference=one.reference)
        if back is not None:
            yield _Row(back.day, back.at, str(one), Step.REVERSAL, what, -one.cents, reason=back.reason)


def corrections_of(session: Session, dues: Sequence[Due]) -> dict[int, list[Correction]]:
    """The corrections of each due, in the order they were made."""
    groups: dict[int, list[Correction]] = {due.id: [] for due in dues}
    every = select(Correction).where(Correction.due_id.in_(groups)).order_by(Correction.id)
    for one in session.scalars(every):
        groups[one.due_id].append(one)
    return groups


def reversals_of(session: Session, payments: Sequence[Payment]) -> dict[int, Reversal]:
    """What reversed payments, by the payment's row."""
    undone = select(Reversal).where(Reversal.payment_id.in_([one.id for one in payments]))
    return {one.payment_id: one for one in session.scalars(undone)}


def settled_of(session: Session, dues: Sequence[Due]) -> dict[int, list[Settled]]:
    """The payments that settle each due, and by how much."""
    groups: dict[int, list[Settled]] = {due.id: [] for due in dues}
    query = select(Allocation.due_id, Payment, Allocation.cents).join(Payment, Payment.id == Allocation.payment_id)
    for due, payment, cents in session.execute(query.where(Allocation.due_id.in_(groups)).order_by(Allocation.id)):
        groups[due].append(Settled(str(payment), cents))
    return groups


def spent_of(session: Session, payments: Sequence[Payment]) -> dict[int, list[Settled]]:
    """The dues that each payment settles, and by how much."""
    groups: dict[int, list[Settled]] = {payment.id: [] for payment in payments}
    query = select(Allocation.payment_id, Due, Allocation.cents).join(Due, Due.id == Allocation.due_id)
    query = query.where(Allocation.payment_id.in_(groups)).order_by(Allocation.id)
    for payment, due, cents in session.execute(query):
        groups[payment].append(Settled(str(due), cents))
    return groups
