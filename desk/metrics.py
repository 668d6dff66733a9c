"""Everything that is measured, for a Prometheus beside: machines, lines by state, connections, alerts, the poller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.database import Store, reading
from inventory.models.devices import Device
from inventory.models.lines import Line
from monitoring.alerts import hints, state
from monitoring.alerts.seen import Cycle
from monitoring.models import Connection
from monitoring.openmetrics import Family, families
from monitoring.series import SeriesStore

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def measured(session: Session, samples: Store, series: SeriesStore) -> list[Family]:
    """All of it as it was last told; nothing of it is about a person.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    lines = Family("essaim_lines", "gauge", "Lines by state")
    for name, count in session.execute(select(Line.state, func.count()).group_by(Line.state)):
        lines.put(count, state=name)
    present = session.scalars(select(Device.name).where(Device.until.is_(None))).all()
    with reading(samples) as seen:
        own = list(_own(seen))
    told = {name: [measure for _, measure in one.said] for name, one in series.latest(present).items()}
    return [lines, *own, *families({name: measures for name, measures in told.items() if measures})]


def _own(session: Session) -> Iterator[Family]:
    connected = Family("essaim_connections", "gauge", "Lines connected now")
    connected.put(session.scalar(select(func.count()).where(Connection.until.is_(None))) or 0)
    yield connected
    alerts = Family("essaim_alerts_open", "gauge", "Open alerts by severity")
    for severity, count in Counter(one.severity for one in state.list_alerts(session, limit=10_000)).items():
        alerts.put(count, severity=str(severity))
    yield alerts
    traps = Family("essaim_traps", "counter", "Packets that came where traps are listened for, by what became of them")
    for outcome, count in hints.counts(session).items():
        traps.put(count, outcome=outcome)
    yield traps
    up = Family("essaim_up", "gauge", "Whether a machine answered the latest round")
    for name, answer in state.answers(session).items():
        up.put(int(answer.heard), device=name)
    yield up
    cycle = state.last_round(session)
    if cycle is not None:
        yield from _of_round(cycle)


def _of_round(cycle: Cycle) -> Iterator[Family]:
    began = Family("essaim_round_timestamp_seconds", "gauge", "When the latest round began", unit="seconds")
    began.put((cycle.began - _EPOCH).total_seconds())
    ended = Family("essaim_round_ended_timestamp_seconds", "gauge", "When the latest round was over", unit="seconds")
    ended.put((cycle.ended - _EPOCH).total_seconds())
    took = Family("essaim_round_duration_seconds", "gauge", "How long the latest round took", unit="seconds")
    took.put(cycle.took.total_seconds())
    yield from (began, ended, took)
    if cycle.late is not None:
        late = Family(
            "essaim_round_late_seconds", "gauge", "By how much the latest round began after its turn", unit="seconds"
        )
        late.put(cycle.late.total_seconds())
        yield late
