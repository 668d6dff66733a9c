"""`essaim power`: what is drawn, what was used, by whom, and how much of it is renewable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cli import screen, spreadsheet
from cli.door import Json, Why, help_of, looking, noun, settings, writing
from cli.joining import Since, day_of
from cli.spreadsheet import AsCsv
from foundation.errors import Invalid
from foundation.speech import Phrase

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from desk.power import Books
    from desk.power_sheets import PowerView, Sheet
    from foundation.clock import Month

commands = noun("L'électricité, de l'arrivée aux machines", "Electricity, from the feed to machines")
suppliers = noun("Les fournisseurs, de date en date", "Suppliers, from day to day")
commands.add_typer(suppliers, name="supplier")

OfMonth = Annotated[
    str,
    typer.Option("--month", metavar="2026-10", help=help_of("le mois ; sinon celui-ci", "the month; else this one")),
]


_SHOWN = {
    "name": Phrase("quoi", "what"),
    "watts": Phrase("W en ce moment", "W now"),
    "declared": Phrase("W déclarés", "W declared"),
    "kwh": Phrase("kWh du mois", "kWh of the month"),
    "renewable": Phrase("% renouvelable", "% renewable"),
    "unknown_hours": Phrase("h inconnues", "h unknown"),
}
_BY_OUTLET = {
    "machine": Phrase("machine", "machine"),
    "owner": Phrase("à qui", "whose"),
    "outlet": Phrase("prise", "outlet"),
    "since": Phrase("depuis", "since"),
    "until": Phrase("jusqu'au", "until"),
    "watts": Phrase("W en ce moment", "W now"),
    "kwh": Phrase("kWh du mois", "kWh of the month"),
    "unknown_hours": Phrase("h inconnues", "h unknown"),
}
_NOTHING_PLUGGED = Phrase(
    "Rien n'est branché ici. Brancher une machine : essaim device plug MACHINE --outlet pdu1/3",
    "Nothing is plugged in here. To plug a machine in: essaim device plug DEVICE --outlet pdu1/3",
)


class OneAtMost(Invalid):
    """Several things asked at once."""

    kind = "power-of-one-thing"
    phrase = Phrase(
        "Une seule à la fois : --room, --feed, --machine, --member ou --outlets.",
        "One at a time: --room, --feed, --machine, --member or --outlets.",
    )


@contextmanager
def _books(month: str, *, fine: bool = True) -> Iterator[tuple[Session, Books, Month]]:
    """What is known of a month, opened."""
    from desk import power_sheets
    from foundation import clock
    from foundation.clock import Month
    from monitoring.embedded import open_series

    at, here = clock.now(), settings()
    asked = Month.parse(month) if month else Month.parse(clock.today(at).isoformat()[:7])
    with looking() as session, closing(open_series(here)) as series:
        yield session, power_sheets.books(session, series, here, asked, at, fine=fine), asked


@commands.command(
    help=help_of(
        "Ce qui est tiré : essaim power show --feed mezzanine/tableau",
        "What is drawn: essaim power show --feed mezzanine/tableau",
    )
)
def show(
    room: Annotated[str | None, typer.Option(metavar="SITE/ROOM", help=help_of("d'une salle", "of a room"))] = None,
    feed: Annotated[str | None, typer.Option(metavar="SITE/FEED", help=help_of("d'une arrivée", "of a feed"))] = None,
    machine: Annotated[
        str | None, typer.Option(metavar="DEVICE", help=help_of("d'une machine", "of a machine"))
    ] = None,
    member: Annotated[str | None, typer.Option(metavar="M0042", help=help_of("d'un membre", "of a member"))] = None,
    outlets: Annotated[
        bool, typer.Option("--outlets", help=help_of("chaque machine, prise par prise", "each machine, by outlet"))
    ] = False,
    month: OfMonth = "",
    as_csv: AsCsv = False,
    as_json: Json = False,
) -> None:
    """Watts now, kWh of the month: of all feeds, or of one thing and what it is made of; or outlet by outlet."""
    from desk import power_sheets

    if sum(one is not None for one in (room, feed, machine, member, True if outlets else None)) > 1:
        raise OneAtMost
    if outlets:
        return _by_outlet(month, as_csv=as_csv, as_json=as_json)
    with _books(month, fine=False) as (session, known, asked):
        if feed is not None:
            found = power_sheets.of_feed(known, session, feed)
        elif machine is not None:
            found = power_sheets.of_machine(known, session, machine)
        elif member is not None:
            found = power_sheets.of_member(known, session, member)
        else:
            found = power_sheets.of_feeds(known, session, room)
    if as_csv and not as_json:
        return spreadsheet.give(_SHOWN.values(), ([getattr(one, field) for field in _SHOWN] for one in found))
    rows = [{**screen.plain(one), **_figures(one)} for one in found]
    return screen.listing(
        found if as_json else rows,
        _SHOWN,
        as_json=as_json,
        empty=_NOTHING_PLUGGED,
        then=Phrase(
            "Mois : {month}. La fiche d'une machine ou d'un membre : essaim power sheet M0042 --month {month}",
            "Month: {month}. A machine's or a member's sheet: essaim power sheet M0042 --month {month}",
        ),
        month=str(asked),
    )


@commands.command(
    help=help_of(
        "La fiche d'un mois : essaim power sheet M0042 --month 2026-10",
        "A month's sheet: essaim power sheet M0042 --month 2026-10",
    )
)
def sheet(
    what: Annotated[
        str, typer.Argument(metavar="M0042|DEVICE", help=help_of("un membre ou une machine", "a member or a machine"))
    ],
    month: OfMonth = "",
    days: Annotated[bool, typer.Option("--days", help=help_of("jour par jour", "day by day"))] = False,
    as_json: Json = False,
) -> None:
    """What each hosted machine used in a month."""
    from desk import power_sheets

    with _books(month) as (session, known, asked):
        found = power_sheets.sheets(known, session, what, asked)
    if as_json:
        return screen.give(found)
    if not found:
        nothing = Phrase(
            "{what} n'a pas de machine ici. Les machines : essaim device list",
            "{what} has no machine here. The machines: essaim device list",
        )
        return screen.say(nothing, what=what)
    for one in found:
        _tell(one, days=days)
    return None


def _by_outlet(month: str, *, as_csv: bool, as_json: bool) -> None:
    """Each machine by each outlet that it was in, in the month."""
    from desk import power_use

    with _books(month, fine=False) as (session, known, asked):
        found = power_use.uses(known, session, power_use.plugged_in(known), asked)
    if as_json:
        return screen.give(found)
    rows = [
        {"machine": one.machine, "owner": one.owner, **{name: getattr(outlet, name) for name in list(_BY_OUTLET)[2:]}}
        for one in found
        for outlet in one.outlets
    ]
    if as_csv:
        return spreadsheet.give(_BY_OUTLET.values(), ([row[name] for name in _BY_OUTLET] for row in rows))
    told = [{**row, "kwh": _kwh(row["kwh"]), "watts": _or_dash(row["watts"])} for row in rows]
    return screen.listing(
        told,
        _BY_OUTLET,
        as_json=False,
        empty=_NOTHING_PLUGGED,
        then=Phrase(
            "Mois : {month}. Pour un tableur : essaim power show --outlets --csv --month {month}",
            "Month: {month}. For a spreadsheet: essaim power show --outlets --csv --month {month}",
        ),
        month=str(asked),
    )


def _figures(one: PowerView) -> dict[str, str | None]:
    """Its figures, as the reader writes them."""
    told = {"watts": one.watts, "renewable": one.renewable, "unknown_hours": one.unknown_hours}
    figures = {name: None if value is None else screen.figure(value) for name, value in told.items()}
    return {**figures, "kwh": _kwh(one.kwh)}


def _tell(one: Sheet, *, days: bool) -> None:
    screen.say(
        Phrase(
            "{machine}, {month} (prise : {outlets}) : {kwh} kWh ; {mean} W en moyenne, {peak} W au plus"
            "{declared} ; renouvelable : {renewable}.",
            "{machine}, {month} (outlet: {outlets}): {kwh} kWh; {mean} W on average, {peak} W at most"
            "{declared}; renewable: {renewable}.",
        ),
        machine=one.machine,
        month=one.month,
        outlets=", ".join(one.outlets) or "—",
        kwh=_kwh(one.kwh),
        mean=_or_dash(one.mean_watts),
        peak=_or_dash(one.peak_watts),
        declared=_declared(one.declared_watts),
        renewable="—" if one.renewable is None else f"{screen.figure(one.renewable)} %",
    )
    for note in one.notes:
        screen.line(f"  {note.say(screen.language())}")
    if days:
        columns = (Phrase("jour", "day"), Phrase("kWh", "kWh"), Phrase("W en moyenne", "W on average"),
                   Phrase("W au plus", "W at most"), Phrase("h inconnues", "h unknown"))  # fmt: skip
        rows = [
            (each.day, _kwh(each.kwh), *map(_or_dash, (each.mean_watts, each.peak_watts, each.unknown_hours)))
            for each in one.days
        ]
        screen.table(columns, rows)


def _kwh(value: float) -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(value, "#,##0.00", locale=screen.language()))


def _declared(watts: int | None) -> str:
    said = Phrase(" ({watts} W déclarés)", " ({watts} W declared)")
    return "" if watts is None else said.say(screen.language(), watts=watts)


def _or_dash(value: float | None) -> str:
    return "—" if value is None else screen.figure(value)


@suppliers.command(
    "add",
    help=help_of(
        "Dire d'où vient l'électricité : essaim power supplier add Tournesol --renewable 80 --since 2026-10-01",
        "Say where electricity comes from: essaim power supplier add Tournesol --renewable 80 --since 2026-10-01",
    ),
)
def add_supplier(
    name: Annotated[str, typer.Argument(metavar="NAME", help=help_of("le fournisseur", "the supplier"))],
    renewable: Annotated[
        int, typer.Option(metavar="PERCENT", help=help_of("part renouvelable, en %", "renewable share, in %"))
    ],
    feed: Annotated[
        str | None,
        typer.Option(
            metavar="SITE/FEED",
            help=help_of(
                "de quelle arrivée ; sinon toutes celles de ce fournisseur", "of which feed; else all of theirs"
            ),
        ),
    ] = None,
    since: Since = None,
    why: Why = "",
) -> None:
    """Who supplies a feed from a day on, and how much of it is renewable."""
    from inventory import power, supplies

    with writing(why) as (session, act):
        feeds = [power.find_feed(session, feed)] if feed else supplies.feeds_of_supplier(session, name)
        for one in feeds:
            supplies.add_supply(session, act, one, name, renewable, since=day_of(since))
        named = [power.feed_path(one) for one in feeds]
    screen.say(
        Phrase(
            "C'est noté pour {feeds}. Les voir : essaim power supplier list",
            "Noted for {feeds}. To see them: essaim power supplier list",
        ),
        feeds=named,
    )


@suppliers.command("list", help=help_of("Les fournisseurs, par arrivée", "Suppliers, by feed"))
def list_suppliers(as_json: Json = False) -> None:
    """The contracts of every feed, from day to day."""
    from inventory import supplies

    with looking() as session:
        found = supplies.list_supplies(session)
    screen.listing(
        found,
        {
            "feed": Phrase("arrivée", "feed"),
            "supplier": Phrase("fournisseur", "supplier"),
            "renewable": Phrase("% renouvelable", "% renewable"),
            "since": Phrase("depuis", "since"),
            "until": Phrase("jusqu'au", "until"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucune arrivée. En ajouter une : essaim feed add cave/A --amps 16",
            "No feed. To add one: essaim feed add cellar/A --amps 16",
        ),
        then=Phrase(
            "Un autre contrat : essaim power supplier add NOM --renewable 80 --feed {first}",
            "Another contract: essaim power supplier add NAME --renewable 80 --feed {first}",
        ),
    )
