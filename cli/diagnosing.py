"""`essaim line diagnose`: why a line does not work, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Json, act, help_of, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from monitoring.diagnosis.finding import Diagnosis, Finding

Number = Annotated[str, typer.Argument(metavar="L0042")]

_FACTS = Phrase("  Ce qui a été vu :", "  What was seen:")
_TRIES = Phrase("  À essayer :", "  To try:")
_ALSO = Phrase("Par ailleurs :", "Besides:")
_UNSEEN = Phrase("Ce qui n'a pas pu être regardé :", "What could not be looked at:")


def register(commands: typer.Typer) -> None:
    """Put it among the verbs on lines."""
    commands.command(
        help=help_of(
            "Pourquoi ne marche-t-elle pas : essaim line diagnose L0042",
            "Why does it not work: essaim line diagnose L0042",
        )
    )(diagnose)


def diagnose(
    number: Number,
    names: Annotated[
        bool,
        typer.Option(
            "--names",
            help=help_of("rien ne s'ouvre par son nom, le reste passe", "nothing opens by its name, the rest passes"),
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """What is the matter with a line, what that rests on, and what to try."""
    from desk import diagnosis
    from monitoring.diagnosis.seen import Complaint
    from monitoring.diagnosis.views import view
    from monitoring.models import open_samples

    opened, here = store(), settings()
    complaint = Complaint.NAMES if names else None
    with screen.progress(Phrase("Les machines sont interrogées", "The machines are asked")):
        found = diagnosis.diagnose(opened, open_samples(here), here, act(opened), number, complaint)
    if as_json:
        return screen.give(view(found, screen.language()))
    return _tell(found)


def _tell(found: Diagnosis) -> None:
    first, *others = found.findings
    _one(first)
    for rank, other in enumerate(others):
        if not rank:
            screen.say(_ALSO)
        _one(other)
    if found.unseen:
        screen.say(_UNSEEN)
        for told in found.unseen:
            screen.line(f"  - {told.say(screen.language())}")


def _one(finding: Finding) -> None:
    screen.line(finding.said.say(screen.language()))
    for title, told in ((_FACTS, finding.facts), (_TRIES, finding.tries)):
        if told:
            screen.say(title)
        for one in told:
            screen.line(f"  - {one.say(screen.language())}")
