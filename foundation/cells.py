"""What stands in the cells of a list for a spreadsheet: figures that it counts with, and nobody's formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from foundation.money import Euros
from foundation.speech import Language, Phrase, written

_FORMULA: Final = "=+-@\t\r"


def table(headings: Iterable[Phrase], rows: Iterable[Sequence[object]], language: Language) -> str:
    """Rows under their headings (RFC 4180), in the reader's language. What looks like a formula is only a text."""
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow([heading.say(language) for heading in headings])
    writer.writerows([cell(value, language) for value in row] for row in rows)
    return page.getvalue()


def cell(value: object, language: Language) -> str:
    """A cell; a figure has the reader's comma and nothing between its thousands, or it would be a text there."""
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        said = str(value.decimal() if isinstance(value, Euros) else value)
        return said.replace(".", ",") if language == "fr" else said
    if isinstance(value, date):  # a spreadsheet sorts days, not their words
        return value.isoformat()
    said = str(written(value, language))
    return f"'{said}" if said[:1] in _FORMULA and said else said
