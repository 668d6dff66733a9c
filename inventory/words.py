"""Words: text folded so that people find what they half remember, and codes of tables that people read as words."""

from __future__ import annotations

import unicodedata
from typing import Final, Protocol

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


class State(Protocol):
    """A state that people read as words and type as a code."""

    @property
    def value(self) -> str:
        """The code."""
        ...

    @property
    def phrase(self) -> Phrase:
        """The words."""
        ...


def with_code(state: State) -> Phrase:
    """A state in words, and in brackets what one types for it: `livrée (delivered)`."""
    words = (state.phrase.fr, state.phrase.en)
    return Phrase.said(*(said if said == state.value else f"{said} ({state.value})" for said in words))


class Coded(str):
    """A code that the association itself chose, with its words: programs get the code, people the phrase."""

    phrase: Phrase

    def __new__(cls, code: str, phrase: Phrase) -> Coded:
        """The code `code`, read as `phrase`."""
        made = super().__new__(cls, code)
        made.phrase = phrase
        return made
