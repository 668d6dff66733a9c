"""Credentials: what opens lines and doors, and when it ends. Read here; renewed at the terminal, where mails go out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from api.rest.noun import Noun, paged
from foundation import clock
from inventory import lapsing, members
from inventory.lapsing import Lapsing
from inventory.models.mandates import Task
from inventory.views.credentials import CredentialView, view


def listed(
    session: Session,
    at: datetime,
    *,
    member: str | None = None,
    kind: str | None = None,
    after: str = "",
    limit: int = 100,
) -> Sequence[Lapsing]:
    """Those in force, by name: of everyone or of one member, of every kind or of one."""
    whose = members.find_member(session, member) if member is not None else None
    return paged(lapsing.list_credentials(session, at, kind=kind, member=whose), str, after, limit)


CREDENTIALS = Noun(
    path="credentials",
    about="Credentials: logins, keys and tokens in force, and until when",
    view=CredentialView,
    views=lambda _session, act, rows: [view(one, act.at) for one in rows],
    find=lambda session, name: lapsing.find_credential(session, clock.now(), name),
    listed=listed,
    readers=frozenset({Task.LINES_WRITE}),
    slashed=True,
    example={
        "name": "ppp:l0101@adsl",
        "kind": "ppp",
        "line": "L0101",
        "member": "M0042",
        "since": "2026-11-22T13:02:00+00:00",
        "age_days": 12,
        "until": None,
        "former_until": "2027-01-21T13:02:00+00:00",
        "told_at": None,
    },
)
