"""What every driver promises. The contract suite in `tests/contract/test_drivers.py` holds them all to it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

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


class Unsettled(Refused):
    """A former change of the target waits for its confirmation still."""

    kind = "unsettled-change"
    phrase = Phrase(
        "Sur {target}, un changement précédent attend encore d'être confirmé : sans confirmation il est défait dans "
        "{seconds} s. Rien n'a été appliqué ; refaites le plan ensuite : essaim change plan",
        "On {target}, a former change still waits to be confirmed: unconfirmed, it is undone in {seconds} s. "
        "Nothing was applied; plan again afterwards: essaim change plan",
    )


class Undone(Unavailable):
    """A change was in force, and is no more: the machine undid it before it was confirmed."""

    kind = "undone-change"
    permanent = True
    phrase = Phrase(
        "{target} a défait ce changement ({reason}) : la machine est comme avant. Refaire le plan : essaim change plan",
        "{target} undid this change ({reason}): the machine is as it was. Plan again: essaim change plan",
    )


class NotWhole(Unavailable):
    """What was there before did not wholly come back."""

    kind = "half-way"
    permanent = True
    phrase = Phrase(
        "{target} : le changement a été défait, mais ce qu'il y avait avant n'est pas revenu en entier ({reason}). "
        "Voir ce que tient la machine : essaim change plan",
        "{target}: the change was undone, but what was there before did not wholly come back ({reason}). "
        "To see what the machine holds: essaim change plan",
    )


class ConnectionLost(Unavailable):
    """The connection broke while a change was under way: what became of it is not known yet."""

    kind = "connection-lost"
    phrase = Phrase(
        "La connexion à {target} s'est rompue pendant le changement ({reason}). Faute de confirmation, la machine le "
        "défait d'elle-même en moins de {seconds} s. Savoir ce qu'il en est : essaim change plan",
        "The connection to {target} broke during the change ({reason}). Unconfirmed, the machine undoes it by itself "
        "within {seconds} s. To know what became of it: essaim change plan",
    )


class ConnectionLostUnwatched(ConnectionLost):
    """The connection broke while a change was under way, and the switch that undoes it is kept by us."""

    kind = "connection-lost-unwatched"
    phrase = Phrase(
        "La connexion à {target} s'est rompue pendant le changement ({reason}). La machine ne le défait pas "
        "d'elle-même : Essaim le défera, s'il y est, à la prochaine commande qui la regarde, passé {seconds} s. "
        "Savoir ce qu'il en est : essaim change plan",
        "The connection to {target} broke during the change ({reason}). The machine does not undo it by itself: where "
        "it is in force, Essaim undoes it with the next command that looks there, once {seconds} s are over. To know "
        "what became of it: essaim change plan",
    )


NO_REASON: Final = Phrase("", "")


class Stand(StrEnum):
    """Where the last change of a target stands, by the machine itself."""

    NONE = "none"
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the machine says of the last change that was put in force on it.

    `wanted` is the digest of its texts; `seconds` what is left before one that waits is undone.
    """

    stand: Stand
    wanted: str = ""
    seconds: float = 0.0
    reason: Phrase = NO_REASON
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """What a machine runs, and how it differs from what is desired.

    `diff` is empty if and only if the machine agrees; secrets in it are in the open: redact before it goes anywhere.
    `still` are the versions of IP (4, 6) that the machine says it does not hand on; none where it was not asked.
    """

    texts: Texts
    diff: str
    still: frozenset[int] = frozenset()


class Driver(Protocol):
    """Built once with the settings; its methods are called from several threads at a time."""

    def __init__(self, settings: Settings) -> None: ...

    def look(self, target: Target, desired: Texts) -> Seen:
        """What the machine runs now, against `desired`. Changes nothing.

        Raises Unavailable when it cannot be seen.
        """
        ...

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Make the machine run `desired` until `confirm_seconds` are over, or leave it as it was and raise.

        From the moment it is touched the machine itself goes back, at the end of that time or when it boots, whoever
        has died: unless `confirm` comes first. `expected` is the digest of what was seen when the change was
        planned. Raises Stale when the machine holds something else by now, Unsettled when a former change waits,
        ConfigurationRefused when its software refuses, ConnectionLost when it may have begun and nobody knows,
        Unavailable when nothing was done.
        """
        ...

    def confirm(self, target: Target, wanted: str) -> None:
        """Keep the change that brought the texts of that digest. Raises Undone when that came first.

        One that is confirmed already stays so.
        """
        ...

    def revert(self, target: Target, wanted: str) -> None:
        """Undo that change at once, if it waits still. Raises NotWhole."""
        ...

    def standing(self, target: Target) -> Standing:
        """Where the last change stands. Changes nothing. Raises Unavailable."""
        ...


@runtime_checkable
class Neighbouring(Protocol):
    """A driver that says whom a router without a shell is in session with."""

    def neighbours(self, target: Target) -> frozenset[str]:
        """The addresses of the BGP neighbours whose sessions are up. Changes nothing. Raises Unavailable."""
        ...


@runtime_checkable
class Showing(Protocol):
    """A driver of machines whose configuration is one text that they show."""

    def shown(self, target: Target) -> Texts:
        """All that a machine runs, ours or not, with the secrets in it. Changes nothing. Raises Unavailable."""
        ...


@runtime_checkable
class Gathering(Protocol):
    """A driver that does in one go what several threads ask of it at the same moment."""

    def expecting(self) -> AbstractContextManager[None]:
        """While inside, the calling thread is on its way to `apply`: those that are there wait for it, a little."""
        ...
