"""`essaim device peer add | list | remove` and `essaim aggregate`: whom our routers speak BGP with, and of what."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

peers = noun("Les voisins BGP d'un routeur", "A router's BGP peers")
aggregates = noun("Les préfixes que l'Internet voit de nous", "The prefixes that the Internet sees of us")

Name = Annotated[str, typer.Argument(metavar="NAME")]
Prefix = Annotated[str, typer.Argument(metavar="PREFIX")]
_PLAN = Phrase(
    "C'est noté. Ce que cela change sur les routeurs : essaim change plan",
    "Noted. What it changes on the routers: essaim change plan",
)


def register(commands: typer.Typer) -> None:
    """Put these verbs among those on machines."""
    commands.add_typer(peers, name="peer")


@peers.command(
    help=help_of(
        "Ajouter : essaim device peer add edge --address 192.0.2.130 --as 64500",
        "Add: essaim device peer add edge --address 192.0.2.130 --as 64500",
    )
)
def add(
    device: Name,
    address: Annotated[str, typer.Option(help=help_of("son adresse", "its address"))],
    remote_as: Annotated[int, typer.Option("--as", help=help_of("son numéro d'AS", "its AS number"))],
    description: Annotated[str, typer.Option(help=help_of("qui c'est", "who it is"))] = "",
    max_prefix: Annotated[
        int, typer.Option(help=help_of("au-delà, la session se coupe", "beyond, the session ends"))
    ] = 1_500_000,
    fast: Annotated[bool, typer.Option("--fast", help=help_of("minuteurs courts", "short timers"))] = False,
    why: Why = "",
) -> None:
    """A BGP session begins."""
    from inventory import addresses, devices, routing

    with writing(why) as (session, act):
        router, peer = devices.find_device(session, device), addresses.parse_address(address)
        routing.add_peer(session, act, router, peer, remote_as, description, max_prefix=max_prefix, fast=fast)
    screen.say(_PLAN)


@peers.command(
    "list", help=help_of("Ses voisins : essaim device peer list edge", "Its peers: essaim device peer list edge")
)
def list_peers(device: Name, as_json: Json = False) -> None:
    """A router's peers."""
    from inventory import devices, routing

    with looking() as session:
        found = [
            {
                "address": one.address,
                "as": one.remote_as,
                "description": one.description,
                "max_prefix": one.max_prefix,
                "fast": one.fast,
            }
            for one in routing.list_peers(session, devices.find_device(session, device))
        ]
    screen.listing(
        found,
        {
            "address": Phrase("adresse", "address"),
            "as": Phrase("AS", "AS"),
            "description": Phrase("qui", "who"),
            "max_prefix": Phrase("préfixes au plus", "prefixes at most"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucun voisin. En ajouter un : essaim device peer add {device} --address 192.0.2.130 --as 64500",
            "No peer. To add one: essaim device peer add {device} --address 192.0.2.130 --as 64500",
        ),
        then=Phrase(
            "Voisins : {count}. En ôter un : essaim device peer remove {device} {first}",
            "Peers: {count}. To remove one: essaim device peer remove {device} {first}",
        ),
        device=device,
    )


@peers.command(
    help=help_of(
        "Ôter : essaim device peer remove edge 192.0.2.130", "Remove: essaim device peer remove edge 192.0.2.130"
    )
)
def remove(device: Name, address: Annotated[str, typer.Argument(metavar="ADDRESS")], why: Why = "") -> None:
    """A BGP session ends."""
    from inventory import addresses, devices, routing

    with writing(why) as (session, act):
        router = devices.find_device(session, device)
        routing.remove_peer(session, act, router, addresses.parse_address(address))
    screen.say(_PLAN)


@aggregates.command(
    "add",
    help=help_of("Annoncer : essaim aggregate add 198.51.100.0/24", "Announce: essaim aggregate add 198.51.100.0/24"),
)
def announce(prefixes: Annotated[list[str], typer.Argument(metavar="PREFIX...")], why: Why = "") -> None:
    """Prefixes that the Internet is to see."""
    from inventory import addresses, routing

    with writing(why) as (session, act):
        for prefix in prefixes:
            routing.add_aggregate(session, act, addresses.parse_prefix(prefix))
    screen.say(_PLAN)


@aggregates.command("list", help=help_of("Ce qui est annoncé", "What is announced"))
def list_aggregates(as_json: Json = False) -> None:
    """The prefixes that the Internet sees."""
    from inventory import routing

    with looking() as session:
        found = [{"prefix": str(one)} for one in routing.list_aggregates(session)]
    screen.listing(
        found,
        {"prefix": Phrase("préfixe", "prefix")},
        as_json=as_json,
        empty=Phrase(
            "Rien n'est annoncé. Annoncer : essaim aggregate add 198.51.100.0/24",
            "Nothing is announced. To announce: essaim aggregate add 198.51.100.0/24",
        ),
        then=Phrase(
            "Préfixes : {count}. Ne plus en annoncer un : essaim aggregate remove {first}",
            "Prefixes: {count}. To announce one no more: essaim aggregate remove {first}",
        ),
    )


@aggregates.command(
    "remove",
    help=help_of(
        "Ne plus annoncer : essaim aggregate remove 198.51.100.0/24",
        "Announce no more: essaim aggregate remove 198.51.100.0/24",
    ),
)
def withdraw(prefix: Prefix, why: Why = "") -> None:
    """A prefix that the Internet is to see no more."""
    from inventory import addresses, routing

    with writing(why) as (session, act):
        routing.remove_aggregate(session, act, addresses.parse_prefix(prefix))
    screen.say(_PLAN)
