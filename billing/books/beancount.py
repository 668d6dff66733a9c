"""A year's books as a text for beancount, of version 2 or 3: accounts, entries, and what each account has at the end.

What the accounts had before is its first entry, and the balances at the end are written as beancount's own
assertions: `bean-check` says whether the text adds up.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final

from billing.books.bookings import Posting
from billing.books.chart import Account
from billing.books.ledger import Entry, Ledger
from foundation.money import Euros
from inventory.numbers import shown

_LIABILITIES: Final = ("16", "40", "42", "43", "44")
_ROOTS: Final = {
    "1": "Equity",
    "2": "Assets",
    "3": "Assets",
    "4": "Assets",
    "5": "Assets",
    "6": "Expenses",
    "7": "Income",
}


def text(ledger: Ledger, title: str) -> str:
    """The whole text; `title` is whose books they are."""
    opened = [] if ledger.opened is None else [ledger.opened]
    entries = [*opened, *sorted(ledger.entries, key=lambda entry: entry.draft.day)]
    at_end = Counter[str]()
    for posting in ledger.postings():
        at_end[_account(ledger, posting)] += posting.cents
    since, after = ledger.year.since.isoformat(), ledger.year.until.isoformat()
    rows = [f"option {_quoted('title')} {_quoted(title)}", 'option "operating_currency" "EUR"', ""]
    rows += [f"{since} open {account} EUR" for account in sorted(at_end)]
    for entry in entries:
        rows += ["", *_entry(ledger, entry)]
    rows += ["", *(f"{after} balance {account} {_amount(Euros(at_end[account]))}" for account in sorted(at_end))]
    return "\n".join(rows) + "\n"


def _entry(ledger: Ledger, entry: Entry) -> Iterator[str]:
    draft = entry.draft
    yield f"{draft.day.isoformat()} * {_quoted(draft.label.say('fr'))} ^{draft.piece}"
    yield f"  number: {_quoted(entry.name)}"
    for posting in draft.postings:
        yield f"  {_account(ledger, posting)}  {_amount(posting.cents)}"


def _account(ledger: Ledger, posting: Posting) -> str:
    account = ledger.plan.account(posting.account)
    last = shown("M", posting.member) if posting.member else account.code
    bank = ledger.plan.chart.account("bank").code  # all at banks stand together, whatever they are called
    word = "Banque" if account.code.startswith(bank) else _word(account)
    return f"{_root(account)}:{word}:{last}"


def _root(account: Account) -> str:
    return "Liabilities" if account.code.startswith(_LIABILITIES) else _ROOTS[account.code[0]]


def _word(account: Account) -> str:
    """The account's French name as beancount writes one part of an account: ASCII letters, digits and hyphens."""
    folded = unicodedata.normalize("NFKD", account.name.say("fr")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", folded).strip("-").capitalize() or f"C{account.code}"


def _amount(cents: Euros) -> str:
    return f"{cents.decimal()} EUR"


def _quoted(words: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in words)
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
