"""Graphs of machines and of lines, for the terminal, for pages and for mails: what to draw, and over what time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from desk import status
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, reading
from foundation.errors import Invalid, NotFound
from foundation.speech import Phrase
from inventory import devices, lines, rights
from inventory.models.lines import Line
from inventory.models.mandates import Task
from inventory.models.people import Member
from monitoring.graphs import Graph, Picture, graphs_of, picture
from monitoring.series import Measure, SeriesStore
from monitoring.stays import Stay, picture_of, stays_of

LONGEST: Final = timedelta(days=3660)
_LASTING: Final[Mapping[str, timedelta]] = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}


class BadPeriod(Invalid):
    """A time that is not one of ours."""

    kind = "bad-period"
    phrase = Phrase(
        "« {text} » n'est pas une durée : un nombre et h (heures), d (jours), w (semaines), m (mois) ou y (années), "
        "par exemple 7d, et dix ans au plus. Rien n'a été fait.",
        "“{text}” is no length of time: a number and h (hours), d (days), w (weeks), m (months) or y (years), "
        "for example 7d, and ten years at most. Nothing was done.",
    )


class NoSuchGraph(NotFound):
    """A machine has no graph of that name."""

    kind = "no-such-graph"
    phrase = Phrase(
        "{device} n'a pas de graphe « {graph} ». Ceux qu'elle a : essaim graph {device}",
        "{device} has no graph “{graph}”. Those that it has: essaim graph {device}",
    )


@dataclass(frozen=True, slots=True)
class LineGraph:
    """A line over a time: its traffic, and the connections that it is told from, the latest first.

    `quality` is its latency and what was lost, where its member agreed to that and it is theirs to see who asks.
    """

    number: str
    picture: Picture
    stays: tuple[Stay, ...]
    quality: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphView:
    """A graph that a machine has: what it is called, what it shows."""

    key: str
    title: Phrase
    at: datetime
    """When the machine last said something of it."""


def lasting(text: str) -> timedelta:
    """`7d` is seven days. Raises BadPeriod."""
    found = re.fullmatch(r"([1-9][0-9]{0,3})([hdwmy])", text)
    period = int(found[1]) * _LASTING[found[2]] if found else timedelta(0)
    if not timedelta(0) < period <= LONGEST:
        raise BadPeriod(text=text)
    return period


def of_line(samples: Store, line: Line, period: timedelta, at: datetime, width: int) -> LineGraph:
    """A line's connections and what they carried, until `at`."""
    with reading(samples) as session:
        stays = stays_of(session, line.number, at - period, at)
    drawn = picture_of(str(line), stays, at - period, at, width)
    return LineGraph(str(line), drawn, tuple(stays))


def of_holder(
    session: Session, samples: Store, member: Member, number: str, period: timedelta, at: datetime, width: int
) -> LineGraph | None:
    """A line for its holder; nothing for the neighbours who share it, whose doings are no affair of each other's.

    Raises BadNumber, NoSuchLine.
    """
    line = lines.find_line(session, number)
    if line.offer.delivery not in status.CONNECTS or lines.holder(line, clock.today(at)).member_id != member.id:
        return None
    return of_line(samples, line, period, at, width)


def find_line(session: Session, number: str) -> Line:
    """The line of that number. Raises BadNumber, NoSuchLine."""
    return lines.find_line(session, number)


def list_of_machine(session: Session, series: SeriesStore, name: str) -> list[GraphView]:
    """The graphs that a machine has. Raises NoSuchDevice."""
    said = series.last(devices.find_device(session, name).name)
    when = {(measure.metric, measure.instance): point.at for point, measure in said}
    found = []
    for graph in graphs_of(name, [measure for _, measure in said]):
        latest = max(when[curve.series.metric, curve.series.instance] for curve in graph.curves)
        found.append(GraphView(graph.key, graph.title, latest))
    return found


def of_machine(
    session: Session, series: SeriesStore, name: str, key: str, period: timedelta, at: datetime, width: int
) -> Picture:
    """One graph of a machine, until `at`; `key` may be the name of a metric alone. Raises NoSuchDevice, NoSuchGraph."""
    found = _graphs(session, series, name)
    wanted = next((graph for graph in found if graph.key == key), None)
    wanted = wanted or next((graph for graph in found if graph.key.partition(":")[0] == key), None)
    if wanted is None:
        raise NoSuchGraph(device=name, graph=key)
    return picture(series, wanted, at - period, at, width)


def page_of_machine(
    session: Session, series: SeriesStore, act: Act, name: str, period: timedelta, width: int, most: int
) -> tuple[list[Picture], list[Graph]]:
    """The first graphs of a machine, drawn, and those that there were too many of, for whoever may look at machines.

    Raises NotMandated before it says whether there is such a machine; NoSuchDevice.
    """
    if Task.MONITORING_READ not in rights.tasks_of(session, act):
        rights.demand(session, act, Task.MONITORING_READ)
    rights.demand(session, act, Task.MONITORING_READ, devices.find_device(session, name))
    found = _graphs(session, series, name)
    drawn = [picture(series, graph, act.at - period, act.at, width) for graph in found[:most]]
    return drawn, found[most:]


def _graphs(session: Session, series: SeriesStore, name: str) -> list[Graph]:
    told: list[Measure] = [measure for _, measure in series.last(devices.find_device(session, name).name)]
    return graphs_of(name, told)
