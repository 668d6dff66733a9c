"""Payments: recorded, given, reversed; never edited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.dues import READERS
from api.rest.noun import Body, Noun
from billing import lists, payments
from billing.models import Means, Payment
from billing.views import PaymentView, payment_views
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.money import Euros
from inventory import members


class Received(Body):
    """Money that came from a member: their number or payment reference, and what came with it."""

    member: str = Field(max_length=40, examples=["M0042"])
    cents: int = Field(examples=[3500])
    day: date | None = None
    means: Means = Means.TRANSFER
    reference: str = Field("", max_length=140)


class Because(Body):
    """The reason of a counter-entry, which stays in the books."""

    reason: str = Field(max_length=200, examples=["it was for M0043"])


def listed(
    session: Session,
    *,
    member: str | None = None,
    month: str | None = None,
    means: Means | None = None,
    standing: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Payment]:
    """Payments by number; with `standing` without those that were reversed."""
    who = members.find_member(session, member) if member is not None else None
    of = Month.parse(month) if month is not None else None
    return lists.list_payments(session, member=who, month=of, means=means, standing=standing, after=after, limit=limit)


def record(session: Session, act: Act, body: Received) -> Payment:
    """Record what a member paid: it settles their oldest dues."""
    who, day = payments.payer(session, body.member), body.day or clock.today(act.at)
    return payments.record_payment(
        session, act, who, Euros(body.cents), date=day, means=body.means, reference=body.reference
    )


def give(session: Session, act: Act, body: Received) -> PaymentView:
    """Record what a member gave: it settles nothing that they owe."""
    who, day = payments.payer(session, body.member), body.day or clock.today(act.at)
    made = payments.record_gift(
        session, act, who, Euros(body.cents), date=day, means=body.means, reference=body.reference
    )
    return payment_views(session, [made])[0]


def reverse(session: Session, act: Act, payment: Payment, body: Because) -> None:
    """A payment counts no more: it was another's, or it came back."""
    payments.reverse(session, act, payment, body.reason)


PAYMENTS = Noun(
    path="payments",
    about="Payments, by number, with what they settle",
    view=PaymentView,
    views=lambda session, _act, rows: payment_views(session, rows),
    find=payments.find_payment,
    listed=listed,
    readers=READERS,
    create=record,
    acts={"gift": give},
    verbs={"reverse": reverse},
    example={
        "number": "P0042",
        "member": "M0042",
        "day": "2026-11-22",
        "cents": 3500,
        "means": "transfer",
        "reference": "RF23M0042",
        "source": "hand",
        "credit_cents": 3000,
        "settled": [{"number": "D0042", "cents": 500}],
        "reversed": None,
        "reversed_why": "",
    },
)
