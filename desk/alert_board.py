"""Alerts as one person may see them: what burns, what it explains, and what of it they may take charge of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.database import Store, reading
from inventory import rights
from inventory.models.mandates import Task
from monitoring.alerts import state
from monitoring.alerts.rules import Severity
from monitoring.alerts.state import AlertView, NoSuchAlert

READERS: Final = (Task.ALERTS_ACKNOWLEDGE, Task.MONITORING_READ)
"""Tasks of which any lets one read the alerts that it covers."""
LATELY: Final = timedelta(days=1)
MOST: Final = 500
"""Open alerts on one board: who has more to see has `essaim alert list`."""


@dataclass(frozen=True, slots=True)
class Burning:
    """An alert that nothing else explains, those that it explains, and whether the reader may take charge of it."""

    alert: AlertView
    explains: tuple[AlertView, ...]
    may_take: bool


@dataclass(frozen=True, slots=True)
class Board:
    """What burns, the urgent and the oldest first; what is under works; what ended lately, the latest first."""

    burning: tuple[Burning, ...]
    silenced: tuple[AlertView, ...]
    ended: tuple[AlertView, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many alerts burn, and how many of them nobody has taken charge of."""

    burning: int
    untaken: int


def demand_reader(session: Session, act: Act) -> None:
    """Let whoever may read any alert at all pass. Raises NotMandated, WhoAreYou."""
    if not reads_some(session, act):
        rights.demand(session, act, Task.MONITORING_READ)


def reads_some(session: Session, act: Act) -> bool:
    """Whether someone may read any alert at all, be it of one machine."""
    return not rights.tasks_of(session, act).isdisjoint(READERS)


def visible(session: Session, act: Act, alerts: Sequence[AlertView]) -> list[AlertView]:
    """Those of the alerts that someone may read."""
    if any(rights.may(session, act, task) for task in READERS):
        return list(alerts)
    return [one for one in alerts if any(rights.may(session, act, task, one) for task in READERS)]


def find(session: Session, samples: Store, act: Act, number: str) -> AlertView:
    """An alert that someone may read. Raises BadNumber, and NoSuchAlert for what is not theirs as for none."""
    with reading(samples) as seen:
        alert = state.find_alert(seen, number)
    if not visible(session, act, [alert]):
        raise NoSuchAlert(number=alert.number)
    return alert


def board(session: Session, samples: Store, act: Act) -> Board:
    """What someone sees. Raises NotMandated, WhoAreYou."""
    demand_reader(session, act)
    with reading(samples) as seen:
        known = state.list_alerts(seen, limit=MOST)
        past = state.ended_since(seen, act.at - LATELY, limit=MOST // 10)
    mine = visible(session, act, known)
    burning, behind = _grouped(mine)
    return Board(
        tuple(
            Burning(one, tuple(behind.get(one.number, ())), rights.may(session, act, Task.ALERTS_ACKNOWLEDGE, one))
            for one in burning
        ),
        tuple(one for one in mine if one.works),
        tuple(visible(session, act, past)),
    )


def count(session: Session, samples: Store, act: Act) -> Count | None:
    """How many there are for whoever may read some; nothing for anybody else."""
    if not reads_some(session, act):
        return None
    with reading(samples) as seen:
        known = state.list_alerts(seen, limit=MOST)
    burning, _ = _grouped(visible(session, act, known))
    return Count(len(burning), sum(not one.taken_by for one in burning))


def _grouped(alerts: Iterable[AlertView]) -> tuple[list[AlertView], dict[str, list[AlertView]]]:
    """Those to look at, and behind each of them those that it explains."""
    alerts = [one for one in alerts if not one.works]
    shown = {one.number for one in alerts}
    behind: dict[str, list[AlertView]] = {}
    burning = []
    for one in alerts:
        if one.behind in shown:
            behind.setdefault(one.behind, []).append(one)
        else:
            burning.append(one)
    burning.sort(key=lambda one: (one.severity is not Severity.URGENT, one.since, one.number))
    return burning, behind
