"""The embedded store's own ways: its file, what it forgets, what it brings over from an earlier version."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foundation.database import DatabaseUnreadable
from foundation.settings import read_settings
from foundation.vault import Vault
from monitoring.alerts.models import Alert
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.models import Seen, open_samples
from monitoring.series import Heard, Measure, Name, Point, Resolution
from monitoring.series_tables import Held

AT = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ETH0 = Name("web1", "ifHCInOctets", "eth0")


def said(at: datetime, value: int, device: str = "web1") -> Heard:
    return Heard(device, at, [Measure("ifHCInOctets", "eth0", "octets", value)])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    Vault.create(tmp_path / "vault.key")
    opened = open_series(read_settings(var=tmp_path))
    yield opened
    opened.close()


def counts(folder: Path, *tables: str) -> list[int]:
    with sqlite3.connect(folder / "series.sqlite") as file:
        found = [int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables]
    file.close()
    return found


def test_the_file_is_for_its_owner_alone(store: EmbeddedStore, tmp_path: Path) -> None:
    store.append([said(AT, 1)])
    files = list(tmp_path.glob("series.sqlite*"))
    assert len(files) > 1
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_an_hour_is_packed_when_it_is_over_and_its_last_word_stays(store: EmbeddedStore, tmp_path: Path) -> None:
    store.append(said(AT + minutes * MINUTE, minutes) for minutes in range(60))
    assert counts(tmp_path, "told", "chunk") == [60, 0]
    store.append([said(AT + HOUR, 60)])
    assert counts(tmp_path, "told", "chunk", "five_minutes", "hourly") == [2, 1, 1, 1]
    assert len(store.between(ETH0, AT, AT + 2 * HOUR)) == 61


def test_a_cycle_packs_some_machines_and_the_next_ones_the_others(store: EmbeddedStore, tmp_path: Path) -> None:
    store.append(said(AT, 1, f"switch{rank}") for rank in range(40))
    found = []
    for cycle in range(3):
        store.append([said(AT + HOUR + cycle * MINUTE, 2)])
        found += counts(tmp_path, "chunk")
    assert found == [16, 32, 40]


def test_each_is_forgotten_when_it_was_kept_long_enough(tmp_path: Path) -> None:
    Vault.create(tmp_path / "vault.key")
    told = read_settings(var=tmp_path, series_raw_days=1, series_five_days=2, series_hour_days=3)
    store = open_series(told)
    found = []
    for day in range(5):
        store.append(said(AT + day * DAY + hours * HOUR, day) for hours in range(2))
        store.pack(AT + day * DAY + 2 * HOUR)
        found.append(counts(tmp_path, "chunk", "five_minutes", "hourly"))
    store.close()
    assert found == [[2, 2, 2], [3, 4, 4], [3, 5, 6], [3, 5, 7], [3, 5, 7]]


def test_a_damaged_hour_is_said_and_not_made_up(store: EmbeddedStore, tmp_path: Path) -> None:
    store.append(said(AT + minutes * MINUTE, minutes) for minutes in range(3))
    store.pack(AT + 2 * HOUR)
    with sqlite3.connect(tmp_path / "series.sqlite") as file:
        for table in ("chunk", "five_minutes", "told"):
            column = "row" if table == "told" else "body"
            file.execute(f"UPDATE {table} SET {column} = substr({column}, 1, length({column}) - 5)")
    file.close()
    with pytest.raises(DatabaseUnreadable):
        store.between(ETH0, AT, AT + HOUR)
    with pytest.raises(DatabaseUnreadable):
        store.bands(ETH0, AT, AT + HOUR, Resolution.FIVE_MINUTES)
    with pytest.raises(DatabaseUnreadable):
        store.last("web1")


EARLIER = """
CREATE TABLE series (id INTEGER PRIMARY KEY, device TEXT, metric TEXT, instance TEXT, unit TEXT);
CREATE TABLE sample (series_id INTEGER, at TEXT, value INTEGER, PRIMARY KEY (series_id, at)) WITHOUT ROWID;
INSERT INTO series VALUES (1, 'web1', 'ifHCInOctets', 'eth0', 'octets'), (2, 'web1', 'load5', '', 'hundredths');
INSERT INTO sample VALUES (1, '2026-11-22T13:00:00.000000Z', 12), (1, '2026-11-22T13:01:00.000000Z', -1),
                          (2, '2026-11-22T13:01:00.000000Z', 250);
"""


def test_what_an_earlier_version_kept_is_brought_over_once_and_connections_stay(tmp_path: Path) -> None:
    Vault.create(tmp_path / "vault.key")
    settings = read_settings(var=tmp_path)
    open_samples(settings).engine.dispose()
    with sqlite3.connect(settings.samples) as file:
        file.executescript(EARLIER)
    file.close()
    for _ in range(2):
        store = open_series(settings)
        assert store.between(ETH0, AT, AT + HOUR) == [Point(AT, 12), Point(AT + MINUTE, 2**64 - 1)]
        assert [measure.value for _, measure in store.last("web1")] == [2**64 - 1, 250]
        store.close()
    with sqlite3.connect(settings.samples) as file:
        names = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names - {"sqlite_sequence"} == set(Seen.metadata.tables)
    assert "connection" in names
    assert names.isdisjoint({"series", "sample"})
    file.close()


def test_every_column_says_why_it_is_kept() -> None:
    connection = Seen.metadata.tables["connection"]
    assert {column.info["retention"] for column in connection.columns} == {"connection"}
    for table in Held.metadata.sorted_tables:
        for column in table.columns:
            assert column.info["retention"] == "technical", f"{table.name}.{column.name}"
    # Who took an alert in hand is kept as the journal keeps it; nothing else there is of anyone.
    kept = {column.name: column.info["retention"] for column in Alert.__table__.columns}
    assert {name for name, why in kept.items() if why != "technical"} <= {"taken_by", "taken_at", "taken_why"}
