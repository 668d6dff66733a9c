"""Zone files (RFC 1035, 5) of knot, nsd and bind: what addresses are called. Other records are only counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from foundation.speech import Phrase
from inventory.exchange.records import Place
from inventory.exchange.tables import harmless
from inventory.models.addresses import IPAddress
from provisioning.adopting.found import Found, Named

_TTL: Final = re.compile(r"[0-9]+(?:[smhdwSMHDW][0-9]*)*")
_CLASSES: Final = frozenset({"IN", "CH", "HS"})
_WORD: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[()]|;.*|[^\s();"]+')
_NOT_FOLLOWED: Final = Phrase("« {text} » n'a pas été suivi.", "“{text}” was not followed.")
_FORWARD: Final = Phrase(
    "{count} adresses de machines (A, AAAA) : Essaim n'écrit que les noms de ses propres machines ; cette zone reste "
    "la vôtre.",
    "{count} addresses of machines (A, AAAA): Essaim writes the names of its own machines alone; this zone stays "
    "yours.",
)
_NO_ORIGIN: Final = Phrase(
    "aucun $ORIGIN, et le nom du fichier n'est pas celui d'une zone : laissé de côté.",
    "no $ORIGIN, and the file is not named after a zone: left aside.",
)


@dataclass(frozen=True, slots=True)
class Record:
    """One record, its names whole and without their final dot."""

    line: int
    owner: str
    kind: str
    value: str


def read(file: str, text: str) -> Found:
    """The names that a zone gives to addresses."""
    found, counted = Found(), Counter[str]()
    origin = _origin_of(file)
    if not origin and "$ORIGIN" not in text:
        found.tell(file, 0, _NO_ORIGIN)
        return found
    for record in records(file, text, origin, found):
        counted[record.kind] += 1
        address = _address(record.owner) if record.kind == "PTR" else None
        if address is not None:
            found.names.append(Named(address, record.value, Place(file, record.line)))
    forward = counted["A"] + counted["AAAA"]
    if forward:
        found.tell(file, 0, _FORWARD, count=forward)
    return found


def records(file: str, text: str, origin: str, found: Found) -> Iterator[Record]:
    """Every record of the zone, by its lines; brackets join them."""
    owner = origin
    for number, begins, words in _rows(text):
        if not words:
            continue
        if words[0] == "$ORIGIN" and len(words) > 1:
            origin = _whole(words[1], origin)
            continue
        if words[0].startswith("$"):
            if words[0] != "$TTL":
                found.tell(file, number, _NOT_FOLLOWED, text=harmless(" ".join(words)))
            continue
        if not begins:
            owner, words = _whole(words[0], origin), words[1:]
        while words and (words[0].upper() in _CLASSES or _TTL.fullmatch(words[0])):
            words = words[1:]
        if len(words) >= 2:
            kind = words[0].upper()
            yield Record(number, owner, kind, _whole(words[1], origin) if kind == "PTR" else words[1])


def _rows(text: str) -> Iterator[tuple[int, bool, list[str]]]:
    """Each record's line, whether it begins with white space (the owner before), and its words."""
    depth, held, start, blank = 0, list[str](), 0, False
    for number, row in enumerate(text.splitlines(), start=1):
        if not depth:
            start, blank, held = number, row[:1].isspace(), []
        for word in _WORD.findall(row):
            if word.startswith(";"):
                break
            depth += {"(": 1, ")": -1}.get(word, 0)
            held += [] if word in "()" else [word]
        if depth <= 0:
            depth = 0
            yield start, blank, held


def _origin_of(file: str) -> str:
    """The zone that a file is named after: `2.0.192.in-addr.arpa.zone`, `db.fai.example`."""
    name = file.rpartition("/")[2].removeprefix("db.").removesuffix(".zone").removesuffix(".db").rstrip(".").lower()
    return name if "." in name else ""


def _whole(name: str, origin: str) -> str:
    if name == "@":
        return origin
    return (name[:-1] if name.endswith(".") else f"{name}.{origin}").lower()


def _address(name: str) -> IPAddress | None:
    """The address whose name in the reverse tree this is; None for a zone's own name or a part delegated."""
    labels = name.split(".")
    try:
        if name.endswith(".in-addr.arpa") and len(labels) == 6:
            return IPv4Address(".".join(reversed(labels[:4])))
        if name.endswith(".in-addr.arpa") and len(labels) == 7 and re.fullmatch(r"\d+[-/]\d+", labels[1]):
            return IPv4Address(".".join([*reversed(labels[2:5]), labels[0]]))  # RFC 2317
        if name.endswith(".ip6.arpa") and len(labels) == 34:
            digits = "".join(reversed(labels[:32]))
            found = ip_address(":".join(re.findall("....", digits)))
            return found if isinstance(found, IPv6Address) else None
    except ValueError:
        return None
    return None
