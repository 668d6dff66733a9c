"""What the mandates leave exposed: tasks without hands, tasks in one pair of hands, ends that come near."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation.speech import Phrase
from inventory import emergencies, mandates, rules
from inventory.models.mandates import Mandate, MandateState, Task
from inventory.models.people import Member


class RiskKind(StrEnum):
    """What is at risk."""

    UNHELD = "unheld"
    ALONE = "alone"
    ENDS_SOON = "ends-soon"
    WAITS = "waits"
    UNREVIEWED = "unreviewed"

    @property
    def phrase(self) -> Phrase:
        """The risk as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    RiskKind.UNHELD: Phrase("personne ne l'a", "nobody holds it"),
    RiskKind.ALONE: Phrase("une seule personne l'a", "one person alone holds it"),
    RiskKind.ENDS_SOON: Phrase("se termine bientôt", "ends soon"),
    RiskKind.WAITS: Phrase("attend un appui", "waits for a second"),
    RiskKind.UNREVIEWED: Phrase("urgence à relire", "emergency to review"),
}


@dataclass(frozen=True, slots=True)
class Risk:
    """One thing to look after: its kind, the task or the number it is about, who is in it, and until when."""

    kind: RiskKind
    subject: str
    task: Task | None = None
    member: str | None = None
    until: date | None = None


def risks(session: Session, day: date) -> list[Risk]:
    """Tasks that nobody holds, or one person alone; mandates that end within the rule `mandates.notice_days` (60) or
    wait for a second; emergencies that nobody has read over. The gravest first.
    """
    query = select(Mandate).join(Member).where(mandates.not_ended(day), Member.left.is_(None))
    living = session.scalars(query.options(joinedload(Mandate.member)).order_by(Mandate.number)).all()
    holding: defaultdict[Task, set[str]] = defaultdict(set)
    for mandate in living:
        if mandate.state_on(day) == MandateState.HELD:
            holding[Task(mandate.task)].add(str(mandate.member))
    soon = day + timedelta(days=rules.number(session, "mandates.notice_days"))
    return [
        *(Risk(RiskKind.UNHELD, str(task), task) for task in Task if not holding[task]),
        *(Risk(RiskKind.ALONE, str(task), task, min(holding[task])) for task in Task if len(holding[task]) == 1),
        *(
            Risk(RiskKind.ENDS_SOON, str(one), Task(one.task), str(one.member), one.until)
            for one in living
            if one.until is not None and one.until <= soon
        ),
        *(
            Risk(RiskKind.WAITS, str(one), Task(one.task), str(one.member))
            for one in living
            if one.state_on(day) == MandateState.WAITING
        ),
        *(
            Risk(RiskKind.UNREVIEWED, str(one), member=one.actor)
            for one in emergencies.list_emergencies(session, reviewed=False)
        ),
    ]
