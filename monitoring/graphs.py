"""What a graph shows, told once for the terminal, for mails and for pages: which series, over what time, and in words.

Nothing here draws. What is drawn are columns of equal width, each with the least, the mean and the most of its time,
or nothing where nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Final

from foundation.speech import Phrase
from monitoring.rates import DISCONTINUITY
from monitoring.series import Band, Measure, Name, Resolution, SeriesStore
from monitoring.units import Shown, shown

PERCENTILE: Final = 95
_TOLD_APART: Final = timedelta(days=92)
"""Over a longer time no percentile is given: five minutes are not all kept that long."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEPS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 10080, 20160)
)
"""How much time a column may stand for, from rolled-up figures: steps at which clocks are read."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a graph."""

    title: Phrase
    series: Name


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph: `key` is what it is called in commands and addresses.

    `spread`: its columns go from the least by the median to the 95th percentile, and not by the mean to the most.
    """

    key: str
    title: Phrase
    unit: Shown
    curves: tuple[Curve, ...]
    spread: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A curve over the time of its graph: its columns, and what there is to say of it.

    `percentile` is the 95th: the least figure that 95 % of the five-minute means of the time do not pass (nearest
    rank); none where no five minutes are known, or not all of them.
    """

    title: Phrase
    columns: tuple[Band | None, ...]
    low: float
    mean: float
    high: float
    percentile: float | None

    @property
    def known(self) -> bool:
        """Whether anything is known of it at all."""
        return any(self.columns)


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph over a time: columns begin at `since` and are `step` wide."""

    graph: Graph
    since: datetime
    until: datetime
    step: timedelta
    curves: tuple[Drawn, ...]

    @property
    def bounds(self) -> tuple[float, float]:
        """What the figures are drawn between: from nothing, unless they go below it, to their most."""
        known = [curve for curve in self.curves if curve.known]
        return min((0.0, *(curve.low for curve in known))), max((0.0, *(curve.high for curve in known)))


_TRAFFIC: Final = {
    "ifHCInOctets": Phrase("reçu", "received"),
    "ifHCOutOctets": Phrase("envoyé", "sent"),
    "ifInOctets": Phrase("reçu (32 bits)", "received (32 bits)"),
    "ifOutOctets": Phrase("envoyé (32 bits)", "sent (32 bits)"),
}
_ERRORS: Final = {
    "ifInErrors": Phrase("erreurs en réception", "errors received"),
    "ifOutErrors": Phrase("erreurs en émission", "errors sent"),
    "ifInDiscards": Phrase("rejets en réception", "discarded in"),
    "ifOutDiscards": Phrase("rejets en émission", "discarded out"),
}
_PACKETS: Final = {
    "ifHCInUcastPkts": Phrase("reçus", "received"),
    "ifHCOutUcastPkts": Phrase("envoyés", "sent"),
    "ifInUcastPkts": Phrase("reçus (32 bits)", "received (32 bits)"),
    "ifOutUcastPkts": Phrase("envoyés (32 bits)", "sent (32 bits)"),
}
_LOADS: Final = {
    "load1": Phrase("une minute", "one minute"),
    "load5": Phrase("cinq minutes", "five minutes"),
    "load15": Phrase("un quart d'heure", "a quarter of an hour"),
}
_DISKS: Final = {
    "hrStorageUsed": Phrase("occupé", "used"),
    "hrStorageSize": Phrase("en tout", "in all"),
}
_TOGETHER: Final[tuple[tuple[str, Phrase, dict[str, Phrase]], ...]] = (
    ("traffic", Phrase("Trafic de {part}", "Traffic of {part}"), _TRAFFIC),
    ("load", Phrase("Charge", "Load"), _LOADS),
    ("storage", Phrase("Mémoire et disques : {part}", "Memory and disks: {part}"), _DISKS),
    ("packets", Phrase("Paquets de {part}", "Packets of {part}"), _PACKETS),
    ("errors", Phrase("Erreurs de {part}", "Errors of {part}"), _ERRORS),
)
"""Series that belong on one graph, by what the graph is called, in the order in which graphs are shown."""
_ALONE: Final[dict[str, Phrase]] = {
    "hrProcessorLoad": Phrase("Processeur {part}", "Processor {part}"),
    "temperature": Phrase("Température {part}", "Temperature {part}"),
    "humidity": Phrase("Humidité {part}", "Humidity {part}"),
    "power": Phrase("Puissance {part}", "Power {part}"),
    "voltage": Phrase("Tension {part}", "Voltage {part}"),
    "current": Phrase("Courant {part}", "Current {part}"),
    "fan": Phrase("Ventilateur {part}", "Fan {part}"),
    "inletPower": Phrase("Puissance en tout {part}", "Power in all {part}"),
    "inletCurrent": Phrase("Courant en tout {part}", "Current in all {part}"),
    "outletPower": Phrase("Puissance de la prise {part}", "Power of outlet {part}"),
    "outletCurrent": Phrase("Courant de la prise {part}", "Current of outlet {part}"),
    "ifHighSpeed": Phrase("Débit du lien {part}", "Speed of link {part}"),
    "sysUpTime": Phrase("En marche depuis (agent)", "Running since (agent)"),
    "hrSystemUptime": Phrase("En marche depuis", "Running since"),
}
_UNDRAWN: Final = frozenset({"state", "number"})
"""Units whose figures are names: a curve of them says nothing."""
_UNSHOWN: Final = frozenset({DISCONTINUITY})
_VALUE: Final = Phrase("valeur", "value")


def graphs_of(device: str, told: Iterable[Measure]) -> list[Graph]:
    """The graphs of a machine, of what it told of last: what belongs together first."""
    measures = {
        (each.metric, each.instance): each for each in told if each.unit not in _UNDRAWN and each.metric not in _UNSHOWN
    }
    found, drawn = [], set()
    for key, title, titles in _TOGETHER:
        for part in dict.fromkeys(instance for metric, instance in measures if metric in titles):
            here = [measures[metric, part] for metric in titles if (metric, part) in measures]
            curves = tuple(Curve(titles[each.metric], Name(device, each.metric, part)) for each in here)
            unit = shown(here[0].metric, here[0].unit)
            found.append(Graph(_key(key, part), _named(title, part), unit, curves))
            drawn |= {(each.metric, part) for each in here}
    for (metric, part), each in measures.items():
        if (metric, part) not in drawn:
            title = _ALONE.get(metric, Phrase.said(f"{metric} {part}", f"{metric} {part}"))
            curve = Curve(_VALUE, Name(device, metric, part))
            found.append(Graph(_key(metric, part), _named(title, part), shown(metric, each.unit), (curve,)))
    return found


def picture(store: SeriesStore, graph: Graph, since: datetime, until: datetime, width: int) -> Picture:
    """A graph from `since` to `until`, in at most `width` columns. Raises DatabaseBusy, DatabaseUnreadable."""
    resolution, step = chosen(until - since, width)
    found = []
    if resolution is not Resolution.RAW:
        since = floor(since, step)
    for curve in graph.curves:
        bands = store.bands(curve.series, since, until, resolution)
        fives = bands if resolution is Resolution.FIVE_MINUTES else ()
        if resolution is not Resolution.FIVE_MINUTES and until - since <= _TOLD_APART:
            fives = store.bands(curve.series, floor(since, _STEPS[0]), until, Resolution.FIVE_MINUTES)
        found.append((curve, bands, fives))
    if resolution is Resolution.RAW:
        step = max(step, 2 * max((usual(bands) for _, bands, _ in found), default=timedelta(0)))
    drawn = tuple(
        _drawn(curve.title, columns(bands, since, until, step), bands, [band.mean for band in fives])
        for curve, bands, fives in found
    )
    return Picture(graph, since, until, step, drawn)


def chosen(period: timedelta, width: int) -> tuple[Resolution, timedelta]:
    """How finely to read a period for so many columns, and how long a column is."""
    least = period / max(width, 1)
    if least < _STEPS[0] / 2:
        return Resolution.RAW, max(least, timedelta(seconds=1))
    step = next((each for each in _STEPS if each >= least), None) or ceil(least / _STEPS[-1]) * _STEPS[-1]
    return (Resolution.HOUR if step % timedelta(hours=1) == timedelta(0) else Resolution.FIVE_MINUTES), step


def columns(bands: Sequence[Band], since: datetime, until: datetime, step: timedelta) -> tuple[Band | None, ...]:
    """The bands in columns of `step` from `since` on: least of the leasts, mean of the means, most of the mosts."""
    gathered: dict[int, list[Band]] = {}
    for band in bands:
        gathered.setdefault((band.since - since) // step, []).append(band)
    return tuple(
        _together(since + place * step, gathered[place]) if place in gathered else None
        for place in range(ceil((until - since) / step))
    )


def percentile(means: Iterable[float], share: int = PERCENTILE) -> float | None:
    """The least of these figures that so many in a hundred of them do not pass (nearest rank); none of none."""
    ordered = sorted(means)
    return ordered[max(-(-share * len(ordered) // 100), 1) - 1] if ordered else None


def floor(at: datetime, step: timedelta) -> datetime:
    """The last whole multiple of `step`, since 1970, that is not after an instant."""
    return at - (at - _EPOCH) % step


def usual(bands: Sequence[Band]) -> timedelta:
    """How far apart the samples usually are."""
    apart = [(after.since - before.since).total_seconds() for before, after in pairwise(bands)]
    return timedelta(seconds=median(apart or [0.0]))


def _together(since: datetime, bands: Sequence[Band]) -> Band:
    mean = sum(band.mean for band in bands) / len(bands)
    return Band(since, min(band.low for band in bands), mean, max(band.high for band in bands))


def _drawn(title: Phrase, drawn: tuple[Band | None, ...], bands: Sequence[Band], means: Sequence[float]) -> Drawn:
    if not bands:
        return Drawn(title, drawn, 0.0, 0.0, 0.0, None)
    whole = _together(bands[0].since, bands)
    return Drawn(title, drawn, whole.low, whole.mean, whole.high, percentile(means))


def _key(kind: str, part: str) -> str:
    return f"{kind}:{part}" if part else kind


def _named(title: Phrase, part: str) -> Phrase:
    """The title with the name of the part, which is the machine's own word and may hold braces."""
    return Phrase.said(title.fr.replace("{part}", part).strip(), title.en.replace("{part}", part).strip())
