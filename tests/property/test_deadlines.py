"""What always holds of repair times: they are never kept early, and count what they say they count."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from foundation import clock
from foundation.speech import PARIS
from inventory.deadlines import CLOSES, OPENS, Counted, Guarantee, deadline, easter, is_working

moments = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
counts = st.integers(1, 60)
promises = st.builds(Guarantee, counts, st.sampled_from(Counted))


def worked(since: datetime, until: datetime) -> timedelta:
    """The working time between two instants, counted day by day."""
    total, day = timedelta(), clock.today(since)
    while day <= clock.today(until):
        if is_working(day):
            opens, closes = (datetime.combine(day, hour, PARIS).astimezone(UTC) for hour in (OPENS, CLOSES))
            total += max(min(until, closes) - max(since, opens), timedelta())
        day += timedelta(days=1)
    return total


def working_days(after: date, until: date) -> int:
    return sum(is_working(after + timedelta(days=rank)) for rank in range(1, (until - after).days + 1))


@given(moments, promises)
def test_a_deadline_comes_after_the_fault(opened: datetime, promised: Guarantee) -> None:
    assert deadline(opened, promised) > opened


@given(moments, moments, promises)
def test_who_tells_later_waits_at_least_as_long(one: datetime, other: datetime, promised: Guarantee) -> None:
    early, late = sorted((one, other))
    assert deadline(early, promised) <= deadline(late, promised)


@given(moments, counts, st.sampled_from(Counted))
def test_a_longer_promise_ends_later(opened: datetime, count: int, counted: Counted) -> None:
    assert deadline(opened, Guarantee(count, counted)) < deadline(opened, Guarantee(count + 1, counted))


@given(moments, counts)
def test_hours_straight_are_that_many_hours(opened: datetime, count: int) -> None:
    assert deadline(opened, Guarantee(count, Counted.HOURS)) - opened == timedelta(hours=count)


@given(moments, counts)
def test_working_hours_are_that_many_hours_of_work(opened: datetime, count: int) -> None:
    ends = deadline(opened, Guarantee(count, Counted.WORKING_HOURS))
    assert worked(opened, ends) == timedelta(hours=count)
    assert is_working(clock.today(ends))
    assert OPENS <= ends.astimezone(PARIS).time() <= CLOSES


@given(moments, counts)
def test_working_days_end_at_the_close_of_a_day_of_work(opened: datetime, count: int) -> None:
    ends = deadline(opened, Guarantee(count, Counted.WORKING_DAYS))
    told, local = clock.today(opened), opened.astimezone(PARIS)
    assert ends.astimezone(PARIS).time() == time(18)
    assert is_working(clock.today(ends))
    begun = is_working(told) and local.time() < CLOSES
    assert working_days(told, clock.today(ends)) == count + (not begun)


@given(st.integers(1583, 9000))
def test_easter_is_a_sunday_in_spring(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)
