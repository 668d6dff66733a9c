"""What can be told of a change for a Cisco or a MikroTik without one: whether what would be typed leads there.

The text is read, what would be typed is worked out against what the router held at the plan, typed on paper, and what
comes of it is compared with what was rendered: nothing more to type, and every line that was wanted there.
"""

from __future__ import annotations

from dataclasses import dataclass

from foundation.speech import Phrase
from provisioning import ios, routeros
from provisioning.artifact import Target
from provisioning.drivers.protocol import ConfigurationRefused
from provisioning.texts import Texts

_ELSEWHERE = Phrase(
    "sur le papier, ce qui serait tapé n'y mène pas", "on paper, what would be typed does not lead there"
)
_UNREAD = Phrase("son texte ne se lit pas ({reason})", "its text cannot be read ({reason})")


@dataclass(frozen=True, slots=True)
class Paper:
    """What was found: how many lines would be typed, and how many of those that were wanted stand afterwards."""

    typed: int
    stand: int


def can_tell(target: Target) -> bool:
    """Whether a target is of a platform of which nobody here has a machine."""
    return target.artifact.platform in ("ios", "routeros")


def check(target: Target, running: Texts, desired: Texts) -> Paper:
    """Type a change on paper. `running` is what of ours the router held. Raises ConfigurationRefused."""
    ((name, text),) = desired.items()
    try:
        tell = _ios if target.artifact.platform == "ios" else _routeros
        found = tell(running.get(name, ""), text)
    except ValueError as wrong:
        reason = Phrase.said(*(_UNREAD.say(language, reason=str(wrong)) for language in ("fr", "en")))
        raise ConfigurationRefused(target=str(target), reason=reason) from wrong
    if found is None:
        raise ConfigurationRefused(target=str(target), reason=_ELSEWHERE)
    return found


def _ios(running: str, desired: str) -> Paper | None:
    now, wanted = ios.read(running), ios.read(desired)
    typed = ios.remediation(now, wanted)
    then = ios.applied(now, typed)
    held, asked = set(ios.paths(then)), set(ios.paths(wanted))
    if ios.remediation(then, wanted).children or asked - held:
        return None
    return Paper(len(list(ios.paths(typed))), len(asked))


def _routeros(running: str, desired: str) -> Paper | None:
    now, wanted = routeros.read(running), routeros.read(desired, strict=True)
    typed = routeros.remediation(now, wanted)
    then = routeros.applied(now, typed)
    if routeros.remediation(then, wanted) or routeros.told(routeros.ours(then, wanted)) != routeros.told(wanted):
        return None
    return Paper(len(typed), len(wanted))
