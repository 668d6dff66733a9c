"""`essaim site`: where machines are."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from foundation.speech import Phrase

commands = noun("Les lieux où sont les machines", "The sites where machines are")

Name = Annotated[str, typer.Argument(metavar="SITE")]
Description = Annotated[str | None, typer.Option(help=help_of("ce que c'est", "what it is"))]
Address = Annotated[str | None, typer.Option(help=help_of("adresse postale", "postal address"))]
AfterName = Annotated[str, typer.Option("--after", help=help_of("après ce nom", "after this name"))]
Limit = Annotated[int, typer.Option(min=1, max=1000, help=help_of("au plus", "at most"))]


@commands.command(
    help=help_of(
        "Ajouter un lieu : essaim site add cave --description 'sous la librairie'",
        "Add a site: essaim site add cellar --description 'under the bookshop'",
    )
)
def add(
    name: Name, description: Description = None, address: Address = None, why: Why = "", as_json: Json = False
) -> None:
    """A site comes in."""
    from foundation import clock
    from inventory import places
    from inventory.views import places as views

    with writing(why) as (session, act):
        places.add_site(session, act, name, description or "", address=address or "")
        seen = views.site_view(session, places.find_site(session, name.strip()), clock.today(act.at))
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{name} est là. Y mettre une baie : essaim rack add {name}/A --units 42 "
            "(ou une étagère : --shelf, un coin au sol : --floor)",
            "{name} is there. To put a rack in it: essaim rack add {name}/A --units 42 "
            "(or a shelf: --shelf, a spot on the floor: --floor)",
        ),
        name=seen.name,
    )


@commands.command("list", help=help_of("Les lieux, par nom", "Sites, by name"))
def list_(after: AfterName = "", limit: Limit = 100, as_json: Json = False) -> None:
    """Sites by name."""
    from foundation import clock
    from inventory import places
    from inventory.views import places as views

    with looking() as session:
        found = views.site_views(
            session, places.list_sites(session, after=after, limit=limit), clock.today(clock.now())
        )
    screen.listing(
        found,
        {
            "name": Phrase("lieu", "site"),
            "description": Phrase("ce que c'est", "what it is"),
            "machines": Phrase("machines", "machines"),
            "watts": Phrase("W déclarés", "W declared"),
            "free_units": Phrase("U libres", "U free"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucun lieu ici. En ajouter un : essaim site add cave", "No site here. To add one: essaim site add cellar"
        ),
        then=Phrase(
            "Lieux : {count}. En voir un : essaim site show {first}",
            "Sites: {count}. To see one: essaim site show {first}",
        ),
    )
    if not as_json:
        screen.more_names("essaim site list", [one.name for one in found], limit)


@commands.command(help=help_of("Un lieu : salles, baies, machines, watts", "A site: rooms, racks, machines, watts"))
def show(name: Name, as_json: Json = False) -> None:
    """One site."""
    from foundation import clock
    from inventory import places
    from inventory.views import places as views

    with looking() as session:
        seen = views.site_view(session, places.find_site(session, name), clock.today(clock.now()))
    if as_json:
        return screen.give(seen)
    screen.say(
        Phrase(
            "{name} : machines {machines}, {watts} W déclarés, {free_units} U libres.",
            "{name}: machines {machines}, {watts} W declared, {free_units} U free.",
        ),
        name=seen.name,
        machines=seen.machines,
        watts=seen.watts,
        free_units=seen.free_units,
    )
    for said in (seen.description, seen.address):
        if said:
            screen.line(said)
    if seen.rooms:
        screen.say(Phrase("Salles : {rooms}.", "Rooms: {rooms}."), rooms=seen.rooms)
    if seen.racks:
        rows = [
            (one.name, one.kind, one.room, one.units, one.free_units, len(one.machines), one.watts)
            for one in seen.racks
        ]
        headings = (
            Phrase("baie", "rack"), Phrase("genre", "kind"), Phrase("salle", "room"), Phrase("U", "U"),
            Phrase("libres", "free"), Phrase("machines", "machines"), Phrase("W", "W"),
        )  # fmt: skip
        screen.table(headings, rows)
    if seen.unplaced:
        screen.say(
            Phrase(
                "Sans place connue : {machines}. En placer une : essaim device place {first} {name}/A --unit 1",
                "Without a known place: {machines}. To place one: essaim device place {first} {name}/A --unit 1",
            ),
            machines=seen.unplaced,
            first=seen.unplaced[0],
            name=seen.name,
        )
    if not seen.racks:
        return screen.say(
            Phrase(
                "Aucune baie. En ajouter une : essaim rack add {name}/A --units 42",
                "No rack. To add one: essaim rack add {name}/A --units 42",
            ),
            name=seen.name,
        )
    return screen.say(
        Phrase("Voir une baie : essaim rack show {rack}", "To see a rack: essaim rack show {rack}"),
        rack=seen.racks[0].name,
    )


@commands.command(
    help=help_of(
        "Dire autrement un lieu : essaim site change cave --address '1 rue Haute'",
        "Say otherwise of a site: essaim site change cellar --address '1 High Street'",
    )
)
def change(name: Name, description: Description = None, address: Address = None, why: Why = "") -> None:
    """Another description or address."""
    from inventory import places

    with writing(why) as (session, act):
        places.change_site(session, act, places.find_site(session, name), description=description, address=address)
    screen.say(
        Phrase("C'est noté. Le voir : essaim site show {name}", "Noted. To see it: essaim site show {name}"), name=name
    )


@commands.command(
    help=help_of("Ajouter une salle : essaim site room cave réserve", "Add a room: essaim site room cellar storeroom")
)
def room(
    site: Name,
    name: Annotated[str, typer.Argument(metavar="ROOM")],
    description: Description = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A room of a site."""
    from inventory import places

    with writing(why) as (session, act):
        made = places.add_room(session, act, places.find_site(session, site), name, description or "")
        named = made.name
    if as_json:
        return screen.give({"site": site, "room": named})
    return screen.say(
        Phrase(
            "{room} est une salle de {site}. Y mettre une baie : essaim rack add {site}/A --room '{room}'",
            "{room} is a room of {site}. To put a rack in it: essaim rack add {site}/A --room '{room}'",
        ),
        room=named,
        site=site,
    )
