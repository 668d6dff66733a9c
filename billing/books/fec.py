"""The file of accounting entries [FEC] that French tax law describes: article A. 47 A-1 of the LPF, eighteen columns.

Members are named in `CompAuxLib` and nowhere else: the law asks for it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from billing.books.ledger import Entry, Ledger
from foundation import clock
from foundation.errors import Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.numbers import shown

COLUMNS: Final = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)


class SirenNeeded(Refused):
    """The file is named after the association's number."""

    kind = "siren-needed"
    phrase = Phrase(
        "Le nom d'un FEC commence par le SIREN de l'association. Rien n'a été écrit. L'écrire dans books.toml "
        '(siren = "…"), ou nommer un fichier : --to comptes.txt',
        "The name of a FEC begins with the association's SIREN. Nothing was written. Write it into books.toml "
        '(siren = "…"), or name a file: --to books.txt',
    )


def name(ledger: Ledger) -> str:
    """What the file is called: SIREN, `FEC`, the last day of the year. Raises SirenNeeded."""
    if not ledger.plan.chart.siren:
        raise SirenNeeded
    return f"{ledger.plan.chart.siren}FEC{_day(ledger.year.last)}.txt"


def text(ledger: Ledger) -> str:
    """The whole file: tabs between columns, CR LF after each row, UTF-8; opening balances first."""
    opened = [] if ledger.opened is None else [ledger.opened]
    rows = (row for entry in (*opened, *ledger.entries) for row in _rows(ledger, entry))
    return "".join("\t".join(map(_plain, row)) + "\r\n" for row in (COLUMNS, *rows))


def _rows(ledger: Ledger, entry: Entry) -> Iterator[tuple[str, ...]]:
    draft = entry.draft
    for posting in draft.postings:
        account = ledger.plan.account(posting.account)
        member = shown("M", posting.member) if posting.member else ""
        letter = ledger.letters.get((posting.member, posting.thread)) if posting.thread else None
        yield (
            str(draft.book),
            draft.book.phrase.fr,
            entry.name,
            _day(draft.day),
            account.code,
            account.name.say("fr"),
            f"{account.code}{member}" if member else "",
            ledger.names.get(posting.member, "") or member,
            draft.piece,
            _day(draft.piece_day),
            draft.label.say("fr"),
            amount(max(posting.cents, Euros(0))),
            amount(max(-posting.cents, Euros(0))),
            letter.code if letter else "",
            _day(letter.day) if letter else "",
            _day(max(draft.day, clock.today(draft.recorded))),
            "",
            "",
        )


def amount(cents: int) -> str:
    """`1234,56`: a comma, no sign between thousands."""
    return str(Euros(cents).decimal()).replace(".", ",")


def _day(day: date) -> str:
    return f"{day.year:04d}{day:%m%d}"


def _plain(field: str) -> str:
    """A field in which nothing ends it, or the row."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in field).split())
