"""What endpoints are handed: a session of the right kind, who is signed in, and that a form is ours.

Sessions end before the answer is sent (`scope="function"`): a commit that fails can never answer 200. What waits for
nothing is a coroutine: FastAPI would send a plain function to another thread, which takes longer than the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api.pace import Pace
from api.portal.rendering import cookie_name
from api.problems import BadRequest, CrossSite, SignInNeeded, TokenDead, TokenNeeded
from api.wall import origins
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from foundation.settings import Settings
from inventory import accounts, tokens
from inventory.models.people import Member


async def get_settings(request: Request) -> Settings:
    """The association's settings."""
    settings: Settings = request.app.state.settings
    return settings


def get_reading(request: Request) -> Iterator[EssaimSession]:
    """A session that only reads."""
    with reading(request.app.state.store) as session:
        yield session


def get_transaction(request: Request) -> Iterator[EssaimSession]:
    """A session that is committed when the endpoint returns, and undone when it raises."""
    with transaction(request.app.state.store) as session:
        yield session


async def get_moment(request: Request) -> datetime:
    """The instant from which the request counts, by the application's clock."""
    now: datetime = request.app.state.now()
    return now


async def get_samples(request: Request) -> Store:
    """What monitoring measured."""
    samples: Store = request.app.state.samples
    return samples


async def get_cookie(request: Request, settings: Annotated[Settings, Depends(get_settings)]) -> str:
    """The sign-in cookie, or an empty text."""
    return _cookie(request, settings)


At = Annotated[datetime, Depends(get_moment)]
Cookie = Annotated[str, Depends(get_cookie)]
InForce = Annotated[Settings, Depends(get_settings)]
Reading = Annotated[EssaimSession, Depends(get_reading, scope="function")]
Samples = Annotated[Store, Depends(get_samples)]
Writing = Annotated[EssaimSession, Depends(get_transaction, scope="function")]


def get_member(session: Reading, cookie: Cookie, at: At) -> Member:
    """Who is signed in. Raises SignInNeeded."""
    member = accounts.signed_in(session, cookie, at)
    if member is None:
        raise SignInNeeded
    return member


async def from_our_pages(request: Request, settings: InForce) -> None:
    """Let a form through only from a page of this portal. Raises CrossSite.

    Browsers say where a form comes from in Sec-Fetch-Site, older ones in Origin alone.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise CrossSite
    if site is None and request.headers.get("origin") not in origins(settings):
        raise CrossSite


async def not_too_often(request: Request, at: At) -> None:
    """Slow down whoever tries link after link, before the database is asked. Raises TooOften."""
    pace: Pace = request.app.state.pace
    pace.note(request.client.host if request.client else "", at)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for JSON: a member, by a token of theirs or by the portal's cookie, which only reads."""

    act: Act
    member_id: int
    by_token: bool


def get_caller(request: Request, settings: InForce, at: At) -> Caller:
    """Who asks: in one short reading, before anything of the request is looked at.

    Raises SignInNeeded, TokenDead, TooOften, BadWords.
    """
    if "\0" in request.url.path or "%00" in request.url.query:  # no name of ours, and PostgreSQL would stumble
        raise BadRequest
    why = _readable(request.headers.get("essaim-why", ""))
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    with reading(request.app.state.store) as session:
        if not scheme:
            member = accounts.signed_in(session, _cookie(request, settings), at)
            if member is None:
                raise SignInNeeded
            return Caller(Act(str(member), at, why), member.id, by_token=False)
        token = tokens.bearer(session, shown.strip(), at) if scheme.lower() == "bearer" else None
        if token is not None:
            within = frozenset(token.tasks.split())
            return Caller(Act(str(token.member), at, why, within=within), token.member_id, by_token=True)
    pace: Pace = request.app.state.token_pace
    pace.note(request.client.host if request.client else "", at)
    raise TokenDead


async def get_writer(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
    """Who writes: by a token alone, as no page of another site can send one. Raises TokenNeeded."""
    if not caller.by_token:
        raise TokenNeeded
    return caller


def _cookie(request: Request, settings: Settings) -> str:
    return request.cookies.get(cookie_name(settings), "")


def _readable(header: str) -> str:
    """A header's text: HTTP reads octets, people write UTF-8."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


Reader = Annotated[Caller, Depends(get_caller)]
Writer = Annotated[Caller, Depends(get_writer)]
SignedIn = Annotated[Member, Depends(get_member)]
"""Whoever is signed in, read in the endpoint's own session."""
