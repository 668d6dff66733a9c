"""What is said of a device that does not answer over SNMP, or answers what SNMP does not allow."""

from __future__ import annotations

from typing import Final

from foundation.errors import Unavailable
from foundation.speech import Phrase


class NoAnswer(Unavailable):
    """A device says nothing over SNMP, or not to us."""

    kind = "snmp-no-answer"
    phrase = Phrase(
        "{device} ne répond pas en SNMP ({address}). Rien n'a été enregistré pour elle. "
        "Est-elle allumée, et la communauté est-elle la bonne ?",
        "{device} does not answer over SNMP ({address}). Nothing was recorded for it. "
        "Is it on, and is the community right?",
    )


class StillSilent(Unavailable):
    """A device that said nothing of late, and is left alone for some minutes."""

    kind = "snmp-still-silent"
    phrase = Phrase(
        "{device} se tait en SNMP ({missed} fois de suite) : redemandé le {until}.",
        "{device} is silent over SNMP ({missed} times in a row): asked again at {until}.",
    )


class Denied(Unavailable):
    """A device answers over SNMPv3 that it does not know the user, or not with that secret."""

    kind = "snmp-denied"
    phrase = Phrase(
        "{device} refuse notre compte SNMPv3 : le nom, un secret ou un algorithme n'est pas le sien. Rien n'a été "
        "enregistré pour elle. Le redonner : essaim device secret {device} snmp3",
        "{device} refuses our SNMPv3 user: the name, a secret or an algorithm is not its own. Nothing was recorded "
        "for it. To give it again: essaim device secret {device} snmp3",
    )


class BadAnswer(Unavailable):
    """A device answers what SNMP does not allow, or without end."""

    kind = "snmp-bad-answer"
    phrase = Phrase(
        "{device} répond de travers en SNMP ({reason}). Rien n'a été enregistré pour elle.",
        "{device} answers wrongly over SNMP ({reason}). Nothing was recorded for it.",
    )


ENDLESS: Final = Phrase("sa liste ne finit pas", "its list does not end")
BACKWARDS: Final = Phrase("sa liste revient en arrière", "its list goes backwards")
TOO_SLOW: Final = Phrase("plus de 30 s", "over 30 s")
TOO_MUCH: Final = Phrase("plus de 4 Mo", "over 4 MB")
TOO_MANY: Final = Phrase("plus de 5 000 questions à lui poser", "over 5,000 questions to ask")
TOO_LONG: Final = Phrase(
    "une seule de ses valeurs ne tient pas dans un paquet", "a single value of its does not fit one packet"
)
FORGED: Final = Phrase("ses réponses ne sont pas signées par elle", "its replies are not signed by it")
GARBLED: Final = Phrase("ce qu'elle envoie n'est pas du SNMP", "what it sends is no SNMP")

Refusal = NoAnswer | StillSilent | Denied | BadAnswer
