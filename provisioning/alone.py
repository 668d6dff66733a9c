"""Which changes pass without anybody's approval, where the association's rule `changes.alone` lets them."""

from __future__ import annotations

import re
from typing import Final

from provisioning.artifact import Effect, Impact
from provisioning.texts import Texts

RULE: Final = "changes.alone"
_RELEASE: Final = re.compile(r'Reply-Message = "[0-9a-f]{64}"')
"""FreeRADIUS is told the digest of its release: it changes with whatever else does."""


def only_adds(before: Texts, after: Texts, effect: Effect, lines: str) -> bool:
    """Whether a change is about members' lines, cuts nobody, and leaves every row that is there where it is.

    What a machine receives for the first time is for people to read.
    """
    if not before or not lines or effect.impact is Impact.CUTS:
        return False
    return all(_kept(text, after.get(name, "")) for name, text in before.items())


def _kept(before: str, after: str) -> bool:
    rows = iter(_RELEASE.sub("", after).splitlines())
    return all(row in rows for row in _RELEASE.sub("", before).splitlines())  # each search goes on after the last
