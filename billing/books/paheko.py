"""A year's entries for Paheko, as its import of accounting reads them in the form that it calls « Groupé ».

The first row of an entry says what it is, the others only their line. No number of entry: Paheko takes one for an
entry of its own that is to be changed. Paheko has no accounts of third parties: the member stands in the reference
of the line, by number. What an account had before comes from Paheko's own year before.
"""

from __future__ import annotations

import csv
import io
from typing import Final

from billing.books.fec import amount
from billing.books.ledger import Ledger
from inventory.numbers import shown

COLUMNS: Final = (
    "Libellé",
    "Date",
    "Remarques",
    "Numéro pièce comptable",
    "Numéro compte",
    "Débit",
    "Crédit",
    "Référence ligne",
    "Libellé ligne",
)


def text(ledger: Ledger) -> str:
    """The whole file: CSV, semicolons, UTF-8."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerow(COLUMNS)
    for entry in ledger.entries:
        draft, label = entry.draft, entry.draft.label.say("fr")
        head = (label, f"{draft.day:%d/%m/%Y}", entry.name, draft.piece)
        for posting in draft.postings:
            debit, credit = max(posting.cents, 0), max(-posting.cents, 0)
            member = shown("M", posting.member) if posting.member else ""
            account = ledger.plan.account(posting.account).code
            table.writerow((*head, account, amount(debit), amount(credit), member, ""))
            head = ("", "", "", "")
    return written.getvalue()
