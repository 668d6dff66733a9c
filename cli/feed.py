"""`essaim feed`: where the electricity comes from."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from cli.joining import Since, day_of
from cli.site import AfterName, Limit
from foundation.speech import Phrase

commands = noun("Les arrivées électriques", "Electricity feeds")

Path = Annotated[str, typer.Argument(metavar="SITE/FEED")]
Amps = Annotated[int | None, typer.Option(help=help_of("intensité en ampères", "current in amperes"))]
Supplier = Annotated[str | None, typer.Option(help=help_of("qui la fournit", "who supplies it"))]
Renewable = Annotated[
    bool | None, typer.Option("--renewable/--not-renewable", help=help_of("renouvelable ou non", "renewable or not"))
]


@commands.command(
    help=help_of(
        "Ajouter : essaim feed add cave/A --amps 16 --supplier 'Coopérative' --renewable",
        "Add: essaim feed add cellar/A --amps 16 --supplier 'Cooperative' --renewable",
    )
)
def add(
    path: Path,
    volts: Annotated[int, typer.Option(help=help_of("tension en volts", "voltage in volts"))] = 230,
    amps: Amps = None,
    supplier: Supplier = None,
    renewable: Renewable = None,
    room: Annotated[str | None, typer.Option(help=help_of("dans quelle salle", "in which room"))] = None,
    since: Since = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A feed of a site."""
    from inventory import places, power
    from inventory.views import devices as views

    where, _, name = path.partition("/")
    with writing(why) as (session, act):
        site = places.find_site(session, where)
        made = power.add_feed(
            session,
            act,
            site,
            name,
            volts=volts,
            amps=amps or 16,
            supplier=supplier or "",
            renewable=renewable,
            room=places.find_room(session, site, room) if room else None,
            since=day_of(since),
        )
        seen = views.feed_view(made)
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{feed} est là. Y brancher une multiprise : essaim device plug pdu1 --feed {feed}",
            "{feed} is there. To plug a PDU into it: essaim device plug pdu1 --feed {feed}",
        ),
        feed=seen.name,
    )


@commands.command("list", help=help_of("Les arrivées, par lieu", "Feeds, by site"))
def list_(
    site: Annotated[str | None, typer.Option(help=help_of("d'un lieu", "of one site"))] = None,
    ended: Annotated[bool, typer.Option("--ended", help=help_of("les anciennes aussi", "former ones too"))] = False,
    after: AfterName = "",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Feeds by site and name."""
    from inventory import places, power
    from inventory.views import devices as views

    with looking() as session:
        one = places.find_site(session, site) if site else None
        held = power.list_feeds(session, site=one, ended=ended, after=after, limit=limit)
        found = [views.feed_view(each) for each in held]
    rows = [{**screen.plain(each), "renewable": _worded(each.renewable)} for each in found]
    screen.listing(
        found if as_json else rows,
        {
            "name": Phrase("arrivée", "feed"),
            "room": Phrase("salle", "room"),
            "volts": Phrase("V", "V"),
            "amps": Phrase("A", "A"),
            "supplier": Phrase("fournisseur", "supplier"),
            "renewable": Phrase("renouvelable", "renewable"),
            "until": Phrase("jusqu'au", "until"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune arrivée ici. En ajouter une : essaim feed add cave/A --amps 16",
            "No feed here. To add one: essaim feed add cellar/A --amps 16",
        ),
        then=Phrase(
            "Arrivées : {count}. Y brancher : essaim device plug MACHINE --feed {first}",
            "Feeds: {count}. To plug in: essaim device plug MACHINE --feed {first}",
        ),
    )
    if not as_json:
        screen.more_names("essaim feed list", [each.name for each in found], limit)


@commands.command(
    help=help_of(
        "Autre contrat : essaim feed change cave/A --renewable",
        "Another contract: essaim feed change cellar/A --renewable",
    )
)
def change(
    path: Path, amps: Amps = None, supplier: Supplier = None, renewable: Renewable = None, why: Why = ""
) -> None:
    """Another supplier, another current."""
    from inventory import power

    with writing(why) as (session, act):
        feed = power.find_feed(session, path)
        power.change_feed(session, act, feed, amps=amps, supplier=supplier, renewable=renewable)
    screen.say(Phrase("C'est noté. Les voir : essaim feed list", "Noted. To see them: essaim feed list"))


@commands.command(help=help_of("N'alimente plus : essaim feed end cave/A", "Feeds no more: essaim feed end cellar/A"))
def end(path: Path, why: Why = "") -> None:
    """A feed that is given up."""
    from inventory import power

    with writing(why) as (session, act):
        power.end_feed(session, act, power.find_feed(session, path))
    screen.say(
        Phrase(
            "{path} n'alimente plus rien. Les autres : essaim feed list",
            "{path} feeds nothing any more. The others: essaim feed list",
        ),
        path=path,
    )


def _worded(renewable: bool | None) -> Phrase | None:
    if renewable is None:
        return None
    return Phrase("oui", "yes") if renewable else Phrase("non", "no")
