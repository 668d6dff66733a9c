"""Money: whole cents, and a division that loses none.

No float and no true division here: a test reads this module's syntax tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self


class Euros(int):
    """An amount in whole cents of euro. `Euros(1250)` is 12,50 €."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `12`, `12,5`, `12.50` or `-3,00`.

        Raises ValueError when the text is not an amount in whole cents.
        """
        plain = (
            text.strip()
            .replace("\u00a0", "")
            .replace("\u202f", "")
            .replace(" ", "")
            .removesuffix("€")
            .replace(",", ".")
        )
        whole, _, cents = plain.partition(".")
        digits = whole.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or not (
            len(cents) <= 2 and (cents + "0").isdigit() and cents.isascii()
        ):
            raise ValueError(text)
        value = int(digits) * 100 + int(cents.ljust(2, "0"))
        return cls(-value if whole.startswith("-") else value)

    def decimal(self) -> Decimal:
        """The amount in euros, exactly."""
        return Decimal(int(self)).scaleb(-2)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: Callable[[Any], Any]) -> Any:
        """Described to programs as what it is for them: a whole number of cents."""
        del source
        return handler(int)

    def __add__(self, other: int) -> Euros:
        return Euros(int(self) + int(other))

    __radd__ = __add__

    def __sub__(self, other: int) -> Euros:
        return Euros(int(self) - int(other))

    def __neg__(self) -> Euros:
        return Euros(-int(self))

    def __repr__(self) -> str:
        return f"Euros({int(self)})"

    __str__ = __repr__


def split(total: int, weights: Sequence[Fraction | int]) -> list[Euros]:
    """Divide `total` cents in proportion to `weights`, in whole cents that add up to `total`.

    Largest remainder (Hamilton): every part is its exact share rounded down, and the cents left over
    go to the largest remainders, the earlier weight first where two are equal.
    Raises ValueError when no weight is positive or one is negative.
    """
    if any(weight < 0 for weight in weights) or not any(weights):
        raise ValueError("weights must be positive")
    whole = sum((Fraction(weight) for weight in weights), Fraction(0))
    exact = [Fraction(total) * weight * Fraction(whole.denominator, whole.numerator) for weight in weights]
    parts = [share.__floor__() for share in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return [Euros(part) for part in parts]
