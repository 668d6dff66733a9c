"""Why one's line does not work: a button on the line's page, and the answer in sentences."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import At, Cookie, from_our_pages
from api.diagnosed import diagnosed
from api.portal.rendering import is_form_token, page
from api.problems import CrossSite, SignInNeeded
from desk import home
from foundation.acts import Act
from foundation.database import reading
from inventory import accounts
from inventory.models.people import Member

router = APIRouter(default_response_class=Response)


@router.post("/lines/{number}/diagnosis", dependencies=[Depends(from_our_pages)])
def diagnosis(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: Annotated[str, Form(max_length=100)],
    names: Annotated[bool, Form()] = False,
) -> Response:
    """What is the matter with a line of one's own. No session is open while machines are asked."""
    state = request.app.state
    with reading(state.store) as session:
        member = _signed_in(session, cookie, at)
        if not is_form_token(form_token, cookie):
            raise CrossSite
        who, asked = str(member), home.line_of(session, state.samples, member, number, at).number
    told = diagnosed(request, Act(who, at), asked, names=names).for_member()
    with reading(state.store) as session:  # what was asked may have been recorded: the line as it is now
        member = _signed_in(session, cookie, at)
        line = home.line_of(session, state.samples, member, asked, at)
        return page(request, "diagnosis.html", member=member, line=line, told=told)


def _signed_in(session: Session, cookie: str, at: datetime) -> Member:
    """Who asks. Raises SignInNeeded."""
    member = accounts.signed_in(session, cookie, at)
    if member is None:
        raise SignInNeeded
    return member
