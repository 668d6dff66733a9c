"""What machines say, drawn, for the volunteers who look after them; and a line's own connections, for its holder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import At, InForce, Reading, SignedIn
from api.languages import language_of
from api.portal import power_words
from api.portal.plotting import plotted
from api.portal.rendering import page
from desk import graphs, hosted
from foundation.acts import Act
from foundation.database import Store
from foundation.settings import Settings
from foundation.speech import Language, Phrase
from inventory.models.people import Member
from monitoring import svg
from monitoring.graph_words import TableRow, in_words, period, table
from monitoring.graphs import Picture
from monitoring.series import SeriesStore
from monitoring.stays import Stay

router = APIRouter(default_response_class=Response)

MOST: Final = 24
"""Graphs on one page: a switch of 48 ports has many more; those that are left are named, and drawn in the terminal."""
ROWS: Final = 24
"""Of the table behind a graph."""
LATEST: Final = 50
WEEK: Final = timedelta(days=7)
PERIODS: Final = {
    "24h": Phrase("un jour", "a day"),
    "7d": Phrase("une semaine", "a week"),
    "4w": Phrase("quatre semaines", "four weeks"),
    "1y": Phrase("un an", "a year"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A graph as a page shows it: drawn, in words, and as a table."""

    name: str
    title: str
    period: str
    drawing: Markup
    words: tuple[str, ...]
    curves: tuple[Phrase, ...]
    rows: tuple[TableRow, ...]
    plotted: str
    """Its figures and words in JSON, for the script that draws it where scripts run; empty where nothing is known."""


@dataclass(frozen=True, slots=True)
class Connections:
    """A line's connections: drawn, and the latest of them."""

    figure: Figure
    stays: tuple[Stay, ...]


async def get_series(request: Request) -> SeriesStore:
    """What machines measured of themselves."""
    series: SeriesStore = request.app.state.series
    return series


Series = Annotated[SeriesStore, Depends(get_series)]
Last = Annotated[str, Query(max_length=8)]


@router.get("/machines/{name}")
def machine(
    request: Request,
    session: Reading,
    series: Series,
    settings: InForce,
    member: SignedIn,
    at: At,
    name: str,
    last: Last = "24h",
) -> Response:
    """The graphs of a machine, and what a hosted one draws: for who looks after machines, and for its owner."""
    with_what = looking(series, settings, graphs.lasting(last))
    found = hosted.page(session, Act(str(member), at), member, name, with_what)
    language = language_of(request, member)
    return page(
        request,
        "machine.html",
        member=member,
        name=name,
        last=last,
        periods=PERIODS,
        figures=[figured(picture, f"g{rank}", language) for rank, picture in enumerate(found.pictures)],
        more=[graph.key for graph in found.more],
        hosted=found.hosted,
        outside=found.owned,
        power_words=power_words,
        amount=amounts(language),
    )


def looking(series: SeriesStore, settings: Settings, period: timedelta = timedelta(days=1)) -> hosted.Looking:
    """With what the pages of machines are made."""
    return hosted.Looking(series, settings, period, svg.COLUMNS, MOST)


def amounts(language: Language) -> Callable[[float | None], str]:
    """How figures are written on a page; a dash for what is not known."""

    def written(value: float | None) -> str:
        from babel.numbers import format_decimal

        return "—" if value is None else str(format_decimal(value, "#,##0.###", locale=language))

    return written


def connections_of(
    request: Request, session: Session, samples: Store, member: Member, number: str, at: datetime
) -> Connections | None:
    """A line's connections, where the member holds it. Raises BadNumber, NoSuchLine."""
    found = graphs.of_holder(session, samples, member, number, WEEK, at, svg.COLUMNS)
    if found is None:
        return None
    return Connections(figured(found.picture, "traffic", language_of(request, member)), found.stays[:LATEST])


def figured(picture: Picture, name: str, language: Language) -> Figure:
    """A graph, ready for a page."""
    unit, known = picture.graph.unit, any(curve.known for curve in picture.curves)
    return Figure(
        name,
        picture.graph.title.say(language),
        period(picture, language),
        Markup(svg.drawn(picture, language, name=name, standing=False)),  # noqa: S704 - ours, and escaped in its template
        tuple(in_words(curve, unit, language, spread=picture.graph.spread) for curve in picture.curves),
        tuple(curve.title for curve in picture.curves),
        tuple(table(picture, ROWS, language)) if known else (),
        plotted(picture, language) if known else "",
    )
