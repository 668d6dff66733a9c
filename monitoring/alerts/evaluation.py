"""From one cycle's readings and how things stood to how they stand now, and what there is to say. Pure.

There is one alert at most of a rule and a subject. It opens after so many wrong cycles in a row and closes after so
many good ones; one that comes back three times in an hour stays open until it was quiet for half an hour, so that an
hour never has more than five. It is told once nothing else explains it: what is behind a dead machine, or under works,
is open and told to nobody, until that is over and it is still wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from foundation.speech import Phrase
from monitoring.alerts.causes import root_of
from monitoring.alerts.reading import Key, Matter, Reading, Verdict
from monitoring.alerts.rules import Rule
from monitoring.alerts.seen import Works

HOUR: Final = timedelta(hours=1)
RESTLESS: Final = 3
"""Openings within an hour after which an alert has to be quiet for `QUIET` before it is over."""
QUIET: Final = timedelta(minutes=30)
_NOTHING: Final = Phrase("", "")


class What(StrEnum):
    """What there is to say of an alert."""

    TOLD = "told"
    MENDED = "mended"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one thing stands by one rule, between two cycles.

    `bad` and `good` count cycles in a row, `alone` those of the bad in which nothing explained it. `opened` while it is
    an alert; `told` once people are to know. `recent` are its openings in the last hour. `behind` is the key of what
    explains it, `works` the number of those that do.
    """

    bad: int = 0
    alone: int = 0
    good: int = 0
    good_since: datetime | None = None
    opened: datetime | None = None
    told: bool = False
    restless: bool = False
    behind: Key | None = None
    works: str = ""
    words: Phrase = _NOTHING
    scopes: frozenset[str] = frozenset()
    recent: tuple[datetime, ...] = ()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to remember of it."""
        return self.opened is None and not self.bad and not self.recent


@dataclass(frozen=True, slots=True)
class Event:
    """Something that people are to know."""

    what: What
    key: Key
    words: Phrase
    since: datetime


@dataclass(frozen=True, slots=True)
class Judged:
    """How everything stands after a cycle; `opened` and `closed` are the alerts that begin and end with it."""

    standings: Mapping[Key, Standing]
    events: tuple[Event, ...] = ()
    opened: tuple[Key, ...] = ()
    closed: tuple[Key, ...] = ()


@dataclass
class _Gathered:
    standings: dict[Key, Standing] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    opened: list[Key] = field(default_factory=list)
    closed: list[Key] = field(default_factory=list)


def evaluate(
    rules: Mapping[str, Rule],
    readings: Sequence[Reading],
    before: Mapping[Key, Standing],
    works: Iterable[Works],
    now: datetime,
    only: Callable[[Reading], bool] | None = None,
) -> Judged:
    """What a cycle changes. What a rule no longer looks at is well.

    With `only`, a look at those readings alone between two cycles: how all else stands is left as it was, and still
    explains what it explained.
    """
    announced = tuple(works)
    causes = {one.matter: one.hidden_by for one in readings if one.hidden_by is not None}
    keys = _keys_by_matter(readings)
    found = _Gathered()
    told = {one.key: one for one in readings if one.rule in rules}
    for key in sorted(told.keys() | before.keys()):
        reading, stood = told.get(key), before.get(key, Standing())
        stood = replace(stood, recent=tuple(one for one in stood.recent if now - one < HOUR))
        rule = rules.get(key[0])
        if only is not None and (reading is None or not only(reading)):
            if not stood.idle:
                found.standings[key] = stood
            continue
        if reading is None:
            stands = _well(stood, now)
        else:
            cause = root_of(reading.matter, causes)
            stands = _moved(reading, stood, keys.get(cause) if cause else None, _silenced(reading, announced), now)
        _conclude(found, key, rule, stands, now)
    return Judged(found.standings, tuple(found.events), tuple(found.opened), tuple(found.closed))


def _moved(reading: Reading, stood: Standing, behind: Key | None, works: str, now: datetime) -> Standing:
    match reading.verdict:
        case Verdict.UNKNOWN:
            return stood
        case Verdict.GOOD:
            return _well(stood, now)
        case Verdict.BETWEEN:
            if stood.opened is None:
                return _well(stood, now)
            return replace(stood, good=0, good_since=None)
        case Verdict.BAD:
            explained = behind is not None or bool(works)
            return replace(
                stood,
                bad=stood.bad + 1,
                alone=0 if explained else stood.alone + 1,
                good=0,
                good_since=None,
                behind=behind,
                works=works,
                words=reading.words,
                scopes=reading.scopes,
            )


def _well(stood: Standing, now: datetime) -> Standing:
    return replace(stood, bad=0, alone=0, good=stood.good + 1, good_since=stood.good_since or now)


def _conclude(found: _Gathered, key: Key, rule: Rule | None, stands: Standing, now: datetime) -> None:
    cycles, mended = (rule.cycles, rule.mended) if rule is not None else (1, 1)
    if stands.opened is None and stands.bad >= cycles:
        recent = (*stands.recent, now)
        stands = replace(stands, opened=now, told=False, recent=recent, restless=len(recent) >= RESTLESS)
        found.opened.append(key)
    if stands.opened is not None and not stands.told and stands.alone >= cycles:
        stands = replace(stands, told=True)
        found.events.append(Event(What.TOLD, key, stands.words, stands.opened or now))
    if stands.opened is not None and stands.good >= mended and _quiet(stands, now):
        if stands.told:
            found.events.append(Event(What.MENDED, key, stands.words, stands.opened))
        found.closed.append(key)
        stands = Standing(recent=stands.recent, good=stands.good, good_since=stands.good_since)
    if not stands.idle:
        found.standings[key] = stands


def _quiet(stands: Standing, now: datetime) -> bool:
    return not stands.restless or (stands.good_since is not None and now - stands.good_since >= QUIET)


def _silenced(reading: Reading, works: Iterable[Works]) -> str:
    return next((one.number for one in works if one.subjects & reading.scopes), "")


def _keys_by_matter(readings: Iterable[Reading]) -> dict[Matter, Key]:
    """The alert that a cause is told by: of two rules that look at the same, the first by name."""
    found: dict[Matter, Key] = {}
    for one in sorted(readings, key=lambda one: one.key):
        if one.verdict is Verdict.BAD:
            found.setdefault(one.matter, one.key)
    return found
