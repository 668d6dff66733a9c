"""Words: text folded so that people find what they half remember, and codes of tables that people read as words."""

from __future__ import annotations

import unicodedata
from typing import Final

from foundation.speech import Phrase

_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "’": "'"})
"""Letters that Unicode does not take apart, after case folding."""


def fold(text: str) -> str:
    """A text as it is compared when searching: no case, no accents, one space between words.

    `fold(" Zoé  L’ŒUVRE ")` is `zoe l'oeuvre`; folding twice changes nothing.
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return " ".join(bare.translate(_LIGATURES).split())


class Coded(str):
    """A code that the association itself chose, with its words: programs get the code, people the phrase."""

    phrase: Phrase

    def __new__(cls, code: str, phrase: Phrase) -> Coded:
        """The code `code`, read as `phrase`."""
        made = super().__new__(cls, code)
        made.phrase = phrase
        return made
