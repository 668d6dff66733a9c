"""What a rule makes of one thing in one cycle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from foundation.speech import Phrase
from monitoring.alerts.rules import Watch

Key: TypeAlias = tuple[str, str]
"""A rule's name and its subject: what there is one alert of."""
Matter: TypeAlias = tuple[Watch, str]
"""What may hide something else, whichever rule looks at it."""

EVERYTHING: Final = "*"
"""The subject of silence when nobody at all answers."""


class Verdict(Enum):
    """How a thing is. `BETWEEN`: no longer wrong enough to begin an alert, not yet well enough to end one."""

    GOOD = "good"
    BETWEEN = "between"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """How one thing is by one rule. `scopes` are those that cover it; `hidden_by` is what explains it, if it is so."""

    rule: str
    subject: str
    matter: Matter
    verdict: Verdict
    words: Phrase
    scopes: frozenset[str] = frozenset()
    hidden_by: Matter | None = None

    @property
    def key(self) -> Key:
        """What there is one alert of."""
        return self.rule, self.subject
