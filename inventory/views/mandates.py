"""What every door shows of mandates and emergencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from inventory.models.mandates import Emergency, Mandate, MandateState


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate: who has taken on what, within which scope (`*` is everywhere), and from when to when.

    `minutes` is where it was decided; then who gave it and who seconded it.
    """

    number: str
    member: str
    name: str
    task: str
    scope: str
    since: date
    until: date | None
    state: MandateState
    minutes: str
    given_by: str
    given_at: datetime
    seconded_by: str | None
    seconded_at: datetime | None


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """An emergency: who acted without a mandate, why, from when to when; who read it over, and their words."""

    number: str
    actor: str
    why: str
    since: datetime
    until: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    review: str


def view(one: Mandate, day: date) -> MandateView:
    """A mandate, loaded with its holder, as it stands on that day."""
    return MandateView(
        number=str(one),
        member=str(one.member),
        name=one.member.name,
        task=str(one.task),
        scope=one.scope,
        since=one.since,
        until=one.until,
        state=one.state_on(day),
        minutes=one.minutes,
        given_by=one.given_by,
        given_at=one.given_at,
        seconded_by=one.seconded_by,
        seconded_at=one.seconded_at,
    )


def view_emergency(one: Emergency) -> EmergencyView:
    """An emergency."""
    return EmergencyView(
        number=str(one),
        actor=one.actor,
        why=one.why,
        since=one.since,
        until=one.until,
        reviewed_by=one.reviewed_by,
        reviewed_at=one.reviewed_at,
        review=one.review,
    )
