"""`essaim traps`: what machines say unasked, as a reason to ask them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import screen
from cli.door import settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from desk.trapping import Looked


def traps() -> None:
    """Listen for traps until Ctrl-C; each makes us look at the machine that it comes from."""
    from desk import trapping

    trapping.keep_listening(store(), settings(), _told)


def _told(looked: Looked | None) -> bool:
    if looked is None:
        screen.say(
            Phrase(
                "Les traps sont écoutés sur {where}. Ctrl-C pour arrêter.",
                "Listening for traps on {where}. Ctrl-C to stop.",
            ),
            where=settings().traps,
        )
        return True
    said = {one.device: f"{one.name} {one.part}".strip() or "trap" for one in looked.hints}
    for one in looked.report.answered:
        screen.say(
            Phrase("✓ {machine} ({trap}) : valeurs lues : {count}.", "✓ {machine} ({trap}): values read: {count}."),
            machine=one.machine,
            trap=said[one.machine],
            count=one.values,
        )
    for silent in looked.report.unanswered:
        screen.say(
            Phrase("✗ {machine} ({trap}) : {reason}", "✗ {machine} ({trap}): {reason}"),
            machine=silent.machine,
            trap=said[silent.machine],
            reason=silent.error.sentence(screen.language()),
        )
    return True
