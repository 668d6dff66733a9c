"""What a member owes: always the sum of rows one can point at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from billing.models import Allocation, Correction, Due, Payment, Reversal
from billing.reference import reference_of
from billing.words import due_words
from foundation.money import Euros
from foundation.speech import Language, Phrase
from inventory.models.people import Member

_OWES = Phrase(
    "Vous devez {amount} ({what}). Pour payer : un virement avec la référence {reference}.",
    "You owe {amount} ({what}). To pay: a bank transfer with the reference {reference}.",
)
_IN_CREDIT = Phrase("Vous êtes à jour, avec {amount} d'avance.", "You owe nothing, and are {amount} ahead.")
_EVEN = Phrase("Vous êtes à jour.", "You owe nothing.")
_THEY_OWE = Phrase(
    "{member} doit {amount} ({what}). Référence pour payer par virement : {reference}.",
    "{member} owes {amount} ({what}). Reference for a bank transfer: {reference}.",
)
_THEY_ARE_IN_CREDIT = Phrase(
    "{member} est à jour, avec {amount} d'avance.", "{member} owes nothing, and is {amount} ahead."
)
_THEY_ARE_EVEN = Phrase("{member} est à jour.", "{member} owes nothing.")
_AND_MORE = Phrase("{first} et {count} de plus", "{first} and {count} more")
_SAID = 3


@dataclass(frozen=True, slots=True)
class OpenDue:
    """A due of which `open` is not paid yet; `cents` is what it is, corrections included."""

    number: str
    kind: str
    what: str
    label: str
    per: str
    period: date
    cents: Euros
    open: Euros

    def words(self, language: Language) -> str:
        """What it is for."""
        return due_words(self.kind, self.label, self.what, self.per, self.period, language)


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's money on a day. `due` and `paid` are all there ever was until then, that day included.

    `owed` is what `dues` have open, `credit` what payments have left: `paid - due` is `credit - owed`.
    """

    due: Euros
    paid: Euros
    owed: Euros
    credit: Euros
    dues: tuple[OpenDue, ...]
    reference: str

    @property
    def amount(self) -> Euros:
        """What was paid minus what is due: negative where something is owed."""
        return self.paid - self.due

    def sentence(self, language: Language) -> str:
        """What the member owes and how to pay it, for themselves."""
        return self._said((_OWES, _EVEN, _IN_CREDIT), language)

    def sentence_about(self, member: str, language: Language) -> str:
        """The same, for whoever looks after the dues."""
        return self._said((_THEY_OWE, _THEY_ARE_EVEN, _THEY_ARE_IN_CREDIT), language, member=member)

    def _said(self, phrases: tuple[Phrase, Phrase, Phrase], language: Language, **values: object) -> str:
        owes, even, ahead = phrases
        if self.amount > 0:
            return ahead.say(language, amount=self.amount, **values)
        if self.amount == 0:
            return even.say(language, **values)
        what = ", ".join(one.words(language) for one in self.dues[:_SAID])
        if len(self.dues) > _SAID:
            what = _AND_MORE.say(language, first=what, count=len(self.dues) - _SAID)
        return owes.say(language, amount=-self.amount, what=what, reference=self.reference, **values)


def balance(session: Session, member: Member, day: date) -> Balance:
    """What the member owes on that day."""
    return balances_of(session, [member], day)[member.id]


def balances(session: Session, day: date, *, after: int = 0, limit: int = 100) -> list[tuple[Member, Balance]]:
    """The balances of everyone who ever owed or paid, by member number, a page at a time."""
    known = Member.id.in_(select(Due.member_id)) | Member.id.in_(select(Payment.member_id))
    query = select(Member).where(known, Member.number > after).order_by(Member.number).limit(limit)
    members = session.scalars(query).all()
    found = balances_of(session, members, day)
    return [(member, found[member.id]) for member in members]


def balances_of(session: Session, members: Sequence[Member], day: date) -> dict[int, Balance]:
    """The balances of these members on that day, by their rows."""
    ids = [member.id for member in members]
    due: defaultdict[int, Euros] = defaultdict(Euros)
    dues: defaultdict[int, list[OpenDue]] = defaultdict(list)
    for one, corrected, settled in session.execute(_dues(ids, day)):
        cents = one.cents + corrected
        due[one.member_id] += cents
        if cents > settled:
            dues[one.member_id].append(
                OpenDue(str(one), one.kind, one.what, one.label, one.per, one.period, cents, Euros(cents - settled))
            )
    paid = {member: Euros(total) for member, total in session.execute(_paid(ids, day))}
    return {
        member.id: _balance(member, due[member.id], paid.get(member.id, Euros(0)), dues[member.id])
        for member in members
    }


def _dues(ids: Sequence[int], day: date) -> Select[Any]:
    """Dues until that day, with the sum of their corrections and what settles them, both until then."""
    corrected = (
        select(func.coalesce(func.sum(Correction.cents), 0))
        .where(Correction.due_id == Due.id, Correction.day <= day)
        .correlate(Due)
        .scalar_subquery()
    )
    settled = (
        select(func.coalesce(func.sum(Allocation.cents), 0))
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.due_id == Due.id, Payment.day <= day)
        .correlate(Due)
        .scalar_subquery()
    )
    query = select(Due, corrected, settled).where(Due.member_id.in_(ids), Due.period <= day)
    return query.order_by(Due.period, Due.id)


def _paid(ids: Sequence[int], day: date) -> Select[int, Euros]:
    query = (
        select(Payment.member_id, func.sum(Payment.cents))
        .outerjoin(Reversal, (Reversal.payment_id == Payment.id) & (Reversal.day <= day))
        .where(Payment.member_id.in_(ids), Payment.day <= day, Reversal.id.is_(None))
    )
    return query.group_by(Payment.member_id)


def _balance(member: Member, due: Euros, paid: Euros, dues: Sequence[OpenDue]) -> Balance:
    owed = sum((one.open for one in dues), Euros(0))
    return Balance(due, paid, owed, paid - due + owed, tuple(dues), reference_of(member.number))
