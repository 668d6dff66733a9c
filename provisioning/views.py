"""Changes, and what a plan found, as programs see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation.speech import Language
from inventory import numbers
from inventory.models.devices import Device
from inventory.views.works import AnnouncedView, view_announced
from provisioning.artifact import Impact
from provisioning.models import Change, ChangeState, Purpose
from provisioning.plan import Planned


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change: its target; its effect, and on how many connections (`count`; of `cuts`, 0 is all of them); the lines
    it covers; what it brings the target to, and around which change (`of`); who did what with it, and when.
    """

    number: str
    target: str
    state: ChangeState
    impact: Impact
    count: int
    lines: tuple[str, ...]
    purpose: Purpose
    of: str | None
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    rejected_by: str | None
    applied_by: str | None
    claimed_at: datetime | None
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedView:
    """What a plan found on a target: the change that it made, with its diff (secrets as fingerprints); none where the
    machine agrees; or why it could not look (`problem` for programs, `sentence` for people).
    """

    target: str
    change: str | None
    approved: bool
    impact: Impact
    count: int
    lines: tuple[str, ...]
    diff: str
    problem: str | None
    sentence: str | None
    works: tuple[AnnouncedView, ...]


def views_of(session: Session, found: Sequence[Change]) -> list[ChangeView]:
    """Changes' plain values."""
    machines = {one.device_id for one in found}
    names = dict(session.execute(select(Device.id, Device.name).where(Device.id.in_(machines))).all())
    former = {one.of_id for one in found if one.of_id is not None}
    numbered = dict(session.execute(select(Change.id, Change.number).where(Change.id.in_(former))).all())
    return [_view(one, names[one.device_id], None if one.of_id is None else numbered[one.of_id]) for one in found]


def planned(one: Planned, language: Language) -> PlannedView:
    """A plan's plain values; a reason is said in the reader's language."""
    return PlannedView(
        target=one.target,
        change=one.change,
        approved=one.approved,
        impact=one.effect.impact,
        count=one.effect.count,
        lines=one.lines,
        diff=one.diff,
        problem=one.problem.kind if one.problem is not None else None,
        sentence=one.problem.sentence(language) if one.problem is not None else None,
        works=tuple(view_announced(each) for each in one.works),
    )


def _view(one: Change, machine: str, former: int | None) -> ChangeView:
    return ChangeView(
        number=str(one),
        target=f"{machine}/{one.artifact}",
        state=ChangeState(one.state),
        impact=Impact(one.impact),
        count=one.count,
        lines=tuple(one.lines.split()),
        purpose=Purpose(one.purpose),
        of=numbers.shown("C", former) if former is not None else None,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        approved_by=one.approved_by,
        approved_at=one.approved_at,
        rejected_by=one.rejected_by,
        applied_by=one.applied_by,
        claimed_at=one.claimed_at,
        ended_at=one.ended_at,
        reason=one.reason,
    )
