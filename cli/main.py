"""`essaim NOUN VERB [WHO] [--options]`. Heavy rooms are imported by the command that needs them, not by `--help`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cli import (
    address,
    adopt,
    alert,
    asking,
    association,
    authority,
    bank,
    bank_inbox,
    books,
    change,
    change_life,
    completion,
    cost,
    credential,
    debit,
    device,
    device_peers,
    drift,
    dues,
    equipment,
    exchange,
    export_machines,
    feed,
    graph,
    incident,
    invoice,
    journal,
    key,
    kind,
    lab,
    line,
    mandate,
    member,
    nightly,
    offer,
    order,
    ospf,
    outlet,
    payment,
    poll,
    pool,
    portal,
    power,
    rack,
    receipt,
    registry,
    reminder,
    renumbering,
    reverse,
    rule,
    screen,
    search,
    site,
    suggestion,
    tariff,
    template,
    ticket,
    token,
    traps,
    wholesaler,
    works,
)
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


def _say_version(asked: bool) -> None:
    """Which Essaim this is, and nothing more."""
    if asked:
        from importlib.metadata import version

        screen.line(f"Essaim {version('essaim')}")
        raise typer.Exit


@essaim.callback()
def who(
    acting_as: Annotated[
        str | None, typer.Option("--as", metavar="M0042", help=help_of("agir en tant que membre", "act as a member"))
    ] = None,
    emergency: Annotated[
        str | None,
        typer.Option(
            metavar="…",
            help=help_of("agir sans mandat : annoncé et relu", "act without a mandate: announced and reviewed"),
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help=help_of("la version", "the version")),
    ] = False,
) -> None:
    """Remember who acts."""
    del version
    act_as(acting_as, emergency)


essaim.command("init", help=help_of("Créer une association", "Create an association"))(association.init)
essaim.add_typer(member.commands, name="member")
essaim.add_typer(kind.commands, name="kind")
essaim.add_typer(mandate.commands, name="mandate")
essaim.add_typer(offer.commands, name="offer")
essaim.add_typer(line.commands, name="line")
essaim.add_typer(address.commands, name="address")
for more in (asking.commands, reverse.commands, renumbering.proposing, registry.commands):
    address.commands.add_typer(more)
essaim.add_typer(pool.commands, name="pool")
essaim.add_typer(renumbering.commands, name="renumbering")
essaim.command("search", help=help_of("Trouver un mot, où qu'il soit", "Find a word, wherever it is"))(search.search)
essaim.command("adopt", help=help_of("Reprendre une machine qui sert déjà", "Adopt a machine that serves already"))(
    adopt.adopt
)
essaim.add_typer(exchange.imports, name="import")
essaim.add_typer(exchange.exports, name="export")
exchange.exports.add_typer(export_machines.commands)
essaim.add_typer(wholesaler.commands, name="wholesaler")
essaim.add_typer(order.commands, name="order")
essaim.add_typer(ticket.commands, name="ticket")
essaim.add_typer(invoice.commands, name="invoice")
essaim.add_typer(works.commands, name="works")
essaim.add_typer(incident.commands, name="incident")
essaim.add_typer(site.commands, name="site")
essaim.add_typer(rack.commands, name="rack")
essaim.add_typer(device.commands, name="device")
essaim.add_typer(device_peers.aggregates, name="aggregate")
essaim.add_typer(ospf.commands, name="ospf")
essaim.add_typer(feed.commands, name="feed")
essaim.add_typer(power.commands, name="power")
essaim.add_typer(outlet.commands, name="outlet")
essaim.add_typer(equipment.commands, name="equipment")
essaim.add_typer(change.commands, name="change")
change.commands.add_typer(change_life.commands)
essaim.add_typer(template.commands, name="template")
essaim.command("drift", help=help_of("Ce qui a été fait à la main", "What was done by hand"))(drift.drift)
essaim.add_typer(suggestion.commands, name="suggestion")
essaim.add_typer(tariff.commands, name="tariff")
essaim.add_typer(dues.commands, name="dues")
essaim.add_typer(payment.commands, name="payment")
essaim.add_typer(receipt.commands, name="receipt")
essaim.add_typer(reminder.commands, name="reminder")
essaim.add_typer(debit.commands, name="debit")
essaim.add_typer(books.commands, name="books")
essaim.add_typer(bank.commands, name="bank")
bank.commands.add_typer(bank_inbox.commands)
essaim.add_typer(cost.commands, name="cost")
essaim.add_typer(poll.commands, name="poll")
essaim.command("graph", help=help_of("Dessiner : essaim graph L0042 --last 7d", "Draw: essaim graph L0042 --last 7d"))(
    graph.graph
)
essaim.command("nightly", help=help_of("Oublier ce qui a fait son temps", "Forget what was kept long enough"))(
    nightly.nightly
)
essaim.command("traps", help=help_of("Écouter ce que disent les machines", "Listen to what machines say"))(traps.traps)
essaim.add_typer(alert.commands, name="alert")
essaim.command("serve", help=help_of("Ouvrir le portail des membres", "Open the members' portal"))(portal.serve)
essaim.add_typer(journal.commands, name="journal")
essaim.add_typer(rule.commands, name="rule")
essaim.add_typer(key.commands, name="key")
essaim.add_typer(token.commands, name="token")
essaim.add_typer(credential.commands, name="credential")
essaim.add_typer(authority.commands, name="ca")
essaim.command("upgrade", help=help_of("Mettre la base à jour", "Bring the database up to date"))(association.upgrade)
essaim.command("backup", help=help_of("Sauvegarder l'association", "Back the association up"))(association.backup)
essaim.command("restore", help=help_of("Reprendre une sauvegarde", "Bring a backup back"))(association.restore)
essaim.command(
    "completion", help=help_of("La complétion : essaim completion bash", "Completion: essaim completion bash")
)(completion.completion)
essaim.add_typer(lab.commands, name="lab")
essaim.command("demo", help=help_of("La visite guidée", "The guided tour"))(association.demo)


def run() -> None:
    """The `essaim` command."""
    completion.prepare()
    _leave_out_what_nobody_named(sys.argv[1:])
    sys.exit(enter(essaim))


def _leave_out_what_nobody_named(words: list[str]) -> None:
    """Keep the nouns that are among these words: making the commands of all takes longer than most commands do.

    Where none is, or the page of them all is asked for before it, they stay: by their names alone on that page.
    """
    groups = essaim.registered_groups
    named = [group for group in groups if group.name in words]
    before = words[: min((words.index(str(group.name)) for group in named), default=0)]
    if named and "--help" not in before:
        essaim.registered_groups = named
    elif words in ([], ["--help"]) and completion.ASKED not in os.environ:
        for group in groups:  # what is below a noun is not on that page; the library wants one command in each
            below = group.typer_instance
            if below is not None and below.registered_commands:
                below.registered_commands, below.registered_groups = below.registered_commands[:1], []
