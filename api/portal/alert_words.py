"""What the page of alerts says, in both languages. What is wrong is said by the alerts."""

from __future__ import annotations

from typing import Final

from foundation.speech import Phrase
from monitoring.alerts.rules import Severity

TITLE: Final = Phrase("Alertes", "Alerts")
ALL_WELL: Final = Phrase("Rien ne brûle.", "Nothing burns.")
SOME: Final = Phrase(
    "Alertes : {burning}. Sans personne dessus : {untaken}.", "Alerts: {burning}. With nobody on them: {untaken}."
)
SEE: Final = Phrase("Voir les alertes", "See the alerts")
SINCE: Final = Phrase("Depuis {ago} (le {since})", "For {ago} (since {since})")
TAKEN: Final = Phrase("{by} s'en charge depuis le {since} : {why}", "{by} is on it since {since}: {why}")
UNTAKEN: Final = Phrase("Personne ne s'en est encore chargé.", "Nobody is on it yet.")
BECAUSE: Final = Phrase("À cause de {number}, que vous ne suivez pas.", "Because of {number}, which is not yours.")
EXPLAINS: Final = Phrase("Ce que cela explique : {count}", "What it explains: {count}")
WHY: Final = Phrase("Ce que vous faites, en un mot", "What you are about, in a word")
WHY_LIKE: Final = Phrase("je vais sur place", "going to look")
TAKE: Final = Phrase("Je m'en charge", "I am on it")
TAKE_OVER: Final = Phrase("Je prends la suite", "I take over")
ENDS: Final = Phrase(
    "Une alerte finit d'elle-même une fois la chose réparée.", "An alert ends by itself once the thing is mended."
)
SILENCED: Final = Phrase("Sous travaux ou incident annoncés", "Under works or an incident that was announced")
WORKS: Final = Phrase("travaux {number}", "works {number}")
ENDED: Final = Phrase("Finies depuis hier", "Over since yesterday")
OVER: Final = Phrase("finie le {until}", "over on {until}")

SHAPES: Final = {Severity.URGENT: ("down", "■"), Severity.WARNING: ("degraded", "▲")}
"""The class of the page's sheet, and the shape, of each severity."""
