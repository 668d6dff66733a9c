"""`essaim graph`: what a machine or a line did, drawn in the terminal."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli import screen
from cli.door import Json, act, help_of, looking, settings, store
from foundation.speech import Phrase

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from desk.graphs import LineGraph

_NARROWEST: Final = 20
_WIDEST: Final = 200
_STAYS: Final = {
    "since": Phrase("depuis", "since"),
    "until": Phrase("jusqu'au", "until"),
    "received": Phrase("reçu", "received"),
    "sent": Phrase("envoyé", "sent"),
}


def graph(
    what: Annotated[
        str, typer.Argument(metavar="L0042|DEVICE", help=help_of("une ligne ou une machine", "a line or a machine"))
    ],
    metric: Annotated[
        str | None,
        typer.Option(metavar="traffic:eth0", help=help_of("lequel, pour une machine", "which of them, of a machine")),
    ] = None,
    last: Annotated[
        str, typer.Option(metavar="7d", help=help_of("24h, 7d, 4w, 3m, 1y", "24h, 7d, 4w, 3m, 1y"))
    ] = "24h",
    as_json: Json = False,
) -> None:
    """Draw what is known of a line's traffic, or of a machine."""
    from desk import graphs
    from foundation import clock

    period, at = graphs.lasting(last), clock.now()
    if re.fullmatch(r"[Ll][0-9]+", what):
        return _line(what, period, at, as_json=as_json)
    return _machine(what, metric, period, at, as_json=as_json)


def _machine(name: str, metric: str | None, period: timedelta, at: datetime, *, as_json: bool) -> None:
    from cli.plots import plotted
    from desk import graphs
    from monitoring.embedded import open_series

    with looking() as session, closing(open_series(settings())) as series:
        if metric is None:
            found = graphs.list_of_machine(session, series, name)
        else:
            picture = graphs.of_machine(session, series, name, metric, period, at, _width())
    if metric is not None:
        if as_json:
            return screen.give(picture)
        for row in plotted(picture, screen.language()):
            screen.drawn(row)
        return None
    return screen.listing(
        found,
        {"key": Phrase("graphe", "graph"), "title": Phrase("ce qu'il montre", "what it shows"),
         "at": Phrase("dernière mesure", "last figure")},
        as_json=as_json,
        empty=Phrase(
            "{device} n'a encore rien dit. La relever : essaim poll",
            "{device} has said nothing yet. To poll it: essaim poll",
        ),
        then=Phrase(
            "Le voir : essaim graph {device} --metric {first} --last 7d",
            "To see it: essaim graph {device} --metric {first} --last 7d",
        ),
        device=name,
    )  # fmt: skip


def _line(number: str, period: timedelta, at: datetime, *, as_json: bool) -> None:
    from cli.plots import plotted
    from foundation.speech import Octets

    found = _line_graph(number, period, at)
    if as_json:
        return screen.give(found)
    for rank, picture in enumerate((found.picture, *found.quality)):
        if rank:
            screen.line("")
        for row in plotted(picture, screen.language()):
            screen.drawn(row)
    if found.stays:
        rows = [(stay.since, stay.until, Octets(stay.received), Octets(stay.sent)) for stay in found.stays]
        screen.line("")
        screen.table(list(_STAYS.values()), rows)
    return screen.say(
        Phrase(
            "Connexions : {count}. Où en est la ligne : essaim line status {number}",
            "Connections: {count}. How the line is: essaim line status {number}",
        ),
        count=len(found.stays),
        number=found.number,
    )


def _line_graph(number: str, period: timedelta, at: datetime) -> LineGraph:
    from dataclasses import replace

    from desk import graphs, quality
    from monitoring.embedded import open_series
    from monitoring.models import open_samples

    samples = open_samples(settings())
    try:
        with looking() as session, closing(open_series(settings())) as series:
            line, who = graphs.find_line(session, number), replace(act(store()), at=at)
            measured = quality.pictures(session, series, who, line, period, _width())
            return replace(graphs.of_line(samples, line, period, at, _width()), quality=tuple(measured))
    finally:
        samples.engine.dispose()


def _width() -> int:
    """How many columns a graph may take on this terminal."""
    from cli.plots import LABELS

    return min(max(shutil.get_terminal_size().columns - LABELS - 3, _NARROWEST), _WIDEST)
