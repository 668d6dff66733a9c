"""How well a line carries: of the echoes of five minutes, what was lost and how long answers took, kept as series.

The machine of such a series is the line, by its number. It exists as long as the line's member agrees, and no longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final

from foundation.speech import Language, Phrase
from monitoring.graphs import Curve, Drawn, Graph, Picture, chosen, columns, floor, percentile, picture
from monitoring.pinging import Echoed
from monitoring.series import Band, Heard, Measure, Name, Resolution, SeriesStore
from monitoring.units import figure, shown

WHILE: Final = timedelta(minutes=5)
"""What is told together."""
FEWEST: Final = 5
"""Echoes of which something is said: of fewer a share says nothing."""
FAMILIES: Final = ("ipv4", "ipv6")
LOSS: Final = "loss"
LEAST: Final = "latencyLeast"
MEDIAN: Final = "latencyMedian"
NINETY_FIVE: Final = "latency95"
NINETY_NINE: Final = "latency99"
METRICS: Final = frozenset({LOSS, LEAST, MEDIAN, NINETY_FIVE, NINETY_NINE})
"""All of them."""
_SHARES: Final = ((MEDIAN, 50), (NINETY_FIVE, 95), (NINETY_NINE, 99))
_LINE: Final = re.compile(r"L[0-9]{4,}")
_RATES: Final = {
    "syncDown": Phrase("vers vous", "towards you"),
    "syncUp": Phrase("de chez vous", "from you"),
    "attainableDown": Phrase("possible vers vous", "attainable towards you"),
    "attainableUp": Phrase("possible de chez vous", "attainable from you"),
}
_TITLES: Final = {"ipv4": Phrase("IPv4", "IPv4"), "ipv6": Phrase("IPv6", "IPv6")}


@dataclass(frozen=True, slots=True)
class Family:
    """A line over a time in one family: percent of echoes lost, and latencies in milliseconds, each the mean of what
    five minutes had; none where nothing ever answered. `worst` is the most that was lost in five minutes, and when.
    """

    family: str
    loss: float
    worst: float
    worst_at: datetime
    least: float | None
    median: float | None
    ninety_five: float | None
    ninety_nine: float | None
    whiles: int
    """How many times five minutes this was told from."""

    @property
    def said(self) -> Phrase:
        """`IPv4 : 0,3 % d'échos perdus, latence médiane 12 ms`."""
        languages: tuple[Language, Language] = ("fr", "en")
        lost = (figure(self.loss, shown(LOSS, "percent"), language) for language in languages)
        median = (figure((self.median or 0) * 1000, shown(MEDIAN, "microseconds"), language) for language in languages)
        name = _TITLES[self.family].en
        return Phrase.said(
            f"{name} : {next(lost)} d'échos perdus, latence médiane {next(median)}",
            f"{name}: {next(lost)} of echoes lost, a median latency of {next(median)}",
        )


def is_line(device: str) -> bool:
    """Whether a machine of the series is a line. No machine of ours has a name of that shape."""
    return _LINE.fullmatch(device) is not None


def heard(echoed: Iterable[Echoed], at: datetime) -> list[Heard]:
    """What there is to keep of a while that began at `at`, line by line; of what is not enough, nothing."""
    told: dict[str, list[Measure]] = {}
    for each in echoed:
        if each.sent >= FEWEST:
            told.setdefault(each.home.line, []).extend(_measures(each))
    return [Heard(line, at, measures) for line, measures in sorted(told.items())]


def rates_heard(rates: Mapping[str, Mapping[str, int]], at: datetime) -> list[Heard]:
    """What access servers told of the copper of lines, in bit/s, to keep as their series."""
    return [
        Heard(line, at, [Measure(metric, "", "bit/s", value) for metric, value in said.items()])
        for line, said in sorted(rates.items())
    ]


def families(store: SeriesStore, line: str, since: datetime, until: datetime) -> list[Family]:
    """How a line was over a time; a family of which nothing is known is left out.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    found = [_family(store, line, family, since, until) for family in FAMILIES]
    return [each for each in found if each is not None]


def pictures(store: SeriesStore, line: str, since: datetime, until: datetime, width: int) -> list[Picture]:
    """The latency of a line as a band (least, median, 95th) for each family, what was lost, and its copper's rates;
    nothing of what is not known.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    latency = _latency(store, line, since, until, width)
    curves = tuple(Curve(_TITLES[family], Name(line, LOSS, family)) for family in FAMILIES)
    title = Phrase.said(f"Échos perdus de {line}", f"Echoes lost of {line}")
    lost = _known(picture(store, Graph("loss", title, shown(LOSS, "centipercent"), curves), since, until, width))
    title = Phrase.said(f"Débits de synchronisation de {line}", f"Sync rates of {line}")
    curves = tuple(Curve(said, Name(line, metric)) for metric, said in _RATES.items())
    sync = _known(picture(store, Graph("sync", title, shown("sync", "bit/s"), curves), since, until, width))
    return [each for each in (latency, lost, sync) if each.curves]


def _measures(echoed: Echoed) -> list[Measure]:
    family = f"ipv{echoed.home.version}"
    said = [Measure(LOSS, family, "centipercent", round(10_000 * echoed.lost / echoed.sent))]
    if echoed.times:
        said.append(Measure(LEAST, family, "microseconds", min(echoed.times)))
        for metric, share in _SHARES:
            said.append(Measure(metric, family, "microseconds", round(percentile(echoed.times, share) or 0)))
    return said


def _family(store: SeriesStore, line: str, family: str, since: datetime, until: datetime) -> Family | None:
    def fives(metric: str) -> Sequence[Band]:
        return store.bands(Name(line, metric, family), floor(since, WHILE), until, Resolution.FIVE_MINUTES)

    def milliseconds(metric: str) -> float | None:
        known = [band.mean for band in fives(metric)]
        return round(fmean(known) / 1000, 3) if known else None

    lost = fives(LOSS)
    if not lost:
        return None
    worst = max(lost, key=lambda band: band.high)
    return Family(
        family=family,
        loss=round(fmean(band.mean for band in lost) / 100, 2),
        worst=round(worst.high / 100, 2),
        worst_at=worst.since,
        least=milliseconds(LEAST),
        median=milliseconds(MEDIAN),
        ninety_five=milliseconds(NINETY_FIVE),
        ninety_nine=milliseconds(NINETY_NINE),
        whiles=len(lost),
    )


def _latency(store: SeriesStore, line: str, since: datetime, until: datetime, width: int) -> Picture:
    resolution, step = chosen(until - since, width)
    if resolution is Resolution.RAW:  # there is nothing finer than five minutes
        resolution, step = Resolution.FIVE_MINUTES, WHILE
    since = floor(since, step)
    graph = Graph(
        "latency",
        Phrase.said(f"Latence de {line}", f"Latency of {line}"),
        shown(MEDIAN, "microseconds"),
        tuple(Curve(_TITLES[family], Name(line, MEDIAN, family)) for family in FAMILIES),
        spread=True,
    )
    drawn = (_band(store, curve, since, until, resolution, step) for curve in graph.curves)
    return _known(Picture(graph, since, until, step, tuple(drawn)))


def _band(
    store: SeriesStore, curve: Curve, since: datetime, until: datetime, resolution: Resolution, step: timedelta
) -> Drawn:
    """The medians, from the least to the 95th: what is known of all three, and nothing where one is missing."""
    line, family = curve.series.device, curve.series.instance
    least, median, high = (
        {band.since: band for band in store.bands(Name(line, metric, family), since, until, resolution)}
        for metric in (LEAST, MEDIAN, NINETY_FIVE)
    )
    bands = [
        Band(at, least[at].low, middle.mean, high[at].high)
        for at, middle in median.items()
        if at in least and at in high
    ]
    if not bands:
        return Drawn(curve.title, columns([], since, until, step), 0.0, 0.0, 0.0, None)
    return Drawn(
        curve.title,
        columns(bands, since, until, step),
        min(band.low for band in bands),
        fmean(band.mean for band in bands),
        max(band.high for band in bands),
        fmean(band.mean for band in high.values()),
    )


def _known(whole: Picture) -> Picture:
    """Without the curves of which nothing is known: a line may have one family alone."""
    kept = [(curve, drawn) for curve, drawn in zip(whole.graph.curves, whole.curves, strict=True) if drawn.known]
    graph = Graph(
        whole.graph.key, whole.graph.title, whole.graph.unit, tuple(curve for curve, _ in kept), whole.graph.spread
    )
    return Picture(graph, whole.since, whole.until, whole.step, tuple(drawn for _, drawn in kept))
