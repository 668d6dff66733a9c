"""`essaim drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Json, Why, act, help_of, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from provisioning.drift import Drifted


def drift(
    undo: Annotated[bool, typer.Option("--undo", help=help_of("proposer de défaire", "propose to undo it"))] = False,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """What was done by hand on the machines since the last applied changes; change nothing."""
    from provisioning import drift as drifting

    opened = store()
    with screen.progress(Phrase("Les machines sont lues", "Reading the machines")) as bar:
        found = drifting.drift(opened, settings(), act(opened, why), lambda _: bar.advance(bar.task_ids[0]), undo=undo)
    if as_json:
        screen.give(
            [{**screen.plain(one), "problem": one.problem and one.problem.sentence(screen.language())} for one in found]
        )
    else:
        for one in found:
            _show(one)
        _what_next(found)
    problem = drifting.worst(found)
    if problem is not None:
        raise typer.Exit(problem.exit_status)


def _show(one: Drifted) -> None:
    """One target in a sentence; what was done by hand, and how it stays or goes."""
    from provisioning.drift import Standing, keeping

    if one.standing is not None:
        sign = {Standing.AS_LEFT: "=", Standing.NEVER: "·"}.get(one.standing, "±")
        told = Phrase("{sign} {target} : {standing}.", "{sign} {target}: {standing}.")
        since = Phrase("{sign} {target} : {standing} ({change}).", "{sign} {target}: {standing} ({change}).")
        screen.say(
            since if one.change else told, sign=sign, target=one.target, standing=one.standing, change=one.change
        )
    screen.diff(one.diff)
    if one.standing is Standing.BY_HAND:
        screen.say(keeping(one.target))
    if one.undo is not None:
        screen.say(
            Phrase(
                "{undo} remettrait ce que {change} avait mis. L'approuver : essaim change approve {undo}",
                "{undo} would put back what {change} had put there. To approve it: essaim change approve {undo}",
            ),
            undo=one.undo,
            change=one.change,
        )
    if one.problem is not None:
        screen.say(
            Phrase("? {target} : {reason}", "? {target}: {reason}"),
            target=one.target,
            reason=one.problem.sentence(screen.language()),
        )


def _what_next(found: list[Drifted]) -> None:
    from provisioning.drift import Standing

    if not found:
        screen.say(
            Phrase(
                "Aucune machine à configurer : l'inventaire n'en a pas encore.",
                "No machine to configure: the inventory has none yet.",
            )
        )
    elif any(one.standing is Standing.BY_HAND and one.undo is None for one in found):
        screen.say(Phrase("Proposer de le défaire : essaim drift --undo", "To propose undoing it: essaim drift --undo"))
    elif any(one.standing is Standing.NEVER for one in found):
        screen.say(Phrase("Faire le plan : essaim change plan", "To plan: essaim change plan"))
