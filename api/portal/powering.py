"""A hosted machine's electricity: its sheet of a month, and its outlet switched off and on again, asked twice."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from api.dependencies import At, Cookie, InForce, Reading, SignedIn, from_our_pages
from api.languages import language_of
from api.portal import power_words
from api.portal.rendering import is_form_token, page
from api.portal.watching import Series, amounts, looking
from api.problems import CrossSite, SignInNeeded
from desk import hosted, outlets
from foundation import clock
from foundation.acts import LONGEST_WHY, Act
from foundation.clock import Month
from foundation.database import reading
from inventory import accounts

router = APIRouter(default_response_class=Response)


@router.get("/machines/{name}/power")
def sheet(
    request: Request,
    session: Reading,
    series: Series,
    settings: InForce,
    member: SignedIn,
    at: At,
    name: str,
    month: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """What a machine used in a month, day by day."""
    asked = Month.parse(month or f"{clock.today(at):%Y-%m}")
    found = hosted.month_of(session, Act(str(member), at), member, name, asked, looking(series, settings))
    amount = amounts(language_of(request, member))
    return page(request, "sheet.html", member=member, power_words=power_words, sheet=found, amount=amount)


@router.get("/machines/{name}/reboot")
def ask(request: Request, session: Reading, member: SignedIn, at: At, name: str) -> Response:
    """What would be cut, and a form in which the machine's name is typed. Nothing is done."""
    paths = hosted.to_reboot(session, Act(str(member), at), member, name)
    return page(request, "reboot.html", member=member, power_words=power_words, name=name, outlets=paths, done=False)


@router.post("/machines/{name}/reboot", dependencies=[Depends(from_our_pages)])
def reboot(
    request: Request,
    cookie: Cookie,
    at: At,
    name: str,
    form_token: Annotated[str, Form(max_length=100)],
    typed: Annotated[str, Form(max_length=100)],
    why: Annotated[str, Form(max_length=LONGEST_WHY)] = "",
) -> Response:
    """Switch off and on again every outlet that it is in. No session is open while power strips are spoken to."""
    state = request.app.state
    who = _whose(request, cookie, form_token, at, name)
    done = outlets.reboot_machine(state.store, state.settings, Act(who, at, why), name, typed)
    with reading(state.store) as session:
        member = accounts.signed_in(session, cookie, at)
        paths = [one.outlet for one in done]
        return page(request, "reboot.html", member=member, power_words=power_words, name=name, outlets=paths, done=True)


def _whose(request: Request, cookie: str, form_token: str, at: datetime, name: str) -> str:
    """Who sends a form of ours, and may reboot this machine. Raises SignInNeeded, CrossSite, NotMandated."""
    with reading(request.app.state.store) as session:
        member = accounts.signed_in(session, cookie, at)
        if member is None:
            raise SignInNeeded
        if not is_form_token(form_token, cookie):
            raise CrossSite
        hosted.to_reboot(session, Act(str(member), at), member, name)
        return str(member)
