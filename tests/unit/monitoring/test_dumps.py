"""Connections from what an LNS writes down of traffic alone: while it carries, and no more once it is silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from foundation.database import EssaimSession
from monitoring.accounting import Dump
from monitoring.connections import NEWS_LIFE, SILENT, last_connection, record_dumps
from monitoring.models import LARGEST, Connection

AT = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
FIVE, MINUTE = timedelta(minutes=5), timedelta(minutes=1)
LOGINS = {"l0042@adsl": 42, "l0043@adsl": 43}


def dump(at: datetime, received: int = 10, sent: int = 1, login: str = "l0042@adsl") -> Dump:
    return Dump(at, login, received, sent)


def record(session: EssaimSession, at: datetime, *seen: Dump) -> None:
    record_dumps(session, "lns", at, seen, LOGINS)


def stays(session: EssaimSession, line: int = 42) -> Sequence[Connection]:
    return session.scalars(select(Connection).where(Connection.line == line).order_by(Connection.since)).all()


def test_a_line_is_connected_while_it_carries_something(seen: EssaimSession) -> None:
    record(seen, AT + FIVE, dump(AT), dump(AT + FIVE), dump(AT, login="x@y"), dump(AT, login="l0043@adsl"))
    record(seen, AT + 3 * FIVE, dump(AT + FIVE), dump(AT + 2 * FIVE))
    found = last_connection(seen, 42)
    assert found is not None
    assert (found.since, found.until, found.last_seen) == (AT, None, AT + 2 * FIVE)
    assert (found.received, found.sent) == (30, 3), "what was told of before counts once"
    record(seen, AT + 2 * FIVE + NEWS_LIFE)
    assert stays(seen)[0].until is None
    record(seen, AT + 2 * FIVE + NEWS_LIFE + MINUTE)
    [stay] = stays(seen)
    assert (stay.until, stay.cause) == (AT + 2 * FIVE, SILENT)
    assert stays(seen, 43)[0].cause == SILENT


def test_it_comes_back_as_another_connection(seen: EssaimSession) -> None:
    record(seen, AT, dump(AT))
    back = AT + NEWS_LIFE + FIVE
    record(seen, back + MINUTE, dump(back), dump(back, received=5))
    first, second = stays(seen)
    assert first.until is not None
    assert AT <= first.until < AT + MINUTE
    assert (second.since, second.until, second.received) == (back, None, 15)
    record(seen, back + 3 * NEWS_LIFE, dump(AT), dump(back))
    assert [stay.until is None for stay in stays(seen)] == [False, False]


def test_counters_stay_within_64_bits_and_what_comes_from_the_future_waits(seen: EssaimSession) -> None:
    record(seen, AT, dump(AT, received=LARGEST), dump(AT, received=LARGEST), dump(AT + FIVE, received=1))
    [stay] = stays(seen)
    assert (stay.received, stay.last_seen) == (LARGEST, AT)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 99)), min_size=1, max_size=25),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_polled_at_any_time_and_told_whole_each_time_it_comes_to_the_same(
    seen: EssaimSession, told: list[tuple[int, int]], polls: list[int]
) -> None:
    dumps = [dump(AT + minutes * MINUTE, received=octets) for minutes, octets in sorted(told)]
    outcomes = []
    for times in ([400], [*sorted(polls), 400]):
        seen.execute(delete(Connection))
        seen.expire_all()
        for minutes in times:
            now = AT + minutes * MINUTE
            record(seen, now, *(each for each in dumps if each.at <= now))
        outcomes.append([(stay.since, stay.last_seen, stay.until, stay.received) for stay in stays(seen)])
    assert outcomes[0] == outcomes[1]
    assert sum(each[3] for each in outcomes[0]) == sum(octets for _, octets in told)
