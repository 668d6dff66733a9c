"""Works announced and incidents, for volunteers; members read what concerns them in `/me/works`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import AwareDatetime, Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation.acts import Act
from inventory import works
from inventory.models.mandates import Task
from inventory.models.works import Works, WorksKind
from inventory.views.works import WorksView, view
from inventory.works import Subjects, Wording

READERS = frozenset({Task.WORKS_ANNOUNCE, Task.LINES_WRITE, Task.DEVICES_WRITE, Task.MONITORING_READ})


class Titled(Body):
    """What members are told. English may be empty: French is said then."""

    title_fr: str = Field("", max_length=200, examples=["Remplacement d'un routeur"])
    title_en: str = Field("", max_length=200)
    words_fr: str = Field("", max_length=2000)
    words_en: str = Field("", max_length=2000)

    def wording(self) -> Wording:
        """What was said, and no more."""
        return Wording(**{name: getattr(self, name) for name in Titled.model_fields if name in self.model_fields_set})


class NewWorks(Titled):
    """Works to come, on these subjects (`site:mezzanine`, `device:vpn`, `line:L0042`…)."""

    subjects: list[str] = Field(min_length=1, max_length=100, examples=[["device:vpn"]])
    since: AwareDatetime
    until: AwareDatetime


class NewIncident(Titled):
    """Something is wrong, now or since an earlier instant."""

    subjects: list[str] = Field(min_length=1, max_length=100, examples=[["device:vpn"]])
    since: AwareDatetime | None = None


class WorksChange(Titled):
    """What changes of what was announced."""

    subjects: list[str] | None = Field(None, min_length=1, max_length=100, examples=[["device:vpn"]])
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Words(Body):
    """In words for members."""

    words_fr: str = Field("", max_length=2000, examples=["Tout est revenu."])
    words_en: str = Field("", max_length=2000)


def works_listed(
    session: Session, at: datetime, *, ended: bool = False, after: int = 0, limit: int = 100
) -> Sequence[Works]:
    """Works by number, to come and under way; with `ended`, all."""
    return works.list_works(session, WorksKind.WORKS, at, ended=ended, after=after, limit=limit)


def incidents_listed(
    session: Session, at: datetime, *, ended: bool = False, after: int = 0, limit: int = 100
) -> Sequence[Works]:
    """Incidents by number, those that last; with `ended`, all."""
    return works.list_works(session, WorksKind.INCIDENT, at, ended=ended, after=after, limit=limit)


def announce(session: Session, act: Act, body: NewWorks) -> Works:
    """Announce works."""
    subjects = works.find_subjects(session, body.subjects)
    return works.announce_works(session, act, subjects, body.wording(), body.since, body.until)


def open_incident(session: Session, act: Act, body: NewIncident) -> Works:
    """Say that something is wrong."""
    return works.open_incident(session, act, works.find_subjects(session, body.subjects), body.wording(), body.since)


def change(session: Session, act: Act, row: Works, body: WorksChange) -> None:
    """What was announced changes."""
    subjects: Subjects | None = works.find_subjects(session, body.subjects) if body.subjects else None
    works.change_works(session, act, row, body.wording(), subjects=subjects, since=body.since, until=body.until)


def note(session: Session, act: Act, row: Works, body: Words) -> None:
    """Tell the latest."""
    works.note_incident(session, act, row, body.words_fr, body.words_en)


def close(session: Session, act: Act, row: Works, body: Words) -> None:
    """It is over."""
    works.close_incident(session, act, row, body.words_fr, body.words_en)


_EXAMPLE = {
    "number": "W0001",
    "kind": "works",
    "state": "planned",
    "since": "2026-11-24T21:00:00+00:00",
    "until": "2026-11-24T22:00:00+00:00",
    "subjects": ["device:vpn"],
    "title_fr": "Remplacement d'un routeur",
    "title_en": "",
    "words_fr": "",
    "words_en": "",
    "announced_by": "M0007",
    "announced_at": "2026-11-22T13:02:00+00:00",
    "cancelled_at": None,
    "notes": [],
}

WORKS = Noun(
    path="works",
    about="Works announced, by number",
    view=WorksView,
    views=lambda _session, act, rows: [view(one, act.at) for one in rows],
    find=works.find_works,
    listed=works_listed,
    readers=READERS,
    create=announce,
    change=change,
    verbs={"cancel": works.cancel_works},
    example=_EXAMPLE,
)

INCIDENTS = Noun(
    path="incidents",
    about="Incidents, by number",
    view=WorksView,
    views=lambda _session, act, rows: [view(one, act.at) for one in rows],
    find=works.find_incident,
    listed=incidents_listed,
    readers=READERS,
    create=open_incident,
    verbs={"notes": note, "close": close},
    example=_EXAMPLE | {"number": "I0001", "kind": "incident", "state": "under-way", "until": None},
)
