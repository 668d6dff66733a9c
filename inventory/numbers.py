"""Public numbers: integers shown as `M0042`, `L0042`, `C0042`, never reused. Row ids never leave the program."""

from __future__ import annotations

from foundation.errors import Invalid
from foundation.speech import Phrase


class BadNumber(Invalid):
    """A text that is not a number of that kind."""

    kind = "bad-number"
    phrase = Phrase("« {text} » n'est pas un numéro comme {example}.", "“{text}” is not a number such as {example}.")


def shown(letter: str, number: int) -> str:
    """`shown("M", 42)` is `M0042`."""
    return f"{letter}{number:04d}"


def parse(letter: str, text: str) -> int:
    """Read `M0042`, `m42` or `42`. Raises BadNumber."""
    digits = text.strip().removeprefix(letter).removeprefix(letter.lower())
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise BadNumber(text=text, example=f"{letter}0042")
    return int(digits)
