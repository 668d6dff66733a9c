"""The QR code of a transfer holds what banks' applications expect (EPC069-12), whatever the names are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.epc import NotPayableByCode, payload, svg
from billing.papers.french_numbers import in_letters
from billing.reference import reference_of
from foundation.money import Euros

IBAN = "FR76 9999 9000 0112 3456 7890 189"


def test_a_code_says_who_is_paid_where_how_much_and_with_which_reference() -> None:
    assert payload("Les Abeilles", IBAN, Euros(1205), "RF23M0042").split("\n") == [
        "BCD", "002", "1", "SCT", "", "Les Abeilles", "FR7699999000011234567890189", "EUR12.05", "", "RF23M0042",
    ]  # fmt: skip


def test_a_bic_stands_where_it_is_known() -> None:
    assert payload("Les Abeilles", IBAN, Euros(1), "RF23M0042", bic="abcdfrpp").split("\n")[4] == "ABCDFRPP"


@pytest.mark.parametrize(
    ("holder", "iban", "cents", "reference"),
    [("", IBAN, 1, "RF23M0042"), ("A", IBAN, 0, "RF23M0042"), ("A", IBAN, -5, "RF23M0042"), ("A", IBAN, 10**11, "RF23"),
     ("A", "FR76\nRF", 1, "RF*"), ("A", IBAN, 1, "R" * 26), ("\n\x07", IBAN, 1, "RF23M0042")],
)  # fmt: skip
def test_what_no_code_can_hold_is_refused(holder: str, iban: str, cents: int, reference: str) -> None:
    with pytest.raises(NotPayableByCode):
        payload(holder, iban, Euros(cents), reference)


@given(st.text(min_size=1, max_size=200), st.integers(1, 99_999_999_999), st.integers(1, 999_999_999))
def test_no_name_breaks_out_of_its_row(name: str, cents: int, number: int) -> None:
    try:
        text = payload(name, IBAN, Euros(cents), reference_of(number))
    except NotPayableByCode:
        return
    rows = text.split("\n")
    assert len(rows) == 10
    assert rows[7] == f"EUR{cents // 100}.{cents % 100:02d}"
    assert len(rows[5]) <= 70
    assert len(text.encode()) <= 331
    assert svg(text).startswith("<svg")
    assert name[:1] == "<" or "<script" not in svg(text)


def test_a_code_has_its_quiet_zone_and_is_the_same_each_time() -> None:
    text = payload("Les Abeilles", IBAN, Euros(1205), "RF23M0042")
    assert svg(text) == svg(text)
    assert 'viewBox="0 0 45 45"' in svg(text)  # version 5 has 37 modules a side, and four of quiet zone around


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (0, "zéro euro"),
        (1, "un centime"),
        (100, "un euro"),
        (2150, "vingt-et-un euros et cinquante centimes"),
        (7100, "soixante-et-onze euros"),
        (8000, "quatre-vingts euros"),
        (8100, "quatre-vingt-un euros"),
        (9199, "quatre-vingt-onze euros et quatre-vingt-dix-neuf centimes"),
        (20000, "deux-cents euros"),
        (20100, "deux-cent-un euros"),
        (8_000_000, "quatre-vingt-mille euros"),
        (123_456_78, "cent-vingt-trois-mille-quatre-cent-cinquante-six euros et soixante-dix-huit centimes"),
        (200_000_000, "deux-millions d'euros"),
        (100_000_100, "un-million-un euros"),
    ],
)
def test_an_amount_is_written_in_french_letters(cents: int, words: str) -> None:
    assert in_letters(Euros(cents)) == words


@given(st.integers(0, 99_999_999_999))
def test_no_two_amounts_are_written_alike(cents: int) -> None:
    assert in_letters(Euros(cents)) != in_letters(Euros(cents + 1 if cents < 99_999_999_999 else 0))
