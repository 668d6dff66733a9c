"""A graph in characters: eighths of blocks, a line below them where something is known, its figures in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import floor
from typing import Final

from foundation.speech import PARIS, Language, Phrase
from monitoring.graph_words import in_words, period
from monitoring.graphs import Drawn, Picture
from monitoring.series import Band
from monitoring.units import figure, scale

ROWS: Final = 6
LABELS: Final = 14
"""Columns that the figures at the left take."""
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_EIGHTHS: Final = len(_BLOCKS) - 1
_MEDIAN, _BAND = "█", "░"
_GAPS: Final = Phrase(
    "Là où la ligne du bas s'interrompt, rien n'est connu.", "Where the line at the bottom stops, nothing is known."
)


def plotted(picture: Picture, language: Language) -> Iterator[str]:
    """The rows of text of a graph: its title, then each curve on the same scale."""
    yield f"{picture.graph.title.say(language)}, {period(picture, language)}"
    for curve in picture.curves:
        yield ""
        yield in_words(curve, picture.graph.unit, language, spread=picture.graph.spread)
        if curve.known:
            yield from _rows(picture, curve, language)
    if any(curve.known and None in curve.columns[:-1] for curve in picture.curves):
        yield ""
        yield _GAPS.say(language)


def _rows(picture: Picture, curve: Drawn, language: Language) -> Iterator[str]:
    unit = picture.graph.unit
    bottom, top = scale(*picture.bounds, unit)
    spread = picture.graph.spread
    for row in reversed(range(ROWS)):
        label = figure(top, unit, language) if row == ROWS - 1 else ""
        cells = (_cell(band, row, bottom, top, spread=spread) for band in curve.columns)
        yield f"{label:>{LABELS}} │{''.join(cells)}".rstrip()
    known = "".join("─" if band is not None else " " for band in curve.columns)
    yield f"{figure(bottom, unit, language):>{LABELS}} ┴{known}".rstrip()
    yield _times(picture, len(curve.columns))


def _cell(band: Band | None, row: int, bottom: float, top: float, *, spread: bool) -> str:
    """What a column shows in a row: the mean as a height, or the median within all that there was."""
    if band is None:
        return " "
    low, mean, high = (_height(value, bottom, top) for value in (band.low, band.mean, band.high))
    if not spread:
        return _BLOCKS[min(max(mean - row * _EIGHTHS, 0), _EIGHTHS)]
    lowest, middle, highest = ((max(height, 1) - 1) // _EIGHTHS for height in (low, mean, high))
    return _MEDIAN if row == middle else _BAND if lowest <= row <= highest else " "


def _height(value: float, bottom: float, top: float) -> int:
    """How many eighths of a block a figure is high; whatever is more than nothing is seen."""
    share = (value - bottom) / (top - bottom)
    return max(floor(share * ROWS * _EIGHTHS + 0.5), 1 if share > 0 else 0)


def _times(picture: Picture, width: int) -> str:
    """When the columns begin and end; between them as many times as there is room for."""
    short = picture.until - picture.since <= timedelta(days=2)
    places = _evenly(width, 8 if short else 9)
    row = [" "] * (LABELS + 2 + width + 16)
    for place in places:
        text = _clock(picture.since + place * picture.step, short=short)
        row[LABELS + 2 + place : LABELS + 2 + place + len(text)] = text
    return "".join(row).rstrip()


def _evenly(width: int, room: int) -> Sequence[int]:
    count = max(min(width // (room * 2), 6), 1)
    return [width * place // count for place in range(count)]


def _clock(at: datetime, *, short: bool) -> str:
    local = at.astimezone(PARIS)
    return f"{local:%H:%M}" if short else f"{local:%d/%m}"
