"""What every door shows of works and incidents: all of it to volunteers, to members what concerns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.announced import Announced
from inventory.models.works import Works, WorksKind, WorksNote, WorksState
from inventory.works import spelled


@dataclass(frozen=True, slots=True)
class WorksNoteView:
    """What members were told as it went: when, by whom, in which words."""

    at: datetime
    by: str
    words_fr: str
    words_en: str


@dataclass(frozen=True, slots=True)
class WorksView:
    """Works (`W0001`) or an incident (`I0001`): how they stand, on what, from when to when, in which words.

    An incident's `until` is when it was over. `subjects` are spelled `device:vpn`, `line:L0042`…
    """

    number: str
    kind: WorksKind
    state: WorksState
    since: datetime
    until: datetime | None
    subjects: tuple[str, ...]
    title_fr: str
    title_en: str
    words_fr: str
    words_en: str
    announced_by: str
    announced_at: datetime
    cancelled_at: datetime | None
    notes: tuple[WorksNoteView, ...]


@dataclass(frozen=True, slots=True)
class AnnouncedView:
    """Works or an incident as whom they concern sees them: not what else they touch, nor who announced them.

    `news` is what was told last.
    """

    number: str
    kind: WorksKind
    state: WorksState
    since: datetime
    until: datetime | None
    title_fr: str
    title_en: str
    words_fr: str
    words_en: str
    news_fr: str
    news_en: str


def view(one: Works, at: datetime) -> WorksView:
    """Works or an incident, as they stand at that instant."""
    return WorksView(
        number=str(one),
        kind=WorksKind(one.kind),
        state=one.state_at(at),
        since=one.since,
        until=one.until,
        subjects=tuple(spelled(each) for each in one.subjects),
        title_fr=one.title_fr,
        title_en=one.title_en,
        words_fr=one.words_fr,
        words_en=one.words_en,
        announced_by=one.announced_by,
        announced_at=one.announced_at,
        cancelled_at=one.cancelled_at,
        notes=tuple(_note(each) for each in one.notes),
    )


def view_announced(one: Announced) -> AnnouncedView:
    """Works or an incident, for a member."""
    news = (one.news.say("fr"), one.news.say("en")) if one.news is not None else ("", "")
    return AnnouncedView(
        number=one.number,
        kind=one.kind,
        state=one.state,
        since=one.since,
        until=one.until,
        title_fr=one.title.say("fr"),
        title_en=one.title.say("en"),
        words_fr=one.words.say("fr"),
        words_en=one.words.say("en"),
        news_fr=news[0],
        news_en=news[1],
    )


def _note(one: WorksNote) -> WorksNoteView:
    return WorksNoteView(one.at, one.by, one.words_fr, one.words_en)
