"""How money's periods and rows are said."""

from __future__ import annotations

from datetime import date
from typing import Final

from babel.dates import format_skeleton

from billing.models import MEMBERSHIP, Means, Per
from foundation.speech import Language, Phrase

_LOCALES: Final[dict[Language, str]] = {"fr": "fr_FR", "en": "en_GB"}

MEANS_WORDS: Final[dict[Means, Phrase]] = {
    Means.TRANSFER: Phrase("virement", "bank transfer"),
    Means.DIRECT_DEBIT: Phrase("prélèvement", "direct debit"),
    Means.CHEQUE: Phrase("chèque", "cheque"),
    Means.CASH: Phrase("espèces", "cash"),
    Means.CARD: Phrase("carte", "card"),
}


def month_words(day: date, language: Language) -> str:
    """`novembre 2026` or `November 2026`."""
    return str(format_skeleton("yMMMM", day, locale=_LOCALES[language]))


def due_words(label: str, what: str, per: str, period: date, language: Language) -> str:
    """`ADSL L0042 novembre 2026` for a line, `cotisation 2026` for a year of membership."""
    name = label if what == MEMBERSHIP else f"{label} {what}"
    return f"{name} {period.year}" if per == Per.YEAR else f"{name} {month_words(period, language)}"
