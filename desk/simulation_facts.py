"""What happens in a year that is made up, told raw and in order of time: docs/reference/simulation.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from foundation.money import Euros

VERSION: Final = 1
"""Of the format, as the document says it."""


class Truth(NamedTuple):
    """A part of a payment: whose it truly is, and whether it was given."""

    member: str
    cents: Euros
    gift: bool = False


class Facts:
    """The file of facts: a JSON object a line, keys in order; nothing that was computed stands in it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("x", buffering=1, encoding="utf-8")  # a line is there once it is told
        self._digest = hashlib.blake2b(digest_size=32)
        self._payments = 0
        self.count = 0

    def note(self, fact: str, known: date, **said: object) -> None:
        """Tell a fact that was written down on that day."""
        row = {"fact": fact, "known": known, **said}
        text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
        self._file.write(text + "\n")
        self._digest.update(text.encode() + b"\n")
        self.count += 1

    def payment(self, known: date, day: date, cents: Euros, means: str, parts: Sequence[Truth], reference: str) -> str:
        """Tell that money came in, and whose it truly is; give the name that the fact has."""
        self._payments += 1
        name = f"T{self._payments:04d}"
        told = [{"member": one.member, "cents": one.cents, "gift": one.gift} for one in parts]
        self.note("pay", known, payment=name, day=day, cents=cents, means=means, parts=told, reference=reference)
        return name

    @property
    def digest(self) -> str:
        """Of what was told so far: BLAKE2b, 32 bytes in hexadecimal."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """End the file."""
        self._file.close()
