"""FreeRADIUS' tables `radcheck` and `radreply`, dumped as CSV: who logs in, and which addresses they are given.

username,attribute,op,value        in any order; further columns (id…) are not read
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from foundation.speech import Phrase
from provisioning.adopting.found import Found, Unreadable
from provisioning.adopting.freeradius import Entry, Item, way_of

COLUMNS: Final = frozenset({"username", "attribute", "op", "value"})

_NO_COLUMNS: Final = Phrase(
    "il faut les colonnes username, attribute, op et value.", "columns username, attribute, op and value are needed."
)
_BROKEN: Final = Phrase("ce CSV ne se lit pas.", "this CSV cannot be read.")


def read(check: tuple[str, str], reply: tuple[str, str]) -> Found:
    """The ways in of both tables, each given as its file and its text. Raises Unreadable."""
    found = Found()
    asked, given = _by_login(*check), _by_login(*reply)
    for login, rows in asked.items():
        line, items = rows
        entry = Entry(line, login, tuple(items), tuple(given.get(login, (0, []))[1]), ())
        way = way_of(check[0], entry, found)
        if way is not None:
            found.ways.append(way)
    return found


def _by_login(file: str, text: str) -> Mapping[str, tuple[int, list[Item]]]:
    """The attributes of each login, with the line of its first."""
    if not text.strip():
        return {}
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in text.split("\n", 1)[0] else ",")
        headings = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
        if not headings.keys() >= COLUMNS:
            raise Unreadable(file=file, line=1, reason=_NO_COLUMNS)
        kept: dict[str, tuple[int, list[Item]]] = defaultdict(lambda: (rows.line_num, []))
        for row in rows:
            login, attribute, operator, value = (
                (row[headings[name]] or "").strip() for name in ("username", "attribute", "op", "value")
            )
            if login:
                kept[login][1].append(Item(attribute, operator, value))
    except csv.Error as broken:
        raise Unreadable(file=file, line=0, reason=_BROKEN) from broken
    return kept
