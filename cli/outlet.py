"""`essaim outlet`: the outlets of power strips, switched from afar."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli import screen
from cli.door import Why, act, help_of, noun, settings, store
from foundation.speech import Phrase

commands = noun("Les prises, commandées à distance", "Outlets, switched from afar")


@commands.command(
    help=help_of(
        "Couper et rallumer une prise : essaim outlet reboot pdu1/3",
        "Switch an outlet off and on again: essaim outlet reboot pdu1/3",
    )
)
def reboot(
    outlet: Annotated[str, typer.Argument(metavar="PDU/OUTLET", help=help_of("la prise", "the outlet"))],
    machine: Annotated[
        str,
        typer.Option(
            metavar="DEVICE",
            help=help_of("la machine qui y est, tapée pour confirmer", "the machine in it, typed to confirm"),
        ),
    ] = "",
    why: Why = "",
) -> None:
    """Reboot the machine in an outlet, as who looks after machines or as its owner. Asked twice."""
    from desk import outlets

    opened = store()
    found = outlets.preview(opened, outlet)
    if not machine and sys.stdin.isatty():
        question = Phrase(
            "{machine} ({outlet}) sera coupée quelques secondes, sans s'arrêter proprement : ce qui n'est pas écrit "
            "sur son disque est perdu.\nPour le faire quand même, tapez son nom : ",
            "{machine} ({outlet}) will lose power for some seconds, without shutting down: what is not written to its "
            "disk is lost.\nTo do it all the same, type its name: ",
        )
        machine = input(question.say(screen.language(), machine=found.machine, outlet=found.path))
    done = outlets.reboot(opened, settings(), act(opened, why), outlet, machine)
    screen.say(
        Phrase(
            "{outlet} s'est éteinte et se rallume : {machine} redémarre. Ce qu'elle tire : "
            "essaim power show --machine {machine}",
            "{outlet} went off and comes back on: {machine} is booting. What it draws: "
            "essaim power show --machine {machine}",
        ),
        outlet=done.outlet,
        machine=done.machine,
    )
