"""`essaim completion`: what a shell needs to finish our words."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated, Final

import typer

from cli import screen
from cli.door import help_of

ASKED: Final = "_ESSAIM_COMPLETE"
"""The variable with which a shell asks what may come next."""


class Shell(StrEnum):
    """Shells whose completion the library knows."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def prepare() -> None:
    """Where a shell asks, let the library answer in the way of that shell."""
    if ASKED in os.environ:
        from typer._completion_classes import completion_init  # what its own options would have called

        completion_init()


def completion(
    shell: Annotated[
        Shell, typer.Argument(metavar="SHELL", help=help_of("bash, zsh ou fish", "bash, zsh or fish"))
    ] = Shell.BASH,
) -> None:
    """Print the script; to have it: `essaim completion bash >> ~/.bash_completion`."""
    from typer._completion_shared import get_completion_script  # the public way only installs

    screen.line(get_completion_script(prog_name="essaim", complete_var=ASKED, shell=shell.value))
