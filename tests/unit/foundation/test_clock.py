"""Instants in UTC, days in Paris: summer time neither loses an hour nor counts one twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from foundation.clock import AmbiguousMoment, BadMoment, Month, ends_after, midnight, parse, today


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-22", datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-11-22T14:02", datetime(2026, 11, 22, 13, 2, tzinfo=UTC)),
        ("2026-07-14T14:02", datetime(2026, 7, 14, 12, 2, tzinfo=UTC)),
        ("2026-11-22T14:02Z", datetime(2026, 11, 22, 14, 2, tzinfo=UTC)),
        ("2026-11-22T14:02+05:30", datetime(2026, 11, 22, 8, 32, tzinfo=UTC)),
        (" 2026-11-22 14:02:03.5 ", datetime(2026, 11, 22, 13, 2, 3, 500_000, tzinfo=UTC)),
        ("2026-03-29T01:59:59", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
        ("2026-03-29T03:00", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("2026-10-25T01:59", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25T03:00", datetime(2026, 10, 25, 2, tzinfo=UTC)),
    ],
)
def test_a_moment_without_a_zone_is_paris_time(text: str, instant: datetime) -> None:
    assert parse(text) == instant
    assert parse(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-03-29T02:00", "2026-03-29T02:59", "2026-10-25T02:00", "2026-10-25T02:59:59"])
def test_an_hour_that_the_clock_skips_or_repeats_is_asked_again(text: str) -> None:
    with pytest.raises(AmbiguousMoment):
        parse(text)


def test_an_offset_says_which_of_the_two_hours_is_meant() -> None:
    assert parse("2026-10-25T02:30+01:00") - parse("2026-10-25T02:30+02:00") == timedelta(hours=1)


@pytest.mark.parametrize(
    "text",
    ["", " ", "hier", "22/11/2026", "2026-13-01", "2026-02-30", "0001-01-01", "9999-12-31T23:30Z", "2026-11-22T25"],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(BadMoment) as refused:
        parse(text)
    assert f"« {text} »" in refused.value.sentence("fr")


def test_the_day_is_that_of_paris() -> None:
    assert today(datetime(2026, 11, 22, 22, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert today(datetime(2026, 11, 22, 23, 0, tzinfo=UTC)) == date(2026, 11, 23)
    assert today(datetime(2026, 6, 30, 22, 0, tzinfo=UTC)) == date(2026, 7, 1)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 22), 24)]
)
def test_a_day_lasts_from_midnight_to_midnight(day: date, hours: int) -> None:
    assert midnight(day + timedelta(days=1)) - midnight(day) == timedelta(hours=hours)
    assert today(midnight(day)) == day
    assert today(midnight(day) - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_december_is_followed_by_january() -> None:
    assert Month(2026, 12).after == date(2027, 1, 1)
    assert Month(2026, 11).after == date(2026, 12, 1)
    assert str(Month.parse("2026-02")) == "2026-02"


@pytest.mark.parametrize(
    "text",
    ["", "2026", "2026-", "2026-00", "2026-13", "26-11", "2026-11-22", "2026-١", "9999-12", "2026-" + "1" * 5000],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadMoment):
        Month.parse(text)


def test_a_period_always_has_a_length() -> None:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert ends_after(at, at) > at
    assert ends_after(at, at - timedelta(days=3)) > at
    assert ends_after(at, at + timedelta(days=3)) == at + timedelta(days=3)
