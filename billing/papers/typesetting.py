"""Papers set in type: Typst's own fonts and nothing of the machine's, so that the same paper is the same octets."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import asdict
from functools import cache
from typing import Final

import typst

from billing.papers.content import Paper, Table
from foundation.clock import midnight
from foundation.errors import Refused
from foundation.speech import Language, Phrase

MEDIA_TYPE: Final = "application/pdf"
_REGIONS: Final[dict[Language, str]] = {"fr": "FR", "en": "GB"}


class NotSet(Refused):
    """Typst did not set a paper."""

    kind = "paper-not-set"
    phrase = Phrase(
        "Le document n'a pas pu être mis en page ({reason}). Rien n'a été écrit.",
        "The document could not be set in type ({reason}). Nothing was written.",
    )


def pdf(paper: Paper) -> bytes:
    """A paper as PDF, of the paper's own day: the same octets each time. Raises NotSet.

    What members wrote goes to Typst as data, never as its language.
    """
    facts = {
        **asdict(paper),
        "day": paper.day.day,
        "month": paper.day.month,
        "year": paper.day.year,
        "lang": paper.language,
        "region": _REGIONS[paper.language],
        "tables": [asdict(one) | {"wide": _widest(one)} for one in paper.tables],
    }
    try:
        made = typst.compile(
            _source("paper.typ"),
            font_paths=_fonts(),
            format="pdf",
            sys_inputs={"paper": json.dumps(_printable(facts))},
            timestamp=int(midnight(paper.day).timestamp()),
        )
    except (RuntimeError, ValueError) as failed:  # what the library raises for all that goes wrong in a text
        raise NotSet(reason=str(failed).splitlines()[0][:200]) from failed
    return bytes(made)


def _widest(table: Table) -> int:
    """The column that takes what room there is: the one with the longest words, amounts aside."""
    words = len(table.columns) - table.amounts
    return max(range(max(words, 1)), key=lambda rank: max(len(row[rank]) for row in table.rows))


def _printable(value: object) -> object:
    """Texts without what no page can hold: halves of signs, and characters that only move a cursor."""
    match value:
        case str():
            kept = (sign for sign in value if sign == "\n" or (sign >= " " and not "\ud800" <= sign <= "\udfff"))
            return "".join(sign for sign in kept if sign != "\x7f")
        case dict():
            return {name: _printable(one) for name, one in value.items()}
        case list() | tuple():
            return [_printable(one) for one in value]
        case _:
            return value


@cache
def _source(name: str) -> bytes:
    return importlib.resources.files("billing").joinpath("templates", name).read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
