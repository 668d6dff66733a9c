"""What an easy-rsa or openssl authority signed before us: its `index.txt` (openssl-ca(1))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from foundation.errors import Invalid
from foundation.speech import Phrase

_SERIAL: Final = re.compile(r"[0-9A-Fa-f]{1,40}")
_NAME: Final = re.compile(r"/CN=([^/]*)")
_FORMS: Final = {13: "%y%m%d%H%M%SZ", 15: "%Y%m%d%H%M%SZ"}


class BadIndex(Invalid):
    """A row of an index that cannot be read."""

    kind = "bad-certificate-index"
    phrase = Phrase(
        "La ligne {row} de l'index des certificats ne se lit pas : {reason}. Rien n'a été importé.",
        "Row {row} of the certificates' index cannot be read: {reason}. Nothing was imported.",
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that the authority signed: serial in hexadecimal, common name, end, and when it was revoked."""

    serial: str
    name: str
    not_after: datetime
    revoked_at: datetime | None


def read_index(text: str) -> tuple[Issued, ...]:
    """Every certificate of the index; a renewal's second row of one serial stands for the first. Raises BadIndex."""
    found = {one.serial: one for one in _rows(text)}
    return tuple(found.values())


def _rows(text: str) -> Iterator[Issued]:
    for rank, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        columns = row.split("\t")
        if len(columns) != 6 or columns[0] not in ("V", "R", "E"):
            raise BadIndex(row=rank, reason=Phrase("six colonnes sont attendues", "six columns are expected"))
        state, end, revoked, serial, _, subject = columns
        name = _NAME.search(subject)
        if not _SERIAL.fullmatch(serial) or name is None:
            raise BadIndex(row=rank, reason=Phrase("le numéro ou le nom (CN)", "the serial or the name (CN)"))
        when = _moment(revoked.partition(",")[0], rank) if state == "R" else None
        yield Issued(f"{int(serial, 16):x}", name[1].strip()[:100], _moment(end, rank), when)


def _moment(text: str, rank: int) -> datetime:
    try:
        return datetime.strptime(text, _FORMS[len(text)]).replace(tzinfo=UTC)
    except (KeyError, ValueError) as wrong:
        raise BadIndex(row=rank, reason=Phrase("une date", "a date")) from wrong
