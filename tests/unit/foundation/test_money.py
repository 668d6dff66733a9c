"""Whole cents: what is read, what is divided, and no float on the way."""

from __future__ import annotations

import ast
import inspect
from decimal import Decimal

import pytest

from foundation import money
from foundation.money import Euros, split


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12", 1200),
        ("12,5", 1250),
        ("12.50", 1250),
        ("-3,00", -300),
        ("0,01", 1),
        ("-0,01", -1),
        ("1 234,56 €", 123456),
        ("1\u202f234,56\u00a0€", 123456),
        ("007", 700),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, cents: int) -> None:
    assert Euros.parse(text) == cents


@pytest.mark.parametrize("text", ["12,345", ",5", "-", "1-2", "12€5", "0x10", "∞", "1_000", "１２"])
def test_half_cents_and_riddles_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is all there is to say
        Euros.parse(text)


def test_three_neighbours_share_thirty_five_euros_to_the_cent() -> None:
    assert split(3500, [1, 1, 1]) == [1167, 1167, 1166]


def test_sums_stay_amounts() -> None:
    total = sum([Euros(1250), Euros(-250)], Euros(0))
    assert repr(total + 5 - 5) == "Euros(1000)"
    assert repr(-total) == "Euros(-1000)"
    assert total.decimal() == Decimal("10.00")


def test_no_float_and_no_true_division_touches_money() -> None:
    tree = ast.walk(ast.parse(inspect.getsource(money)))
    for node in tree:
        assert not isinstance(node, ast.Div)
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id in ("float", "round"))
