"""What every driver promises. The contract suite in `tests/contract/test_drivers.py` holds them all to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from foundation.errors import Refused, Unavailable
from foundation.settings import Settings
from foundation.speech import Phrase
from provisioning.artifact import Target
from provisioning.texts import Texts


class ConfigurationRefused(Unavailable):
    """The machine's own software will not have this configuration. What it had stays in force."""

    kind = "configuration-refused"
    permanent = True
    phrase = Phrase(
        "{target} refuse sa configuration : {reason}. L'ancienne reste en vigueur.",
        "{target} refuses its configuration: {reason}. The former one stays in force.",
    )


class Stale(Refused):
    """The machine has changed since it was looked at."""

    kind = "stale-change"
    phrase = Phrase(
        "{target} a changé depuis le plan. Rien n'a été appliqué ; refaites le plan : essaim change plan",
        "{target} has changed since the plan. Nothing was applied; plan again: essaim change plan",
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What a machine runs, and how it differs from what is desired.

    `diff` is empty if and only if the machine agrees; secrets in it are in the open: redact before it goes anywhere.
    """

    texts: Texts
    diff: str


class Driver(Protocol):
    """Built once with the settings; its methods are called from several threads at a time."""

    def __init__(self, settings: Settings) -> None: ...

    def look(self, target: Target, desired: Texts) -> Seen:
        """What the machine runs now, against `desired`. Changes nothing.

        Raises Unavailable when it cannot be seen.
        """
        ...

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Make the machine run `desired`, or leave it as it was and raise.

        `expected` is the digest of what was seen when the change was planned. Raises Stale when the machine
        holds something else by now, ConfigurationRefused when its software refuses, Unavailable when it is lost.
        """
        ...
