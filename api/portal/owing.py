"""« Mes dus »: what a member owes and why, what they paid, how to pay, and the amount that they choose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from api.dependencies import At, Cookie, InForce, Reading, SignedIn, Writing, from_our_pages
from api.portal import money_words
from api.portal.rendering import is_form_token, page
from api.problems import CrossSite, SignInNeeded
from billing import choices, history, paying
from billing.balance import balance
from billing.choices import Choosable, NoAmount
from billing.debit import mandates as debit_mandates
from billing.history import Step
from billing.models import MEMBERSHIP
from foundation import clock
from foundation.acts import Act
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import accounts

router = APIRouter(default_response_class=Response)

SUGGESTED, SOLIDARITY, OTHER = "suggested", "solidarity", "other"
_SHOWN: Final = 12
"""Payments that the page shows; the rest is among all entries."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Something whose amount one chooses: from when on, and which way is chosen so far."""

    of: Choosable
    since: date
    way: str

    @property
    def other(self) -> str:
        """The amount that stands in the field: what they chose themselves, as it is typed."""
        cents = self.of.given_cents if self.of.next_cents is None else self.of.next_cents
        return str(cents.decimal()) if self.way == OTHER else ""


@router.get("/dues")
def dues(request: Request, session: Reading, settings: InForce, member: SignedIn, at: At) -> Response:
    """What I owe, why, since when, what I paid, how to pay, what I choose to give."""
    today = clock.today(at)
    held = balance(session, member, today)
    entries = history.history(session, member)
    how = paying.how_to_pay(session, member, -held.amount if held.amount < 0 else Euros(0), settings.name)
    payments = [one for one in entries if one.step == Step.PAYMENT][::-1]
    return page(
        request,
        "dues.html",
        member=member,
        money_words=money_words,
        held=held,
        how=how,
        debited=debit_mandates.mandate_of(session, member),
        code=Markup(how.svg()),  # noqa: S704 - drawn by us, of digits and letters
        entries=entries[::-1],
        years=sorted({one.day.year for one in payments if one.day <= today}, reverse=True),
        payments=payments[:_SHOWN],
        reversals={one.number: one for one in entries if one.step == Step.REVERSAL},
        names={one.number: one.what for one in entries if one.step == Step.DUE},
        offered=[_offered(one, today) for one in choices.choosable(session, member, today)],
        pauses=[(_named(one.what), one) for one in choices.pauses(session, member, today)],
    )


def _offered(one: Choosable, today: date) -> Offered:
    chosen = one.given_cents if one.next_cents is None else one.next_cents
    ways = {one.suggested_cents: SUGGESTED, one.solidarity_cents: SOLIDARITY}
    return Offered(one, choices.default_day(one.what, today), ways.get(chosen, OTHER))


def _named(what: str) -> Phrase:
    return money_words.MEMBERSHIP if what == MEMBERSHIP else Phrase.said(what, what)


@router.post("/dues/choose", dependencies=[Depends(from_our_pages)])
def choose(
    session: Writing,
    cookie: Cookie,
    at: At,
    form_token: Annotated[str, Form(max_length=100)],
    what: Annotated[str, Form(max_length=16)],
    way: Annotated[str, Form(max_length=16)] = OTHER,
    amount: Annotated[str, Form(max_length=20)] = "",
    solidarity: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """From the first of next month on I give so much; `solidarity` is the amount that was offered as such.

    Raises what `choices.choose` raises, NoAmount.
    """
    member = accounts.signed_in(session, cookie, at)
    if member is None:
        raise SignInNeeded
    if not is_form_token(form_token, cookie):
        raise CrossSite
    since = choices.default_day(what, clock.today(at))
    cents = None if way == SUGGESTED else _read(solidarity if way == SOLIDARITY else amount)
    choices.choose(session, Act(str(member), at), member, what, cents, since=since)
    return RedirectResponse("/dues#choose", HTTPStatus.SEE_OTHER)


def _read(amount: str) -> Euros:
    try:
        return Euros.parse(amount)
    except ValueError as unreadable:
        raise NoAmount(cents=amount) from unreadable
