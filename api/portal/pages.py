"""The pages of the portal. Endpoints read and write through the rooms; templates only show."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import At, Cookie, InForce, Reading, Samples, SignedIn, Writing, from_our_pages, not_too_often
from api.portal import alert_words, inbox_words
from api.portal.rendering import cookie_name, is_form_token, page
from api.problems import CrossSite
from billing.bank.lists import count_waiting
from desk import home
from foundation.acts import Act
from inventory import accounts, rights
from inventory.models.mandates import Task

router = APIRouter(default_response_class=Response)


@router.get("/")
def member_home(request: Request, session: Reading, samples: Samples, member: SignedIn, at: At) -> Response:
    """A member's home: their lines, what they owe."""
    found = home.home_of(session, samples, member, at)
    return page(
        request,
        "home.html",
        member=member,
        alert_words=alert_words,
        inbox_words=inbox_words,
        home=found,
        transfers=count_waiting(session) if rights.may(session, Act(str(member), at), Task.DUES_READ) else None,
    )


@router.get("/sign-in")
def sign_in_page(request: Request, session: Reading, cookie: Cookie, at: At) -> Response:
    """How to get a link; whoever is signed in is sent home."""
    if accounts.signed_in(session, cookie, at) is not None:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    return page(request, "sign-in.html")


@router.get("/s/{token}")
def landing(request: Request, token: str) -> Response:
    """Where a one-time link leads: a button. Programs that open links ahead of people use nothing up."""
    if not accounts.well_formed(token):
        raise accounts.LinkDead
    return page(request, "landing.html", token=token)


@router.post("/s", dependencies=[Depends(from_our_pages), Depends(not_too_often)])
def sign_in(session: Writing, settings: InForce, at: At, token: Annotated[str, Form(max_length=100)]) -> Response:
    """Use the link up, and go home with a cookie."""
    cookie = accounts.sign_in(session, token, at)
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        cookie_name(settings),
        cookie,
        max_age=int(accounts.SIGN_IN_LIFE.total_seconds()),
        secure=settings.url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/sign-out", dependencies=[Depends(from_our_pages)])
def sign_out(
    session: Writing, settings: InForce, cookie: Cookie, at: At, form_token: Annotated[str, Form(max_length=100)]
) -> Response:
    """End what this browser opened."""
    if not is_form_token(form_token, cookie):
        raise CrossSite
    accounts.sign_out(session, cookie, at)
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(cookie_name(settings), secure=settings.url.startswith("https:"), httponly=True, samesite="lax")
    return answer
