"""How a home's connection ends: the exit status of its program, and a sentence for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from foundation.speech import Phrase


class Cause(IntEnum):
    """Why it ended. The value is the exit status of `python -m lab.adsl`."""

    HUNG_UP = 0
    REFUSED = 3
    SILENT = 4
    CUT = 5


@dataclass(frozen=True, slots=True)
class Ending:
    """The last event of a session; `detail` is what the other side said, where it said something."""

    cause: Cause
    detail: str = ""

    @property
    def phrase(self) -> Phrase:
        """The sentence for a person, with a `{detail}`."""
        return SENTENCES[self.cause]


SENTENCES: Final = MappingProxyType(
    {
        Cause.HUNG_UP: Phrase("La connexion est raccrochée.", "The connection is hung up."),
        Cause.REFUSED: Phrase(
            "Le LNS a refusé l'identifiant ou le mot de passe ({detail}). Vérifier les deux, puis recommencer.",
            "The LNS refused the login or the password ({detail}). Check both, then try again.",
        ),
        Cause.SILENT: Phrase(
            "Le LNS ne répond pas ({detail}). Vérifier qu'il tourne et que la collecte est branchée.",
            "The LNS does not answer ({detail}). Check that it runs and that the collection link is up.",
        ),
        Cause.CUT: Phrase(
            "Le LNS a mis fin à la connexion ({detail}). Son journal dit pourquoi.",
            "The LNS ended the connection ({detail}). Its log says why.",
        ),
    }
)
