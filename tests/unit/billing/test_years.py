"""Fiscal years: named by their last day, one after the other, whatever month they begin in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.books.years import NoSuchYear, Year, Years

DONE = datetime(2026, 2, 1, tzinfo=UTC)


def test_a_year_is_the_calendar_s_unless_it_begins_in_another_month() -> None:
    assert Years([], 1).of(date(2026, 5, 5)) == Year(date(2026, 1, 1), date(2027, 1, 1))
    school = Years([], 9).of(date(2026, 5, 5))
    assert (school.since, school.until, str(school)) == (date(2025, 9, 1), date(2026, 9, 1), "2026")


@pytest.mark.parametrize("text", ["", "26", "vingt", "20 26", "٢٠٢٦", "9999"])
def test_what_is_no_year_is_refused(text: str) -> None:
    with pytest.raises(NoSuchYear):
        Years([], 1).named(text)


def test_after_a_change_of_month_the_years_have_names_of_their_own() -> None:
    closed = [Year(date(2025, 1, 1), date(2026, 1, 1), DONE)]
    assert str(Years(closed, 9).of(date(2026, 5, 5))) == "2026"
    assert Years(closed, 9).of(date(2026, 10, 1)) == Year(date(2026, 9, 1), date(2027, 9, 1))
    cut = [Year(date(2025, 9, 1), date(2026, 9, 1), DONE)]
    long = Years(cut, 1).of(date(2026, 10, 1))
    assert (long.since, long.until, str(long)) == (date(2026, 9, 1), date(2028, 1, 1), "2027")


@given(st.integers(1, 12), st.integers(1, 12), st.dates(date(2015, 1, 1), date(2040, 12, 31)))
def test_every_day_is_in_one_year_whose_name_finds_it(began: int, begins: int, day: date) -> None:
    first = Years([], began).of(date(2020, 6, 1))
    years = Years([Year(first.since, first.until, DONE)], begins)
    year = years.of(day)
    assert year.since <= day < year.until
    if day >= first.since:
        assert years.named(str(year)) == year
        assert years.of(year.until).since == year.until
        assert years.of(year.since - timedelta(days=1)).until <= year.since
