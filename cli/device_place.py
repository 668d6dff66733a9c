"""`essaim device place | move | take-out | outlets | plug | unplug`: where machines stand, and what feeds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen
from cli.door import Why, help_of, writing
from cli.joining import Since, day_of
from foundation.errors import Invalid
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from inventory.models.power import Feed, Outlet


class OneSource(Invalid):
    """Neither an outlet nor a feed was named, or both."""

    kind = "one-source"
    phrase = Phrase(
        "Dites sur quoi : --outlet pdu1/3, ou --feed LIEU/ARRIVÉE, l'un des deux. Rien n'a été changé.",
        "Say into what: --outlet pdu1/3, or --feed SITE/FEED, one of the two. Nothing was changed.",
    )


class NoOutlets(Invalid):
    """Not a single outlet was named."""

    kind = "no-outlets"
    phrase = Phrase(
        "Dites lesquelles : --count 8, ou --label A1 --label A2. Rien n'a été changé.",
        "Say which: --count 8, or --label A1 --label A2. Nothing was changed.",
    )


Name = Annotated[str, typer.Argument(metavar="NAME")]
Rack = Annotated[str, typer.Argument(metavar="SITE/RACK")]
Unit = Annotated[
    int | None,
    typer.Option(help=help_of("l'unité la plus basse ; sinon sur le côté", "its lowest unit; else on the side")),
]
Height = Annotated[int, typer.Option(help=help_of("hauteur en U", "height in U"))]
Side = Annotated[str, typer.Option("--face", help="front | rear | both")]
Position = Annotated[str, typer.Option(help=help_of("où sur l'étagère ou au sol", "where on the shelf or floor"))]
OutletPath = Annotated[
    str | None, typer.Option("--outlet", metavar="PDU/OUTLET", help=help_of("dans quelle prise", "which outlet"))
]
FeedPath = Annotated[
    str | None, typer.Option("--feed", metavar="SITE/FEED", help=help_of("droit sur une arrivée", "straight on a feed"))
]


def register(commands: typer.Typer) -> None:
    """Put these verbs among those on machines."""
    say = help_of
    commands.command(
        help=say(
            "Placer : essaim device place hosted1 cave/A --unit 3 --height 2",
            "Place: essaim device place hosted1 cellar/A --unit 3 --height 2",
        )
    )(place)
    commands.command(
        help=say(
            "Déplacer : essaim device move hosted1 cave/A --unit 9",
            "Move: essaim device move hosted1 cellar/A --unit 9",
        )
    )(move)
    commands.command(
        "take-out", help=say("Sortir de sa place : essaim device take-out hosted1", "Take it out of its place")
    )(take_out)
    commands.command(
        help=say(
            "Les prises d'une multiprise : essaim device outlets pdu1 --count 8",
            "A PDU's outlets: essaim device outlets pdu1 --count 8",
        )
    )(outlets)
    commands.command(
        help=say(
            "Brancher : essaim device plug hosted1 --outlet pdu1/3",
            "Plug in: essaim device plug hosted1 --outlet pdu1/3",
        )
    )(plug)
    commands.command(help=say("Débrancher : essaim device unplug hosted1", "Unplug: essaim device unplug hosted1"))(
        unplug
    )


def place(
    name: Name,
    rack: Rack,
    unit: Unit = None,
    height: Height = 1,
    face: Side = "front",
    position: Position = "",
    since: Since = None,
    why: Why = "",
) -> None:
    """Put a machine in a rack, on a shelf or on the floor."""
    from inventory import devices, placements, places

    with writing(why) as (session, act):
        device, stand = devices.find_device(session, name), places.find_rack(session, rack)
        spot = placements.Spot(unit, height, face, position)
        placements.place(session, act, device, stand, spot, since=day_of(since))
    _placed(name, rack)


def move(
    name: Name,
    rack: Rack,
    unit: Unit = None,
    height: Height = 1,
    face: Side = "front",
    position: Position = "",
    since: Since = None,
    why: Why = "",
) -> None:
    """Take a machine from where it stands and put it elsewhere."""
    from inventory import devices, placements, places

    with writing(why) as (session, act):
        device, stand = devices.find_device(session, name), places.find_rack(session, rack)
        spot = placements.Spot(unit, height, face, position)
        placements.move(session, act, device, stand, spot, since=day_of(since))
    _placed(name, rack)


def take_out(name: Name, why: Why = "") -> None:
    """A machine stays at its site without a place."""
    from inventory import devices, placements

    with writing(why) as (session, act):
        left = placements.path(placements.take_out(session, act, devices.find_device(session, name)).rack)
    screen.say(
        Phrase(
            "{name} n'est plus dans {rack}. La replacer : essaim device place {name} {rack} --unit 1",
            "{name} is no longer in {rack}. To put it back: essaim device place {name} {rack} --unit 1",
        ),
        name=name,
        rack=left,
    )


def outlets(
    name: Name,
    count: Annotated[
        int | None, typer.Option(min=1, max=96, help=help_of("numérotées de 1 à…", "numbered from 1 to…"))
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help=help_of("ce qui est écrit à côté (répétable)", "what is written beside it (repeatable)")),
    ] = None,
    why: Why = "",
) -> None:
    """The outlets that a PDU or UPS gives."""
    from inventory import devices, power

    if not count and not label:
        raise NoOutlets
    labels = [*(str(rank) for rank in range(1, (count or 0) + 1)), *(label or [])]
    with writing(why) as (session, act):
        made = [one.name for one in power.add_outlets(session, act, devices.find_device(session, name), labels)]
    screen.say(
        Phrase(
            "Prises de {name} : {made}. Y brancher une machine : essaim device plug NOM --outlet {name}/{first}",
            "Outlets of {name}: {made}. To plug a machine in: essaim device plug NAME --outlet {name}/{first}",
        ),
        name=name,
        made=made,
        first=made[0],
    )


def plug(name: Name, outlet: OutletPath = None, feed: FeedPath = None, since: Since = None, why: Why = "") -> None:
    """Plug a machine into an outlet, or a PDU into a feed."""
    from inventory import devices, power

    with writing(why) as (session, act):
        device, source = devices.find_device(session, name), _source(session, outlet, feed)
        if source is None:
            raise OneSource
        power.plug_in(session, act, device, source, since=day_of(since))
        path, fed = power.source_path(source), power.feeds_of(session, device)
    screen.say(
        Phrase(
            "{name} est branchée sur {path}, alimentée par {feeds}. La voir : essaim device show {name}",
            "{name} is plugged into {path}, fed by {feeds}. To see it: essaim device show {name}",
        )
        if fed
        else Phrase(
            "{name} est branchée sur {path}, sans courant encore : essaim device plug {giver} --feed LIEU/ARRIVÉE",
            "{name} is plugged into {path}, which nothing feeds yet: essaim device plug {giver} --feed SITE/FEED",
        ),
        name=name,
        path=path,
        feeds=fed,
        giver=path.partition("/")[0],
    )


def unplug(name: Name, outlet: OutletPath = None, feed: FeedPath = None, why: Why = "") -> None:
    """Unplug a machine from one source, or from all."""
    from inventory import devices, power

    with writing(why) as (session, act):
        device = devices.find_device(session, name)
        freed = power.unplug(session, act, device, _source(session, outlet, feed))
    screen.say(
        Phrase(
            "{name} n'est plus branchée sur {freed}. La rebrancher : essaim device plug {name} --outlet pdu1/1",
            "{name} is no longer plugged into {freed}. To plug it in: essaim device plug {name} --outlet pdu1/1",
        ),
        name=name,
        freed=freed,
    )


def _source(session: Session, outlet: str | None, feed: str | None) -> Outlet | Feed | None:
    from inventory import power

    if outlet is not None and feed is not None:
        raise OneSource
    if outlet is not None:
        return power.find_outlet(session, outlet)
    return None if feed is None else power.find_feed(session, feed)


def _placed(name: str, rack: str) -> None:
    screen.say(
        Phrase(
            "{name} est dans {rack}. Voir : essaim rack show {rack}",
            "{name} is in {rack}. To see: essaim rack show {rack}",
        ),
        name=name,
        rack=rack,
    )
