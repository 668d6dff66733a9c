"""What reminders say: their templates, which an association may write anew, and the facts that these are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from billing.balance import Balance
from billing.models import Tone
from billing.papers.content import language_of
from billing.paying import HowToPay
from billing.words import day_words
from foundation.errors import Invalid
from foundation.money import Euros
from foundation.speech import LANGUAGES, Language, Phrase, amount
from foundation.text import TemplateFailed, render
from inventory.models.people import Member

_NO_SUBJECT: Final = "no subject on the first row, or nothing below it"
_LONGEST_SUBJECT: Final = 150


class Why(StrEnum):
    """Why someone who owes is not written to."""

    PAUSED = "paused"
    TIME = "time"
    TRANSFER = "transfer"
    NO_ADDRESS = "no-address"
    LEFT = "left"
    ALL_SAID = "all-said"

    @property
    def phrase(self) -> Phrase:
        """The reason as people read it."""
        return HELD[self]


HELD: Final = {
    Why.PAUSED: Phrase("en pause", "paused"),
    Why.TIME: Phrase("a demandé du temps", "asked for time"),
    Why.TRANSFER: Phrase("un virement à rapprocher est peut-être le sien", "a transfer to match may be theirs"),
    Why.NO_ADDRESS: Phrase("pas d'adresse où parler d'argent", "no address for money"),
    Why.LEFT: Phrase("n'est plus membre : à écrire à la main", "a member no more: to be written to by hand"),
    Why.ALL_SAID: Phrase("tout est dit : l'appeler", "all is said: to be called"),
}


class TooLong(Invalid):
    """Time that is over already, or longer than a year."""

    kind = "hold-too-long"
    phrase = Phrase(
        "Du temps jusqu'au {until} ? Au plus jusqu'au {last}, et à partir d'aujourd'hui. Rien n'a été changé.",
        "Time until {until}? At most until {last}, and from today on. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Reminded:
    """What a template is given, as `reminder`: every value in the member's words and language.

    `what` are the things that are open, `how` the transfer in one sentence, `url` the member's page.
    """

    association: str
    name: str
    number: str
    amount: str
    since: str
    what: tuple[str, ...]
    how: str
    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A reminder that is written: the row that says so, to which mailbox, its subject and its text."""

    row: int
    member: str
    to: str
    tone: Tone
    cents: Euros
    subject: str
    text: str


def template_of(tone: Tone, language: Language) -> str:
    """The name of a tone's template in a language."""
    return f"reminders/{tone}.{language}.j2"


def written(
    row: int,
    member: Member,
    to: str,
    tone: Tone,
    held: Balance,
    since: date,
    how: HowToPay,
    association: str,
    url: str,
) -> Letter:
    """The letter to a member: the template's first row is the subject. Raises TemplateFailed."""
    language = language_of(member)
    facts = Reminded(
        association=association,
        name=member.name,
        number=str(member),
        amount=amount(-held.amount, language),
        since=day_words(since, language),
        what=tuple(f"{one.words(language)} : {amount(one.open, language)}" for one in held.dues)
        if language == "fr"
        else tuple(f"{one.words(language)}: {amount(one.open, language)}" for one in held.dues),
        how=how.sentence(language),
        reference=how.reference,
        url=url,
    )
    name = template_of(tone, language)
    subject, text = parted(name, render("billing", name, {"reminder": facts}))
    return Letter(row, str(member), to, tone, -held.amount, subject, text)


def parted(name: str, whole: str) -> tuple[str, str]:
    """The subject and the text of a template that was filled in. Raises TemplateFailed where one of them is missing."""
    first, _, rest = whole.strip().partition("\n")
    subject = "".join(sign for sign in first if sign.isprintable()).strip()
    if not subject or not rest.strip() or len(subject) > _LONGEST_SUBJECT:
        raise TemplateFailed(template=name, reason=_NO_SUBJECT)
    return subject, rest.strip() + "\n"


def specimens() -> Mapping[str, Mapping[str, object]]:
    """Every template of ours with facts to try it with."""
    one = Reminded(
        association="Les Abeilles",
        name="Camille Exemple",
        number="M0042",
        amount=amount(Euros(4200), LANGUAGES[0]),
        since=day_words(date(2026, 9, 1), LANGUAGES[0]),
        what=("ADSL L0042 septembre 2026 : 28,00 €", "cotisation 2026 : 14,00 €"),
        how="virement à Les Abeilles, IBAN FR76 9999 9000 0112 3456 7890 189, référence RF23M0042 : 42,00 €.",
        reference="RF23M0042",
        url="https://abeilles.example",
    )
    return {template_of(tone, language): {"reminder": one} for tone in Tone for language in LANGUAGES}
