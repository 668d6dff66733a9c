"""A CSV file as spreadsheets and programs write it, or a list of JSON objects, read into rows of cells by heading.

Any separator among `;` `,` and tab; UTF-8, UTF-16 or what Windows writes; any order of columns. Pure: octets in, a
table or what is wrong with it out.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from foundation.speech import Phrase
from inventory.exchange.records import MOST_OCTETS, MOST_PROBLEMS, MOST_ROWS, Place, Reading

SEPARATORS: Final = (";", ",", "\t")
_CELL_LIMIT: Final = 100_000
_KEPT: Final = frozenset("\n\r\t")

_EMPTY: Final = Phrase("ce fichier est vide.", "this file is empty.")
_TOO_LARGE: Final = Phrase(
    "ce fichier dépasse {most} Mio : importez-le en plusieurs.", "this file exceeds {most} MiB: import it in parts."
)
_TOO_MANY: Final = Phrase(
    "plus de {most} lignes : importez ce fichier en plusieurs.", "more than {most} rows: import this file in parts."
)
_BINARY: Final = Phrase(
    "des octets nuls : ce n'est pas un fichier de texte. Enregistrez-le comme « CSV UTF-8 ».",
    "null octets: this is no text file. Save it as “CSV UTF-8”.",
)
_BROKEN: Final = Phrase("ce n'est pas un CSV lisible ({reason}).", "this is no readable CSV ({reason}).")
_RAGGED: Final = Phrase(
    "{found} cellules là où l'en-tête a {wanted} colonnes.", "{found} cells where the header has {wanted} columns."
)
_TWICE: Final = Phrase("la colonne « {heading} » y est deux fois.", "column “{heading}” is there twice.")
_NAMELESS: Final = Phrase("la colonne {rank} n'a pas de nom.", "column {rank} has no name.")
_INVISIBLE: Final = Phrase(
    "la colonne « {heading} » contient des caractères invisibles.", "column “{heading}” holds invisible characters."
)
_NOT_JSON: Final = Phrase("ce n'est pas un JSON lisible.", "this is no readable JSON.")
_TOO_DEEP: Final = Phrase("des listes dans des listes, sans fin.", "lists within lists, without end.")
_NOT_OBJECTS: Final = Phrase("il faut une liste d'objets JSON.", "a list of JSON objects is needed.")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands, and its cells that are not empty, by normalised heading."""

    place: Place
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their headings; `headings` gives the normalised heading as it is written."""

    headings: Mapping[str, str]
    rows: tuple[Row, ...]


def plain(heading: str) -> str:
    """A heading without accents, capitals, spaces and signs: `N° d'adhérent·e` is `ndadherente`."""
    bare = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(sign for sign in bare if sign.isalnum())


def read_csv(reading: Reading, file: str, data: bytes) -> Table | None:
    """The table in these octets; None, and the problem in `reading`, where there is none."""
    whole = Place(file, 0)
    text = _text(reading, whole, data)
    if text is None:
        return None
    try:
        return _table(reading, file, text)
    except csv.Error as broken:
        reading.wrong(whole, _BROKEN, reason=str(broken))
        return None


def read_objects(reading: Reading, file: str, found: object) -> Table | None:
    """The same of a list of JSON objects; nested lists of objects become text as `compact` writes them."""
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        reading.wrong(Place(file, 0), _NOT_OBJECTS)
        return None
    if len(found) > MOST_ROWS:
        reading.wrong(Place(file, 0), _TOO_MANY, most=MOST_ROWS)
        return None
    headings: dict[str, str] = {}
    rows = []
    for rank, one in enumerate(found, start=1):
        try:
            cells = {plain(name): compact(value) for name, value in one.items()}
        except RecursionError:
            reading.wrong(Place(file, rank), _TOO_DEEP)
            return None
        headings.update({plain(name): name for name in one})
        row = Row(Place(file, rank), {name: text for name, text in cells.items() if text})
        if _visible(reading, row, headings):
            rows.append(row)
    return Table(headings, tuple(rows))


def read_json(reading: Reading, file: str, data: bytes) -> object:
    """What a JSON file holds; None, and the problem in `reading`, where it is none."""
    whole = Place(file, 0)
    text = _text(reading, whole, data)
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        reading.wrong(whole, _NOT_JSON)
        return None


def compact(value: Any) -> str:
    """A value as the text of a cell: lists with commas, objects with spaces, periods as `since/until`."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(compact(one) for one in value)
        case {"since": since, "until": until, **others}:
            return " ".join([*map(compact, others.values()), f"{compact(since)}/{compact(until)}"])
        case dict():
            return " ".join(compact(one) for one in value.values())
        case _:
            return str(value)[:_CELL_LIMIT].strip()


def _text(reading: Reading, whole: Place, data: bytes) -> str | None:
    if len(data) > MOST_OCTETS:
        reading.wrong(whole, _TOO_LARGE, most=MOST_OCTETS >> 20)
        return None
    text = _decoded(data)
    if text is None or "\0" in text:
        reading.wrong(whole, _BINARY)
        return None
    if not text.strip():
        reading.wrong(whole, _EMPTY)
        return None
    return text


def _decoded(data: bytes) -> str | None:
    """UTF-16 says that it is (`Unicode text` of spreadsheets); anything is text to the last of the others."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _table(reading: Reading, file: str, text: str) -> Table | None:
    numbered = _numbered(text, _separator(text))
    first, header = next(numbered, (0, []))
    if not header:
        reading.wrong(Place(file, 0), _EMPTY)
        return None
    headings = {plain(name): name.strip() for name in header}
    place = Place(file, first)
    faults: list[tuple[Phrase, dict[str, object]]] = []
    names = [plain(name) for name in header]
    times = Counter(names)
    faults += [(_NAMELESS, {"rank": rank}) for rank, name in enumerate(header, start=1) if not plain(name)]
    faults += [(_TWICE, {"heading": headings[name]}) for name in headings if name and times[name] > 1]
    for phrase, facts in faults[:MOST_PROBLEMS]:
        reading.wrong(place, phrase, **facts)
    if faults:
        return None
    rows: list[Row] = []
    for number, cells in numbered:
        if len(rows) == MOST_ROWS:
            reading.wrong(Place(file, 0), _TOO_MANY, most=MOST_ROWS)
            return None
        row = _row(reading, Place(file, number), names, cells, headings)
        if row is not None:
            rows.append(row)
        if len(reading.problems) > MOST_PROBLEMS:
            return None
    return Table(headings, tuple(rows))


def _row(
    reading: Reading, place: Place, names: Sequence[str], cells: Sequence[str], headings: Mapping[str, str]
) -> Row | None:
    if len(cells) != len(names):
        reading.wrong(place, _RAGGED, found=len(cells), wanted=len(names))
        return None
    row = Row(place, {name: text for name, cell in zip(names, cells, strict=True) if (text := cell.strip())})
    return row if _visible(reading, row, headings) else None


def _visible(reading: Reading, row: Row, headings: Mapping[str, str]) -> bool:
    for name, text in row.cells.items():
        if not text.isprintable() and any(unicodedata.category(sign) in ("Cc", "Cs") for sign in set(text) - _KEPT):
            reading.wrong(row.place, _INVISIBLE, heading=harmless(headings[name]))
            return False
    return True


def harmless(text: str) -> str:
    """A text of the file's, short enough and plain enough to stand in a sentence."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:60])


def _numbered(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that say something, each with the line on which it begins: a quoted cell may hold several lines."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    begins = 1
    for row in rows:
        if any(cell.strip() for cell in row):
            yield begins, row
        begins = rows.line_num + 1


def _separator(text: str) -> str:
    """The one that cuts the header into the most columns."""
    head = text.lstrip()[:_CELL_LIMIT]

    def columns(separator: str) -> int:
        return len(next(csv.reader(io.StringIO(head, newline=""), delimiter=separator), ()))

    return max(SEPARATORS, key=columns)
