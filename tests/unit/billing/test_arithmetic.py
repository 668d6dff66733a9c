"""Money is whole cents and exact fractions, as the code itself is written."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MONEY = [ROOT / "foundation" / "money.py", *sorted((ROOT / "billing").rglob("*.py"))]


def inexact(tree: ast.AST) -> list[int]:
    """The lines on which a tree holds a float literal, the name `float`, or a true division."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
    ]


@pytest.mark.parametrize("path", MONEY, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_money_is_never_a_float(path: Path) -> None:
    assert inexact(ast.parse(path.read_text())) == []


def test_every_package_below_billing_is_read() -> None:
    packages = {path.parent.name for path in (ROOT / "billing").rglob("__init__.py")}
    assert {"billing", "models", "invoices", "statements"} <= packages
    assert packages <= {path.parent.name for path in MONEY}


@pytest.mark.parametrize("text", ["x = 0.5", "float(x)", "x: float = y", "x / 2", "x /= 2", "x = 1e3"])
def test_each_way_of_being_inexact_is_seen(text: str) -> None:
    assert inexact(ast.parse(text)) == [1]


def test_whole_division_and_exact_fractions_are_allowed() -> None:
    assert inexact(ast.parse("x = Fraction(1, 3) * (y // 2) % 97")) == []
