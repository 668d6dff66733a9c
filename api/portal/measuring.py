"""The quality of a line, for its holder: whether it may be measured, which is theirs to say, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from api.dependencies import At, Cookie, from_our_pages
from api.languages import language_of
from api.portal.rendering import is_form_token
from api.portal.watching import WEEK, Figure, figured
from api.problems import CrossSite, SignInNeeded
from desk import home, quality
from foundation.acts import Act
from foundation.database import reading
from inventory import accounts, lines
from inventory.models.people import Member
from monitoring import svg
from monitoring.series import SeriesStore

router = APIRouter(default_response_class=Response)


@dataclass(frozen=True, slots=True)
class Measured:
    """Whether the holder agreed, and the week that was measured."""

    agreed: bool
    figures: tuple[Figure, ...]


def quality_of(
    request: Request, session: Session, series: SeriesStore, member: Member, number: str, at: datetime
) -> Measured | None:
    """A line's quality, where the member holds it. Raises BadNumber, NoSuchLine."""
    agreed = quality.is_agreed(session, member, number, at)
    if agreed is None:
        return None
    line, act = lines.find_line(session, number), Act(str(member), at)
    drawn = quality.pictures(session, series, act, line, WEEK, svg.COLUMNS)
    language = language_of(request, member)
    return Measured(agreed, tuple(figured(one, f"quality-{one.graph.key}", language) for one in drawn))


@router.post("/lines/{number}/quality", dependencies=[Depends(from_our_pages)])
def answer(
    request: Request,
    cookie: Cookie,
    at: At,
    number: str,
    form_token: Annotated[str, Form(max_length=100)],
    agreed: Annotated[bool, Form()],
) -> Response:
    """The holder agrees to be measured, or does so no more. Somebody else's line is as absent as none at all."""
    state = request.app.state
    with reading(state.store) as session:
        member = accounts.signed_in(session, cookie, at)
        if member is None:
            raise SignInNeeded
        if not is_form_token(form_token, cookie):
            raise CrossSite
        who, asked = str(member), home.line_of(session, state.samples, member, number, at).number
    act = Act(who, at)
    if agreed:
        quality.agree(state.store, act, asked)
    else:
        quality.withdraw(state.store, state.series, act, asked)
    return RedirectResponse(f"/lines/{asked}#quality", HTTPStatus.SEE_OTHER)
