"""Rows of a CSV of a stranger: bounded, and columns found by their headings however these are spelt."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing.statements.refusals import MOST_ENTRIES, MalformedStatement, StatementTooLong, line
from billing.statements.texts import a_day
from foundation.speech import Phrase

MOST_COLUMNS: Final = 300
_MOST_LINES: Final = 4 * MOST_ENTRIES
DEEPEST_HEADING: Final = 60
"""Rows before which the headings stand, at most."""
_DELIMITERS: Final = (";", "\t", ",", "|")
_DAYS: Final = (
    re.compile(r"(?P<d>[0-9]{1,2})[/.-](?P<m>[0-9]{1,2})[/.-](?P<y>[0-9]{4})(?![0-9])"),
    re.compile(r"(?P<y>[0-9]{4})[/.-]?(?P<m>[0-9]{2})[/.-]?(?P<d>[0-9]{2})(?![0-9])"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one line, without the spaces around them; `number` is where it ends in the file, from 1."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int | None) -> str:
        """The text in a column from 0; empty beyond the row's end, or for None."""
        return self.cells[column] if column is not None and column < len(self.cells) else ""

    @property
    def where(self) -> Phrase:
        """The place, for a sentence."""
        return line(self.number)


def rows(text: str, delimiter: str, quote: str = '"') -> Iterator[Row]:
    """The rows in which anything stands. Raises MalformedStatement, StatementTooLong."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    found = 0
    try:
        for cells in reader:
            if len(cells) > MOST_COLUMNS:
                raise MalformedStatement(where=line(reader.line_num))
            told = tuple(cell.strip() for cell in cells)
            found += any(told)
            if found > MOST_ENTRIES + DEEPEST_HEADING or reader.line_num > _MOST_LINES:
                raise StatementTooLong
            if any(told):
                yield Row(reader.line_num, told)
    except csv.Error:
        raise MalformedStatement(where=line(reader.line_num)) from None


def folded(text: str) -> str:
    """A heading as it is compared: small letters without accents, one space for all that is no letter nor digit."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return " ".join("".join(sign if sign.isalnum() else " " for sign in bare).split())


def likely_delimiter(text: str) -> str:
    """What most often stands between the cells of the first row in which anything stands."""
    first = next((each for each in text.split("\n", 20) if each.strip()), "")
    return max(_DELIMITERS, key=first.count)


def column_of(headings: Sequence[str], spellings: Sequence[str]) -> int | None:
    """Where the first of these headings stands that is there; None where none is. All are folded already."""
    return next((headings.index(each) for each in spellings if each in headings), None)


def day_of_cell(text: str, where: Phrase) -> date:
    """`23/11/2026` or `2026-11-23`, whatever hour follows. Raises BadStatementDay."""
    found = next((match for pattern in _DAYS if (match := pattern.match(text))), None)
    return a_day((found["y"], found["m"], found["d"]) if found else None, text, where)
