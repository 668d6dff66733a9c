"""`essaim address report`, `ripe`, `geofeed`, `roa`: how full the pools are, and what the world is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import screen
from cli.door import Json, help_of, looking, noun
from foundation.speech import Phrase

commands = noun("Les adresses", "Addresses")

Diff = Annotated[
    Path | None,
    typer.Option("--diff", metavar="FILE", help=help_of("ce qui diffère de ce fichier", "what differs from this file")),
]
MANY = 10**9
"""Beyond this a number of places says nothing to anyone."""
_PLENTY = Phrase("plus d'un milliard", "over a billion")
_SAME = Phrase("{file} dit déjà la même chose.", "{file} says the same already.")


@commands.command(
    help=help_of("Les pools : remplissage, et quand ils seront pleins", "Pools: how full, and when they will be")
)
def report(as_json: Json = False) -> None:
    """Fill and forecast, the fullest pool first."""
    from foundation import clock
    from inventory import forecast

    with looking() as session:
        fills = forecast.report(session, clock.now())
    rows = [
        {
            "name": one.name,
            "prefix": one.prefix,
            "handed": f"/{one.handed}",
            "used": f"{screen.figure(one.share * 100)} %",
            "free": f"{one.free} / {one.places}" if one.places < MANY else _PLENTY,
            "quarantined": one.quarantined or None,
            "reserved": one.reserved or None,
            "grown": f"{one.grown:+d}" if one.grown else None,
            "exhausted": one.exhausted,
        }
        for one in fills
    ]
    screen.listing(
        fills if as_json else rows,
        {
            "name": Phrase("pool", "pool"),
            "prefix": Phrase("préfixe", "prefix"),
            "handed": Phrase("donne des", "gives"),
            "used": Phrase("pris", "used"),
            "free": Phrase("libres", "free"),
            "quarantined": Phrase("quarantaine", "quarantine"),
            "reserved": Phrase("réservés", "reserved"),
            "grown": Phrase("en un an", "in a year"),
            "exhausted": Phrase("plein vers", "full around"),
        },
        as_json=as_json,
        empty=Phrase(
            "Aucun pool. En créer un : essaim pool create vpn-v4 198.51.100.0/24 --handed 32",
            "No pool. To create one: essaim pool create vpn-v4 198.51.100.0/24 --handed 32",
        ),
        then=Phrase(
            "Pools : {count}. En agrandir un : essaim pool grow --help",
            "Pools: {count}. To grow one: essaim pool grow --help",
        ),
    )


@commands.command(
    help=help_of(
        "Les objets RIPE : essaim address ripe --diff publie.txt", "RIPE objects: essaim address ripe --diff public.txt"
    )
)
def ripe(diff: Diff = None) -> None:
    """Our registry objects, or how they differ from those in a file."""
    from inventory.registry import objects, rpsl

    with looking() as session:
        ours = objects.objects(session)
    if diff is None:
        return screen.line(rpsl.written(ours).rstrip())
    return _differs(rpsl.difference(rpsl.read(_text(diff)), ours), diff)


@commands.command(
    help=help_of("Où servent nos préfixes (geofeed, RFC 8805)", "Where our prefixes are used (geofeed, RFC 8805)")
)
def geofeed(diff: Diff = None) -> None:
    """The geofeed, or how it differs from a file."""
    from inventory.registry import lists

    with looking() as session:
        ours = lists.geofeed(session)
    if diff is None:
        return screen.line("\n".join(ours))
    return _differs(lists.difference(_text(diff), ours, "geofeed"), diff)


@commands.command(
    help=help_of("Les ROA à signer : qui peut annoncer nos préfixes", "ROAs to sign: who may announce our prefixes")
)
def roa(diff: Diff = None) -> None:
    """The list of ROAs, or how it differs from a file."""
    from inventory.registry import lists

    with looking() as session:
        ours = lists.roas(session)
    if diff is None:
        return screen.line("\n".join(ours))
    return _differs(lists.difference(_text(diff), ours, "roa"), diff)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _differs(found: str, file: Path) -> None:
    """Show a difference, and end with 1 where there is one, as diff does."""
    if not found:
        return screen.say(_SAME, file=file)
    screen.diff(found)
    raise typer.Exit(1)
