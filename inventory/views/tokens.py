"""A token as every door shows it: never what it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.models.tokens import Token


@dataclass(frozen=True, slots=True)
class TokenView:
    """Whose it is and what it may do; `ended_at` where it was ended before its time."""

    number: str
    member: str
    name: str
    tasks: tuple[str, ...]
    since: datetime
    until: datetime
    ended_at: datetime | None


def view(token: Token) -> TokenView:
    """The token, with its owner loaded."""
    return TokenView(
        number=str(token),
        member=str(token.member),
        name=token.name,
        tasks=tuple(token.tasks.split()),
        since=token.since,
        until=token.until,
        ended_at=token.ended_at,
    )
