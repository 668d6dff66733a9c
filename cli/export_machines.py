"""`essaim export prometheus`, `essaim export ansible`: the machines, for other programs to look after."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli import screen
from cli.door import help_of, looking
from cli.exchange import Force, Out
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

commands = typer.Typer()


@commands.command(
    help=help_of(
        "Pour Prometheus (file_sd) : essaim export prometheus machines.json",
        "For Prometheus (file_sd): essaim export prometheus machines.json",
    )
)
def prometheus(file: Out = None, force: Force = False) -> None:
    """The machines that are polled, as Prometheus' targets."""
    from inventory.exchange import monitors

    _put(monitors.prometheus, file, force=force)


@commands.command(
    help=help_of(
        "Pour Ansible : essaim export ansible machines.json, puis ansible-inventory -i machines.json --list",
        "For Ansible: essaim export ansible machines.json, then ansible-inventory -i machines.json --list",
    )
)
def ansible(file: Out = None, force: Force = False) -> None:
    """The association's own machines, as an inventory of Ansible's."""
    from inventory.exchange import monitors

    _put(monitors.ansible, file, force=force)


def _put(made: Callable[[Session], Any], file: Path | None, *, force: bool) -> None:
    from inventory.exchange import files

    files.refuse_taken([] if file is None else [file], force=force)
    with looking() as session:
        text = json.dumps(made(session), ensure_ascii=False, indent=2) + "\n"
    if file is None:
        typer.echo(text, nl=False)
        return
    files.write(file, text, force=force)
    screen.say(Phrase("{file} est écrit.", "{file} is written."), file=file)
