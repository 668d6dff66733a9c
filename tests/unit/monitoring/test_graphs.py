"""What a graph is made of, in what figures, and in how many columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from cli.plots import plotted
from foundation.speech import Language
from monitoring.graphs import Drawn, Graph, Picture, chosen, graphs_of, percentile, picture
from monitoring.series import Band, Measure, Name, Point, Resolution
from monitoring.stays import Stay, picture_of
from monitoring.units import BITS, Shown, ceiling, figure, shown

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("metric", "unit", "value", "french", "english"),
    [
        ("ifHCInOctets", "octets", 0, "0 bit/s", "0 bit/s"),
        ("ifHCInOctets", "octets", 124.9, "999,2 bit/s", "999.2 bit/s"),
        ("ifHCInOctets", "octets", 125, "1 kbit/s", "1 kbit/s"),
        ("ifHCInOctets", "octets", 1_550_000, "12,4 Mbit/s", "12.4 Mbit/s"),
        ("ifHCInOctets", "octets", 1.25e9, "10 Gbit/s", "10 Gbit/s"),
        ("hrStorageUsed", "octets", 5_000_000_000, "5 Go", "5 GB"),
        ("ifInErrors", "packets", 0.02, "0,02 paquets/s", "0.02 packets/s"),
        ("temperature", "millidegrees", -21_540, "-21,5 °C", "-21.5 °C"),
        ("temperature", "decidegrees", 215, "21,5 °C", "21.5 °C"),
        ("power", "milliwatts", 640_000, "640 W", "640 W"),
        ("inletEnergy", "watthours", 1_234_000, "1,2 MWh", "1.2 MWh"),
        ("load5", "hundredths", 132, "1,3", "1.3"),
        ("hrProcessorLoad", "percent", 7, "7 %", "7 %"),
        ("odd", "furlongs {0}", 3, "3 furlongs {0}", "3 furlongs {0}"),
    ],
)
def test_figures_are_written_as_people_read_them(
    metric: str, unit: str, value: float, french: str, english: str
) -> None:
    for language, wanted in (("fr", french), ("en", english)):
        found = figure(value, shown(metric, unit), language)  # type: ignore[arg-type]
        assert found.replace(NBSP, " ") == wanted


@pytest.mark.parametrize(("value", "wanted"), [(1, 1), (1.2, 2), (3, 5), (6, 10), (999, 1000), (0.03, 0.05), (20, 20)])
def test_a_scale_ends_at_a_round_figure(value: float, wanted: float) -> None:
    assert ceiling(value) == pytest.approx(wanted)


def test_series_that_belong_together_are_one_graph_and_names_are_no_curve() -> None:
    told = [
        Measure("ifHCInOctets", "eth0", "octets", 1),
        Measure("ifHCOutOctets", "eth0", "octets", 1),
        Measure("ifOperStatus", "eth0", "state", 1),
        Measure("ifHCInOctets", "br{0}", "octets", 1),
        Measure("load1", "", "hundredths", 1),
        Measure("temperature", "inlet", "millidegrees", 1),
    ]
    found = graphs_of("edge", told)
    assert [graph.key for graph in found] == ["traffic:eth0", "traffic:br{0}", "load", "temperature:inlet"]
    assert [curve.series.metric for curve in found[0].curves] == ["ifHCInOctets", "ifHCOutOctets"]
    assert found[1].title.say("en") == "Traffic of br{0}"
    assert found[3].title.say("fr") == "Température inlet"


@pytest.mark.parametrize(
    ("period", "width", "resolution", "step"),
    [
        (HOUR, 60, Resolution.RAW, MINUTE),
        (DAY, 60, Resolution.FIVE_MINUTES, 30 * MINUTE),
        (7 * DAY, 60, Resolution.HOUR, 3 * HOUR),
        (7 * DAY, 600, Resolution.FIVE_MINUTES, 20 * MINUTE),
        (1096 * DAY, 60, Resolution.HOUR, 28 * DAY),
    ],
)
def test_a_column_stands_for_a_time_that_clocks_know(
    period: timedelta, width: int, resolution: Resolution, step: timedelta
) -> None:
    assert chosen(period, width) == (resolution, step)


@pytest.mark.parametrize(
    ("figures", "wanted"), [([], None), ([7], 7), (range(1, 21), 19), (range(1, 101), 95), (range(1, 102), 96)]
)
def test_the_percentile_is_the_nearest_rank(figures: Sequence[float], wanted: float | None) -> None:
    assert percentile(figures) == wanted


class Steady:
    """A store in which a machine sends eight kilobits a second, but for two hours."""

    def append(self, heard: object) -> None:
        raise NotImplementedError

    def last(self, device: str) -> Sequence[tuple[Point, Measure]]:
        return []

    def between(self, series: Name, since: datetime, until: datetime) -> Sequence[Point]:
        return []

    def bands(self, series: Name, since: datetime, until: datetime, resolution: Resolution) -> Sequence[Band]:
        step = resolution.value or MINUTE
        bands = [Band(since + rank * step, 500, 1000, 1500) for rank in range((until - since) // step)]
        return [band for band in bands if not AT - 8 * HOUR <= band.since < AT - 6 * HOUR]


TRAFFIC = graphs_of("edge", [Measure("ifHCInOctets", "eth0", "octets", 1)])[0]


def test_a_picture_holds_gaps_extremes_and_the_percentile_of_five_minutes() -> None:
    drawn = picture(Steady(), TRAFFIC, AT - DAY, AT, 48)
    [curve] = drawn.curves
    assert (drawn.step, len(curve.columns)) == (30 * MINUTE, 48)
    assert [place for place, column in enumerate(curve.columns) if column is None] == [32, 33, 34, 35]
    assert (curve.low, curve.mean, curve.high, curve.percentile) == (500, 1000, 1500, 1000)
    assert drawn.bounds == (0.0, 1500)


def test_over_years_no_percentile_is_made_up() -> None:
    [curve] = picture(Steady(), TRAFFIC, AT - 400 * DAY, AT, 48).curves
    assert curve.percentile is None
    assert curve.known


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Reçu : de 4 kbit/s à 12 kbit/s, 8 kbit/s en moyenne ; 95e centile 8 kbit/s."),
        ("en", "Received: from 4 kbit/s to 12 kbit/s, 8 kbit/s on average; 95th percentile 8 kbit/s."),
    ],
)
def test_the_terminal_draws_bars_and_stops_its_line_where_nothing_is_known(language: Language, words: str) -> None:
    rows = list(plotted(picture(Steady(), TRAFFIC, AT - DAY, AT, 48), language))
    assert words in [row.replace(NBSP, " ") for row in rows]
    bottom = next(row for row in rows if "┴" in row).partition("┴")[2]
    assert bottom == "─" * 32 + " " * 4 + "─" * 12
    bars = [row.partition("│")[2] for row in rows if "│" in row]
    assert len(bars) == 6
    assert bars[-1] == "█" * 32 + " " * 4 + "█" * 12
    assert bars[0] == ""
    assert rows[-1] in (
        "Là où la ligne du bas s'interrompt, rien n'est connu.",
        "Where the line at the bottom stops, nothing is known.",
    )


def test_what_is_below_zero_is_drawn_from_the_lowest() -> None:
    columns = tuple(Band(AT + rank * HOUR, value, value, value) for rank, value in enumerate((-5000.0, 0.0, 5000.0)))
    graph = Graph("temperature", TRAFFIC.title, Shown(BITS.symbol, 0.001), ())
    drawn = Picture(graph, AT, AT + 3 * HOUR, HOUR, (Drawn(TRAFFIC.title, columns, -5000, 0, 5000, None),))
    bars = [row.partition("│")[2] for row in plotted(drawn, "fr") if "│" in row]
    assert bars == ["  █", "  █", "  █", " ██", " ██", " ██"]


def test_a_connection_is_a_mean_for_as_long_as_it_lasted() -> None:
    stays = [
        Stay(AT - 3 * HOUR, None, AT, 3600 * 3 * 1000, 0),
        Stay(AT - 10 * HOUR, AT - 6 * HOUR, AT - 6 * HOUR, 3600 * 4 * 500, 3600 * 4 * 50),
    ]
    drawn = picture_of("L0042", stays, AT - 12 * HOUR, AT, 12)
    received = [column and round(column.mean) for column in drawn.curves[0].columns]
    assert received == [None, None, 500, 500, 500, 500, None, None, None, 1000, 1000, 1000]
    assert (drawn.curves[1].low, drawn.curves[1].high, drawn.curves[1].percentile) == (0.0, 50.0, None)


def test_of_a_machine_that_said_nothing_the_graph_says_so() -> None:
    drawn = picture_of("L0042", [], AT - DAY, AT, 40)
    assert any("rien n'est connu de cette période" in row for row in plotted(drawn, "fr"))
    assert not any("│" in row for row in plotted(drawn, "fr"))
