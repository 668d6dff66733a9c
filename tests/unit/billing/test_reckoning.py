"""What a month costs whom, without a database."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from billing.models import Per
from billing.reckoning import (
    Presence,
    Stay,
    anniversary,
    day_price,
    days_in_service,
    days_of,
    first_day,
    line_parts,
    month_price,
    rounded,
)
from foundation.clock import Month
from foundation.money import Euros

NOVEMBER = Month(2026, 11)
LONG_AGO = date(2020, 1, 1)


def whole_month(cents: int) -> dict[date, Fraction]:
    return {day: day_price(Euros(cents), Per.MONTH, NOVEMBER) for day in days_of(NOVEMBER)}


def test_thirty_five_euros_in_three_lose_no_cent() -> None:
    parts = line_parts(whole_month(3500), [Presence(member, 1, LONG_AGO, None) for member in (1, 2, 3)])
    assert list(parts.values()) == [1167, 1167, 1166]


def test_weights_count() -> None:
    parts = line_parts(whole_month(3000), [Presence(1, 2, LONG_AGO, None), Presence(2, 1, LONG_AGO, None)])
    assert parts == {1: 2000, 2: 1000}


def test_whoever_comes_in_the_middle_pays_for_the_days_they_were_there() -> None:
    parts = line_parts(whole_month(3000), [Presence(1, 1, LONG_AGO, None), Presence(2, 1, date(2026, 11, 16), None)])
    assert parts == {1: 2000, 2: 1000}  # 30 days and 15 days of 45


def test_the_last_day_of_a_part_is_not_counted() -> None:
    assert line_parts(whole_month(3000), [Presence(1, 1, LONG_AGO, date(2026, 11, 2))]) == {1: 100}


def test_days_when_nobody_has_a_part_cost_nobody_anything() -> None:
    parts = [Presence(1, 1, LONG_AGO, date(2026, 11, 11)), Presence(2, 1, date(2026, 11, 21), None)]
    assert line_parts(whole_month(3000), parts) == {1: 1000, 2: 1000}
    assert line_parts(whole_month(3000), []) == {}


def test_someone_who_comes_back_within_the_month_owes_one_amount() -> None:
    parts = [Presence(1, 1, LONG_AGO, date(2026, 11, 11)), Presence(1, 1, date(2026, 11, 21), None)]
    assert line_parts(whole_month(3000), parts) == {1: 2000}


def test_the_twelve_months_of_a_year_add_up_to_the_years_price() -> None:
    months = [month_price(Euros(4000), Per.YEAR, Month(2026, number)) for number in range(1, 13)]
    assert sum(months) == 4000
    assert set(months) == {333, 334}


@pytest.mark.parametrize(("exact", "cents"), [("1/3", 0), ("1/2", 1), ("5/3", 2), ("3/2", 2), ("7", 7), ("0", 0)])
def test_half_a_cent_is_rounded_up(exact: str, cents: int) -> None:
    assert rounded(Fraction(exact)) == cents


def test_what_a_line_became_last_on_a_day_holds_for_that_day() -> None:
    day = date(2026, 11, 10)
    days = days_of(NOVEMBER)
    assert days_in_service([(day, True), (day, False)], days) == []
    assert days_in_service([(day, True)], days)[0] == day
    assert days_in_service([(LONG_AGO, True), (day, False), (date(2026, 11, 12), True)], days) == [
        each for each in days if each.day not in (10, 11)
    ]


def test_a_year_of_membership_begins_on_its_anniversary() -> None:
    stay = Stay("adherent", date(2024, 11, 12), None)
    assert anniversary([stay], NOVEMBER) == (date(2026, 11, 12), stay)
    assert anniversary([stay], Month(2026, 10)) is None
    assert anniversary([stay], Month(2024, 11)) == (date(2024, 11, 12), stay)
    assert anniversary([stay], Month(2023, 11)) is None


def test_someone_who_joined_on_29_february_has_an_anniversary_each_year() -> None:
    stay = Stay("adherent", date(2024, 2, 29), None)
    assert anniversary([stay], Month(2025, 2)) == (date(2025, 2, 28), stay)
    assert anniversary([stay], Month(2028, 2)) == (date(2028, 2, 29), stay)


def test_another_kind_of_membership_does_not_begin_another_year() -> None:
    first = Stay("affiliate", date(2024, 3, 5), date(2026, 6, 1))
    then = Stay("adherent", date(2026, 6, 1), None)
    assert anniversary([first, then], Month(2026, 6)) is None
    assert anniversary([first, then], Month(2027, 3)) == (date(2027, 3, 5), then)


def test_someone_who_comes_back_after_a_gap_begins_a_new_year() -> None:
    first = Stay("adherent", date(2024, 3, 5), date(2025, 1, 1))
    then = Stay("adherent", date(2026, 6, 9), None)
    assert anniversary([first, then], Month(2026, 3)) is None
    assert anniversary([first, then], Month(2026, 6)) == (date(2026, 6, 9), then)


def test_someone_who_leaves_before_the_anniversary_owes_no_new_year() -> None:
    assert anniversary([Stay("adherent", date(2024, 11, 12), date(2026, 11, 12))], NOVEMBER) is None


def test_a_month_of_membership_counts_from_the_first_day_in_it() -> None:
    stay = Stay("adherent", date(2026, 11, 12), date(2026, 11, 20))
    assert first_day([stay], NOVEMBER) == (date(2026, 11, 12), stay)
    assert first_day([stay], Month(2026, 12)) is None
