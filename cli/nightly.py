"""`essaim nightly`: what was kept long enough goes."""

from __future__ import annotations

from cli import screen
from cli.door import Json, settings, store
from foundation.speech import Phrase


def nightly(as_json: Json = False) -> None:
    """What a timer runs each night."""
    from desk import nightly as night
    from foundation import clock

    gone = night.nightly(store(), settings(), clock.now())
    if as_json:
        return screen.give(gone)
    screen.say(
        Phrase(
            "Effacées : {count} connexion(s) finies depuis plus de {days} jours. La qualité des lignes est gardée "
            "depuis le {before}.",
            "Deleted: {count} connection(s) that ended more than {days} days ago. The quality of lines is kept from "
            "{before} on.",
        ),
        count=gone.connections,
        days=settings().connection_days,
        before=gone.quality_before,
    )
    if gone.lines:
        screen.say(
            Phrase(
                "Effacée aussi, sans accord en vigueur : la qualité de {lines}.",
                "Deleted as well, without an agreement in force: the quality of {lines}.",
            ),
            lines=gone.lines,
        )
    return None
