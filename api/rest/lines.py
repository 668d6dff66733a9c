"""GET /api/v1/lines/{number}: one line of the member's own."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from api.dependencies import At, Reading, Samples, SignedIn
from api.languages import language_of
from desk import home

router = APIRouter(prefix="/api/v1")


class Address(BaseModel):
    """An address or prefix of the member's part."""

    prefix: str
    role: str


class Line(BaseModel):
    """A line as one who has a part of it sees it."""

    number: str
    offer: str
    technology: str
    state: str
    sentence: str
    addresses: list[Address]
    sharers: int


@router.get("/lines/{number}")
def line(request: Request, session: Reading, samples: Samples, member: SignedIn, at: At, number: str) -> Line:
    """The line; someone else's is as absent as one that never was (404)."""
    card = home.line_of(session, samples, member, number, at)
    return Line(
        number=card.number,
        offer=card.title,
        technology=card.technology,
        state=card.status.state,
        sentence=card.status.say(language_of(request, member)),
        addresses=[Address(prefix=address.text, role=address.role) for address in card.addresses],
        sharers=card.sharers,
    )
