"""Amounts in French letters, as a tax receipt and a cheque have them (hyphens everywhere, as since 1990)."""

from __future__ import annotations

from typing import Final

from foundation.money import Euros

_SMALL: Final = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    *("treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf"),
)
_TENS: Final = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante", 8: "quatre-vingt"}


def in_letters(amount: Euros) -> str:
    """`quarante-deux euros et cinquante centimes`: an amount of less than a thousand million euros, not negative.

    Raises ValueError beyond.
    """
    if not 0 <= amount < 100_000_000_000:
        raise ValueError(amount)
    euros, cents = divmod(int(amount), 100)
    whole = f"{_number(euros)} {'euros' if euros > 1 else 'euro'}"
    if euros and euros % 1_000_000 == 0:
        whole = f"{_number(euros)} d'euros"
    if not cents:
        return whole
    rest = f"{_number(cents)} {'centimes' if cents > 1 else 'centime'}"
    return f"{whole} et {rest}" if euros else rest


def _number(value: int) -> str:
    millions, below = divmod(value, 1_000_000)
    thousands, ones = divmod(below, 1000)
    parts = []
    if millions:
        parts.append(f"{_hundreds(millions)}-{'millions' if millions > 1 else 'million'}")
    if thousands:
        parts.append("mille" if thousands == 1 else f"{_hundreds(thousands, counted=False)}-mille")
    if ones or not parts:
        parts.append(_hundreds(ones))
    return "-".join(parts)


def _hundreds(value: int, *, counted: bool = True) -> str:
    """A number below a thousand; before `mille`, which counts nothing, `cent` and `vingt` take no s."""
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_hundred(rest, counted=counted)
    plural = "s" if hundreds > 1 and not rest and counted else ""
    whole = f"cent{plural}" if hundreds == 1 else f"{_SMALL[hundreds]}-cent{plural}"
    return f"{whole}-{_below_hundred(rest, counted=counted)}" if rest else whole


def _below_hundred(value: int, *, counted: bool) -> str:
    if value < 20:
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    if tens in (7, 9):
        tens, ones = tens - 1, ones + 10
    if tens == 8 and not ones:
        return "quatre-vingts" if counted else "quatre-vingt"
    if not ones:
        return _TENS[tens]
    joint = "-et-" if ones in (1, 11) and tens != 8 else "-"
    return f"{_TENS[tens]}{joint}{_SMALL[ones]}"
