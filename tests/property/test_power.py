"""Watt-hours are neither made nor lost: however a time is cut, its parts are the whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation import clock
from monitoring import power
from monitoring.power import Account, Energy
from monitoring.rates import LONGEST

BEGINNING = datetime(2026, 10, 24, 20, tzinfo=UTC)
"""The night after, clocks are put back: a day of 25 hours."""

Readings: TypeAlias = list[tuple[datetime, float]]

steps = st.lists(st.integers(1, 3000), min_size=2, max_size=40)


@st.composite
def told(draw: st.DrawFn, most: int = 400) -> Readings:
    """Readings of power."""
    seconds = list(accumulate(draw(steps)))
    values = draw(st.lists(st.integers(0, most), min_size=len(seconds), max_size=len(seconds)))
    return [(BEGINNING + timedelta(seconds=at), float(one)) for at, one in zip(seconds, values, strict=True)]


@st.composite
def counters(draw: st.DrawFn) -> Readings:
    """Readings of a counter, which may begin again at any time."""
    value, found = 0.0, []
    for at, turned in draw(told(9)):
        value = 0.0 if draw(st.integers(0, 9)) == 0 else value + turned
        found.append((at, value))
    return found


accounts = st.builds(power.account, counters(), told())


def bounds_of(cuts: list[int]) -> list[datetime]:
    return [BEGINNING + timedelta(seconds=cut) for cut in sorted({0, 130_000, *cuts})]


@given(accounts, st.lists(st.integers(1, 129_999), max_size=12))
def test_the_parts_of_a_time_are_the_whole_of_it(known: Account, cuts: list[int]) -> None:
    [whole] = power.split(known, bounds_of([]))
    parts = power.in_turn(power.split(known, bounds_of(cuts)))
    assert parts.watthours == pytest.approx(whole.watthours, abs=1e-6)
    assert parts.known == pytest.approx(whole.known, abs=1e-6)
    assert parts.asked == pytest.approx(whole.asked)
    assert parts.peak == whole.peak
    assert whole.watthours == pytest.approx(sum(one.watthours for one in known.stretches), abs=1e-6)


@given(accounts)
def test_no_instant_is_counted_twice(known: Account) -> None:
    assert all(one.until <= after.since for one, after in pairwise(known.stretches))
    assert all(one.since < one.until and one.watthours >= 0 for one in known.stretches)


@given(counters(), told())
def test_what_a_counter_tells_is_not_measured_again(counter: Readings, watts: Readings) -> None:
    counted = power.of_counter(counter)
    known = power.account(counter, watts)
    assert set(counted) <= set(known.stretches)
    assert sum(one.watthours for one in counted) == pytest.approx(
        sum(after - before for (_, before), (_, after) in pairwise(counter) if after >= before), abs=1e-6
    )


@given(told())
def test_trapezes_are_between_the_least_and_the_most(watts: Readings) -> None:
    for one in power.of_watts(watts):
        hours = (one.until - one.since).total_seconds() / 3600
        assert hours * 3600 <= LONGEST
        values = [value for at, value in watts if at in (one.since, one.until)]
        assert min(values) * hours - 1e-9 <= one.watthours <= max(values) * hours + 1e-9


@given(st.lists(accounts, min_size=1, max_size=4))
def test_outlets_side_by_side_are_their_sum(known: list[Account]) -> None:
    parts = [one for account in known for one in power.split(account, bounds_of([]))]
    whole = power.side_by_side(parts)
    assert whole.watthours == pytest.approx(sum(one.watthours for one in parts))
    assert whole.known == min(one.known for one in parts)


@given(accounts, st.floats(0, 1))
def test_what_two_feeds_give_is_the_whole(known: Account, share: float) -> None:
    [whole] = power.split(known, bounds_of([]))
    assert whole.part(share).watthours + whole.part(1 - share).watthours == pytest.approx(whole.watthours, abs=1e-6)


def at(minutes: float) -> datetime:
    return BEGINNING + timedelta(minutes=minutes)


def test_a_counter_that_begins_again_loses_only_that_while_and_power_fills_it() -> None:
    counter = [(at(0), 1000.0), (at(5), 1010.0), (at(10), 2.0), (at(15), 12.0)]
    [alone] = power.split(power.account(counter, []), [at(0), at(15)])
    assert (alone.watthours, alone.known, alone.gap) == (20.0, 600.0, 300.0)
    watts = [(at(minutes), 120.0) for minutes in (0, 5, 10, 15)]
    [filled] = power.split(power.account(counter, watts), [at(0), at(15)])
    assert (filled.watthours, filled.gap, filled.peak) == (30.0, 0.0, 120.0)


def test_a_silence_is_a_gap_of_power_and_none_of_a_counter() -> None:
    times = [at(0), at(5), at(185), at(190)]
    [measured] = power.split(power.account([], [(one, 60.0) for one in times]), [at(0), at(190)])
    assert (measured.watthours, measured.gap) == (10.0, 10_800.0)
    counter = list(zip(times, (0.0, 5.0, 185.0, 190.0), strict=True))
    [counted] = power.split(power.account(counter, []), [at(0), at(190)])
    assert (counted.watthours, counted.gap, counted.spread) == (190.0, 0.0, 10_800.0)
    assert counted.mean == 60.0


def test_a_counter_set_by_hand_is_not_believed() -> None:
    assert power.of_counter([(at(0), 0.0), (at(5), 9_999_999.0)]) == []


def test_the_day_the_clocks_are_put_back_has_25_hours() -> None:
    days = [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)]
    bounds = power.midnights(days)
    assert bounds[0] == clock.midnight(days[0])
    watts = [(bounds[0] + timedelta(minutes=5 * rank), 100.0) for rank in range(12 * 73 + 1)]
    assert [round(one.watthours) for one in power.split(power.account([], watts), bounds)] == [2400, 2500, 2400]


def test_of_nothing_nothing_is_known() -> None:
    [one] = power.split(Account(), [at(0), at(60)])
    assert (one.watthours, one.mean, one.peak, one.gap) == (0.0, None, None, 3600.0)
    assert power.side_by_side([]) == Energy()
