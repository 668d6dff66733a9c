"""Samples that an earlier version kept beside the connections, one a row, are brought into the series' store, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice
from typing import Any, Final

from sqlalchemy import inspect, text

from foundation.database import Store, engine_of, reading, transaction
from foundation.settings import Settings
from foundation.vault import Vault
from monitoring.series import Heard, Measure, SeriesStore

_AT_ONCE: Final = 500
_ROWS: Final = text(
    "SELECT device, at, metric, instance, unit, value FROM sample JOIN series ON series.id = sample.series_id "
    "ORDER BY at, device, metric, instance"
)
"""By instant first: hours are packed in their order."""


def bring_over(settings: Settings, store: SeriesStore) -> None:
    """Append what is in the earlier tables of `samples.sqlite`, and take them away. Killed meanwhile, it begins again:
    what is told twice is kept once.

    Raises KeyMissing, DatabaseBusy, DatabaseUnreadable.
    """
    path = settings.samples.absolute()
    if not path.exists():
        return
    earlier = Store(engine_of(f"sqlite:///{path}"), Vault.read(settings.vault_key))
    try:
        with reading(earlier) as session:
            if not inspect(session.connection()).has_table("sample"):
                return
            told = _told(session.execute(_ROWS))
            while some := list(islice(told, _AT_ONCE)):
                store.append(some)
        with transaction(earlier) as session:
            session.execute(text("DROP TABLE sample"))
            session.execute(text("DROP TABLE series"))
    finally:
        earlier.engine.dispose()


def _told(rows: Any) -> Iterator[Heard]:
    for (device, at), said in groupby(rows, key=lambda row: (row.device, row.at)):
        # They were words of 64 bits without a sign, in a column that has one.
        measures = [Measure(row.metric, row.instance, row.unit, row.value % 2**64) for row in said]
        yield Heard(device, datetime.fromisoformat(at), measures)
