"""Payments: they settle the oldest dues by themselves; gifts are kept apart, reversals and refunds written beside."""

from __future__ import annotations

import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing import reference as references
from billing.allocations import hold, open_payments, release, settle
from billing.books import years
from billing.dues import add_due, reason_of
from billing.models import Allocation, BankEntry, Cause, Correction, Due, DueKind, Means, Payment, Reversal
from billing.tariffs import MOST
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import members, numbers
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks, owners_of

_EARLIEST: Final = datetime.date(1990, 1, 1)


class BadAmount(Invalid):
    """Nothing, less than nothing, or more than anyone pays."""

    kind = "bad-amount"
    phrase = Phrase(
        "Un paiement va de 0,01 € à {most} : pas {cents}. Rien n'a été enregistré.",
        "A payment is between €0.01 and {most}: not {cents}. Nothing was recorded.",
    )


class BadPaymentDay(Invalid):
    """A payment that has not happened yet, or before there was an Internet to pay for."""

    kind = "bad-payment-day"
    phrase = Phrase(
        "Un paiement du {day} ? La date va du {earliest} à aujourd'hui, {today}. Rien n'a été enregistré.",
        "A payment of {day}? Its day is between {earliest} and today, {today}. Nothing was recorded.",
    )


class BadPaymentReference(Invalid):
    """A reference that cannot be kept as it came."""

    kind = "bad-payment-reference"
    phrase = Phrase(
        "La référence a 140 caractères visibles au plus. Rien n'a été enregistré.",
        "The reference has at most 140 visible characters. Nothing was recorded.",
    )


class NoSuchPayment(NotFound):
    """No payment of that number."""

    kind = "no-such-payment"
    phrase = Phrase(
        "Pas de paiement {number}. Ceux d'un membre : essaim dues show M0042",
        "There is no payment {number}. A member's: essaim dues show M0042",
    )


class AlreadyReversed(Refused):
    """A payment is reversed once."""

    kind = "already-reversed"
    phrase = Phrase(
        "{payment} est déjà annulé, depuis le {day}. Rien n'a été changé.",
        "{payment} is reversed already, since {day}. Nothing was changed.",
    )


class MoreThanCredit(Refused):
    """Only what a member is ahead can be given back."""

    kind = "more-than-credit"
    phrase = Phrase(
        "{member} n'a que {credit} d'avance : {cents} ne peuvent pas lui être rendus. Rien n'a été changé.",
        "{member} is only {credit} ahead: {cents} cannot be given back. Nothing was changed.",
    )


@asks(Task.PAYMENTS_MATCH)
def record_payment(
    session: Session,
    act: Act,
    member: Member,
    cents: Euros,
    *,
    date: datetime.date,
    means: Means,
    reference: str = "",
    entry: BankEntry | None = None,
    source: str = "hand",
) -> Payment:
    """Record what a member paid on that day; it settles their oldest open dues, the rest stays as their credit.

    `reference` is what came with it: the words of a transfer, the number of a cheque; `entry` the bank's movement
    that brought it, `source` how we know. Raises BadAmount, BadPaymentDay, BadPaymentReference, ClosedDay.
    """
    payment = _add(session, act, member, cents, date, means, reference, entry, source)
    settled = sum(one.cents for one in settle(session, member))
    _journal(session, act, "payment.record", payment, member, settled=settled)
    return payment


@asks(Task.PAYMENTS_MATCH)
def record_gift(
    session: Session,
    act: Act,
    member: Member,
    cents: Euros,
    *,
    date: datetime.date,
    means: Means,
    reference: str = "",
    entry: BankEntry | None = None,
    source: str = "hand",
) -> Payment:
    """Record what a member gave, kept apart: it settles nothing that they owe. Raises as `record_payment`."""
    payment = _add(session, act, member, cents, date, means, reference, entry, source)
    gift = add_due(session, act, member, DueKind.GIFT, cents, "Don", what=DueKind.GIFT, day=date)
    session.add(Allocation(payment_id=payment.id, due_id=gift.id, cents=cents))
    session.flush()
    _journal(session, act, "payment.gift", payment, member)
    return payment


@asks(Task.PAYMENTS_MATCH)
def reverse(session: Session, act: Act, payment: Payment, reason: str) -> Reversal:
    """Reverse a payment [extourne]: it was another's, or it came back. What it settled is owed again.

    A gift made with it is none any more. Raises ReasonNeeded, AlreadyReversed.
    """
    words = reason_of(reason)
    hold(session, payment.member_id)
    before = session.scalar(select(Reversal).where(Reversal.payment_id == payment.id))
    if before is not None:
        raise AlreadyReversed(payment=str(payment), day=before.day)
    gifts = select(Due).join(Allocation, Allocation.due_id == Due.id)
    given = session.scalars(gifts.where(Allocation.payment_id == payment.id, Due.kind == DueKind.GIFT)).all()
    release(session, payment)
    day = years.open_day(session, clock.today(act.at))
    made = Reversal(payment_id=payment.id, reason=words, day=day, at=act.at)
    session.add(made)
    for gift in given:
        session.add(
            Correction(due_id=gift.id, cents=-gift.cents, cause=Cause.DECISION, reason=words, day=made.day, at=act.at)
        )
    session.flush()
    member = session.get_one(Member, payment.member_id)
    settle(session, member)
    _journal(session, act, "payment.reverse", payment, member, reason=words)
    return made


@asks(Task.PAYMENTS_MATCH)
def refund(session: Session, act: Act, member: Member, cents: Euros, *, entry: BankEntry | None = None) -> Due:
    """Note that so much of a member's credit was given back to them, on the bank's day where `entry` shows it.

    Raises BadAmount, MoreThanCredit.
    """
    if not 0 < cents <= MOST:
        raise BadAmount(cents=cents, most=MOST)
    hold(session, member)
    ahead = sum(left for _, _, left in session.execute(open_payments().where(Payment.member_id == member.id)))
    if cents > ahead:
        raise MoreThanCredit(member=str(member), credit=Euros(ahead), cents=cents)
    row, day = (None, None) if entry is None else (entry.id, years.moved_day(session, entry.day))
    words, what = "Remboursement", DueKind.REFUND
    due = add_due(session, act, member, DueKind.REFUND, cents, words, what=what, entry=row, day=day)
    settle(session, member)
    journal.record(session, act, "payment.refund", str(due), member=str(member), cents=int(cents))
    return due


def _add(
    session: Session,
    act: Act,
    member: Member,
    cents: Euros,
    day: datetime.date,
    means: Means,
    reference: str,
    entry: BankEntry | None,
    source: str,
) -> Payment:
    today, words = clock.today(act.at), reference.strip()
    if not 0 < cents <= MOST:
        raise BadAmount(cents=cents, most=MOST)
    if not _EARLIEST <= day <= today:
        raise BadPaymentDay(day=day, earliest=_EARLIEST, today=today)
    years.open_day(session, day)
    if len(words) > 140 or not words.isprintable():
        raise BadPaymentReference
    payment = Payment(
        number=numbers.following(session, Payment.number),
        member_id=member.id,
        day=day,
        cents=cents,
        means=means,
        reference=words,
        source=source,
        entry_id=None if entry is None else entry.id,
        at=act.at,
    )
    session.add(payment)
    session.flush()
    return payment


def _journal(session: Session, act: Act, verb: str, payment: Payment, member: Member, **facts: object) -> None:
    journal.record(
        session,
        act,
        verb,
        str(payment),
        member=str(member),
        cents=int(payment.cents),
        day=payment.day,
        means=payment.means,
        reference=payment.reference,
        **facts,
    )


@owners_of.register
def _(subject: Payment, session: Session) -> frozenset[int]:
    del session
    return frozenset({subject.member_id})


def find_payment(session: Session, text: str) -> Payment:
    """The payment of that number, `P0042`. Raises BadNumber, NoSuchPayment."""
    number = numbers.parse("P", text)
    payment = session.scalar(select(Payment).where(Payment.number == number))
    if payment is None:
        raise NoSuchPayment(number=numbers.shown("P", number))
    return payment


def payer(session: Session, text: str) -> Member:
    """Whose number or payment reference this is; that of a file that was merged into another is the other's.

    Raises BadNumber, BadReference, NoSuchMember.
    """
    if text.strip().upper().startswith("RF"):
        text = numbers.shown("M", references.member_of(text))
    return members.find_member(session, text)
