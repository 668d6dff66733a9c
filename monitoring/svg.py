"""A graph as SVG of ours: the same picture in a page, which dresses it, and in a mail, where it comes dressed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from foundation import text
from foundation.speech import PARIS, Language
from monitoring.graph_words import in_words, period
from monitoring.graphs import Drawn, Picture
from monitoring.series import Band
from monitoring.units import figure, scale

WIDTH: Final = 400
HEIGHT: Final = 170
LEFT, RIGHT, TOP, BOTTOM = 72, 392, 10, 146
"""The edges of what is drawn, between the figures at the left and the times below."""
COLUMNS: Final = (RIGHT - LEFT) // 2
"""As many as are told apart."""
_LINES: Final = 4
_TIMES: Final = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure or a time beside the drawing, and where it stands."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: what it is called, its mean as a line, and from its least to its most as a surface."""

    title: str
    mean: str
    band: str


def drawn(picture: Picture, language: Language, *, name: str, standing: bool) -> str:
    """The SVG of a graph. `name` is its own on its page; `standing` where no page dresses it. Raises TemplateFailed."""
    unit = picture.graph.unit
    bottom, top = scale(*picture.bounds, unit)
    levels = [bottom + (top - bottom) * rank / _LINES for rank in range(_LINES + 1)]
    return text.render(
        "monitoring",
        "graph.svg.j2",
        {
            "name": name,
            "standing": standing,
            "size": (WIDTH, HEIGHT),
            "edges": (LEFT, RIGHT, TOP, BOTTOM),
            "title": f"{picture.graph.title.say(language)}, {period(picture, language)}",
            "words": " ".join(in_words(curve, unit, language, spread=picture.graph.spread) for curve in picture.curves),
            "levels": [Mark(_y(level, bottom, top), figure(level, unit, language)) for level in levels],
            "times": _times(picture),
            "lines": [_line(picture, curve, (bottom, top), language) for curve in picture.curves],
        },
    )


def _column(picture: Picture) -> float:
    """How wide a column is, in the drawing's own units; the first begins at `LEFT`."""
    return (RIGHT - LEFT) * (picture.step / (picture.until - picture.since))


def _line(picture: Picture, curve: Drawn, bounds: tuple[float, float], language: Language) -> Line:
    means, bands = [], []
    wide = _column(picture)
    for begin, columns in _pieces(curve.columns):
        xs = [LEFT + wide * (begin + place + 0.5) for place in range(len(columns))]
        xs = [xs[0] - wide / 2, *xs[1:-1], xs[-1] + wide / 2] if len(xs) > 1 else [xs[0] - wide / 2, xs[0] + wide / 2]
        several = columns if len(columns) > 1 else [columns[0]] * 2
        xs = [min(x, float(RIGHT)) for x in xs]
        means.append(_path(zip(xs, (_y(band.mean, *bounds) for band in several), strict=True)))
        above = list(zip(xs, (_y(band.high, *bounds) for band in several), strict=True))
        below = list(zip(xs, (_y(band.low, *bounds) for band in several), strict=True))
        bands.append(_path([*above, *reversed(below)]) + "Z")
    return Line(curve.title.say(language), " ".join(means), " ".join(bands))


def _pieces(columns: Sequence[Band | None]) -> Iterator[tuple[int, list[Band]]]:
    """What is known, piece by piece: nothing is drawn through a gap."""
    for known, piece in groupby(enumerate(columns), key=lambda each: each[1] is not None):
        if known:
            found = list(piece)
            yield found[0][0], [band for _, band in found if band is not None]


def _path(points: object) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)  # type: ignore[attr-defined]


def _y(value: float, bottom: float, top: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * (value - bottom) / (top - bottom), 1)


def _times(picture: Picture) -> list[Mark]:
    lasting = picture.until - picture.since
    form = "%H:%M" if lasting <= timedelta(days=2) else "%d/%m" if lasting <= timedelta(days=400) else "%m/%Y"
    return [
        Mark(
            LEFT + (RIGHT - LEFT) * rank / _TIMES,
            (picture.since + lasting * rank / _TIMES).astimezone(PARIS).strftime(form),
        )
        for rank in range(_TIMES)
    ]
