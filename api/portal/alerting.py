"""What burns, for those on call: since when, what it explains, and who is on it; taken charge of with a word."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import At, Cookie, Reading, Samples, SignedIn, from_our_pages
from api.portal import alert_words
from api.portal.rendering import is_form_token, page
from api.problems import CrossSite, SignInNeeded
from desk import alert_board, alerting
from foundation.acts import LONGEST_WHY, Act
from foundation.database import reading
from inventory import accounts

router = APIRouter(default_response_class=Response)


@router.get("/alerts")
def alerts(request: Request, session: Reading, samples: Samples, member: SignedIn, at: At) -> Response:
    """What someone may see of what burns."""
    seen = alert_board.board(session, samples, Act(str(member), at))
    return page(
        request,
        "alerts.html",
        member=member,
        alert_words=alert_words,
        board=seen,
        untaken=sum(not one.alert.taken_by for one in seen.burning),
        at=at,
    )


@router.post("/alerts/{number}/acknowledge", dependencies=[Depends(from_our_pages)])
def acknowledge(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: Annotated[str, Form(max_length=100)],
    why: Annotated[str, Form(max_length=LONGEST_WHY)] = "",
) -> Response:
    """Take charge of an alert, in a word."""
    known = request.app.state
    with reading(known.store) as session:
        member = accounts.signed_in(session, cookie, at)
        if member is None:
            raise SignInNeeded
        if not is_form_token(form_token, cookie):
            raise CrossSite
        act = Act(str(member), at, why.strip())
        alert = alert_board.find(session, known.samples, act, number)
    alerting.take(known.store, known.settings, act, alert.number)
    return RedirectResponse(f"/alerts#{alert.number}", HTTPStatus.SEE_OTHER)
