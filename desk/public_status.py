"""How the network is, for anyone: one sentence, incidents and works in words for members, and since when it is known.

Nothing here is about a member: what concerns one line alone stays with whom it concerns, and no machine is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import or_, select

from foundation.database import Store, reading
from foundation.errors import EssaimError
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory.models.devices import Device
from inventory.models.works import Works, WorksKind, WorksState
from inventory.works import spelled, whole
from monitoring.alerts import state
from monitoring.alerts.rules import Severity
from monitoring.alerts.seen import Cycle
from monitoring.alerts.state import AlertView

BEHIND: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=30)


class Level(StrEnum):
    """How things are, at a glance."""

    WELL = "well"
    WORKS = "works"
    DEGRADED = "degraded"
    INCIDENT = "incident"
    UNKNOWN = "unknown"

    @property
    def phrase(self) -> Phrase:
        """As people read it."""
        return _LEVELS[self]

    @property
    def shape(self) -> str:
        """A shape goes with the word, so that colour is never alone."""
        return _SHAPES[self]


_LEVELS: Final = {
    Level.WELL: Phrase("tout va bien", "all is well"),
    Level.WORKS: Phrase("travaux en cours", "works under way"),
    Level.DEGRADED: Phrase("dégradé", "degraded"),
    Level.INCIDENT: Phrase("incident", "incident"),
    Level.UNKNOWN: Phrase("inconnu", "unknown"),
}
_SHAPES: Final = {Level.WELL: "●", Level.WORKS: "◌", Level.DEGRADED: "▲", Level.INCIDENT: "■", Level.UNKNOWN: "◌"}

_WELL: Final = Phrase("Tout va bien.", "All is well.")
_WORKS: Final = Phrase("Des travaux sont en cours, jusqu'au {until}.", "Works are under way, until {until}.")
_DEGRADED: Final = Phrase(
    "Quelque chose ne va pas depuis le {since}. Les bénévoles sont prévenu·es.",
    "Something has been wrong since {since}. The volunteers have been told.",
)
_ONE: Final = Phrase("Un incident est en cours depuis le {since}.", "There has been an incident since {since}.")
_SEVERAL: Final = Phrase("{count} incidents sont en cours.", "There are {count} incidents.")
_UNKNOWN: Final = Phrase(
    "Rien d'anormal n'est annoncé, mais nos mesures se sont arrêtées : on ne sait pas.",
    "Nothing wrong has been announced, but our measurements have stopped: we do not know.",
)


@dataclass(frozen=True, slots=True)
class News:
    """What members were told, and when."""

    at: datetime
    words: Phrase


@dataclass(frozen=True, slots=True)
class Notice:
    """An incident (`I0001`) or works (`W0001`), in the words meant for members; `updated` is when it last changed."""

    number: str
    kind: WorksKind
    state: WorksState
    since: datetime
    until: datetime | None
    title: Phrase
    words: Phrase
    news: tuple[News, ...]
    updated: datetime

    @property
    def state_phrase(self) -> Phrase:
        """How it stands, as people read it."""
        return self.state.of(self.kind)


@dataclass(frozen=True, slots=True)
class PublicStatus:
    """How the network is. `known_at` is when machines were last asked, None for never; `fresh` says not long ago."""

    level: Level
    sentence: Phrase
    known_at: datetime | None
    fresh: bool
    now: tuple[Notice, ...]
    ahead: tuple[Notice, ...]
    past: tuple[Notice, ...]
    at: datetime

    @property
    def updated(self) -> datetime:
        """When something of it last changed."""
        return max((one.updated for one in (*self.now, *self.ahead, *self.past)), default=self.at)


def public_status(store: Store, samples: Store, settings: Settings, at: datetime) -> PublicStatus:
    """How the network is at `at`. Where what was measured cannot be read, that is said to be unknown.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    with reading(store) as session:
        query = whole().where(
            Works.cancelled_at.is_(None),
            Works.since <= at + AHEAD,
            or_(Works.until.is_(None), Works.until > at - BEHIND),
        )
        found = [_notice(one, at) for one in session.scalars(query) if _is_public(one)]
        ours = {f"device:{name}" for name in session.scalars(select(Device.name).where(Device.owner_id.is_(None)))}
    cycle, alerts = _measured(samples)
    known_at = None if cycle is None else cycle.began
    fresh = is_fresh(known_at, settings, at)
    now = _sorted(one for one in found if one.state is WorksState.UNDER_WAY)
    wrong = [one for one in alerts if _matters(one, ours)] if fresh else []
    level, sentence = _level(now, wrong, fresh=fresh)
    return PublicStatus(
        level=level,
        sentence=sentence,
        known_at=known_at,
        fresh=fresh,
        now=now,
        ahead=tuple(reversed(_sorted(one for one in found if one.state is WorksState.PLANNED))),
        past=_sorted(one for one in found if one.state is WorksState.OVER),
        at=at,
    )


class Pulse(StrEnum):
    """How the poller is, for a watchman elsewhere: `BLIND` asks in time, and no machine answers it."""

    OK = "ok"
    LATE = "late"
    BLIND = "blind"


def pulse(samples: Store, settings: Settings, at: datetime) -> tuple[Pulse, datetime | None]:
    """How the poller is, and when machines were last asked: None for never, or where that cannot be read."""
    cycle, _ = _measured(samples)
    if cycle is None or not is_fresh(cycle.began, settings, at):
        return Pulse.LATE, None if cycle is None else cycle.began
    return Pulse.BLIND if cycle.blind else Pulse.OK, cycle.began


def is_fresh(known_at: datetime | None, settings: Settings, at: datetime) -> bool:
    """Whether the latest round is less than two intervals old."""
    return known_at is not None and at - known_at < timedelta(seconds=2 * settings.poll_seconds)


def _measured(samples: Store) -> tuple[Cycle | None, list[AlertView]]:
    try:
        with reading(samples) as session:
            return state.last_round(session), state.list_alerts(session, limit=1000)
    except EssaimError:
        return None, []


def _matters(one: AlertView, ours: set[str]) -> bool:
    """Whether an alert is everybody's: told, urgent, explained by nothing else, and not of a machine of a member's."""
    devices = {scope for scope in one.scopes if scope.startswith("device:")}
    told = one.told_at is not None and not one.behind and not one.works
    return told and one.severity is Severity.URGENT and (not devices or bool(devices & ours))


def _level(now: tuple[Notice, ...], wrong: list[AlertView], *, fresh: bool) -> tuple[Level, Phrase]:
    incidents = [one for one in now if one.kind is WorksKind.INCIDENT]
    if len(incidents) == 1:
        return Level.INCIDENT, _said(_ONE, since=incidents[0].since)
    if incidents:
        return Level.INCIDENT, _said(_SEVERAL, count=len(incidents))
    if wrong:
        return Level.DEGRADED, _said(_DEGRADED, since=min(one.since for one in wrong))
    ends = [one.until for one in now if one.until is not None]
    if ends:
        return Level.WORKS, _said(_WORKS, until=max(ends))
    return (Level.WELL, _WELL) if fresh else (Level.UNKNOWN, _UNKNOWN)


def _is_public(one: Works) -> bool:
    """What is about a line and nothing else is its members' own affair."""
    return any(not spelled(subject).startswith("line:") for subject in one.subjects)


def _notice(one: Works, at: datetime) -> Notice:
    news = tuple(News(note.at, _both(note.words_fr, note.words_en)) for note in one.notes)
    standing = one.state_at(at)
    ended = [one.until] if standing is WorksState.OVER and one.until is not None else []
    return Notice(
        number=str(one),
        kind=WorksKind(one.kind),
        state=standing,
        since=one.since,
        until=one.until,
        title=_both(one.title_fr, one.title_en),
        words=_both(one.words_fr, one.words_en),
        news=news,
        updated=max([one.announced_at, *(note.at for note in news), *ended]),
    )


def _both(french: str, english: str) -> Phrase:
    """A text in both languages; one that was not written in English is said in French."""
    return Phrase.said(french, english or french)


def _said(phrase: Phrase, **values: object) -> Phrase:
    return Phrase.said(phrase.say("fr", **values), phrase.say("en", **values))


def _sorted(found: Iterable[Notice]) -> tuple[Notice, ...]:
    return tuple(sorted(found, key=lambda one: (one.since, one.number), reverse=True))
