"""Texts of several rows that people give for others to read, and the short names of what they set up."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from foundation.errors import Invalid
from foundation.speech import Phrase

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class BadText(Invalid):
    """A text that is too long or holds what no screen should be handed."""

    kind = "bad-text"
    phrase = Phrase(
        "Ce texte dépasse {length} signes ou contient des caractères invisibles : « {text} ». Rien n'a été changé.",
        "This text is longer than {length} characters or holds invisible ones: “{text}”. Nothing was changed.",
    )


class EmptyText(Invalid):
    """A text that is needed is missing."""

    kind = "empty-text"
    phrase = Phrase("Il manque un texte. Rien n'a été changé.", "A text is missing. Nothing was changed.")


class BadCode(Invalid):
    """A text that is no short name."""

    kind = "bad-code"
    phrase = Phrase(
        "« {text} » n'est pas un nom court : lettres minuscules sans accent, chiffres et tirets (32 au plus). "
        "Rien n'a été changé.",
        "“{text}” is not a short name: lower-case letters without accents, digits and hyphens (32 at most). "
        "Nothing was changed.",
    )


def checked(text: str, most: int, *, empty: bool = False, rows: bool = False) -> str:
    """A text of one to `most` characters (or none where `empty`), of several rows where `rows`.

    Raises EmptyText, BadText.
    """
    plain = unicodedata.normalize("NFC", text).strip()
    if len(plain) > most or any(
        unicodedata.category(sign) in _UNSEEN and not (rows and sign == "\n") for sign in plain
    ):
        raise BadText(text=shown(plain), length=most)
    if not plain and not empty:
        raise EmptyText
    return plain


def code(text: str) -> str:
    """A short name that people choose for a thing, `covage-sud`. Raises BadCode."""
    plain = text.strip()
    if not _CODE.fullmatch(plain):
        raise BadCode(text=shown(plain))
    return plain


def shown(text: str) -> str:
    """The beginning of a text that was refused, as a screen may show it."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:50])
