"""Changes of machines: listed, read, approved, rejected. What talks to machines is in `api/rest/machines.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation.acts import LONGEST_WHY, Act
from inventory import devices
from inventory.models.mandates import Task
from provisioning import changes
from provisioning.models import Change, ChangeState
from provisioning.views import ChangeView, views_of

READERS = frozenset({Task.CHANGES_PROPOSE, Task.CHANGES_APPROVE, Task.CHANGES_APPLY})


class Rejection(Body):
    """Why it shall not be applied: its proposer reads it."""

    why: str = Field(min_length=1, max_length=LONGEST_WHY, examples=["after the works of Tuesday"])


def listed(
    session: Session,
    *,
    target: str | None = None,
    state: ChangeState | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Change]:
    """Changes by number: all, of a machine (`vpn`) or of a target (`vpn/wireguard`), in a state."""
    machine, _, artifact = (target or "").partition("/")
    device = devices.find_device(session, machine) if machine else None
    return changes.page(session, device=device, artifact=artifact, state=state, after=after, limit=limit)


def reject(session: Session, act: Act, change: Change, body: Rejection) -> None:
    """Say that a change shall not be applied."""
    changes.reject(session, replace(act, why=body.why), change)


EXAMPLE = {
    "number": "C0042",
    "target": "vpn/wireguard",
    "state": "planned",
    "impact": "hitless",
    "count": 1,
    "lines": ["L0042"],
    "purpose": "inventory",
    "of": None,
    "proposed_by": "M0007",
    "proposed_at": "2026-11-22T13:02:00+00:00",
    "approved_by": None,
    "approved_at": None,
    "rejected_by": None,
    "applied_by": None,
    "claimed_at": None,
    "ended_at": None,
    "reason": "",
}

CHANGES = Noun(
    path="changes",
    about="Changes of machines, by number",
    view=ChangeView,
    views=lambda session, _act, rows: views_of(session, rows),
    find=changes.find_change,
    listed=listed,
    readers=READERS,
    verbs={"approve": changes.approve, "reject": reject},
    example=EXAMPLE,
)
