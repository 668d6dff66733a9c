"""What the mail of an alert draws: the last hour of the figure that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from foundation.errors import EssaimError
from foundation.mail import Drawing
from foundation.settings import Settings
from foundation.speech import Language
from monitoring import svg
from monitoring.alerts.evaluation import What
from monitoring.alerts.rules import Rules, Watch
from monitoring.alerts.state import Told
from monitoring.embedded import open_series
from monitoring.graph_words import in_words, period
from monitoring.graphs import Graph, Picture, graphs_of, picture
from monitoring.series import SeriesStore

LASTING: Final = timedelta(hours=1)
MOST: Final = 3
"""Pictures of one mail: some ten kilobytes each, at most."""
LARGEST: Final = 24 << 10
COLUMNS: Final = 60
_ITSELF: Final = timedelta(seconds=1)
"""What was measured at that very instant is what the alert is about."""

Pictures: TypeAlias = Mapping[str, Picture]
"""By the number of the alert."""


def pictures(settings: Settings, rules: Rules, told: Sequence[Told], at: datetime) -> Pictures:
    """What there is to draw of alerts that begin; nothing where it cannot be read: an alert waits for no picture."""
    begun = {one.number: one for one in told if one.what is What.TOLD}
    if not begun:
        return {}
    watched, found = rules.named(), dict[str, Picture]()
    try:
        with closing(open_series(settings)) as series:
            for number, one in begun.items():
                watch = watched[one.rule].watch if one.rule in watched else None
                graph = _graph(series, watch, one.subject) if watch is not None else None
                if graph is not None:
                    found[number] = picture(series, graph, at - LASTING, at + _ITSELF, COLUMNS)
    except EssaimError:
        return found
    return found


def drawn(found: Pictures, told: Sequence[Told], language: Language) -> tuple[Drawing, ...]:
    """The pictures of what one person is told, as they read; none of which nothing is known."""
    wanted = dict.fromkeys(one.number for one in told if one.what is What.TOLD)
    made: list[Drawing] = []
    for number in wanted:
        shown = found.get(number)
        if shown is None or not any(curve.known for curve in shown.curves):
            continue
        text = svg.drawn(shown, language, name=number.lower(), standing=True)
        if len(text) <= LARGEST and len(made) < MOST:
            made.append(Drawing(text, _words(shown, language)))
    return tuple(made)


def _words(shown: Picture, language: Language) -> str:
    graph = shown.graph
    title = f"{graph.title.say(language)}, {period(shown, language)}"
    return "\n".join([title, *(in_words(one, graph.unit, language, spread=graph.spread) for one in shown.curves)])


def _graph(series: SeriesStore, watch: Watch, subject: str) -> Graph | None:
    """The graph of what an alert is about, as its reading names it; none where it is about no figure."""
    device, metric, instance = _figure(watch, subject)
    if not device:
        return None
    for graph in graphs_of(device, [measure for _, measure in series.last(device)]):
        for curve in graph.curves:
            if (curve.series.metric, curve.series.instance) == (metric, instance):
                return graph
    return None


def _figure(watch: Watch, subject: str) -> tuple[str, str, str]:
    """The machine, the metric and the part: of a port what it carries, of a disk what is on it."""
    match watch:
        case Watch.LINK:
            device, _, port = subject.partition("/")
            return device, "ifHCInOctets", port
        case Watch.DISK:
            device, _, disk = subject.partition(":")
            return device, "hrStorageUsed", disk
        case Watch.VALUE:
            where, _, metric = subject.rpartition(":")
            device, _, instance = where.partition("/")
            return device, metric, instance
        case _:
            return "", "", ""
