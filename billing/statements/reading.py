"""The one door of statements: bytes in, statements out, whatever the bank's format. Nothing is opened nor fetched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from billing.statements import camt, cfonb120, csv_bank, ofx
from billing.statements.entries import Statement, balanced, with_keys
from billing.statements.mapping import Mapping
from billing.statements.refusals import MOST_BYTES, EmptyStatement, StatementTooBig, UnknownStatementFormat
from billing.statements.texts import plain
from foundation.speech import Phrase

_HEAD: Final = 4096
_OTHERS: Final = (
    (b"%PDF", Phrase("c'est un PDF", "it is a PDF")),
    (b"PK\x03\x04", Phrase("c'est un classeur ou une archive", "it is a spreadsheet or an archive")),
    (b"\xd0\xcf\x11\xe0", Phrase("c'est un classeur", "it is a spreadsheet")),
    (b"\x1f\x8b", Phrase("c'est une archive", "it is an archive")),
)
"""What is brought by mistake, and how it begins."""


def take(opened: BinaryIO) -> bytes:
    """All that a file holds. Raises StatementTooBig, before more than a statement's size is in memory."""
    data = opened.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise StatementTooBig
    return data


def read(
    data: bytes, *, mapping: Mapping | None = None, mappings: Sequence[Mapping] = (), name: str = ""
) -> tuple[Statement, ...]:
    """The statements in a file of camt.053, OFX, CFONB120 or CSV, known by what is in it.

    A CSV is read by `mapping`; without one, by that of `mappings` (an association's own) or of ours whose headings it
    has. `name` is the file's, for sentences. Every entry has a key, the same in each file that holds it; balances that
    the file states hold. Raises subclasses of UnreadableStatement, and nothing else whatever the bytes are.
    """
    if len(data) > MOST_BYTES:
        raise StatementTooBig
    if not data.strip():
        raise EmptyStatement
    file = plain(name, 80) or Phrase("Ce fichier", "This file")
    return with_keys(balanced(each) for each in _statements(data, mapping, mappings, file))


def _statements(data: bytes, mapping: Mapping | None, mappings: Sequence[Mapping], file: object) -> Iterator[Statement]:
    other = next((what for mark, what in _OTHERS if data.startswith(mark)), None)
    if other is not None:
        raise UnknownStatementFormat(file=file, what=other)
    head = _head(data)
    if "<OFX" in head.upper() or head.startswith("OFXHEADER"):
        return ofx.read(data)
    if head.startswith("<"):
        return camt.read(data, file)
    if cfonb120.HEAD.match(head):
        return cfonb120.read(data)
    return csv_bank.read(data, mapping or csv_bank.recognised(data, mappings, file))


def _head(data: bytes) -> str:
    """The first signs of a file, for what they tell of its format."""
    head = data[:_HEAD]
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return head.decode("utf-16" if wide else "utf-8", "replace").lstrip("\ufeff \t\r\n")
