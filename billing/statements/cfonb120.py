"""CFONB120, the French banks' statement of fixed lines: 120 characters, records 01, 04, 05 and 07 (CFONB, July 2004).

An amount's last digit also says its sign: `{` and `A` to `I` are +0 to +9, `}` and `J` to `R` are -0 to -9 (`é` and `è`
stand for the braces where a bank writes ISO 646-FR).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from billing.statements import texts
from billing.statements.accounts import iban_of, iban_of_rib, number_of
from billing.statements.entries import Entry, Statement
from billing.statements.refusals import (
    MOST_ENTRIES,
    BadStatementAmount,
    EmptyStatement,
    MalformedStatement,
    StatementTooLong,
    line,
)
from billing.statements.texts import EUR, NAME, a_day, in_bounds, joined, meant, only_euros, plain
from foundation.money import Euros
from foundation.speech import Phrase

WIDTH: Final = 120
_MOST_LINES: Final = 4 * MOST_ENTRIES
HEAD: Final = re.compile(r"0[1457][0-9A-Z]{5}.{4}[0-9A-Z]{5}[A-Z]{3}[^;,\t] ")
"""How a record begins: bank, branch, currency and its decimals. A file begins with a 01; a torn one, with any."""
_AMOUNT: Final = re.compile(r" *([0-9]*)([0-9{}éèA-R])")
_LAST: Final = {
    **{sign: (digit, 1) for digit, sign in enumerate("{ABCDEFGHI")},
    **{sign: (digit, -1) for digit, sign in enumerate("}JKLMNOPQR")},
    **{str(digit): (digit, 1) for digit in range(10)},
    "é": (0, 1),
    "è": (0, -1),
}
_OURS: Final = slice(11, 16), slice(16, 19), slice(21, 32)
"""Branch, currency and account, which all records of a statement repeat."""


def read(data: bytes) -> Iterator[Statement]:
    """The statements of a file, their entries without keys: no field of this format is an identity in every bank.

    Raises subclasses of UnreadableStatement.
    """
    head, entries, found, last = None, list[Entry](), 0, 0
    for number, record, details in _records(texts.decoded(data, "iso-8859-1", or_utf8=True)):
        code, last = record[:2], number
        if (code == "01") != (head is None) or (head is not None and not _same(head, record)):
            raise MalformedStatement(where=line(number))
        if code == "01":
            only_euros(record[16:19], line(number))
            head, entries = record, []
            opening, since = _amount(record, number), _day(record[34:40], line(number))
        elif code == "04":
            entry = _entry(record, details, number)
            entries += [entry] if entry.cents else []
            if len(entries) > MOST_ENTRIES:
                raise StatementTooLong
        else:
            head, found = None, found + 1
            until = _day(record[34:40], line(number))
            # The old balance is that of the evening before the first day.
            first = min(since + timedelta(days=1), until)
            yield Statement(_account(record), EUR, first, until, opening, _amount(record, number), tuple(entries))
    if head is not None:
        raise MalformedStatement(where=line(last))
    if not found:
        raise EmptyStatement


def _records(text: str) -> Iterator[tuple[int, str, dict[str, str]]]:
    """The records 01, 04 and 07 with the numbers of their lines, a 04 with what the 05 behind it say, by qualifier."""
    waiting: tuple[int, str, dict[str, str]] | None = None
    for number, text_of_line in enumerate(_lines(text), start=1):
        record, code = text_of_line.ljust(WIDTH), text_of_line[:2]
        if len(record) > WIDTH or code not in ("01", "04", "05", "07"):
            raise MalformedStatement(where=line(number))
        if code == "05":
            if waiting is None or not _same(waiting[1], record):
                raise MalformedStatement(where=line(number))
            told = waiting[2]
            told[record[45:48]] = f"{told.get(record[45:48], '')}{record[48:118]}"[:1000]
            continue
        if waiting is not None:
            yield waiting
        waiting = (number, record, {}) if code == "04" else None
        if code != "04":
            yield number, record, {}
    if waiting is not None:
        yield waiting


def _lines(text: str) -> list[str]:
    """The lines, or records of 120 characters in a row where a file has no line ends."""
    if text.count("\n") > _MOST_LINES:
        raise StatementTooLong
    lines = [each.rstrip() for each in text.rstrip("\x1a\n ").split("\n")]
    if len(lines) == 1:
        lines = [lines[0][at : at + WIDTH] for at in range(0, len(lines[0]), WIDTH)]
    return lines


def _same(one: str, other: str) -> bool:
    return all(one[part] == other[part] for part in _OURS) and one[2:7] == other[2:7]


def _amount(record: str, number: int) -> Euros:
    """The amount, in whole cents whatever the decimals that the record is in."""
    text, where = record[90:104], line(number)
    found = _AMOUNT.fullmatch(text)
    decimals = record[19] if record[19] != " " else "2"
    if found is None or not decimals.isascii() or not decimals.isdigit() or int(decimals) > 5:
        raise BadStatementAmount(text=plain(text, 30), where=where)
    digit, sign = _LAST[found[2]]
    scaled = (int(found[1] or "0") * 10 + digit) * 100
    cents, rest = divmod(scaled, 10 ** int(decimals))
    if rest:
        raise BadStatementAmount(text=plain(text, 30), where=where)
    return in_bounds(Euros(sign * cents), text, where)


def _day(text: str, where: Phrase) -> date:
    """Day, month, year of two digits: 90 to 99 are of the last century."""
    if not (text.isascii() and text.isdigit()):
        return a_day(None, text, where)
    century = "19" if text[4:] >= "90" else "20"
    return a_day((century + text[4:], text[2:4], text[:2]), text, where)


def _account(record: str) -> str:
    bank, branch, account = record[2:7], record[11:16], record[21:32]
    return iban_of_rib(bank, branch, account) or number_of(bank + branch + account)


def _entry(record: str, details: dict[str, str], number: int) -> Entry:
    """One movement; names and references are those of its 05 records."""
    cents, where = _amount(record, number), line(number)
    name, accounts = ("NPY", ("IPY", "CPY")) if cents > 0 else ("NBE", ("IBE", "CBE"))
    day = _day(record[34:40], where)
    value = record[42:48]
    # What a payer wrote, up to 140 characters, is cut in two anywhere.
    written = details.get("LCC", "") + details.get("LC2", "")
    return Entry(
        "",
        day,
        _day(value, where) if value.strip(" 0") else day,
        cents,
        joined(record[48:79], details.get("LIB", ""), written) or plain(record[32:34]),
        payer=plain(details.get(name, ""), NAME),
        payer_account=next((iban for one in accounts if (iban := iban_of(details.get(one, "")[:34]))), ""),
        end_to_end=meant(details.get("RCN", "")[:35]),
        reference=meant("".join(details.get("LCS", "")[:35].split())),
        kind=plain(record[32:34], 40),
    )
