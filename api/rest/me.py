"""What is one's own: whoever is signed in or shows a token, their lines as they are now, who touched their file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.dependencies import Reader, Samples
from api.languages import language_of
from api.rest import described
from api.rest.answers import given
from api.rest.parameters import Limit, Seen
from billing.balance import balance
from billing.choices import choosable
from desk import home, suggesting
from foundation import clock, journal
from foundation.database import reading
from inventory import announced, lines
from inventory.models.people import Member
from inventory.views.suggestions import SuggestionView
from inventory.views.works import AnnouncedView, view_announced

router = APIRouter(prefix="/api/v1/me", tags=["me"])


class Choice(BaseModel):
    """A thing of one's own whose amount one chooses; `next_cents` is what one chose for later."""

    what: str = Field(examples=["membership"])
    label: str
    per: str = Field(examples=["year"])
    suggested_cents: int
    floor_cents: int | None = Field(description="null where the price is not free")
    solidarity_cents: int | None = Field(description="may be chosen without saying why")
    given_cents: int
    next_cents: int | None
    next_since: date | None


class Me(BaseModel):
    """Whoever is signed in."""

    member: str = Field(examples=["M0042"])
    name: str = Field(examples=["Camille Exemple"])
    language: str = Field(examples=["fr"])
    lines: list[str] = Field(examples=[["L0042"]])
    balance_cents: int = Field(description="what was paid minus what is due: negative where something is owed")
    reference: str = Field(description="to quote with every payment (ISO 11649)")
    choices: list[Choice] = Field(description="what one may choose the amount of: POST /balances/{member}/choose")


class Address(BaseModel):
    """An address or prefix of the member's part."""

    prefix: str = Field(examples=["198.51.100.7"])
    role: str = Field(examples=["wan"])


class Line(BaseModel):
    """A line as one who has a part of it sees it, and how it is now."""

    number: str = Field(examples=["L0042"])
    offer: str
    technology: str
    state: str
    sentence: str
    addresses: list[Address]
    sharers: int


class Deed(BaseModel):
    """What someone did to one's file; `facts` is null once erased."""

    number: int
    at: datetime
    actor: str = Field(examples=["M0007"])
    verb: str = Field(examples=["member.look"])
    subject: str = Field(examples=["M0042"])
    why: str
    facts: dict[str, Any] | None


@router.get("", responses=described.reading(Me))
def me(request: Request, caller: Reader, seen: Seen = None) -> Response:
    """The member, and only what is theirs."""
    at = caller.act.at
    with reading(request.app.state.store) as session:
        member = session.get_one(Member, caller.member_id)
        money = balance(session, member, clock.today(at))
        mine = Me(
            member=str(member),
            name=member.name,
            language=member.language,
            lines=[str(line) for line in lines.lines_of(session, member)],
            balance_cents=money.amount,
            reference=money.reference,
            choices=[
                Choice.model_validate(one, from_attributes=True) for one in choosable(session, member, clock.today(at))
            ],
        )
    return given(mine.model_dump(), seen)


@router.get("/lines/{name}", responses=described.reading(Line))
def line(request: Request, samples: Samples, caller: Reader, name: str, seen: Seen = None) -> Response:
    """A line of one's own, as it is now; someone else's is as absent as one that never was (404)."""
    with reading(request.app.state.store) as session:
        member = session.get_one(Member, caller.member_id)
        card = home.line_of(session, samples, member, name, caller.act.at)
        language = language_of(request, member)
    mine = Line(
        number=card.number,
        offer=card.title,
        technology=card.technology,
        state=card.status.state,
        sentence=card.status.say(language),
        addresses=[Address(prefix=address.text, role=address.role) for address in card.addresses],
        sharers=card.sharers,
    )
    return given(mine.model_dump(), seen)


@router.get("/works", responses=described.reading(list[AnnouncedView]))
def works(request: Request, caller: Reader, seen: Seen = None) -> Response:
    """Works announced and incidents that concern one's lines or machines."""
    with reading(request.app.state.store) as session:
        member = session.get_one(Member, caller.member_id)
        found = [view_announced(one) for one in announced.of_member(session, member, caller.act.at)]
    return given(found, seen)


@router.get("/suggestions", responses=described.reading(list[SuggestionView]))
def suggested(request: Request, caller: Reader, seen: Seen = None) -> Response:
    """What one suggested and what became of it, the latest first."""
    with reading(request.app.state.store) as session:
        member = session.get_one(Member, caller.member_id)
        found = suggesting.suggested_by(session, member, caller.act.at)
    return given(found, seen)


@router.get("/deeds", responses=described.reading(list[Deed]))
def deeds(request: Request, caller: Reader, limit: Limit = 50, seen: Seen = None) -> Response:
    """Who did what to one's file, or looked at it (`member.look`), the latest first."""
    with reading(request.app.state.store) as session:
        found = journal.show(session, member=caller.act.actor, limit=limit)
    return given(found, seen)
