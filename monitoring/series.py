"""Series of samples: append, the latest, a period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, func, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or_nothing
from sqlalchemy.orm import Session

from monitoring.models import Sample, Series


@dataclass(frozen=True, slots=True)
class Measure:
    """What a machine says of itself at one instant.

    `unit` is how `value` counts: `octets`, `packets`, `percent`, `seconds`, `hundredths`, `bit/s`, `state`.
    """

    metric: str
    instance: str
    unit: str
    value: int


class Point(NamedTuple):
    """A value at an instant."""

    at: datetime
    value: int


def append(session: Session, device: str, at: datetime, measures: Iterable[Measure]) -> None:
    """Add what a machine said at `at`. Said twice for one instant, the first stays."""
    known = _series_of(session, device)
    values = {(each.metric, each.instance): each for each in measures}
    new = [
        {"device": device, "metric": each.metric, "instance": each.instance, "unit": each.unit}
        for name, each in values.items()
        if name not in known
    ]
    if new:
        session.execute(insert(Series), new)
        known = _series_of(session, device)
    rows = [{"series_id": known[name], "at": at, "value": each.value} for name, each in values.items()]
    if rows:
        session.execute(insert_or_nothing(Sample).on_conflict_do_nothing(), rows)


def last(session: Session, device: str) -> Sequence[tuple[Point, Measure]]:
    """The latest sample of each series of a machine, by metric and instance."""
    latest = select(Sample.series_id, func.max(Sample.at).label("at")).group_by(Sample.series_id).subquery()
    rows = session.execute(
        select(Series, Sample)
        .join(latest, latest.c.series_id == Series.id)
        .join(Sample, and_(Sample.series_id == latest.c.series_id, Sample.at == latest.c.at))
        .where(Series.device == device)
        .order_by(Series.metric, Series.instance)
    )
    return [
        (Point(sample.at, sample.value), Measure(series.metric, series.instance, series.unit, sample.value))
        for series, sample in rows
    ]


def between(
    session: Session, device: str, metric: str, instance: str, since: datetime, until: datetime
) -> Sequence[Point]:
    """The samples of one series from `since` to `until` (half-open), the oldest first."""
    rows = session.execute(
        select(Sample.at, Sample.value)
        .join(Series, Series.id == Sample.series_id)
        .where(Series.device == device, Series.metric == metric, Series.instance == instance)
        .where(Sample.at >= since, Sample.at < until)
        .order_by(Sample.at)
    )
    return [Point(at, value) for at, value in rows]


def _series_of(session: Session, device: str) -> dict[tuple[str, str], int]:
    rows = session.execute(select(Series.metric, Series.instance, Series.id).where(Series.device == device))
    return {(metric, instance): number for metric, instance, number in rows}
