"""A division that loses no cent and favours nobody."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.money import Euros, split

totals = st.integers(0, 10**9)
weights = st.lists(st.fractions(0, 1000, max_denominator=60), min_size=1, max_size=12).filter(any)


@given(totals, weights)
def test_the_parts_add_up(total: int, shares: list[Fraction]) -> None:
    assert sum(split(total, shares)) == total


@given(totals, weights)
def test_nobody_is_a_cent_away_from_their_exact_part(total: int, shares: list[Fraction]) -> None:
    whole = sum(shares)
    for part, weight in zip(split(total, shares), shares, strict=True):
        assert abs(part * whole - total * weight) < whole


@given(totals, weights)
def test_the_cents_left_over_go_to_the_largest_remainders(total: int, shares: list[Fraction]) -> None:
    whole = sum(shares)
    scaled = [total * weight for weight in shares]  # exact parts, times `whole`
    parts = split(total, shares)
    given_up = [exact - part * whole for exact, part in zip(scaled, parts, strict=True)]
    favoured = [exact % whole for exact, left in zip(scaled, given_up, strict=True) if left < 0]
    others = [exact % whole for exact, left in zip(scaled, given_up, strict=True) if left >= 0]
    assert not favoured or not others or min(favoured) >= max(others)


@given(totals, st.integers(1, 12))
def test_equals_differ_by_a_cent_at_most_and_the_first_has_it(total: int, count: int) -> None:
    parts = split(total, [1] * count)
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


@given(totals, weights, st.integers(1, 50))
def test_only_proportions_count(total: int, shares: list[Fraction], factor: int) -> None:
    assert split(total, shares) == split(total, [weight * factor for weight in shares])


@given(totals, weights)
def test_whoever_weighs_nothing_owes_nothing(total: int, shares: list[Fraction]) -> None:
    assert all(part == 0 for part, weight in zip(split(total, shares), shares, strict=True) if weight == 0)


@pytest.mark.parametrize("shares", [[], [0, 0], [1, -1], [-1]])
def test_weights_that_divide_nothing_are_refused(shares: list[int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        split(100, shares)


@given(st.integers(-(10**12), 10**12))
def test_an_amount_that_is_written_is_read_back(cents: int) -> None:
    assert Euros.parse(f"{Euros(cents).decimal()}") == cents
    assert Euros.parse(f"{Euros(cents).decimal()}".replace(".", ",") + " €") == cents


@pytest.mark.parametrize("text", ["", "€", "1,234", "1.2.3", "douze", "1e3", "١", "--1", "1,-5", "nan", "+-1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is all there is to say
        Euros.parse(text)
