"""What every format is read as: statements of an account, and their entries with the keys that they are known by."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from billing.statements.refusals import MOST_ENTRIES, DoubledEntry, StatementTooLong, UnbalancedStatement
from foundation.money import Euros

LONGEST_KEY: Final = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement of an account, as a file states it.

    `cents` are what came in, negative where money went out, never 0. `payer` is who is at the other end, in either
    direction, and `payer_account` their IBAN, or the key of a Ğ1 wallet. `end_to_end` is what the payer's bank passed
    on, `reference` a structured one (`RF…`, ISO 11649), `kind` the bank's own code. `origin` is what an amount was
    before it became euros.
    """

    key: str
    day: date
    value_day: date
    cents: Euros
    label: str
    payer: str = ""
    payer_account: str = ""
    end_to_end: str = ""
    reference: str = ""
    kind: str = ""
    payer_email: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's movements of some days, as a file states them; what it does not say is None, or an empty account.

    `account` is an IBAN or the bank's own number; `since` and `until` are both among the days; balances are signed.
    """

    account: str
    currency: str
    since: date | None
    until: date | None
    opening: Euros | None
    closing: Euros | None
    entries: tuple[Entry, ...]


def balanced(statement: Statement) -> Statement:
    """The statement itself. Raises UnbalancedStatement where opening and entries do not make its closing balance."""
    opening, closing = statement.opening, statement.closing
    if opening is not None and closing is not None:
        moved = Euros(sum(each.cents for each in statement.entries))
        if opening + moved != closing:
            raise UnbalancedStatement(opening=opening, entries=moved, reached=opening + moved, closing=closing)
    return statement


def with_keys(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements of one file, each entry with a key that the same entry has in any other file of that account.

    A key that the bank gave stays (one of more than 64 characters as its digest). Where it gave none, it is a digest of
    all that tells movements apart, and of the rank among those of which nothing does: a file that ends in the middle
    of a day gives the first of them the same keys. Raises DoubledEntry, StatementTooLong.
    """
    told, ranks = set[tuple[str, str]](), Counter[tuple[str, str]]()
    whole, written = set[Statement](), list[Statement]()
    for statement in statements:
        if len(told) + len(statement.entries) > MOST_ENTRIES or len(written) >= MOST_ENTRIES:
            raise StatementTooLong
        if statement.entries and statement in whole:
            raise DoubledEntry(key=statement.entries[0].key or statement.entries[0].label[:40])
        whole.add(statement)
        entries = []
        for entry in statement.entries:
            identity = "" if entry.key else _identity(entry)
            ranks[statement.account, identity] += 1
            key = _key(entry.key) if entry.key else made_key(identity, ranks[statement.account, identity])
            if (statement.account, key) in told:
                raise DoubledEntry(key=entry.key[:40])
            told.add((statement.account, key))
            entries.append(entry if entry.key == key else replace(entry, key=key))
        written.append(replace(statement, entries=tuple(entries)))
    return tuple(written)


def own_key(reference: str, day: date, cents: Euros) -> str:
    """The key of a movement that the bank has a reference for; empty where it has none.

    Day and amount stand in it too: some banks give a transfer and the charge for it one reference, others begin to
    count anew in each file, and a movement that is taken for an older one would be lost without a word.
    """
    return f"{reference} {day:%Y%m%d} {int(cents):+d}" if reference else ""


def made_key(told: str, rank: int) -> str:
    """The key of what has none of its own: a digest of what is told of it, and of its rank among those alike."""
    return _digest(f"{told}\x1f{rank}")


def _key(own: str) -> str:
    return own if len(own) <= LONGEST_KEY else _digest(own)


def _identity(entry: Entry) -> str:
    told = (entry.label, entry.payer, entry.payer_account, entry.end_to_end, entry.reference, entry.origin)
    return "\x1f".join((entry.day.isoformat(), str(int(entry.cents)), *told))


def _digest(text: str) -> str:
    return "=" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
