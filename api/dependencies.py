"""What endpoints are handed: a session of the right kind, who is signed in, and that a form is ours.

Sessions end before the answer is sent (`scope="function"`): a commit that fails can never answer 200.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api.pace import Pace
from api.portal.rendering import cookie_name
from api.problems import CrossSite, SignInNeeded
from api.wall import origins
from foundation import clock
from foundation.database import EssaimSession, Store, reading, transaction
from foundation.settings import Settings
from inventory import accounts
from inventory.models.people import Member


def get_settings(request: Request) -> Settings:
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


def get_samples(request: Request) -> Store:
    """What monitoring measured."""
    samples: Store = request.app.state.samples
    return samples


def get_cookie(request: Request, settings: Annotated[Settings, Depends(get_settings)]) -> str:
    """The sign-in cookie, or an empty text."""
    return request.cookies.get(cookie_name(settings), "")


At = Annotated[datetime, Depends(clock.now)]
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


def from_our_pages(request: Request, settings: InForce) -> None:
    """Let a form through only from a page of this portal. Raises CrossSite.

    Browsers say where a form comes from in Sec-Fetch-Site, older ones in Origin alone.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise CrossSite
    if site is None and request.headers.get("origin") not in origins(settings):
        raise CrossSite


def not_too_often(request: Request, at: At) -> None:
    """Slow down whoever tries link after link, before the database is asked. Raises TooOften."""
    pace: Pace = request.app.state.pace
    pace.note(request.client.host if request.client else "", at)


SignedIn = Annotated[Member, Depends(get_member)]
"""Whoever is signed in, read in the endpoint's own session."""
