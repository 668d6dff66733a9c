"""The text of accel-ppp's configuration, read as its daemon reads it and more strictly: what is not plain is refused.

Sections in brackets, and in them options, one a line: a name alone, or a name, `=` and a value. The daemon also takes
`$include`, a value that begins with `${` for another option's, one that ends with `{` for a block of options, and stops
in the middle of a line at 1,023 octets: nothing of ours means any of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

Options: TypeAlias = Mapping[str, str | None]

LONGEST: Final = 1023
"""Octets of a line, beyond which the daemon takes the rest for another."""

_SECTION: Final = re.compile(r"\[([a-z0-9-]+)\]")
_OPTION: Final = re.compile(r"([A-Za-z0-9_-]+)(?:=([!-~]+))?")


class NotPlain(ValueError):
    """A line that the daemon would refuse, or take for something else than it seems; the text is its number."""


def read(text: str) -> Mapping[str, Options]:
    """Options by section, in order. Raises NotPlain."""
    found: dict[str, dict[str, str | None]] = {}
    section: dict[str, str | None] | None = None
    for number, row in enumerate(text.split("\n"), start=1):
        if not row or row.startswith("#"):
            continue
        opened, option = _SECTION.fullmatch(row), _OPTION.fullmatch(row)
        if len(row.encode()) > LONGEST or (opened and opened[1] in found):
            raise NotPlain(number)
        if opened:
            section = found[opened[1]] = {}
        elif option is None or section is None or option[1] in section or _means_more(option[2] or ""):
            raise NotPlain(number)
        else:
            section[option[1]] = option[2]
    return found


def _means_more(value: str) -> bool:
    return value.startswith("${") or value.endswith("{")
