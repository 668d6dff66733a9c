"""`essaim change reject`, `revert`, `export-git`: what becomes of a change besides being applied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.change import show_planned
from cli.door import Json, Why, act, help_of, noun, settings, store, writing
from foundation.speech import Phrase

commands = noun("Les changements sur les machines", "Changes on the machines")


@commands.command(
    help=help_of(
        'Rejeter : essaim change reject C0042 --why "…"',
        'Reject: essaim change reject C0042 --why "…"',
    )
)
def reject(number: Annotated[str, typer.Argument(metavar="C0042")], why: Why = "") -> None:
    """Say that a change shall not be applied."""
    from provisioning import changes

    with writing(why) as (session, deed):
        one = changes.find_change(session, number)
        changes.reject(session, deed, one)
        name = str(one)
    screen.say(
        Phrase(
            "{change} est rejeté, et ne sera pas appliqué. Tant que l'inventaire le veut, le plan le proposera de "
            "nouveau : essaim change plan",
            "{change} is rejected, and will not be applied. As long as the inventory wants it, the plan proposes it "
            "again: essaim change plan",
        ),
        change=name,
    )


@commands.command(
    help=help_of(
        "Revenir à ce qu'il y avait avant : essaim change revert C0042",
        "Go back to what was there before: essaim change revert C0042",
    )
)
def revert(number: Annotated[str, typer.Argument(metavar="C0042")], why: Why = "", as_json: Json = False) -> None:
    """Plan a change that puts back what was there before another; it is approved and applied like any."""
    from provisioning import putting_back

    opened = store()
    planned = putting_back.revert(opened, settings(), act(opened, why), number)
    if as_json:
        return screen.give(planned)
    show_planned(planned)
    if planned.change is None:
        return screen.say(
            Phrase(
                "{target} tient déjà ce qu'il y avait avant {former}.",
                "{target} already holds what was there before {former}.",
            ),
            target=planned.target,
            former=number,
        )
    return screen.say(
        Phrase(
            "L'approuver : essaim change approve {change}. L'inventaire, lui, n'a pas changé : le plan d'après voudra "
            "de nouveau ce qu'il dit. Pour que cela dure, le changer aussi.",
            "To approve it: essaim change approve {change}. The inventory itself has not changed: the plan after it "
            "wants again what it says. For this to last, change that too.",
        ),
        change=planned.change,
    )


@commands.command(
    "export-git",
    help=help_of(
        "L'historique en git : essaim change export-git historique",
        "The history in git: essaim change export-git history",
    ),
)
def export_git(folder: Annotated[Path, typer.Argument(metavar="FOLDER")], as_json: Json = False) -> None:
    """One commit per applied change, secrets hidden; again, and only what is new is added."""
    from provisioning import history

    done = history.export(store(), settings(), folder, screen.language())
    if as_json:
        return screen.give(done)
    if not done.changes:
        return screen.say(
            Phrase(
                "Rien n'a encore été appliqué : l'historique est vide. Faire le plan : essaim change plan",
                "Nothing was applied yet: the history is empty. To plan: essaim change plan",
            )
        )
    return screen.say(
        Phrase(
            "Changements ajoutés à {folder} : {new}. Il en tient {changes}. Les lire : git -C {folder} log -p",
            "Changes added to {folder}: {new}. It holds {changes}. To read them: git -C {folder} log -p",
        ),
        new=done.new,
        changes=done.changes,
        folder=screen.typed(str(folder)),
    )
