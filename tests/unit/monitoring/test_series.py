from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from foundation.database import EssaimSession, Store, reading, transaction
from foundation.settings import read_settings
from monitoring import series
from monitoring.models import LARGEST, Seen, open_samples
from monitoring.series import Measure, Point

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def octets(value: int, instance: str = "eth0") -> Measure:
    return Measure("ifHCInOctets", instance, "octets", value)


def test_a_sample_is_read_back_with_its_unit(seen: EssaimSession) -> None:
    series.append(seen, "web1", AT, [octets(12)])
    assert series.last(seen, "web1") == [(Point(AT, 12), octets(12))]


def test_the_latest_sample_of_each_series_is_given(seen: EssaimSession) -> None:
    series.append(seen, "web1", AT, [octets(1), octets(5, "eth1")])
    series.append(seen, "web1", AT + MINUTE, [octets(2)])
    series.append(seen, "web2", AT + MINUTE, [octets(9)])
    assert [point.value for point, _ in series.last(seen, "web1")] == [2, 5]


def test_a_period_holds_its_beginning_and_not_its_end(seen: EssaimSession) -> None:
    for minutes in range(4):
        series.append(seen, "web1", AT + minutes * MINUTE, [octets(minutes)])
    found = series.between(seen, "web1", "ifHCInOctets", "eth0", AT + MINUTE, AT + 3 * MINUTE)
    assert found == [Point(AT + MINUTE, 1), Point(AT + 2 * MINUTE, 2)]


def test_what_is_said_twice_for_one_instant_is_kept_once(seen: EssaimSession) -> None:
    series.append(seen, "web1", AT, [octets(1), octets(2)])
    series.append(seen, "web1", AT, [octets(3)])
    assert [point.value for point, _ in series.last(seen, "web1")] == [2]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(value=st.integers(0, LARGEST) | st.sampled_from([2**63 - 1, 2**63, LARGEST]))
def test_any_counter_of_64_bits_comes_back_unchanged(samples: Store, value: int) -> None:
    with samples.session() as session:
        series.append(session, "web1", AT, [octets(value)])
        session.expire_all()
        assert [point.value for point, _ in series.last(session, "web1")] == [value]


def test_what_is_no_counter_is_refused(seen: EssaimSession) -> None:
    with pytest.raises(StatementError, match="between 0 and"):
        series.append(seen, "web1", AT, [octets(-1)])
    with pytest.raises(StatementError, match="between 0 and"):
        series.append(seen, "web1", AT, [octets(LARGEST + 1)])


def test_the_samples_file_is_for_its_owner_alone_and_opens_again(samples: Store, tmp_path: Path) -> None:
    with transaction(samples) as session:
        series.append(session, "web1", AT, [octets(1)])
    again = open_samples(read_settings(var=tmp_path))
    with reading(again) as session:
        assert len(series.last(session, "web1")) == 1
    for file in tmp_path.glob("samples.sqlite*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    again.engine.dispose()


def test_every_column_says_why_it_is_kept() -> None:
    for table in Seen.metadata.sorted_tables:
        for column in table.columns:
            wanted = "connection" if table.name == "connection" else "technical"
            assert column.info["retention"] == wanted, f"{table.name}.{column.name}"
