"""Who is told of alerts: whoever holds the task of taking charge of them, for what their mandate covers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import rights
from inventory.models.mandates import EVERYWHERE, Mandate, Task
from inventory.models.people import Member


@dataclass(frozen=True, slots=True)
class OnCall:
    """Someone to be told, where and in which language; `scopes` is None where they are told of everything."""

    email: str = field(repr=False)
    language: str
    scopes: frozenset[str] | None


def on_call(session: Session, day: date) -> list[OnCall]:
    """Whoever takes charge of alerts on that day and has an e-mail, by number."""
    rows = session.execute(
        select(Member, Mandate.scope)
        .join(Mandate, Mandate.member_id == Member.id)
        .where(Mandate.task == Task.ALERTS_ACKNOWLEDGE, rights.in_force_on(day), Member.left.is_(None))
        .order_by(Member.number)
    )
    held: dict[int, set[str]] = defaultdict(set)
    people: dict[int, Member] = {}
    for member, scope in rows:
        people[member.id] = member
        held[member.id].add(scope)
    return [
        OnCall(one.email, one.language, None if EVERYWHERE in held[number] else frozenset(held[number]))
        for number, one in people.items()
        if one.email
    ]
