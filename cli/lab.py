"""`essaim lab`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from cli import lab_faults, screen
from cli.door import Json, act, help_of, noun, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from desk.checks import Check

commands = noun("Le labo : un petit fournisseur dans cette machine", "The lab: a small provider inside this machine")


@commands.command(help=help_of("Allumer le labo", "Bring the lab up"))
def up() -> None:
    """Bring the lab up."""
    from desk import laboratory

    opened = store()
    machines = laboratory.up(opened, settings(), act(opened), lambda step: screen.complain(step.say(screen.language())))
    screen.say(
        Phrase(
            "Le labo est allumé : {machines}. Les configurer : essaim change plan",
            "The lab is up: {machines}. To configure them: essaim change plan",
        ),
        machines=machines,
    )


@commands.command(
    help=help_of("Deux membres se connectent : tout passe-t-il ?", "Two members connect: does all go through?")
)
def check(as_json: Json = False) -> None:
    """Connect two members and try what they would."""
    from desk import checks, homes, laboratory

    opened, here = store(), settings()
    laboratory.require(here)
    with screen.progress(Phrase("Les membres se connectent", "Members connect")):
        done = [
            each
            for line in homes.of_lab(opened, here)
            for each in checks.line_works(opened, here, line, lambda _: None)
        ]
    if as_json:
        screen.give(done)
    else:
        show_checks(done)
    if not all(one.good for one in done):
        raise typer.Exit(1)


@commands.command(help=help_of("Éteindre le labo", "Take the lab down"))
def down() -> None:
    """Take the lab down."""
    from desk import laboratory

    if laboratory.down(settings()):
        return screen.say(Phrase("Le labo est éteint, rien ne reste.", "The lab is down, nothing is left."))
    return screen.say(Phrase("Le labo était déjà éteint.", "The lab was down already."))


lab_faults.register(commands)


def show_check(one: Check) -> None:
    """One thing that was tried, as soon as it was."""
    facts = {"what": one.what, "seen": one.seen, "expected": one.expected}
    if one.good:
        return screen.say(Phrase("  ✓ {what} : {seen}", "  ✓ {what}: {seen}"), **facts)
    return screen.say(
        Phrase("  ✗ {what} : {seen} (attendu : {expected})", "  ✗ {what}: {seen} (expected: {expected})"), **facts
    )


def show_checks(done: Sequence[Check]) -> None:
    """A table of what was checked: what was expected and what was seen."""
    columns = (Phrase("", ""), Phrase("vérifié", "checked"), Phrase("attendu", "expected"), Phrase("vu", "seen"))
    screen.table(columns, [("✓" if one.good else "✗", one.what, one.expected, one.seen) for one in done])
