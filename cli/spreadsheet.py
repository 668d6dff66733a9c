"""A list as a spreadsheet opens it: `--csv` on standard output."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Final

import typer

from cli import screen
from cli.door import help_of
from foundation.money import Euros
from foundation.speech import Phrase, written

AsCsv = Annotated[bool, typer.Option("--csv", help=help_of("pour un tableur", "for a spreadsheet"))]
_FORMULA: Final = "=+-@\t\r"


def give(headings: Iterable[Phrase], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their headings, in the reader's language. A text that looks like a formula is only a text."""
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow([heading.say(screen.language()) for heading in headings])
    writer.writerows([_cell(value) for value in row] for row in rows)
    sys.stdout.write(page.getvalue())


def _cell(value: object) -> str:
    """A cell; a figure has the reader's comma and nothing between its thousands, or it would be a text there."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        said = str(value.decimal() if isinstance(value, Euros) else value)
        return said.replace(".", ",") if screen.language() == "fr" else said
    if isinstance(value, date):  # a spreadsheet sorts days, not their words
        return value.isoformat()
    said = str(written(value, screen.language()))
    return f"'{said}" if said[:1] in _FORMULA and said else said
