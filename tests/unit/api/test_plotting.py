"""What a page gives the script that draws a graph: figures in the unit that people read, gaps, bands, words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.portal.plotting import plotted
from foundation.speech import Language, Phrase
from monitoring.graphs import Curve, Drawn, Graph, Picture
from monitoring.series import Band, Name
from monitoring.units import Shown, shown

SINCE = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
TITLE = Phrase("débit", "rate")


def told(unit: Shown, *bands: tuple[float, float, float] | None, percentile: float | None = None) -> Picture:
    columns = tuple(None if band is None else Band(SINCE + rank * STEP, *band) for rank, band in enumerate(bands))
    curve = Drawn(TITLE, columns, 0.0, 0.0, 0.0, percentile)
    graph = Graph("g", TITLE, unit, (Curve(TITLE, Name("vpn", "m")),))
    return Picture(graph, SINCE, SINCE + len(bands) * STEP, STEP, (curve,))


def given(picture: Picture, language: Language = "fr") -> Any:
    return json.loads(plotted(picture, language))


def test_octets_a_second_come_as_bits_and_a_gap_as_nothing() -> None:
    found = given(told(shown("ifHCInOctets", "octets"), (1.0, 125_000.0, 250_000.0), None, percentile=200_000.0))
    assert found["curves"] == [
        {"low": [8.0, None], "mean": [1_000_000.0, None], "high": [2_000_000.0, None], "percentile": 1_600_000.0}
    ]
    assert (found["symbol"], found["large"]) == ("bit/s", True)
    assert (found["since"], found["until"], found["step"]) == (
        SINCE.timestamp(), SINCE.timestamp() + 1200, 600
    )  # fmt: skip
    assert "reçu" not in found["said"][0]
    assert "1\u00a0Mbit/s (au plus 2\u00a0Mbit/s)" in found["said"][0]
    assert "rien n'est connu" in found["said"][1]


@pytest.mark.parametrize(
    ("metric", "unit", "value", "figure", "symbol"),
    [
        ("temperature", "millidegrees", 21_500.0, 21.5, "°C"),
        ("outletPower", "milliwatts", 60_240.0, 60.24, "W"),
        ("latencyMedian", "microseconds", 12_345.0, 12.345, "ms"),
        ("loss", "centipercent", 25.0, 0.25, "%"),
    ],
)
def test_a_figure_comes_in_the_unit_that_people_read(
    metric: str, unit: str, value: float, figure: float, symbol: str
) -> None:
    found = given(told(shown(metric, unit), (value, value, value)))
    assert found["curves"][0]["mean"] == [figure]
    assert (found["symbol"], found["large"]) == (symbol, False)


def test_what_the_script_says_is_in_the_readers_language() -> None:
    picture = told(shown("temperature", "degrees"), (1.0, 1.0, 1.0))
    french, english = (given(picture, language)["words"] for language in ("fr", "en"))
    assert french.keys() == english.keys()
    assert all(french[name] != english[name] for name in french)
    assert "{figure}" in french["percentile"]
    assert "{figure}" in english["percentile"]
