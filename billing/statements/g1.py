"""Receipts in Ğ1, from a CSV with each day's rate: what they were worth in euros, rounded once, and no chain asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from billing.statements import texts
from billing.statements.entries import Entry, Statement, made_key, with_keys
from billing.statements.refusals import (
    MOST_BYTES,
    BadStatementAmount,
    EmptyStatement,
    StatementLacks,
    StatementTooBig,
    UnknownStatementFormat,
)
from billing.statements.spreadsheet import DEEPEST_HEADING, Row, column_of, day_of_cell, folded, likely_delimiter, rows
from billing.statements.texts import EUR, NAME, in_bounds, meant, plain
from foundation.money import Euros
from foundation.speech import Phrase

_SPELLINGS: Final = {
    "day": ("date", "jour", "day"),
    "units": ("montant", "montant g1", "g1", "amount", "amount g1", "units"),
    "rate": ("cours", "cours du jour", "taux", "cours euro", "rate", "eur per g1"),
    "payer": ("emetteur", "cle", "cle publique", "cle de l emetteur", "issuer", "from", "public key"),
    "comment": ("commentaire", "comment", "reference"),
    "key": ("transaction", "hash", "identifiant", "tx"),
}
"""Of each column, the headings that it may have, folded. The rate is in euros for one Ğ1."""
_NEEDED: Final = ("day", "units", "rate", "payer")
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{1,12})(?:[.,]([0-9]{1,12}))?")
_WALLET: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]{40,60}")
"""A public key or an address in base 58, with or without the check behind it."""


def read(data: bytes, *, name: str = "") -> tuple[Entry, ...]:
    """The receipts of a CSV with a date, an amount in Ğ1, a rate, the issuer's key and a comment.

    `cents` is the amount times the rate, rounded once, half a cent away from zero; `origin` says both; `payer_account`
    is the wallet's key. A receipt worth less than half a cent is left out.
    Raises subclasses of UnreadableStatement, and nothing else whatever the bytes are.
    """
    if len(data) > MOST_BYTES:
        raise StatementTooBig
    if not data.strip():
        raise EmptyStatement
    text = texts.decoded(data, "utf-8")
    every = list(rows(text, likely_delimiter(text)))
    for rank, row in enumerate(every[:DEEPEST_HEADING]):
        headings = [folded(cell) for cell in row.cells]
        columns = {role: column_of(headings, spellings) for role, spellings in _SPELLINGS.items()}
        if all(columns[role] is not None for role in _NEEDED):
            return _receipts(every[rank + 1 :], columns)
    what = Phrase(
        "il faut les colonnes Date, Montant, Cours et Émetteur", "the columns Date, Amount, Rate and Issuer are needed"
    )
    raise UnknownStatementFormat(file=plain(name, 80) or Phrase("Ce fichier", "This file"), what=what)


def worth(units: Fraction, rate: Fraction) -> Euros:
    """What so many Ğ1 are worth at so many euros each: exact, then rounded once, half a cent away from zero."""
    exact = units * rate * 100
    whole = (abs(exact) + Fraction(1, 2)).__floor__()
    return Euros(whole if exact >= 0 else -whole)


def _receipts(told: Sequence[Row], columns: dict[str, int | None]) -> tuple[Entry, ...]:
    """The receipts with their keys, which a rate that is put right later does not change."""
    entries, ranks = list[Entry](), Counter[str]()
    for row in told:
        cells = {role: row.cell(column) for role, column in columns.items()}
        entry = _receipt(cells, row)
        identity = "\x1f".join(
            (entry.day.isoformat(), str(_number(cells["units"], row)), entry.payer_account, entry.label)
        )
        ranks[identity] += 1
        if entry.cents:
            entries.append(replace(entry, key=entry.key or made_key(identity, ranks[identity])))
    return with_keys([Statement("", EUR, None, None, None, None, tuple(entries))])[0].entries


def _receipt(cells: dict[str, str], row: Row) -> Entry:
    units, rate = _number(cells["units"], row), _number(cells["rate"], row)
    if rate <= 0:
        raise BadStatementAmount(text=plain(cells["rate"], 30), where=row.where)
    wallet = "".join(cells["payer"].split()).partition(":")[0]
    if not _WALLET.fullmatch(wallet):
        raise StatementLacks(what=Phrase("la clé de l'émetteur", "the issuer's key"), where=row.where)
    day, comment = day_of_cell(cells["day"], row.where), plain(cells["comment"])
    return Entry(
        meant(cells["key"], 255),
        day,
        day,
        in_bounds(worth(units, rate), cells["units"], row.where),
        comment or "Ğ1",
        payer=plain(wallet, NAME),
        payer_account=wallet,
        kind="g1",
        origin=f"{plain(_bare(cells['units']), 30)} Ğ1 × {plain(_bare(cells['rate']), 30)} €",
    )


def _bare(text: str) -> str:
    for word in ("Ğ1", "Ǧ1", "G1", "€"):
        text = text.replace(word, "")
    return "".join(text.split())


def _number(text: str, row: Row) -> Fraction:
    """A number with up to twelve decimals, exactly. Raises BadStatementAmount."""
    found = _NUMBER.fullmatch(_bare(text))
    if found is None:
        raise BadStatementAmount(text=plain(text, 30), where=row.where)
    decimals = found[3] or ""
    value = Fraction(int(found[2] + decimals), 10 ** len(decimals))
    return -value if found[1] == "-" else value
