"""The reference by which a member pays, for life."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.reference import BadReference, member_of, reference_of

numbers = st.integers(0, 999_999_999)


@given(numbers)
def test_a_reference_leads_back_to_its_member(number: int) -> None:
    reference = reference_of(number)
    assert member_of(reference) == number
    assert member_of(f" {reference[:4]} {reference[4:].lower()} ") == number


@given(numbers)
def test_a_reference_passes_the_standard_check(number: int) -> None:
    reference = reference_of(number)
    moved = reference[4:] + reference[:4]
    remainder = 0
    for sign in moved:  # ISO 7064, a sign at a time
        remainder = int(f"{remainder}{int(sign, 36)}") % 97
    assert remainder == 1
    assert len(reference) <= 25


@given(numbers, st.data())
def test_one_wrong_digit_is_noticed(number: int, data: st.DataObject) -> None:
    reference = reference_of(number)
    places = [place for place, sign in enumerate(reference) if sign.isdigit()]
    place = data.draw(st.sampled_from(places))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != reference[place]]))
    with pytest.raises(BadReference):
        member_of(reference[:place] + wrong + reference[place + 1 :])


@given(numbers, st.data())
def test_two_neighbours_exchanged_are_noticed(number: int, data: st.DataObject) -> None:
    reference = reference_of(number)
    swaps = [i for i in range(5, len(reference) - 1) if reference[i] != reference[i + 1]]
    if not swaps:
        return
    i = data.draw(st.sampled_from(swaps))
    with pytest.raises(BadReference):
        member_of(reference[:i] + reference[i + 1] + reference[i] + reference[i + 2 :])


@pytest.mark.parametrize("text", ["", "RF", "M0042", "RF18539007547034", "RF00M0042", "RF18M٤٢", "RF18M" + "1" * 30])
def test_what_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(BadReference):
        member_of(text)


def test_the_example_of_the_standard_has_the_digits_that_we_compute() -> None:
    from billing.reference import _remainder

    assert _remainder("539007547034" + "RF18") == 1
