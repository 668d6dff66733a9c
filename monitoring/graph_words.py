"""A graph in words and figures: what stands below it, and the table behind it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foundation.speech import Language, Phrase, moment
from monitoring.graphs import Drawn, Picture
from monitoring.series import Band
from monitoring.units import Shown, figure

_WORDS: Final = Phrase(
    "de {low} à {high}, {mean} en moyenne{percentile}.", "from {low} to {high}, {mean} on average{percentile}."
)
_PERCENTILE: Final = Phrase(" ; 95e centile {it}", "; 95th percentile {it}")
_UNKNOWN: Final = Phrase("rien n'est connu de cette période.", "nothing is known of this time.")
_NOT_KNOWN: Final = Phrase("rien n'est connu", "nothing is known")
_PERIOD: Final = Phrase("du {since} au {until}", "from {since} to {until}")
_COLON: Final = Phrase("{title}\N{NO-BREAK SPACE}: {words}", "{title}: {words}")
_SPREAD: Final = Phrase(
    "médiane {mean}, 95e centile {percentile} (au pire {high}), au mieux {low}.",
    "median {mean}, 95th percentile {percentile} (at worst {high}), at best {low}.",
)
_AROUND: Final = Phrase("{mean} (de {low} à {high})", "{mean} ({low} to {high})")
_BOTH: Final = Phrase("{mean} (au plus {high})", "{mean} (at most {high})")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A while of a graph, and the figures of each curve in it; an empty one where nothing is known."""

    since: datetime
    figures: tuple[str, ...]


def in_words(curve: Drawn, unit: Shown, language: Language, *, spread: bool = False) -> str:
    """What there is to say of a curve, in one sentence; `spread` as its graph has it."""
    title = curve.title.say(language)
    title = title[:1].upper() + title[1:]
    if not curve.known:
        return _COLON.say(language, title=title, words=_UNKNOWN)
    low, mean, high = (figure(each, unit, language) for each in (curve.low, curve.mean, curve.high))
    percentile = "" if curve.percentile is None else figure(curve.percentile, unit, language)
    if percentile and not spread:
        percentile = _PERCENTILE.say(language, it=percentile)
    words = (_SPREAD if spread else _WORDS).say(language, low=low, mean=mean, high=high, percentile=percentile)
    return _COLON.say(language, title=title, words=words)


def period(picture: Picture, language: Language) -> str:
    """The time that a graph is of."""
    return _PERIOD.say(language, since=moment(picture.since, language), until=moment(picture.until, language))


def table(picture: Picture, most: int, language: Language) -> list[TableRow]:
    """The figures of a graph in at most so many rows: the mean, and the most where it is another figure."""
    width = max((len(curve.columns) for curve in picture.curves), default=0)
    together = -(-width // most) or 1
    rows = []
    for place in range(0, width, together):
        figures = (_figures(curve.columns[place : place + together], picture, language) for curve in picture.curves)
        rows.append(TableRow(picture.since + place * picture.step, tuple(figures)))
    return rows


def pointed(picture: Picture, language: Language) -> list[str]:
    """What each column of a graph says, in a sentence: for whoever points at it."""
    width = max((len(curve.columns) for curve in picture.curves), default=0)
    titles = [curve.title.say(language) for curve in picture.curves]
    told = []
    for row in table(picture, width, language):
        known = [f"{title} {figure}" for title, figure in zip(titles, row.figures, strict=True) if figure]
        words = ", ".join(known) or _NOT_KNOWN.say(language)
        told.append(_COLON.say(language, title=moment(row.since, language), words=words))
    return told


def _figures(columns: tuple[Band | None, ...], picture: Picture, language: Language) -> str:
    known = [column for column in columns if column is not None]
    if not known:
        return ""
    mean, high = sum(column.mean for column in known) / len(known), max(column.high for column in known)
    if picture.graph.spread:
        unit, low = picture.graph.unit, min(column.low for column in known)
        three = {"low": low, "mean": mean, "high": high}
        return _AROUND.say(language, **{name: figure(each, unit, language) for name, each in three.items()})
    words = figure(mean, picture.graph.unit, language), figure(high, picture.graph.unit, language)
    return words[0] if words[0] == words[1] else _BOTH.say(language, mean=words[0], high=words[1])
