"""`essaim rack`: racks, shelves and floor spots, drawn in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, Why, help_of, looking, noun, writing
from cli.site import AfterName, Description, Limit
from foundation.speech import Phrase

if TYPE_CHECKING:
    from inventory.views.places import RackView, SlotView

commands = noun("Les baies, les étagères et le sol", "Racks, shelves and the floor")

WIDTH: Final = 72
"""Columns of a drawn rack, its numbers and frame included."""

Path = Annotated[str, typer.Argument(metavar="SITE/RACK")]
Units = Annotated[int | None, typer.Option(help=help_of("hauteur en U ; sinon 42", "height in U; else 42"))]
Room = Annotated[str | None, typer.Option(help=help_of("dans quelle salle", "in which room"))]
_OURS = Phrase("à nous", "ours")


@commands.command(
    help=help_of(
        "Ajouter : essaim rack add cave/A --units 24, cave/étagère --shelf, cave/coin --floor",
        "Add: essaim rack add cellar/A --units 24, cellar/top --shelf, cellar/corner --floor",
    )
)
def add(
    path: Path,
    units: Units = None,
    shelf: Annotated[bool, typer.Option("--shelf", help=help_of("une étagère", "a shelf"))] = False,
    floor: Annotated[bool, typer.Option("--floor", help=help_of("un coin au sol", "a spot on the floor"))] = False,
    room: Room = None,
    description: Description = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """A rack, a shelf or a floor spot."""
    from foundation import clock
    from inventory import places
    from inventory.models.places import RackKind
    from inventory.views import places as views

    where, _, name = path.partition("/")
    kind = RackKind.SHELF if shelf else RackKind.FLOOR if floor else RackKind.RACK
    with writing(why) as (session, act):
        site = places.find_site(session, where)
        made = places.add_rack(
            session,
            act,
            site,
            name,
            kind=kind,
            units=units,
            room=places.find_room(session, site, room) if room else None,
            description=description or "",
        )
        seen = views.rack_view(session, made, clock.today(act.at))
    if as_json:
        return screen.give(seen)
    return screen.say(
        Phrase(
            "{name} est là. Y mettre une machine : essaim device place NOM {name}{unit}",
            "{name} is there. To put a machine in it: essaim device place NAME {name}{unit}",
        ),
        name=seen.name,
        unit=" --unit 1" if seen.units else "",
    )


@commands.command("list", help=help_of("Les baies, par lieu et par nom", "Racks, by site and name"))
def list_(
    site: Annotated[str | None, typer.Option(help=help_of("d'un lieu", "of one site"))] = None,
    after: AfterName = "",
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """Racks by site and name."""
    from foundation import clock
    from inventory import places
    from inventory.views import places as views

    with looking() as session:
        one = places.find_site(session, site) if site else None
        racks = places.list_racks(session, site=one, after=after, limit=limit)
        found = views.rack_views(session, racks, clock.today(clock.now()))
    screen.listing(
        found,
        {
            "name": Phrase("baie", "rack"),
            "kind": Phrase("genre", "kind"),
            "room": Phrase("salle", "room"),
            "units": Phrase("U", "U"),
            "free_units": Phrase("libres", "free"),
            "watts": Phrase("W déclarés", "W declared"),
            "description": Phrase("ce que c'est", "what it is"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune baie ici. En ajouter une : essaim rack add cave/A --units 24",
            "No rack here. To add one: essaim rack add cellar/A --units 24",
        ),
        then=Phrase(
            "Baies : {count}. En voir une : essaim rack show {first}",
            "Racks: {count}. To see one: essaim rack show {first}",
        ),
    )
    if not as_json:
        screen.more_names("essaim rack list", [each.name for each in found], limit)


@commands.command(help=help_of("Dessiner une baie : essaim rack show cave/A", "Draw a rack: essaim rack show cellar/A"))
def show(
    path: Path,
    on: Annotated[
        str | None,
        typer.Option(metavar="2026-11-22", help=help_of("telle qu'elle était ce jour", "as it was that day")),
    ] = None,
    as_json: Json = False,
) -> None:
    """One rack, from the front."""
    from foundation import clock
    from inventory import places
    from inventory.views import places as views

    day = clock.today(clock.parse(on) if on else clock.now())
    with looking() as session:
        seen = views.rack_view(session, places.find_rack(session, path), day)
    if as_json:
        return screen.give(seen)
    said = {"name": seen.name, "kind": seen.kind, "watts": seen.watts, "count": len(seen.machines)}
    if seen.units is None:
        screen.say(
            Phrase(
                "{name}, {kind} : machines {count}, {watts} W déclarés.",
                "{name}, {kind}: machines {count}, {watts} W declared.",
            ),
            **said,
        )
    else:
        screen.say(
            Phrase(
                "{name} : {units} U dont {free} libres, machines {count}, {watts} W déclarés. Devant :",
                "{name}: {units} U, {free} of them free, machines {count}, {watts} W declared. Front:",
            ),
            **said,
            units=seen.units,
            free=seen.free_units,
        )
        for row in front(seen):
            screen.line(row)
    _aside(seen)
    return screen.say(
        Phrase("Voir une machine : essaim device show NOM", "To see a machine: essaim device show NAME")
        if seen.machines
        else Phrase(
            "Y mettre une machine : essaim device place NOM {name}{unit}",
            "To put a machine in it: essaim device place NAME {name}{unit}",
        ),
        name=seen.name,
        unit=" --unit 1" if seen.units else "",
    )


@commands.command(
    help=help_of("Dire autrement une baie : essaim rack change cave/A --units 42", "Say otherwise of a rack")
)
def change(path: Path, units: Units = None, room: Room = None, description: Description = None, why: Why = "") -> None:
    """Another height, room or description."""
    from inventory import places

    with writing(why) as (session, act):
        rack = places.find_rack(session, path)
        inside = places.find_room(session, rack.site, room) if room else None
        places.change_rack(session, act, rack, units=units, room=inside, description=description)
    screen.say(
        Phrase("C'est noté. La voir : essaim rack show {path}", "Noted. To see it: essaim rack show {path}"), path=path
    )


@commands.command(
    help=help_of("Ôter une baie qui n'a jamais servi : essaim rack remove cave/A", "Remove a rack that never served")
)
def remove(path: Path, why: Why = "") -> None:
    """A rack that was a mistake."""
    from inventory import places

    with writing(why) as (session, act):
        places.remove_rack(session, act, places.find_rack(session, path))
    screen.say(
        Phrase("{path} n'est plus là. Les autres : essaim rack list", "{path} is gone. The others: essaim rack list"),
        path=path,
    )


def front(rack: RackView) -> Iterator[str]:
    """A rack as one stands before it, the highest unit first: machines are boxes with their owner and watts."""
    inside = WIDTH - 6
    slots = [slot for slot in rack.machines if slot.unit and slot.face != "rear"]
    yield f"    ┌{'─' * inside}┐"
    for unit in range(rack.units or 0, 0, -1):
        slot = next((one for one in slots if (one.unit or 0) <= unit <= _top(one)), None)
        yield f"{unit:>3} │{' ' * inside if slot is None else _row(slot, unit, inside)}│"
    yield f"    └{'─' * inside}┘"


def label(slot: SlotView) -> str:
    """`hosted4 · M0012 · 45 W`."""
    owner = slot.owner or _OURS.say(screen.language())
    return " · ".join([slot.device, owner, *([] if slot.watts is None else [f"{slot.watts} W"])])


def _row(slot: SlotView, unit: int, width: int) -> str:
    if slot.height == 1:
        return f"[ {label(slot)[: width - 4].ljust(width - 4)} ]"
    if unit == _top(slot):
        text = f" {label(slot)[: width - 5]} "
        return f"┌─{text}{'─' * (width - 3 - len(text))}┐"
    return f"└{'─' * (width - 2)}┘" if unit == slot.unit else f"│{' ' * (width - 2)}│"


def _top(slot: SlotView) -> int:
    return (slot.unit or 0) + (slot.height or 0) - 1


def _aside(rack: RackView) -> None:
    """What does not stand in front: behind, on the sides; on a shelf or the floor, all there is."""
    rear = [slot for slot in rack.machines if slot.face == "rear"]
    loose = [slot for slot in rack.machines if slot.unit is None]
    if rear:
        screen.say(Phrase("Derrière :", "Rear:"))
        for slot in rear:
            units = f"U{slot.unit}" if slot.height == 1 else f"U{slot.unit}-U{_top(slot)}"
            screen.line(f"  {units}  {label(slot)}")
    if loose and rack.units is not None:
        screen.say(Phrase("Sur le côté (0 U) :", "On the side (0 U):"))
    for slot in loose:
        screen.line("  " + "  ".join([label(slot), *([slot.position] if slot.position else [])]))
