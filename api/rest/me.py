"""GET /api/v1/me: who is signed in, their lines, what they owe."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import At, Reading, SignedIn
from billing.balance import balance
from foundation import clock
from inventory import lines

router = APIRouter(prefix="/api/v1")


class Me(BaseModel):
    """Whoever is signed in."""

    member: str
    name: str
    language: str
    lines: list[str]
    balance_cents: int = Field(description="what was paid minus what is due: negative where something is owed")
    reference: str = Field(description="to quote with every payment (ISO 11649)")


@router.get("/me")
def me(session: Reading, member: SignedIn, at: At) -> Me:
    """The member, and only what is theirs."""
    money = balance(session, member, clock.today(at))
    return Me(
        member=str(member),
        name=member.name,
        language=member.language,
        lines=[str(line) for line in lines.lines_of(session, member)],
        balance_cents=money.amount,
        reference=money.reference,
    )
