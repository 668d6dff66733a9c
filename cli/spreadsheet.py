"""A list as a spreadsheet opens it: `--csv` on standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from cli import screen
from cli.door import help_of
from foundation import cells
from foundation.speech import Phrase

AsCsv = Annotated[bool, typer.Option("--csv", help=help_of("pour un tableur", "for a spreadsheet"))]


def give(headings: Iterable[Phrase], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their headings, in the reader's language. A text that looks like a formula is only a text."""
    sys.stdout.write(cells.table(headings, rows, screen.language()))
