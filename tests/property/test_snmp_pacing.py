"""How fast a device is asked stays within bounds whatever it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitoring.snmp import pacing
from monitoring.snmp.pacing import ReplySize, RoundTrip, Silence

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
TRIPS = st.lists(st.floats(0, 60) | st.none(), max_size=50)


@given(TRIPS)
def test_patience_is_bounded(trips: list[float | None]) -> None:
    known = RoundTrip()
    for seconds in trips:
        known = known.late() if seconds is None else known.heard(seconds)
        assert pacing.SHORTEST <= known.patience <= pacing.LONGEST


@given(st.floats(0.001, 4), st.integers(20, 60))
def test_a_steady_device_is_waited_for_little_longer_than_it_takes(seconds: float, times: int) -> None:
    known = RoundTrip()
    for _ in range(times):
        known = known.heard(seconds)
    assert seconds <= known.patience <= max(pacing.SHORTEST, seconds * 1.1)


@given(st.floats(1, 4.9))
def test_a_device_that_slowed_down_is_heard_again(seconds: float) -> None:
    known = RoundTrip().heard(0.01)
    tries = 0
    while known.patience < seconds:
        known = known.late()
        tries += 1
    assert tries <= 8


REPLIES = st.lists(
    st.tuples(st.just("heard"), st.integers(0, 200), st.integers(0, 65_000)) | st.just(("refused", 0, 0)), max_size=50
)


@given(REPLIES, st.none() | st.integers(0, 5000))
def test_what_is_asked_for_is_bounded_and_never_nothing(replies: list[tuple[str, int, int]], rows: int | None) -> None:
    size = ReplySize()
    for what, count, octets in replies:
        asked = size.repetitions
        assert 1 <= asked <= pacing.MOST_ROWS
        size = size.refused(asked) if what == "refused" else size.heard(count, octets)
        assert what == "heard" or size.repetitions <= max(1, asked // 2)
    assert 1 <= (size if rows is None else size.counted(rows)).repetitions <= pacing.MOST_ROWS


@given(st.integers(15, 600), st.integers(1, 300))
def test_replies_come_to_fit_one_packet_whatever_a_row_takes(each: int, rows: int) -> None:
    size = ReplySize()
    for _ in range(30):
        asked = size.repetitions
        size = size.heard(asked, pacing.ENVELOPE + asked * each).counted(rows)
    octets = pacing.ENVELOPE + size.repetitions * each
    assert octets <= max(pacing.PACKET, pacing.ENVELOPE + each)
    more = pacing.ENVELOPE + (size.repetitions + 2) * each
    assert size.repetitions in (rows + 1, pacing.MOST_ROWS) or more > pacing.PACKET * 0.9


@given(st.integers(1, 40), st.lists(st.floats(0, 1), min_size=40, max_size=40))
def test_a_silent_device_is_left_alone_for_longer_and_longer_and_for_a_quarter_of_an_hour_at_most(
    times: int, draws: list[float]
) -> None:
    silence = Silence()
    assert silence.due(AT)
    waits = []
    for draw in draws[:times]:
        silence = silence.longer(AT, draw)
        assert silence.until is not None
        waits.append(silence.until - AT)
        assert not silence.due(AT)
        assert silence.due(silence.until)
    for rank, wait in enumerate(waits):
        most = min(pacing.LATEST, timedelta(minutes=2**rank))
        assert most * 0.75 <= wait <= most


@given(st.lists(st.uuids().map(str), min_size=400, max_size=400, unique=True), st.floats(1, 3600))
def test_starts_are_spread_and_stay(devices: list[str], interval: float) -> None:
    starts = [pacing.start(device, interval) for device in devices]
    assert starts == [pacing.start(device, interval) for device in devices]
    assert all(0 <= start < interval for start in starts)
    tenths = [sum(1 for start in starts if rank <= start / interval * 10 < rank + 1) for rank in range(10)]
    assert all(10 <= count <= 90 for count in tenths)
