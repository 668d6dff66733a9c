"""The CSV of a bank, read as a mapping says that this bank writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from billing.statements import texts
from billing.statements.accounts import iban_of, number_of
from billing.statements.entries import Entry, Statement, own_key
from billing.statements.mapping import EUROS, Mapping, shipped
from billing.statements.refusals import (
    BadMapping,
    EmptyStatement,
    MalformedStatement,
    StatementLacks,
    UnbalancedStatement,
    UnknownStatementFormat,
    UnreadableStatement,
)
from billing.statements.spreadsheet import DEEPEST_HEADING, Row, folded, rows
from billing.statements.texts import EUR, NAME, joined, meant, only_euros, plain
from foundation.money import Euros
from foundation.speech import Phrase

_HEAD: Final = 64 * 1024
"""Of a file, what is looked at to find whose it is."""


@dataclass(frozen=True, slots=True)
class _Line:
    """An entry with what else its row says."""

    entry: Entry
    balance: Euros | None
    account: str


def read(data: bytes, mapping: Mapping) -> Iterator[Statement]:
    """The statements of a file, one for each account in it, oldest entry first, their entries without keys where the
    bank gave none.

    Raises subclasses of UnreadableStatement.
    """
    text = texts.decoded(data, mapping.charset, or_utf8=True)
    before, columns, body = _laid_out(text, mapping)
    told = _told_before(before, mapping)
    if "currency" in told:
        only_euros(EUR if told["currency"][0].upper() in EUROS else told["currency"][0], told["currency"][1])
    by_account: dict[str, list[_Line]] = {}
    for row in body:
        each = _line(row, columns, mapping)
        by_account.setdefault(each.account, []).append(each)
    account = number_of(told["account"][0]) if "account" in told else mapping.account
    since, until = (mapping.day(*told[name]) if name in told else None for name in ("since", "until"))
    opening, closing = (mapping.euros(*told[name]) if name in told else None for name in ("opening", "closing"))
    for named, lines in (by_account or {"": []}).items():
        moves = _oldest_first(lines)
        first, last = _balances(moves)
        yield Statement(
            named or account,
            EUR,
            since,
            until,
            first if opening is None else opening,
            last if closing is None else closing,
            tuple(each.entry for each in moves if each.entry.cents),
        )


def recognised(data: bytes, mappings: Sequence[Mapping], file: object) -> Mapping:
    """The mapping whose headings all stand in this file, an association's own before ours, the one that knows most.

    Raises UnknownStatementFormat.
    """
    found = [each for each in (*mappings, *shipped()) if each.headed and _has_headings(data, each)]
    if not found:
        what = Phrase(
            "ce n'est ni camt.053, ni OFX, ni CFONB120, ni un CSV dont les colonnes sont connues",
            "it is neither camt.053, OFX, CFONB120, nor CSV with columns that are known",
        )
        raise UnknownStatementFormat(file=file, what=what)
    own = [each for each in found if each in mappings]
    return max(own or found, key=lambda each: len(each.columns))


def _has_headings(data: bytes, mapping: Mapping) -> bool:
    head = data[:_HEAD]
    if len(data) > _HEAD:
        # Whole lines alone, so that no quoted cell nor sign of several bytes is cut.
        head = head[: head.rfind(b"\n") + 1]
    try:
        text = texts.decoded(head, mapping.charset, or_utf8=True)
        _laid_out(text, mapping)
    except UnreadableStatement:
        return False
    return True


def _laid_out(text: str, mapping: Mapping) -> tuple[list[Row], dict[str, tuple[int, ...]], list[Row]]:
    """The rows before the headings, the columns from 0 by what they are, and the rows behind."""
    if mapping.skip:
        text = "\n".join(text.split("\n")[mapping.skip :])
    every = [replace(row, number=row.number + mapping.skip) for row in rows(text, mapping.delimiter, mapping.quote)]
    if mapping.skip_end:
        every = every[: -mapping.skip_end]
    if not every:
        raise EmptyStatement
    if not mapping.headed:
        counted = {role: tuple(int(each) - 1 for each in told) for role, told in mapping.columns.items()}
        return [], counted, every
    wanted = {role: tuple(folded(str(each)) for each in told) for role, told in mapping.columns.items()}
    needed = {each for told in wanted.values() for each in told}
    for rank, row in enumerate(every[:DEEPEST_HEADING]):
        headings = [folded(cell) for cell in row.cells]
        if needed <= set(headings):
            found = {role: tuple(headings.index(each) for each in told) for role, told in wanted.items()}
            return every[:rank], found, every[rank + 1 :]
    missing = _nearest_missing(every[:DEEPEST_HEADING], mapping)
    what = Phrase.said(f"colonne « {missing} » absente du fichier", f"there is no column “{missing}” in the file")
    raise BadMapping(mapping=mapping.name, what=what)


def _nearest_missing(head: Sequence[Row], mapping: Mapping) -> str:
    """The first column that is missing in the row that is most like the headings."""
    told = [str(each) for told in mapping.columns.values() for each in told]
    lacking = [[each for each in told if folded(each) not in {folded(cell) for cell in row.cells}] for row in head]
    return plain(min(lacking, key=len)[0], 60)


def _told_before(before: Sequence[Row], mapping: Mapping) -> dict[str, tuple[str, Phrase]]:
    """What stands behind its word before the headings, in the next cell or in the same one, and where."""
    found: dict[str, tuple[str, Phrase]] = {}
    for role, word in mapping.before.items():
        for row in before:
            first = next((cell for cell in row.cells if cell), "")
            if f"{folded(first)} ".startswith(f"{folded(word)} "):
                rest = [cell for cell in row.cells[row.cells.index(first) + 1 :] if cell]
                value = rest[0] if rest else first.rpartition(":")[2].strip()
                found[role] = (value, row.where)
                break
        else:
            if role == "account":
                what = Phrase.said(f"« {plain(word, 40)} »", f"“{plain(word, 40)}”")
                raise StatementLacks(what=what, where=Phrase("avant les colonnes", "before the columns"))
    return found


def _line(row: Row, columns: dict[str, tuple[int, ...]], mapping: Mapping) -> _Line:
    def cell(role: str) -> str:
        return row.cell(columns[role][0]) if role in columns else ""

    if cell("currency") and cell("currency").upper() not in EUROS:
        only_euros(cell("currency"), row.where)
    cents = _moved(cell, "amount" in columns, mapping, row)
    if not cell("day"):
        raise StatementLacks(what=Phrase("la date d'une écriture", "the date of an entry"), where=row.where)
    day = mapping.day(cell("day"), row.where)
    entry = Entry(
        own_key(meant(cell("key"), 255), day, cents),
        day,
        mapping.day(cell("value_day"), row.where) if cell("value_day") else day,
        cents,
        joined(*(row.cell(column) for column in columns["label"])),
        payer=plain(cell("payer"), NAME),
        payer_account=iban_of(cell("iban")),
        end_to_end=meant(cell("end_to_end")),
        reference=meant("".join(cell("reference").split())),
        kind=plain(cell("kind"), 40),
    )
    balance = mapping.euros(cell("balance"), row.where) if cell("balance") else None
    return _Line(entry, balance, number_of(cell("account")))


def _moved(cell: Callable[[str], str], in_one: bool, mapping: Mapping, row: Row) -> Euros:
    """What came in or went out: one signed amount, or one of a debit and a credit."""
    if in_one:
        if not cell("amount"):
            raise StatementLacks(what=Phrase("un montant", "an amount"), where=row.where)
        return mapping.euros(cell("amount"), row.where)
    debit, credit = (abs(mapping.euros(cell(role), row.where)) if cell(role) else 0 for role in ("debit", "credit"))
    if not cell("debit") and not cell("credit"):
        raise StatementLacks(what=Phrase("un montant", "an amount"), where=row.where)
    if debit and credit:
        raise MalformedStatement(where=row.where)
    return Euros(credit - debit)


def _oldest_first(lines: list[_Line]) -> list[_Line]:
    """The lines in the order of time; where days do not tell, running balances do."""
    days = [each.entry.day for each in lines]
    if days and days[0] != days[-1]:
        return lines if days[0] < days[-1] else lines[::-1]
    return lines if _broken(lines) is None or _broken(lines[::-1]) is not None else lines[::-1]


def _balances(moves: Sequence[_Line]) -> tuple[Euros | None, Euros | None]:
    """The balances before and after all lines, from those that lines state. Raises UnbalancedStatement."""
    stated = [rank for rank, each in enumerate(moves) if each.balance is not None]
    if not stated:
        return None, None
    broken = _broken(moves)
    if broken is not None:
        raise broken
    first, last = moves[stated[0]].balance, moves[stated[-1]].balance
    assert first is not None
    assert last is not None
    opening = first - sum(each.entry.cents for each in moves[: stated[0] + 1])
    return opening, last + sum(each.entry.cents for each in moves[stated[-1] + 1 :])


def _broken(moves: Sequence[_Line]) -> UnbalancedStatement | None:
    """Why balances do not follow from one another; None where they do."""
    stated = [rank for rank, each in enumerate(moves) if each.balance is not None]
    for one, other in pairwise(stated):
        opening, closing = moves[one].balance, moves[other].balance
        assert opening is not None
        assert closing is not None
        moved = Euros(sum(each.entry.cents for each in moves[one + 1 : other + 1]))
        if opening + moved != closing:
            return UnbalancedStatement(opening=opening, entries=moved, reached=opening + moved, closing=closing)
    return None
