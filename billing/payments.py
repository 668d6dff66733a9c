"""Payments: recorded by hand, settling the oldest dues by themselves."""

from __future__ import annotations

import datetime
from typing import Final

from sqlalchemy.orm import Session

from billing import reference as references
from billing.allocations import settle
from billing.models import Means, Payment
from billing.tariffs import MOST
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import members, numbers
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

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
) -> Payment:
    """Record what a member paid on that day; it settles their oldest open dues, the rest stays as their credit.

    `reference` is what came with it: the words of a transfer, the number of a cheque.
    Raises BadAmount, BadPaymentDay, BadPaymentReference.
    """
    today, words = clock.today(act.at), reference.strip()
    if not 0 < cents <= MOST:
        raise BadAmount(cents=cents, most=MOST)
    if not _EARLIEST <= date <= today:
        raise BadPaymentDay(day=date, earliest=_EARLIEST, today=today)
    if len(words) > 140 or not words.isprintable():
        raise BadPaymentReference
    payment = Payment(
        number=numbers.following(session, Payment.number),
        member_id=member.id,
        day=date,
        cents=cents,
        means=means,
        reference=words,
        source="hand",
    )
    session.add(payment)
    session.flush()
    settled = sum(one.cents for one in settle(session, member))
    journal.record(
        session,
        act,
        "payment.record",
        str(payment),
        member=str(member),
        cents=int(cents),
        day=date,
        means=means,
        reference=words,
        settled=settled,
    )
    return payment


def payer(session: Session, text: str) -> Member:
    """Whose number or payment reference this is; that of a file that was merged into another is the other's.

    Raises BadNumber, BadReference, NoSuchMember.
    """
    if text.strip().upper().startswith("RF"):
        text = numbers.shown("M", references.member_of(text))
    return members.find_member(session, text)
