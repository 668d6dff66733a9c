"""`essaim NOUN VERB [WHO] [--options]`. Heavy rooms are imported by the command that needs them, not by `--help`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli import address, association, change, dues, journal, lab, line, member, payment, portal
from cli.door import act_as, enter, help_of

essaim = typer.Typer(
    name="essaim",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    help=help_of(
        "\b\nEssaim fait tourner un fournisseur d'accès associatif.\n"
        "Exemples : essaim member list · essaim line status L0042",
        "\b\nEssaim runs an associative Internet provider.\nExamples: essaim member list · essaim line status L0042",
    ),
)


@essaim.callback()
def who(
    acting_as: Annotated[
        str | None, typer.Option("--as", metavar="M0042", help=help_of("agir en tant que membre", "act as a member"))
    ] = None,
) -> None:
    """Remember who acts."""
    act_as(acting_as)


essaim.command("init", help=help_of("Créer une association", "Create an association"))(association.init)
essaim.add_typer(member.commands, name="member")
essaim.add_typer(line.commands, name="line")
essaim.add_typer(address.commands, name="address")
essaim.add_typer(change.commands, name="change")
essaim.add_typer(dues.commands, name="dues")
essaim.add_typer(payment.commands, name="payment")
essaim.command("poll", help=help_of("Relever les machines et les connexions", "Poll machines and connections"))(
    association.poll
)
essaim.command("serve", help=help_of("Ouvrir le portail des membres", "Open the members' portal"))(portal.serve)
essaim.add_typer(journal.commands, name="journal")
essaim.command("backup", help=help_of("Sauvegarder l'association", "Back the association up"))(association.backup)
essaim.command("restore", help=help_of("Reprendre une sauvegarde", "Bring a backup back"))(association.restore)
essaim.add_typer(lab.commands, name="lab")
essaim.command("demo", help=help_of("La visite guidée", "The guided tour"))(association.demo)


def run() -> None:
    """The `essaim` command."""
    sys.exit(enter(essaim))
