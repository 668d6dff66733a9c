"""Mandates and emergencies: who holds what, in the open, for every member to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation import clock
from foundation.acts import Act
from inventory import emergencies, mandates, members
from inventory.models.mandates import EVERYWHERE, Emergency, Mandate, Task
from inventory.views.mandates import EmergencyView, MandateView, view, view_emergency


class NewMandate(Body):
    """Someone takes on a task, within a scope, from a day to a day; `minutes` is where it was decided."""

    member: str = Field(max_length=16, examples=["M0042"])
    task: Task
    scope: str = Field(EVERYWHERE, max_length=80, examples=["*"])
    since: date | None = None
    until: date | None = None
    minutes: str = Field("", max_length=300)


def listed(
    session: Session,
    at: datetime,
    *,
    member: str | None = None,
    task: Task | None = None,
    ended: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Mandate]:
    """Mandates by number; those that ended only with `ended`."""
    holder = members.find_member(session, member) if member is not None else None
    return mandates.list_mandates(
        session, on=clock.today(at), member=holder, task=task, ended=ended, after=after, limit=limit
    )


def give(session: Session, act: Act, body: NewMandate) -> Mandate:
    """Entrust a task to someone."""
    return mandates.give(
        session,
        act,
        members.find_member(session, body.member),
        body.task,
        scope=body.scope,
        since=body.since,
        until=body.until,
        minutes=body.minutes,
    )


MANDATES = Noun(
    path="mandates",
    about="Mandates, by number: who holds which task, where, from when to when",
    view=MandateView,
    views=lambda _session, act, rows: [view(one, clock.today(act.at)) for one in rows],
    find=mandates.find_mandate,
    listed=listed,
    readers=None,
    create=give,
    verbs={"second": mandates.second, "end": mandates.end},
    example={
        "number": "T0042",
        "member": "M0042",
        "name": "Camille Exemple",
        "task": "lines.write",
        "scope": "*",
        "since": "2026-11-22",
        "until": "2027-11-22",
        "state": "held",
        "minutes": "https://essaim.example/ag-2026",
        "given_by": "M0001",
        "given_at": "2026-11-22T13:02:00+00:00",
        "seconded_by": None,
        "seconded_at": None,
    },
)


def emergencies_listed(
    session: Session, *, reviewed: bool = True, after: int = 0, limit: int = 100
) -> Sequence[Emergency]:
    """Emergencies by number; with `reviewed=false`, those that nobody has read over."""
    return emergencies.list_emergencies(session, reviewed=reviewed, after=after, limit=limit)


EMERGENCIES = Noun(
    path="emergencies",
    about="Emergencies, by number: who acted without a mandate, on the machine itself",
    view=EmergencyView,
    views=lambda _session, _act, rows: [view_emergency(one) for one in rows],
    find=emergencies.find_emergency,
    listed=emergencies_listed,
    readers=None,
    verbs={"review": emergencies.review},
    example={
        "number": "E0001",
        "actor": "machine:root",
        "why": "router down at three in the morning",
        "since": "2026-11-22T02:02:00+00:00",
        "until": "2026-11-22T03:02:00+00:00",
        "reviewed_by": None,
        "reviewed_at": None,
        "review": "",
    },
)
