from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from foundation.database import EssaimSession, Store
from monitoring import openvpn
from monitoring.accounting import Session
from monitoring.connections import (
    KEPT,
    LastConnection,
    ask_since,
    connected_after,
    forget,
    last_connection,
    record_openvpn,
    record_sessions,
)
from monitoring.connections import record_tunnels as record_them
from monitoring.models import LARGEST, Connection
from monitoring.tunnels import Tunnel

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LINES = {"key42": 42, "key42b": 42, "key43": 43}
LOGINS = {"l0042@adsl": 42, "l0043@adsl": 43}
NAMES = {"l0042": 42, "l0043": 43}


def tunnel(handshake: datetime | None, received: int = 0, sent: int = 0, key: str = "key42") -> Tunnel:
    return Tunnel(key, "192.0.2.234" if handshake else None, handshake, received, sent)


def ppp(
    key: str = "abc1",
    since: datetime = AT,
    until: datetime | None = None,
    received: int = 0,
    login: str = "l0042@adsl",
    cause: str = "",
    updated: datetime | None = None,
    reports: bool = False,
) -> Session:
    return Session(key, login, "0556000001", since, updated or since, until, reports, received, 0, cause)


def record_tunnels(session: EssaimSession, at: datetime, *seen: Tunnel, device: str = "vpn") -> None:
    record_them(session, device, at, seen, LINES)


def record(session: EssaimSession, at: datetime, *seen: Session, device: str = "radius") -> None:
    record_sessions(session, device, at, seen, LOGINS)


def certified(number: int = 0, since: datetime = AT, received: int = 0, name: str = "l0042") -> openvpn.Session:
    return openvpn.Session(f"{int(since.timestamp())} {number}", name, "192.0.2.7", since, received, 0)


def record_certified(session: EssaimSession, at: datetime, *seen: openvpn.Session, device: str = "vpn") -> None:
    record_openvpn(session, device, at, seen, NAMES)


def last(session: EssaimSession, line: int = 42) -> LastConnection:
    found = last_connection(session, line)
    assert found is not None
    return found


def count(session: EssaimSession) -> int:
    return session.scalar(select(func.count(Connection.id))) or 0


def test_a_line_never_seen_has_no_connection(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(None))
    assert last_connection(seen, 42) is None


def test_a_tunnel_is_connected_since_its_first_handshake(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT - MINUTE, 1000, 10))
    record_tunnels(seen, AT + 5 * MINUTE, tunnel(AT + 4 * MINUTE, 3000, 30))
    found = last(seen)
    assert (found.since, found.until, found.last_seen) == (AT - MINUTE, None, AT + 5 * MINUTE)
    assert (found.received, found.sent, found.remote) == (3000, 30, "192.0.2.234")


def test_a_tunnel_silent_for_three_minutes_is_over(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT))
    record_tunnels(seen, AT + 3 * MINUTE, tunnel(AT))
    assert (last(seen).until, last(seen).cause) == (AT + timedelta(microseconds=1), "silent")


def test_a_tunnel_that_comes_back_is_another_connection_with_its_own_volume(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT, 1000))
    record_tunnels(seen, AT + 10 * MINUTE, tunnel(AT + MINUTE, 1500))
    assert (last(seen).until, last(seen).received) == (AT + MINUTE, 1500)
    record_tunnels(seen, AT + 20 * MINUTE, tunnel(AT + 19 * MINUTE, 1700))
    assert (last(seen).since, last(seen).received) == (AT + 19 * MINUTE, 200)
    assert count(seen) == 2


def test_counters_that_begin_again_add_up(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT, 1000))
    record_tunnels(seen, AT + MINUTE, tunnel(AT + MINUTE, 40))
    assert last(seen).received == 1040


def test_a_peer_taken_off_the_server_is_no_longer_connected(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT), tunnel(AT, key="key43"))
    record_tunnels(seen, AT + MINUTE, tunnel(AT + MINUTE))
    assert last(seen).until is None
    assert last(seen, 43).cause == "gone"


def test_a_key_of_nobody_is_passed_over(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT, key="stranger"))
    assert count(seen) == 0


def test_one_server_says_nothing_about_the_lines_of_another(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT))
    record_tunnels(seen, AT + MINUTE, device="vpn2")
    assert last(seen).until is None


def test_a_line_that_moves_to_another_server_is_connected_there_alone(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT))
    record_tunnels(seen, AT + MINUTE, tunnel(AT + MINUTE, 7), device="vpn2")
    assert (last(seen).until, last(seen).received) == (None, 7)
    record_tunnels(seen, AT + 2 * MINUTE, tunnel(AT), device="vpn")
    assert last(seen).received == 7


def test_a_session_lasts_from_its_start_and_ends_for_a_reason(seen: EssaimSession) -> None:
    record(seen, AT + MINUTE, ppp(received=2**40))
    assert (last(seen).since, last(seen).until, last(seen).received) == (AT, None, 2**40)
    record(seen, AT + 3 * MINUTE, ppp(received=2**41, until=AT + 2 * MINUTE, cause="Lost-Carrier"))
    found = last(seen)
    assert (found.until, found.cause, found.received) == (AT + 2 * MINUTE, "Lost-Carrier", 2**41)


def test_what_was_told_before_is_recorded_once(seen: EssaimSession) -> None:
    ended = ppp(until=AT + MINUTE, cause="User-Request")
    for minutes in range(2, 5):
        record(seen, AT + minutes * MINUTE, ended, ppp("abc2", since=AT + 2 * MINUTE))
    assert count(seen) == 2
    assert last(seen).until is None


def test_sessions_between_two_looks_are_all_recorded(seen: EssaimSession) -> None:
    record(seen, AT + MINUTE, ppp("a"))
    told = [ppp(key, since=AT + n * MINUTE, until=AT + (n + 1) * MINUTE, cause="X") for n, key in enumerate("abc")]
    record(seen, AT + 9 * MINUTE, *told)
    assert count(seen) == 3
    assert last(seen).until == AT + 3 * MINUTE


def test_the_newest_of_two_open_sessions_is_the_one_that_lasts(seen: EssaimSession) -> None:
    for minutes in (6, 7):
        record(seen, AT + minutes * MINUTE, ppp("new", since=AT + 5 * MINUTE), ppp("old"))
    assert last(seen).since == AT + 5 * MINUTE
    old = seen.scalar(select(Connection).where(Connection.key == "old"))
    assert old is not None
    assert (old.until, old.cause) == (AT + 5 * MINUTE, "replaced")


def test_a_session_whose_regular_news_are_missing_is_over_until_they_come_again(seen: EssaimSession) -> None:
    news = ppp(updated=AT + MINUTE, reports=True)
    record(seen, AT + 2 * MINUTE, news)
    assert last(seen).until is None
    record(seen, AT + 40 * MINUTE, news)
    assert (last(seen).until, last(seen).cause) == (AT + MINUTE, "silent")
    record(seen, AT + 41 * MINUTE, ppp(updated=AT + 41 * MINUTE, reports=True))
    assert (last(seen).until, last(seen).cause) == (None, "")


def test_a_session_that_never_brings_news_lasts_until_it_is_said_to_end(seen: EssaimSession) -> None:
    record(seen, AT + timedelta(days=3), ppp())
    assert last(seen).until is None


def test_an_openvpn_session_lasts_as_long_as_its_server_has_it(seen: EssaimSession) -> None:
    record_certified(seen, AT + MINUTE, certified(received=1000), certified(name="stranger"))
    record_certified(seen, AT + 5 * MINUTE, certified(received=3000))
    found = last(seen)
    assert (found.since, found.until, found.received, found.remote) == (AT, None, 3000, "192.0.2.7")
    record_certified(seen, AT + 6 * MINUTE, certified(1, AT + 5 * MINUTE))
    assert (last(seen).since, last(seen).received, count(seen)) == (AT + 5 * MINUTE, 0, 2)
    record_certified(seen, AT + 7 * MINUTE)
    assert (last(seen).cause, count(seen)) == ("gone", 2)


def test_a_machine_that_serves_both_kinds_of_tunnel_tells_of_each_alone(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT, key="key43"))
    record_certified(seen, AT, certified())
    record_tunnels(seen, AT + MINUTE, tunnel(AT + MINUTE, key="key43"))
    record_certified(seen, AT + MINUTE, certified())
    assert (last(seen).until, last(seen, 43).until) == (None, None)
    record_certified(seen, AT + 2 * MINUTE)
    assert last(seen).cause == "gone"
    assert last(seen, 43).until is None


def test_a_line_that_goes_over_on_one_machine_is_seen_on_the_newer_one(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT, 1000))
    record_certified(seen, AT + 2 * MINUTE, certified(since=AT + MINUTE, received=7))
    assert (last(seen).since, last(seen).received) == (AT + MINUTE, 7)
    record_tunnels(seen, AT + 2 * MINUTE, tunnel(AT, 1000))
    record_certified(seen, AT + 3 * MINUTE, certified(since=AT + MINUTE, received=9))
    assert (last(seen).until, last(seen).received) == (None, 9)
    assert connected_after(seen, 42, AT, device="vpn", certified=True) == AT + MINUTE
    assert connected_after(seen, 42, AT, device="vpn") == AT
    assert connected_after(seen, 42, AT + MINUTE, device="vpn") is None


def test_a_machine_is_asked_from_a_day_before_it_last_told_us(seen: EssaimSession) -> None:
    day = timedelta(days=1)
    assert ask_since(seen, "radius", AT + 9 * day) == AT + 8 * day
    record(seen, AT, ppp(since=AT - MINUTE))
    assert ask_since(seen, "radius", AT + 9 * day) == AT - day


def test_connections_are_forgotten_a_year_after_their_end(seen: EssaimSession) -> None:
    record(seen, AT + MINUTE, ppp(until=AT + MINUTE), ppp("lasts", login="l0043@adsl"))
    forget(seen, AT + MINUTE + KEPT)
    assert count(seen) == 2
    forget(seen, AT + 2 * MINUTE + KEPT)
    assert last_connection(seen, 42) is None
    assert last(seen, 43).until is None


def test_the_database_itself_refuses_two_living_connections_of_a_line(seen: EssaimSession) -> None:
    record(seen, AT, ppp())
    values = {"since": AT, "last_seen": AT, "received": 0, "sent": 0, "counted_received": 0, "counted_sent": 0}
    with pytest.raises(IntegrityError), seen.begin_nested():
        seen.execute(insert(Connection).values(line=42, device="other", key="x", **values))


def test_where_a_member_is_does_not_show_in_logs(seen: EssaimSession) -> None:
    record_tunnels(seen, AT, tunnel(AT))
    assert "192.0.2.234" not in repr(last(seen))


INSTANT = st.integers(-90, 90).map(lambda minutes: AT + minutes * MINUTE)
OCTETS = st.integers(0, 10) | st.just(LARGEST)
TUNNEL = st.builds(tunnel, st.none() | INSTANT, OCTETS, OCTETS, st.sampled_from([*LINES, "stranger"]))
SESSION = st.builds(
    ppp,
    key=st.sampled_from("abcd"),
    since=INSTANT,
    until=st.none() | INSTANT,
    received=OCTETS,
    login=st.sampled_from([*LOGINS, "stranger"]),
    updated=INSTANT,
    reports=st.booleans(),
)
CERTIFIED = st.builds(certified, st.integers(0, 2), INSTANT, OCTETS, st.sampled_from([*NAMES, "stranger"]))
ROUND = st.tuples(
    INSTANT,
    st.sampled_from(["one", "two"]),
    st.lists(TUNNEL, max_size=4) | st.lists(SESSION, max_size=4) | st.lists(CERTIFIED, max_size=4),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.lists(ROUND, max_size=6))
def test_whatever_is_told_a_line_has_at_most_one_connection_and_volumes_only_grow(
    samples: Store, told: list[tuple[datetime, str, list[Tunnel] | list[Session] | list[openvpn.Session]]]
) -> None:
    with samples.session() as session:
        volumes: dict[int, int] = {}
        for at, device, what in told:
            record_them(session, device, at, [each for each in what if isinstance(each, Tunnel)], LINES)
            record_sessions(session, device, at, [each for each in what if isinstance(each, Session)], LOGINS)
            record_openvpn(session, device, at, [each for each in what if isinstance(each, openvpn.Session)], NAMES)
            rows = session.scalars(select(Connection).execution_options(populate_existing=True)).all()
            living = [row.line for row in rows if row.until is None]
            assert len(living) == len(set(living))
            for row in rows:
                assert row.until is None or row.until > row.since
                assert LARGEST >= row.received >= volumes.get(row.id, 0)
                assert row.sent >= 0
                volumes[row.id] = row.received
