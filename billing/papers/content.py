"""What is handed to a member on paper: plain facts in their language, the same in a file as on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from billing.paying import HowToPay
from billing.words import day_words
from foundation.money import Euros
from foundation.speech import LANGUAGES, Language, Phrase, amount
from inventory import rules
from inventory.models.people import Member

TOTAL: Final = Phrase("Total", "Total")
AMOUNT: Final = Phrase("montant", "amount")
WHAT: Final = Phrase("de quoi", "of what")
DAY: Final = Phrase("le", "on")

_HOLDER: Final = Phrase("À l'ordre de", "To")
_IBAN: Final = Phrase("IBAN", "IBAN")
_BIC: Final = Phrase("BIC", "BIC")
_REFERENCE: Final = Phrase("Référence", "Reference")
_AMOUNT: Final = Phrase("Montant", "Amount")
_HOW: Final = Phrase("Pour payer : un virement", "How to pay: a bank transfer")
_SCAN: Final = Phrase(
    "L'application d'une banque lit ce code et remplit le virement.",
    "A bank's application reads this code and fills in the transfer.",
)
_NO_ACCOUNT: Final = Phrase(
    "L'IBAN se demande en répondant à l'association.", "Ask the association for its account number (IBAN)."
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their headings; the last `amounts` columns are amounts. `total` stands below, empty where none."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    amounts: int = 1
    total: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transfer:
    """How to pay, in the words of the paper; `code` is a picture (SVG), empty where there is none."""

    heading: str
    rows: tuple[tuple[str, str], ...]
    code: str
    beside: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One document for one member: who hands it to whom, of which day, what it says.

    Every text is as people wrote it: whoever sets it in type does so as data. The same facts make the same paper.
    """

    title: str
    language: Language
    association: str
    address: str
    member: str
    to: str
    day: date
    dated: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    transfer: Transfer | None
    notes: tuple[str, ...]


def language_of(member: Member) -> Language:
    """The member's language, French where we do not speak it."""
    return next((one for one in LANGUAGES if one == member.language), LANGUAGES[0])


def paper(
    session: Session,
    member: Member,
    title: Phrase,
    day: date,
    association: str,
    *,
    sentences: Sequence[str],
    tables: Sequence[Table] = (),
    transfer: Transfer | None = None,
    notes: Sequence[str] = (),
    **values: object,
) -> Paper:
    """A paper of that day for a member; `values` are the title's."""
    language = language_of(member)
    to = "\n".join(one for one in (member.name, member.postal) if one)
    return Paper(
        title=title.say(language, **values),
        language=language,
        association=association,
        address=rules.value(session, "receipts.address"),
        member=str(member),
        to=to,
        day=day,
        dated=day_words(day, language),
        sentences=tuple(sentences),
        tables=tuple(one for one in tables if one.rows),
        transfer=transfer,
        notes=tuple(notes),
    )


def table(
    language: Language,
    heading: Phrase,
    columns: Sequence[Phrase],
    rows: Sequence[Sequence[object]],
    total: Euros | None = None,
    *,
    amounts: int = 1,
) -> Table:
    """Rows in the words of a language: amounts as it writes them, days in full; `total` is of the last column."""
    below = () if total is None else (TOTAL.say(language), *("" for _ in columns[2:]), amount(total, language))
    return Table(
        heading.say(language),
        tuple(one.say(language) for one in columns),
        tuple(tuple(_cell(cell, language) for cell in row) for row in rows),
        amounts,
        below,
    )


def _cell(value: object, language: Language) -> str:
    match value:
        case Phrase():
            return value.say(language)
        case Euros():
            return amount(value, language)
        case date():
            return day_words(value, language)
        case None:
            return ""
        case _:
            return str(value)


def transfer_of(how: HowToPay, language: Language) -> Transfer:
    """How to pay, as a paper says it."""
    rows: list[tuple[Phrase, str]] = [(_HOLDER, how.holder)]
    if how.iban:
        rows.append((_IBAN, how.spaced))
    if how.bic:
        rows.append((_BIC, how.bic))
    rows.append((_REFERENCE, how.reference))
    if how.cents:
        rows.append((_AMOUNT, amount(how.cents, language)))
    code = how.svg()
    beside = _SCAN.say(language) if code else "" if how.iban else _NO_ACCOUNT.say(language)
    return Transfer(_HOW.say(language), tuple((label.say(language), text) for label, text in rows), code, beside)
