"""What traps leave behind: what a machine said of itself lately, and how many packets became of what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from monitoring.alerts.models import Met, TrapCount, TrapHeard
from monitoring.alerts.reading import Reading
from monitoring.alerts.rules import Watch
from monitoring.alerts.seen import Answer, SaidItself

LATELY: Final = timedelta(hours=1)
"""How long what a machine said of itself is told beside what is wrong with it."""
_DEVICE: Final = re.compile("[/:]")
"""What follows a machine's name in a subject: a port, or a figure."""
_ASKED_ALONE: Final = frozenset({Watch.SILENCE, Watch.LINK, Watch.DISK, Watch.VALUE})


def note(session: Session, device: str, name: str, part: str, at: datetime) -> None:
    """Write down a trap that has a name; the one of that name before it is forgotten."""
    session.merge(TrapHeard(device=device, name=name[:32], part=part[:64], at=at))


def note_met(session: Session, answers: Mapping[str, Answer], at: datetime) -> None:
    """Write down how machines that were asked between two rounds met that: what else they could not tell stays."""
    for device, one in answers.items():
        row = session.get(Met, device) or Met(device=device, amiss_fr="", amiss_en="")
        row.at, row.heard = at, one.heard
        if one.amiss is not None:
            row.amiss_fr, row.amiss_en = one.amiss.say("fr")[:400], one.amiss.say("en")[:400]
        session.add(row)


def count(session: Session, outcomes: Mapping[str, int]) -> None:
    """Add to how many packets became of what."""
    for outcome, more in sorted(outcomes.items()):
        row = session.get(TrapCount, outcome) or TrapCount(outcome=outcome, count=0)
        row.count += more
        session.add(row)


def counts(session: Session) -> dict[str, int]:
    """How many packets became of what, since the samples' file was made."""
    return {row.outcome: row.count for row in session.scalars(select(TrapCount).order_by(TrapCount.outcome))}


def lately(session: Session, at: datetime) -> dict[str, list[SaidItself]]:
    """What each machine said of itself in the last hour, in order."""
    found: dict[str, list[SaidItself]] = {}
    query = select(TrapHeard).where(TrapHeard.at > at - LATELY, TrapHeard.at <= at).order_by(TrapHeard.at)
    for row in session.scalars(query):
        found.setdefault(row.device, []).append(SaidItself(row.name, row.part, row.at))
    return found


def forget(session: Session, at: datetime) -> None:
    """Forget what is no longer told."""
    session.execute(delete(TrapHeard).where(TrapHeard.at <= at - LATELY))


def is_about(reading: Reading, devices: AbstractSet[str]) -> bool:
    """Whether a reading is of what one of these devices, asked alone, says: of itself, its ports, its figures."""
    watch, subject = reading.matter
    return watch in _ASKED_ALONE and _DEVICE.split(subject, maxsplit=1)[0] in devices
