"""What the public status page says, in both languages."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase

TITLE: Final = Phrase("État du réseau", "Network status")
FEED: Final = Phrase("{association} : état du réseau", "{association}: network status")
NOW: Final = Phrase("En ce moment", "At present")
AHEAD: Final = Phrase("Travaux prévus", "Works planned")
PAST: Final = Phrase("Les 30 derniers jours", "The last 30 days")
NO_PAST: Final = Phrase("Aucun incident ni travaux.", "No incident and no works.")
PERIOD: Final = Phrase("Du {since} au {until}", "From {since} to {until}")
SINCE: Final = Phrase("Depuis le {since}", "Since {since}")
NEWS: Final = Phrase("{at} : {words}", "{at}: {words}")
MEASURED: Final = Phrase("Nos machines ont été interrogées le {at}.", "Our machines were last asked on {at}.")
STOPPED: Final = Phrase(
    "Nos mesures se sont arrêtées le {at} : une panne plus récente peut manquer ici.",
    "Our measurements stopped on {at}: a more recent fault may be missing here.",
)
NEVER: Final = Phrase("Nos machines ne sont pas encore mesurées.", "Our machines are not measured yet.")
