"""Tokens: read and ended here. They are made where their owner is (`essaim token create`): no token makes another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from api.rest.noun import Noun
from inventory import members, tokens
from inventory.models.mandates import Task
from inventory.models.tokens import Token
from inventory.views.tokens import TokenView, view


def listed(
    session: Session, at: datetime, *, member: str | None = None, ended: bool = False, after: int = 0, limit: int = 100
) -> Sequence[Token]:
    """Those that serve, of everyone or of one member; with `ended`, those that no longer do too."""
    owner = members.find_member(session, member) if member is not None else None
    return tokens.list_tokens(session, at, member=owner, ended=ended, after=after, limit=limit)


TOKENS = Noun(
    path="tokens",
    about="Tokens: programs that act for someone, and until when",
    view=TokenView,
    views=lambda _session, _act, rows: [view(one) for one in rows],
    find=tokens.find_token,
    listed=listed,
    readers=frozenset({Task.KEYS_KEEP}),
    verbs={"end": tokens.end_token},
    example={
        "number": "J0003",
        "member": "M0042",
        "name": "laptop",
        "tasks": ["lines.write"],
        "since": "2026-11-22T13:02:00+00:00",
        "until": "2027-02-20T13:02:00+00:00",
        "ended_at": None,
    },
)
