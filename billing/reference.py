"""Every member's payment reference for life: ISO 11649 (`RF`, two check digits by ISO 7064 mod 97-10, our number)."""

from __future__ import annotations

from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory import numbers


class BadReference(Invalid):
    """A text that is no reference of ours, or one with a typing error."""

    kind = "bad-reference"
    phrase = Phrase(
        "« {text} » n'est pas une référence de paiement d'ici (exemple : {example}). La recopier en entier.",
        "“{text}” is not a payment reference of ours (for example: {example}). Copy all of it.",
    )


def reference_of(number: int) -> str:
    """The reference of the member of that number: `RF` and two check digits before `M0042`."""
    body = numbers.shown("M", number)
    return f"RF{98 - _remainder(body + 'RF00'):02d}{body}"


def member_of(text: str) -> int:
    """The member's number that a reference holds, spaces and case aside. Raises BadReference."""
    plain = "".join(text.split()).upper()
    digits = plain[5:]
    if digits.isascii() and digits.isdecimal() and len(digits) <= 9 and plain == reference_of(int(digits)):
        return int(digits)
    raise BadReference(text=text.strip()[:40], example=reference_of(42))


def _remainder(text: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
