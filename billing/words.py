"""How money's periods and rows are said."""

from __future__ import annotations

from datetime import date
from typing import Final

from babel.dates import format_date, format_skeleton

from billing.models import MEMBERSHIP, Due, DueKind, Means, Per
from foundation.speech import LANGUAGES, Language, Phrase

_LOCALES: Final[dict[Language, str]] = {"fr": "fr_FR", "en": "en_GB"}


def month_words(day: date, language: Language) -> str:
    """`novembre 2026` or `November 2026`."""
    return str(format_skeleton("yMMMM", day, locale=_LOCALES[language]))


def day_words(day: date, language: Language) -> str:
    """`22 novembre 2026` or `22 November 2026`; `1er novembre 2026`."""
    text = str(format_date(day, "long", locale=_LOCALES[language]))
    # French counts the first of a month and numbers the others; Babel numbers them all.
    return text.replace("1", "1er", 1) if language == "fr" and day.day == 1 else text


_BY_KIND: Final = {
    DueKind.GIFT: Phrase("don du {day}", "gift of {day}"),
    DueKind.REFUND: Phrase("remboursement du {day}", "refund of {day}"),
}


def due_words(kind: str, label: str, what: str, per: str, period: date, language: Language) -> str:
    """`ADSL L0042 novembre 2026` for a line, `cotisation 2026` for a year of membership, `visite` for what is once."""
    said = _BY_KIND.get(DueKind(kind))
    if said is not None:
        return said.say(language, day=day_words(period, language))
    name = label if what in (MEMBERSHIP, kind) else f"{label} {what}"
    if per == Per.ONCE:
        return name
    return f"{name} {period.year}" if per == Per.YEAR else f"{name} {month_words(period, language)}"


def due_phrase(due: Due) -> Phrase:
    """What a due is for, in both languages."""
    french, english = (
        due_words(due.kind, due.label, due.what, due.per, due.period, language) for language in LANGUAGES
    )
    return Phrase.said(french, english)


def means_phrase(means: str) -> Phrase:
    """How someone paid."""
    return Means(means).phrase
