"""Two languages side by side: what Essaim says, in French first and in English beside it.

A `Phrase` is written where it is said, so that nobody can add one language and forget the other
(docs/decisions/0003). Its values are plain: amounts, dates and other phrases are put into the
reader's language when it is said, never before.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol, TypeAlias, runtime_checkable
from zoneinfo import ZoneInfo

from foundation.money import Euros

Language: TypeAlias = Literal["fr", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("fr", "en")
PARIS: Final = ZoneInfo("Europe/Paris")
_UNITS: Final[tuple[tuple[Literal["day", "hour", "minute", "second"], int], ...]] = (
    ("day", 86400),
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
)
_NEVER: Final = 10**9
"""Of a unit, more than Babel ever waits for before it takes the next larger one."""
_LOCALES: Final[dict[Language, str]] = {"fr": "fr_FR", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence in both languages, with the same `{placeholders}` in each."""

    fr: str
    en: str

    @classmethod
    def said(cls, fr: str, en: str) -> Phrase:
        """A sentence whose values are in it already: braces in it are only braces."""
        return cls(*(text.replace("{", "{{").replace("}", "}}") for text in (fr, en)))

    def say(self, language: Language, /, **values: object) -> str:
        """The sentence in `language`, its values written as that language writes them."""
        text = self.fr if language == "fr" else self.en
        return text.format(**{name: written(value, language) for name, value in values.items()})


@runtime_checkable
class Worded(Protocol):
    """A code that people read as words: programs get the code, people the phrase."""

    @property
    def phrase(self) -> Phrase:
        """The words."""
        ...


def language_of_environment() -> Language:
    """`ESSAIM_LANG` where it names a language we speak, else French."""
    wanted = os.environ.get("ESSAIM_LANG", "fr")[:2].lower()
    return "en" if wanted == "en" else "fr"


def written(value: object, language: Language) -> object:
    """A value as a person of that language reads it; text and numbers of ours stay as they are."""
    match value:
        case Phrase():
            return value.say(language)
        case Worded():
            return value.phrase.say(language)
        case Euros():
            return amount(value, language)
        case Octets():
            return volume(value, language)
        case datetime():
            return moment(value, language)
        case date():
            return day(value, language)
        case timedelta():
            return duration(value, language)
        case list() | tuple():
            return ", ".join(str(written(item, language)) for item in value)
        case _:
            return value


def amount(euros: Euros, language: Language) -> str:
    """`1 234,56 €` or `€1,234.56`."""
    from babel.numbers import format_currency

    return str(format_currency(euros.decimal(), "EUR", locale=_LOCALES[language]))


def day(value: date, language: Language) -> str:
    """`22 nov. 2026` or `22 Nov 2026`; `1er nov. 2026`."""
    from babel.dates import format_date

    text = str(format_date(value, "medium", locale=_LOCALES[language]))
    # French counts the first of a month and numbers the others; Babel numbers them all.
    return text.replace("1", "1er", 1) if language == "fr" and value.day == 1 else text


def moment(value: datetime, language: Language) -> str:
    """A day and a time of day in Paris: `22 nov. 2026 à 14:02`."""
    local = value.astimezone(PARIS)
    joint = " à " if language == "fr" else " at "
    return f"{day(local.date(), language)}{joint}{local:%H:%M}"


def duration(value: timedelta, language: Language) -> str:
    """The largest whole unit that fits, up to days, in words: `12 jours`, `3 hours`, `40 secondes`."""
    from babel.dates import format_timedelta

    seconds = max(int(value.total_seconds()), 0)
    unit, length = next((one for one in _UNITS if seconds >= one[1]), _UNITS[-1])
    whole = timedelta(seconds=seconds // length * length)
    return str(format_timedelta(whole, granularity=unit, threshold=_NEVER, locale=_LOCALES[language]))


class Octets(int):
    """An amount of traffic: people read it in powers of 1000, programs as a number."""


def volume(octets: int, language: Language) -> str:
    """An amount of traffic in powers of 1000: `12,4 Mo` or `12.4 MB`."""
    from babel.numbers import format_decimal

    names = ("o", "ko", "Mo", "Go", "To") if language == "fr" else ("B", "kB", "MB", "GB", "TB")
    value, rank = float(octets), 0
    while value >= 1000 and rank < len(names) - 1:
        value, rank = value / 1000, rank + 1
    figure = format_decimal(value, "#,##0.#" if rank else "0", locale=_LOCALES[language])
    return f"{figure}\N{NO-BREAK SPACE}{names[rank]}"
