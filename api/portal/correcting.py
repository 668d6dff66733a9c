"""A line of one's own: its addresses named, what is said of it corrected by a suggestion, and what became of these."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.dependencies import At, Cookie, Reading, Samples, SignedIn, Writing, from_our_pages
from api.portal import measuring, watching
from api.portal.rendering import is_form_token, page
from api.problems import CrossSite, SignInNeeded
from desk import home, suggesting
from foundation.acts import LONGEST_WHY, Act
from inventory import accounts, suggestions
from inventory.models.people import Member

router = APIRouter(default_response_class=Response)

FormToken = Annotated[str, Form(max_length=100)]


@router.get("/lines/{number}")
def line(
    request: Request,
    session: Reading,
    samples: Samples,
    series: watching.Series,
    member: SignedIn,
    number: str,
    at: At,
) -> Response:
    """What one may name, suggest, and what became of what one suggested."""
    return page(
        request,
        "correct.html",
        member=member,
        line=home.line_of(session, samples, member, number, at),
        place=suggesting.own_line(session, member, number).place,
        names=suggesting.names_of(session, member, number),
        connections=watching.connections_of(request, session, samples, member, number, at),
        quality=measuring.quality_of(request, session, series, member, number, at),
        suggested=suggesting.suggested_by(session, member, at),
    )


@router.post("/lines/{number}/name", dependencies=[Depends(from_our_pages)])
def name(
    session: Writing,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: FormToken,
    address: Annotated[str, Form(max_length=64)],
    name: Annotated[str, Form(max_length=253)],
) -> Response:
    """An address of one's own gets a name, now."""
    member = _whose(session, cookie, form_token, at)
    suggesting.own_line(session, member, number)
    suggesting.name_address(session, Act(str(member), at), member, address, name)
    return _back(number)


@router.post("/lines/{number}/suggest", dependencies=[Depends(from_our_pages)])
def suggest(
    session: Writing,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: FormToken,
    place: Annotated[str, Form(max_length=200)] = "",
    why: Annotated[str, Form(max_length=LONGEST_WHY)] = "",
) -> Response:
    """What is said of a line is suggested otherwise."""
    member = _whose(session, cookie, form_token, at)
    suggesting.suggest_place(session, Act(str(member), at, why), member, number, place)
    return _back(number)


@router.post("/suggestions/{name}/take-back", dependencies=[Depends(from_our_pages)])
def take_back(session: Writing, cookie: Cookie, at: At, name: str, form_token: FormToken) -> Response:
    """What one suggested waits no more. Somebody else's is as absent as none at all."""
    member = _whose(session, cookie, form_token, at)
    one = suggesting.own_suggestion(session, member, name)
    suggestions.refuse(session, Act(str(member), at), one)
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


def _whose(session: Session, cookie: str, form_token: str, at: datetime) -> Member:
    """Who sends a form of ours. Raises SignInNeeded, CrossSite."""
    member = accounts.signed_in(session, cookie, at)
    if member is None:
        raise SignInNeeded
    if not is_form_token(form_token, cookie):
        raise CrossSite
    return member


def _back(number: str) -> Response:
    return RedirectResponse(f"/lines/{number}", HTTPStatus.SEE_OTHER)
