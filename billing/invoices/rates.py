"""Rates of an access as wholesalers and volunteers write them: `1 Gbit/s`, `1G/300M`, `8000 k`. Pure."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"g": 1_000_000, "m": 1_000, "k": 1}
_OF_A_SECOND: Final = re.compile(r"(?:bits?|b)\s*(?:/\s*s(?:ec)?|ps)", re.IGNORECASE)
_ONE: Final = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,3}))?\s*([gmk]?)", re.IGNORECASE)
SPOKEN: Final = re.compile(
    r"[0-9]{1,7}(?:[.,][0-9]{1,3})?\s*[gmk](?:(?:bits?|b)?\s*(?:/s(?:ec)?|ps))?"
    r"(?:\s*/\s*[0-9]{1,7}(?:[.,][0-9]{1,3})?\s*[gmk](?:(?:bits?|b)?\s*(?:/s(?:ec)?|ps))?)?(?![a-z0-9])",
    re.IGNORECASE,
)
"""A rate within a sentence: there it needs its unit."""


def kilobits(text: str) -> tuple[int, ...]:
    """Down, and up where it is said, in kbit/s; nothing where the text is no rate. Without a unit they are Mbit/s."""
    parts = [one.strip() for one in _OF_A_SECOND.sub("", text).split("/")]
    read = [_ONE.fullmatch(one) for one in parts]
    if not 1 <= len(parts) <= 2 or not all(read):
        return ()
    found = []
    for one in read:
        assert one is not None
        unit = _UNITS[one[3].lower() or "m"]
        found.append(int(one[1]) * unit + int((one[2] or "").ljust(3, "0")) * unit // 1000)
    return tuple(found)


def alike(one: str, other: str) -> bool:
    """Whether two texts say the same rate; where one says only the way down, only that is compared."""
    first, second = kilobits(one), kilobits(other)
    if not first or not second:
        return one.casefold().split() == other.casefold().split()
    return all(left == right for left, right in zip(first, second, strict=False))
