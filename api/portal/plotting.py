"""What the script of a page needs to draw a graph: its figures in the unit that people read, and its words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from foundation.speech import PARIS, Language, Phrase
from monitoring.graph_words import pointed
from monitoring.graphs import Drawn, Picture
from monitoring.units import Shown

READ: Final = Phrase("Lire une valeur du graphe", "Read a value of the graph")
CLOSER: Final = Phrase("Agrandir", "Closer")
WHOLE: Final = Phrase("Tout voir", "See it all")
PERCENTILE: Final = Phrase("95e centile {figure}", "95th percentile {figure}")
_DIGITS: Final = ".6g"
"""More than any screen shows."""


def plotted(picture: Picture, language: Language) -> str:
    """A graph in JSON: times in seconds since 1970, figures in the unit itself (`bit/s`, `°C`), nothing as null.

    `said` is what each column says, in a sentence.
    """
    told: dict[str, Any] = {
        "since": picture.since.timestamp(),
        "until": picture.until.timestamp(),
        "step": picture.step.total_seconds(),
        "zone": str(PARIS),
        "symbol": picture.graph.unit.symbol.say(language),
        "large": picture.graph.unit.large,
        "curves": [_curve(one, picture.graph.unit) for one in picture.curves],
        "said": pointed(picture, language),
        "words": {
            "read": READ.say(language),
            "closer": CLOSER.say(language),
            "whole": WHOLE.say(language),
            "percentile": PERCENTILE.say(language, figure="{figure}"),
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _curve(curve: Drawn, unit: Shown) -> dict[str, Any]:
    bands = curve.columns
    return {
        "low": _figures((None if one is None else one.low for one in bands), unit),
        "mean": _figures((None if one is None else one.mean for one in bands), unit),
        "high": _figures((None if one is None else one.high for one in bands), unit),
        "percentile": None if curve.percentile is None else _figures([curve.percentile], unit)[0],
    }


def _figures(values: Iterable[float | None], unit: Shown) -> list[float | None]:
    return [None if value is None else float(format(value * unit.scale, _DIGITS)) for value in values]
