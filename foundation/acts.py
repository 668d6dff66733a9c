"""Who does this, when and why: what every writing verb is handed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from foundation.errors import Invalid
from foundation.speech import Phrase


class BadWords(Invalid):
    """Words that cannot be kept in the journal."""

    kind = "bad-words"
    phrase = Phrase(
        "Le mot de pourquoi contient des caractères invisibles. Rien n'a été changé.",
        "The words of why hold invisible characters. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Act:
    """One person's deed: `actor` is a member's number as shown (`M0042`) or the machine's own account
    (`machine:root`), `at` the instant it counts from, `why` their own words, kept in the journal.

    `emergency`: they act without a mandate, under an emergency opened on the machine itself.
    `within`: the tasks that a token of theirs is limited to; None for no limit but their mandates.

    Raises BadWords where `why` holds what no terminal or database should be handed: control characters, half a sign.
    """

    actor: str
    at: datetime
    why: str = ""
    emergency: bool = False
    within: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in self.why):
            raise BadWords
