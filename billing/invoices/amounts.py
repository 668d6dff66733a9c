"""Amounts as invoices write them and as people type them, in whole cents."""

from __future__ import annotations

import re
from typing import Final

from foundation.errors import Invalid
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.exchange.tables import harmless

MOST: Final = 10**9
"""Cents: above ten million euros, an amount is a typing error."""
_DECIMALS: Final = re.compile(r"([.,][0-9]{2})0+$")


class BadTotal(Invalid):
    """A text that is no amount."""

    kind = "bad-invoice-total"
    phrase = Phrase(
        "« {text} » n'est pas un montant en centimes entiers, comme 1234,56. Rien n'a été gardé.",
        "“{text}” is no amount in whole cents, such as 1234.56. Nothing was kept.",
    )


def cents_of(text: str) -> Euros:
    """Read `1 234,5600 €` or `−3.00`. Raises ValueError where it is no amount in whole cents, or too large a one."""
    plain = text.strip().removesuffix("€").strip().replace("\u2212", "-")
    found = Euros.parse(_DECIMALS.sub(r"\1", plain))
    if abs(found) > MOST:
        raise ValueError(text)
    return found


def amount_of(text: str) -> Euros:
    """The same, of what a person typed. Raises BadTotal."""
    try:
        return cents_of(text)
    except ValueError as wrong:
        raise BadTotal(text=harmless(text)) from wrong
