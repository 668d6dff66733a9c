"""The texts of one artifact: what they are called, their digest, how they differ, how secrets in them are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeAlias

from foundation.journal import canonical
from provisioning import differences

Texts: TypeAlias = Mapping[str, str]
"""Name of a file (`wg0.conf`) -> its text. An artifact may need several files; they change together."""


def digest(texts: Texts) -> str:
    """SHA-256 of the texts with their names, in hexadecimal."""
    return sha256(canonical(dict(texts)).encode()).hexdigest()


def unified(before: Texts, after: Texts) -> str:
    """A unified diff from `before` to `after`, three lines of context, empty when they are the same."""
    rows: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            rows += differences.unified(name, old.splitlines(), new.splitlines())
    return "".join(f"{row}\n" for row in rows)


def redacted(text: str, secrets: re.Pattern[str], fingerprint: Callable[[str], str]) -> str:
    """`text` with every secret replaced by its fingerprint. The pattern's group `secret` is what is hidden."""

    def hidden(found: re.Match[str]) -> str:
        start, end = (edge - found.start() for edge in found.span("secret"))
        whole = found.group()
        return whole[:start] + fingerprint(found.group("secret")) + whole[end:]

    return secrets.sub(hidden, text)
