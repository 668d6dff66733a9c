"""Renumberings, as every door shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.models.renumbering import Renumbering, StepState


@dataclass(frozen=True, slots=True)
class RenumberingView:
    """A renumbering: from which pool to which, since when, and how many of its moves stand where."""

    number: str
    old: str
    new: str
    since: datetime
    ended: datetime | None
    proposed: int
    both: int
    done: int


def view(one: Renumbering) -> RenumberingView:
    """A renumbering's plain values; its pools and steps are loaded."""
    count = {state: sum(step.state == state for step in one.steps) for state in StepState}
    return RenumberingView(
        number=str(one),
        old=one.from_pool.name,
        new=one.to_pool.name,
        since=one.since,
        ended=one.ended,
        proposed=count[StepState.PROPOSED],
        both=count[StepState.BOTH],
        done=count[StepState.DONE],
    )
