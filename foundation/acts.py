"""Who does this, when and why: what every writing verb is handed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foundation.errors import Invalid
from foundation.speech import Phrase

LONGEST_WHY: Final = 500
"""Signs of why someone acts."""
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that make what is read another than what is written (UAX #9, 2)."""


class BadWords(Invalid):
    """Words that cannot be kept in the journal."""

    kind = "bad-words"
    http_status = 400
    phrase = Phrase(
        "Le mot de pourquoi contient des caractères invisibles : tapez-le sur une ligne, sans copier-coller. "
        "Rien n'a été changé.",
        "The words of why hold invisible characters: type them on one line, without copy and paste. "
        "Nothing was changed.",
    )


class TooManyWords(BadWords):
    """Words too long for the journal."""

    kind = "too-many-words"
    phrase = Phrase(
        "Le mot de pourquoi a {count} signes, et {most} au plus sont gardés : dites-le plus court. "
        "Rien n'a été changé.",
        "The words of why are {count} characters, and at most {most} are kept: say it shorter. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Act:
    """One person's deed: `actor` is a member's number as shown (`M0042`) or the machine's own account
    (`machine:root`), `at` the instant it counts from, `why` their own words, kept in the journal.

    `emergency`: they act without a mandate, under an emergency opened on the machine itself.
    `within`: the tasks that a token of theirs is limited to; None for no limit but their mandates.

    Raises BadWords where `why` holds what no terminal or database should be handed (control characters, half a sign,
    what turns the direction of writing), TooManyWords where it is longer than LONGEST_WHY.
    """

    actor: str
    at: datetime
    why: str = ""
    emergency: bool = False
    within: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in _TURNING for sign in self.why):
            raise BadWords
        if len(self.why) > LONGEST_WHY:
            raise TooManyWords(count=len(self.why), most=LONGEST_WHY)
