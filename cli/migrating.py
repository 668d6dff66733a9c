"""`essaim line migrate`: a line goes over to another access, and back if need be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Why, Yes, act, help_of, settings, store, writing
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.lines import Ordering

Number = Annotated[str, typer.Argument(metavar="L0042")]


def register(commands: typer.Typer) -> None:
    """Put `migrate` among the verbs on lines."""
    said = help_of(
        "Migrer : essaim line migrate L0101 --to-offer fibre --pto FI-1234-5678",
        "Migrate: essaim line migrate L0101 --to-offer fibre --pto FI-1234-5678",
    )
    commands.command(help=said)(migrate)


def migrate(
    number: Number,
    to_offer: Annotated[
        str | None, typer.Option(help=help_of("la nouvelle offre ; sinon la même", "the new offer; else the same"))
    ] = None,
    device: Annotated[str | None, typer.Option(help=help_of("la nouvelle machine", "the new machine"))] = None,
    key: Annotated[str | None, typer.Option(help=help_of("clé publique WireGuard", "WireGuard public key"))] = None,
    certificate: Annotated[
        str | None, typer.Option(help=help_of("nom du certificat", "the certificate's name"))
    ] = None,
    login: Annotated[str | None, typer.Option(help=help_of("identifiant PPP imposé", "an imposed PPP login"))] = None,
    nd: Annotated[str | None, typer.Option("--nd", help=help_of("numéro de cuivre", "copper number"))] = None,
    insee: Annotated[str | None, typer.Option(help=help_of("code INSEE", "INSEE code"))] = None,
    pto: Annotated[str | None, typer.Option(help=help_of("prise optique", "optical socket"))] = None,
    building: Annotated[str | None, typer.Option(help="IMB/…")] = None,
    operator: Annotated[str | None, typer.Option(help=help_of("opérateur d'immeuble", "building operator"))] = None,
    vlan: Annotated[str | None, typer.Option(metavar="100.2", help=help_of("VLAN ou paire", "VLAN or pair"))] = None,
    mtu: Annotated[
        int | None, typer.Option(help=help_of("s'il n'est pas celui de l'offre", "if not the offer's"))
    ] = None,
    place: Annotated[str | None, typer.Option(help=help_of("la nouvelle adresse", "the new address"))] = None,
    done: Annotated[bool, typer.Option("--done", help=help_of("c'est fait", "it is done"))] = False,
    undo: Annotated[bool, typer.Option("--undo", help=help_of("abandonner", "give it up"))] = False,
    yes: Yes = False,
    why: Why = "",
) -> None:
    """Begin a migration, see how it stands, finish it or give it up."""
    from inventory.lines import Ordering

    said = Ordering(
        public_key=key, certificate=certificate, login=login, nd=nd, insee=insee, pto=pto, building=building,
        operator=operator, vlan=vlan, mtu=mtu, place=place,
    )  # fmt: skip
    begins = bool(to_offer or device or said != Ordering())
    if begins + done + undo > 1:
        raise typer.BadParameter(help_of("l'un ou l'autre", "one or the other"), param_hint="--done")
    if done:
        _complete(number, unseen=yes, why=why)
    elif undo:
        _undo(number, why)
    elif begins:
        _begin(number, to_offer, device, said, why)
    else:
        _look(number)


def _begin(number: str, to_offer: str | None, device: str | None, said: Ordering, why: str) -> None:
    from inventory import devices, lines, moving, offers

    with writing(why) as (session, act):
        line = lines.find_line(session, number)
        offer = offers.find_offer(session, to_offer) if to_offer is not None else line.offer
        machine = devices.find_device(session, device) if device is not None else None
        moving.migrate_line(session, act, line, offer, said, device=machine)
        name, going = str(line), offer.name
    screen.say(
        Phrase(
            "{line} migre vers {offer} : mêmes adresses, mêmes parts, les deux accès en service. Mettre le nouveau sur "
            "les machines : essaim change plan. Où elle en est : essaim line migrate {line}",
            "{line} migrates to {offer}: same addresses, same parts, both accesses in force. To bring the new one to "
            "the machines: essaim change plan. How it stands: essaim line migrate {line}",
        ),
        line=name,
        offer=going,
    )


def _look(number: str) -> None:
    from desk.migrating import seen_up

    seen = seen_up(store(), settings(), number)
    screen.say(
        Phrase(
            "{seen} Finir : essaim line migrate {line} --done. Abandonner : essaim line migrate {line} --undo",
            "{seen} To finish: essaim line migrate {line} --done. To give it up: essaim line migrate {line} --undo",
        ),
        seen=seen.phrase,
        line=seen.line,
    )


def _complete(number: str, *, unseen: bool, why: str) -> None:
    from desk.migrating import complete

    opened = store()
    done = complete(opened, settings(), act(opened, why), number, unseen=unseen)
    screen.say(
        Phrase(
            "{line} est en {offer}, l'ancien accès est fini. Le retirer des machines : essaim change plan",
            "{line} is {offer} now, the old access is over. To take it off the machines: essaim change plan",
        ),
        line=done.number,
        offer=done.offer,
    )


def _undo(number: str, why: str) -> None:
    from inventory import lines, moving

    with writing(why) as (session, act):
        line = lines.find_line(session, number)
        moving.undo_migration(session, act, line)
        name = str(line)
    screen.say(
        Phrase(
            "{line} reste comme avant ; la migration est abandonnée. La retirer des machines : essaim change plan",
            "{line} stays as it was; the migration is given up. To take it off the machines: essaim change plan",
        ),
        line=name,
    )
