"""`essaim address name` and what goes with it: what addresses are called, and whose servers say so."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Les adresses", "Addresses")

Address = Annotated[str, typer.Argument(metavar="ADDRESS")]
Prefix = Annotated[str, typer.Argument(metavar="PREFIX")]


@commands.command(
    help=help_of(
        "Nommer une adresse : essaim address name 198.51.100.7 serveur.association.example",
        "Name an address: essaim address name 198.51.100.7 server.association.example",
    )
)
def name(address: Address, host: Annotated[str, typer.Argument(metavar="NAME")], why: Why = "") -> None:
    """Call an address by a name (PTR)."""
    from cli.suggesting import else_suggested
    from inventory import addresses, reverse

    with else_suggested("name", address, host), writing(why) as (session, act):
        wanted = addresses.parse_address(address)
        held = reverse.holding(session, addresses.parse_prefix(str(wanted)))
        named = reverse.set_name(session, act, held, wanted, host).name
    screen.say(
        Phrase(
            "{address} s'appelle {name}. Les noms : essaim address names",
            "{address} is called {name}. All names: essaim address names",
        ),
        address=wanted,
        name=named,
    )


@commands.command(help=help_of("Retirer le nom d'une adresse", "Take an address's name away"))
def unname(address: Address, why: Why = "") -> None:
    """Take a name away."""
    from inventory import addresses, reverse

    with writing(why) as (session, act):
        wanted = addresses.parse_address(address)
        held = reverse.holding(session, addresses.parse_prefix(str(wanted)))
        reverse.clear_name(session, act, held, wanted)
    screen.say(Phrase("{address} n'a plus de nom.", "{address} has no name any more."), address=wanted)


@commands.command(
    help=help_of(
        "Laisser les noms d'un préfixe à ses propres serveurs : essaim address delegate 2001:db8:100:100::/56 ns1 ns2",
        "Leave a prefix's names to its own servers: essaim address delegate 2001:db8:100:100::/56 ns1 ns2",
    )
)
def delegate(prefix: Prefix, servers: Annotated[list[str], typer.Argument(metavar="SERVER…")], why: Why = "") -> None:
    """Delegate the reverse tree of an assigned prefix (NS)."""
    from inventory import addresses, reverse

    with writing(why) as (session, act):
        wanted = addresses.parse_prefix(prefix)
        held = reverse.holding(session, wanted)
        zones = reverse.zones_of(wanted)
        made = reverse.delegate(session, act, held, wanted, servers).servers.split()
    screen.say(
        Phrase(
            "Les noms de {prefix} sont laissés à {servers} (zones : {zones}). Toutes : essaim address names",
            "The names of {prefix} are left to {servers} (zones: {zones}). All of them: essaim address names",
        ),
        prefix=wanted,
        servers=made,
        zones=zones,
    )


@commands.command(help=help_of("Reprendre ici les noms d'un préfixe", "Have a prefix's names here again"))
def undelegate(prefix: Prefix, why: Why = "") -> None:
    """End a delegation."""
    from inventory import addresses, reverse

    with writing(why) as (session, act):
        wanted = addresses.parse_prefix(prefix)
        reverse.undelegate(session, act, reverse.holding(session, wanted))
    screen.say(
        Phrase("Les noms de {prefix} sont de nouveau ici.", "The names of {prefix} are here again."), prefix=wanted
    )


@commands.command(help=help_of("Les noms des adresses, et les délégations", "The names of addresses, and delegations"))
def names(
    family: Annotated[int, typer.Option(min=4, max=6, help="4 | 6")] = 4,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))] = 200,
    as_json: Json = False,
) -> None:
    """Reverse names by address, then delegations by prefix."""
    from inventory import reverse
    from inventory.views.names import view, view_of_delegation

    with looking() as session:
        found = [view(one) for one in reverse.list_names(session, family=family, limit=limit)]
        given = [view_of_delegation(one) for one in reverse.list_delegations(session)]
    if as_json:
        return screen.give({"names": found, "delegations": given})
    screen.listing(
        found,
        {"address": Phrase("adresse", "address"), "name": Phrase("nom", "name"), "since": Phrase("depuis", "since")},
        as_json=False,
        empty=Phrase(
            "Aucune adresse n'a de nom. En donner un : essaim address name 198.51.100.7 serveur.association.example",
            "No address has a name. To give one: essaim address name 198.51.100.7 server.association.example",
        ),
        then=Phrase("Noms : {count}.", "Names: {count}."),
    )
    if given:
        columns = {
            "prefix": Phrase("préfixe", "prefix"),
            "servers": Phrase("servi par", "served by"),
            "zones": Phrase("zones", "zones"),
        }
        screen.listing(
            given,
            columns,
            as_json=False,
            empty=Phrase("", ""),
            then=Phrase("Délégations : {count}.", "Delegations: {count}."),
        )
    return None
