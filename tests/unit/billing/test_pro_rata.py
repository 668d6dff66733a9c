"""Pro rata by day: leap years, month ends, a tariff, a pause or a choice that begins within the month."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from billing.models import Asked, Per, Pledge, Tariff
from billing.months import Chosen
from billing.reckoning import Presence, day_price, days_of, line_parts
from billing.tariffs import allowed
from foundation.clock import Month
from foundation.money import Euros

ALWAYS = date(2020, 1, 1)
ADA, BASILE = 1, 2


def prices(month: Month, cents: int, since: int = 1, until: int = 32) -> dict[date, Fraction]:
    """What the days of a month cost, of those from one on until another."""
    return {day: day_price(Euros(cents), Per.MONTH, month) for day in days_of(month) if since <= day.day < until}


def tariff(cents: int, floor: int | None = None, solidarity: int | None = None) -> Tariff:
    least, helped = (None if one is None else Euros(one) for one in (floor, solidarity))
    return Tariff(
        asked=Asked.REGULAR, per=Per.MONTH, cents=Euros(cents), floor=least, solidarity=helped, label="VPN",
        since=ALWAYS,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("month", "length"), [(Month(2024, 2), 29), (Month(2026, 2), 28), (Month(2026, 4), 30), (Month(2026, 12), 31)]
)
def test_a_month_of_any_length_costs_the_same_and_half_of_its_days_half(month: Month, length: int) -> None:
    alone = [Presence(ADA, 1, ALWAYS, None)]
    assert line_parts(prices(month, 700), alone) == {ADA: 700}
    assert line_parts(prices(month, length * 100, until=15), alone) == {ADA: 1400}
    assert line_parts(prices(month, length * 100, since=length), alone) == {ADA: 100}


def test_the_29_february_costs_a_29th_and_is_a_day_like_another() -> None:
    month = Month(2024, 2)
    came = Presence(BASILE, 1, date(2024, 2, 29), None)
    assert line_parts(prices(month, 2900), [Presence(ADA, 1, ALWAYS, None), came]) == {ADA: 2803, BASILE: 97}
    assert line_parts(prices(month, 2900, since=29), [came]) == {BASILE: 100}


def test_the_last_day_of_a_month_counts_and_the_first_of_the_next_does_not() -> None:
    month = Month(2026, 1)
    assert line_parts(prices(month, 3100), [Presence(ADA, 1, date(2026, 1, 31), date(2026, 2, 1))]) == {ADA: 100}
    assert line_parts(prices(month, 3100), [Presence(ADA, 1, date(2026, 2, 1), None)]) == {}


def test_a_tariff_that_changes_in_the_month_counts_each_day_at_its_own_price_and_is_rounded_once() -> None:
    month = Month(2026, 11)
    both = {**prices(month, 700, until=11), **prices(month, 1000, since=11)}
    assert line_parts(both, [Presence(ADA, 1, ALWAYS, None)]) == {ADA: 900}  # 233.33 and 666.67: each alone is less


def test_paused_days_are_owed_by_nobody_and_neighbours_pay_no_more() -> None:
    month = Month(2026, 11)
    two = [Presence(ADA, 1, ALWAYS, None), Presence(BASILE, 1, ALWAYS, None)]
    owed = line_parts(prices(month, 3000), two, lambda member, day: member == ADA and day.day <= 15)
    assert owed == {ADA: 750, BASILE: 1500}
    assert line_parts(prices(month, 3000), two, lambda member, _: member == ADA) == {ADA: 0, BASILE: 1500}
    assert line_parts(prices(month, 3000), two[:1], lambda *_: True) == {ADA: 0}


def test_the_quick_way_of_a_whole_month_is_the_long_one() -> None:
    month = Month(2026, 11)
    three = [Presence(ADA, 2, ALWAYS, None), Presence(BASILE, 1, ALWAYS, None), Presence(ADA, 1, ALWAYS, None)]
    assert line_parts(prices(month, 3501), three) == line_parts(prices(month, 3501), three, lambda *_: False)


def test_a_choice_counts_from_its_day() -> None:
    pledges = [Pledge(member_id=ADA, what="L0001", cents=Euros(400), since=date(2026, 11, 16))]
    chosen = Chosen({(ADA, "L0001"): pledges}, {}, {})
    free = tariff(600, floor=300)
    assert [chosen.cents(ADA, "L0001", free, date(2026, 11, day)) for day in (15, 16)] == [600, 400]
    assert chosen.cents(BASILE, "L0001", free, date(2026, 11, 16)) == 600


def test_a_choice_ends_where_the_line_comes_to_another_offer() -> None:
    pledges = [Pledge(member_id=ADA, what="L0001", cents=Euros(400), since=date(2026, 1, 1))]
    chosen = Chosen({(ADA, "L0001"): pledges}, {}, {"L0001": [date(2026, 11, 16)]})
    fibre = tariff(3800, floor=300)
    assert [chosen.cents(ADA, "L0001", fibre, date(2026, 11, day)) for day in (15, 16)] == [400, 3800]


@pytest.mark.parametrize(
    ("priced", "chosen", "given"),
    [
        (tariff(600, floor=400, solidarity=200), 600, 600),
        (tariff(600, floor=400, solidarity=200), 400, 400),
        (tariff(600, floor=400, solidarity=200), 5000, 5000),
        (tariff(600, floor=400, solidarity=200), 200, 200),
        (tariff(600, floor=400, solidarity=200), 300, 200),
        (tariff(600, floor=400), 300, 400),
        (tariff(600, solidarity=200), 100, 200),
        (tariff(600, solidarity=200), 900, 600),
        (tariff(600), 300, 600),
    ],
)
def test_a_choice_that_no_longer_fits_its_tariff_counts_as_the_nearest_that_does(
    priced: Tariff, chosen: int, given: int
) -> None:
    assert allowed(priced, Euros(chosen)) == given
