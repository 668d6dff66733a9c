"""`essaim device handout`: what a hosted machine's owner puts on it, and what its switch port is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.door import Why, help_of, settings, writing
from foundation.speech import Phrase

Name = Annotated[str, typer.Argument(metavar="NAME")]


def register(commands: typer.Typer) -> None:
    """Put this verb among those on machines."""
    commands.command(
        help=help_of(
            "Écrire ce qu'on remet pour une machine hébergée : essaim device handout hosted1 --as snmpd",
            "Write what is handed over for a hosted machine: essaim device handout hosted1 --as snmpd",
        )
    )(handout)


def handout(
    name: Name,
    form: Annotated[str, typer.Option("--as", metavar="snmpd", help="snmpd | switch-port")],
    file: Annotated[
        Path | None,
        typer.Option("--file", help=help_of("écrire là, pour vous seul·e", "write it there, for you alone")),
    ] = None,
    why: Why = "",
) -> None:
    """The snmpd.conf of a machine whose owner agrees, or the text for the switch that it is on."""
    from foundation.text import overriding
    from inventory import devices
    from provisioning import hosted

    with writing(why) as (session, act), overriding(settings().own_templates):
        text = hosted.hand_out(session, act, devices.find_device(session, name), form)
    if file is None:
        return screen.line(text.rstrip("\n"))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    return screen.say(
        Phrase(
            "Le texte pour {name} est dans {file}, que vous seul·e lisez. Le remettre, puis effacer le fichier.",
            "The text for {name} is in {file}, which you alone read. Hand it over, then delete the file.",
        ),
        name=name,
        file=file,
    )
