"""HelloAsso's CSV of payments: who paid, by which form, and what became of it. Columns are found by their headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing.statements import texts
from billing.statements.entries import Entry, Statement, with_keys
from billing.statements.refusals import (
    MOST_BYTES,
    EmptyStatement,
    StatementLacks,
    StatementTooBig,
    UnknownStatementFormat,
)
from billing.statements.spreadsheet import DEEPEST_HEADING, Row, column_of, day_of_cell, folded, likely_delimiter, rows
from billing.statements.texts import EUR, NAME, euros_of, joined, meant, plain
from foundation.money import Euros
from foundation.speech import Phrase

_SPELLINGS: Final = {
    "key": ("reference paiement", "reference du paiement", "id paiement", "numero du paiement", "reference"),
    "order": ("reference commande", "reference de la commande", "numero de commande", "id commande", "commande"),
    "day": ("date du paiement", "date paiement", "date de la commande", "date commande", "date"),
    "amount": ("montant total", "montant du paiement", "montant paye", "montant"),
    "status": ("statut du paiement", "statut paiement", "statut de la commande", "statut", "etat"),
    "last": ("nom payeur", "nom du payeur", "nom acheteur", "nom"),
    "first": ("prenom payeur", "prenom du payeur", "prenom acheteur", "prenom"),
    "email": ("email payeur", "email du payeur", "e mail payeur", "email acheteur", "adresse email", "email", "e mail"),
    "company": ("raison sociale", "raison sociale payeur", "societe"),
    "form": ("campagne", "nom de la campagne", "formulaire", "nom du formulaire", "tarif"),
    "kind": ("moyen de paiement", "type de paiement"),
}
"""Of each column, the headings under which HelloAsso has exported it, folded."""
_NEEDED: Final = {
    "day": Phrase("la colonne « Date du paiement »", "the column “Date du paiement”"),
    "amount": Phrase("la colonne « Montant total »", "the column “Montant total”"),
    "status": Phrase("la colonne « Statut du paiement »", "the column “Statut du paiement”"),
    "email": Phrase("la colonne « Email payeur »", "the column “Email payeur”"),
}
_PAID: Final = frozenset({"paye", "payee", "valide", "validee", "autorise", "autorisee", "processed", "authorized"})
_REFUNDED: Final = frozenset({"rembourse", "remboursee", "refunded"})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is no payment, and why."""

    line: int
    reference: str
    phrase: Phrase


@dataclass(frozen=True, slots=True)
class Collected:
    """The payments of a file, with the payers' addresses, and what was left out of it."""

    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]


def read(data: bytes, *, name: str = "") -> Collected:
    """The payments that a CSV of HelloAsso holds; each is known again by HelloAsso's own number of it.

    What was given back is two entries, in and out again: where the first was booked already from an earlier file, the
    second alone is new. What was refused, waits, or costs nothing is left out, with a word.
    Raises subclasses of UnreadableStatement, and nothing else whatever the bytes are.
    """
    if len(data) > MOST_BYTES:
        raise StatementTooBig
    if not data.strip():
        raise EmptyStatement
    text = texts.decoded(data, "windows-1252", or_utf8=True)
    every = list(rows(text, likely_delimiter(text)))
    at, columns = _headings(every, plain(name, 80) or Phrase("Ce fichier", "This file"))
    entries, left_out = list[Entry](), list[LeftOut]()
    for row in every[at + 1 :]:
        cells = {role: row.cell(column) for role, column in columns.items()}
        found = _payment(cells, row)
        if isinstance(found, LeftOut):
            left_out.append(found)
        else:
            entries += found
    (whole,) = with_keys([Statement("", EUR, None, None, None, None, tuple(entries))])
    return Collected(whole.entries, tuple(left_out))


def _headings(every: Sequence[Row], file: object) -> tuple[int, dict[str, int | None]]:
    """In which row the headings stand, and where each column is."""
    lacking = list(_NEEDED)
    for rank, row in enumerate(every[:DEEPEST_HEADING]):
        headings = [folded(cell) for cell in row.cells]
        columns = {role: column_of(headings, spellings) for role, spellings in _SPELLINGS.items()}
        missing = [role for role in _NEEDED if columns[role] is None]
        if not missing:
            return rank, columns
        lacking = min(lacking, missing, key=len)
    if len(lacking) == len(_NEEDED):
        what = Phrase("ce n'est pas un export des paiements de HelloAsso", "it is no export of payments of HelloAsso")
        raise UnknownStatementFormat(file=file, what=what)
    raise StatementLacks(what=_NEEDED[lacking[0]], where=Phrase("ligne des titres", "row of headings"))


def _payment(cells: dict[str, str], row: Row) -> list[Entry] | LeftOut:
    """The entries of a row: one, two of what was given back; or why there is none."""
    reference = meant(cells["key"]) or meant(cells["order"])
    status = folded(cells["status"])
    if status not in _PAID | _REFUNDED:
        shown = plain(cells["status"], 40) or "?"
        return LeftOut(row.number, reference, Phrase.said(f"pas encaissé : « {shown} »", f"not cashed: “{shown}”"))
    cents = euros_of(_bare(cells["amount"]), row.where)
    if cents == 0:
        return LeftOut(row.number, reference, Phrase("gratuit", "free of charge"))
    if not reference:
        raise StatementLacks(what=Phrase("la référence d'un paiement", "the reference of a payment"), where=row.where)
    day = day_of_cell(cells["day"], row.where)
    person = joined(cells["first"], cells["last"])
    paid = Entry(
        reference,
        day,
        day,
        cents,
        joined(cells["form"], cells["company"]) or "HelloAsso",
        payer=plain(person or cells["company"], NAME),
        end_to_end=meant(cells["order"]),
        kind=plain(cells["kind"], 40),
        payer_email=plain(cells["email"], 254).lower(),
    )
    return [paid, _given_back(paid)] if status in _REFUNDED else [paid]


def _given_back(paid: Entry) -> Entry:
    return Entry(
        f"{paid.key}/refund",
        paid.day,
        paid.value_day,
        -Euros(paid.cents),
        paid.label,
        payer=paid.payer,
        end_to_end=paid.end_to_end,
        kind=paid.kind,
        payer_email=paid.payer_email,
    )


def _bare(text: str) -> str:
    return "".join(text.replace("€", "").split())
