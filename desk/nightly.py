"""What is done each night: what was kept long enough goes, class by class (docs/reference/retention.md)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk import quality
from foundation.database import Store, transaction
from foundation.settings import Settings
from monitoring import connections
from monitoring.embedded import open_series
from monitoring.models import open_samples
from monitoring.quality import is_line


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went: connections that ended too long ago, and the quality of lines whose member agrees no more.

    `quality_before` is from when on quality is kept of those that still agree, to the hour.
    """

    connections: int
    lines: tuple[str, ...]
    quality_before: datetime


def nightly(store: Store, settings: Settings, at: datetime) -> Forgotten:
    """Delete what was kept long enough. To be cut short harms nothing: the next night begins anew.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    before = at - timedelta(days=settings.quality_days)
    samples = open_samples(settings)
    try:
        with transaction(samples) as session:
            gone = connections.forget(session, at, timedelta(days=settings.connection_days))
    finally:
        samples.engine.dispose()
    with closing(open_series(settings)) as series:
        lines = quality.sweep(store, series, at)
        for line in filter(is_line, series.devices()):
            series.forget(line, before)
    return Forgotten(gone, tuple(lines), before)
