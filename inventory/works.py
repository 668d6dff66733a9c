"""Verbs on works and incidents: announced, changed, cancelled; opened, told of, closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import numbers, texts
from inventory.models.addresses import Pool
from inventory.models.devices import Device
from inventory.models.lines import Line, Offer
from inventory.models.mandates import Task
from inventory.models.places import Site
from inventory.models.wholesale import Wholesaler
from inventory.models.works import SUBJECTS, Subject, Works, WorksKind, WorksNote, WorksState
from inventory.rights import asks, demand
from inventory.scopes import scopes_of

_TABLES: Final[dict[str, Any]] = {
    "site": Site, "device": Device, "offer": Offer, "line": Line, "pool": Pool, "wholesaler": Wholesaler,
}  # fmt: skip


class NoSuchWorks(NotFound):
    """No works or incident of that number."""

    kind = "no-such-works"
    phrase = Phrase(
        "Il n'y a pas de {number}. Les trouver : essaim works list --all, essaim incident list --all",
        "There is no {number}. To find them: essaim works list --all, essaim incident list --all",
    )


class BadSubject(Invalid):
    """A text that names nothing that works may be about."""

    kind = "bad-subject"
    phrase = Phrase(
        "« {text} » : dites sur quoi, par exemple device:vpn ou line:L0042 (parmi {kinds}). Rien n'a été changé.",
        "“{text}”: say on what, for example device:vpn or line:L0042 (among {kinds}). Nothing was changed.",
    )


class NoSuchSubject(NotFound):
    """What works would be about does not exist."""

    kind = "no-such-subject"
    phrase = Phrase(
        "« {text} » n'existe pas dans l'inventaire. Rien n'a été changé.",
        "“{text}” is not in the inventory. Nothing was changed.",
    )


class NoSubject(Invalid):
    """Works about nothing."""

    kind = "no-subject"
    phrase = Phrase(
        "Dites sur quoi : --on device:vpn, une ou plusieurs fois. Rien n'a été changé.",
        "Say on what: --on device:vpn, once or more. Nothing was changed.",
    )


class BadWindow(Invalid):
    """A window that ends before it begins, or is over already."""

    kind = "bad-window"
    phrase = Phrase(
        "Cela commencerait le {since} et finirait le {until} : la fin doit venir après le début, et après maintenant. "
        "Rien n'a été changé.",
        "This would begin on {since} and end on {until}: the end must come after the beginning, and after now. "
        "Nothing was changed.",
    )


class IncidentAhead(Invalid):
    """An incident that would begin later."""

    kind = "incident-ahead"
    phrase = Phrase(
        "Un incident a commencé, ou commence maintenant : pas le {since}. Pour ce qui est prévu : essaim works "
        "announce. Rien n'a été changé.",
        "An incident has begun, or begins now: not on {since}. For what is planned: essaim works announce. "
        "Nothing was changed.",
    )


class WorksOver(Refused):
    """Works or an incident that nothing more can be done to."""

    kind = "works-over"
    phrase = Phrase("{number} : {state}. Rien n'a été changé.", "{number}: {state}. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Subjects:
    """What works are about, found in the inventory."""

    found: tuple[Site | Device | Offer | Line | Pool | Wholesaler, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """What members are told; in a change, None leaves as it is. English may be empty: French is said then."""

    title_fr: str | None = None
    title_en: str | None = None
    words_fr: str | None = None
    words_en: str | None = None


_LENGTHS: Final = {"title_fr": 200, "title_en": 200, "words_fr": 2000, "words_en": 2000}


@scopes_of.register
def _(subject: Subjects, session: Session) -> frozenset[str]:
    """The scopes that cover all of it: whoever answers for one machine does not announce works on two."""
    each = [scopes_of(one, session) | {named(one)} for one in subject.found]
    return frozenset.intersection(*each) if each else frozenset()


@scopes_of.register
def _(subject: Works, session: Session) -> frozenset[str]:
    return scopes_of(Subjects(tuple(_row(one) for one in subject.subjects)), session)


@asks(Task.WORKS_ANNOUNCE, "subjects")
def announce_works(
    session: Session, act: Act, subjects: Subjects, wording: Wording, since: datetime, until: datetime
) -> Works:
    """Announce works. Raises NoSubject, BadWindow, BadText, EmptyText."""
    if not act.at < until or not since < until:
        raise BadWindow(since=since, until=until)
    return _begin(session, act, WorksKind.WORKS, subjects, wording, since, until)


@asks(Task.WORKS_ANNOUNCE, "subjects")
def open_incident(
    session: Session, act: Act, subjects: Subjects, wording: Wording, since: datetime | None = None
) -> Works:
    """Say that something is wrong, now or since an earlier instant.

    Raises NoSubject, IncidentAhead, BadText, EmptyText.
    """
    if since is not None and since > act.at:
        raise IncidentAhead(since=since)
    return _begin(session, act, WorksKind.INCIDENT, subjects, wording, since or act.at, None)


@asks(Task.WORKS_ANNOUNCE, "works")
def change_works(
    session: Session,
    act: Act,
    works: Works,
    wording: Wording,
    *,
    subjects: Subjects | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """Change what was announced. Raises WorksOver, NoSubject, BadWindow, BadText, EmptyText; NotMandated where the
    new subjects are not covered.
    """
    _still(works, act.at)
    since, until = since or works.since, until or works.until
    if until is not None and not (since < until and act.at < until):
        raise BadWindow(since=since, until=until)
    said = _checked(wording)
    if subjects is not None:
        demand(session, act, Task.WORKS_ANNOUNCE, subjects)
        works.subjects[:] = _subjects(subjects)
    works.since, works.until = since, until
    for name, text in said.items():
        setattr(works, name, text)
    _record(session, act, "works.change", works)


@asks(Task.WORKS_ANNOUNCE, "works")
def cancel_works(session: Session, act: Act, works: Works) -> None:
    """What was announced will not take place, or stops now. Raises WorksOver."""
    _still(works, act.at)
    works.cancelled_at = act.at
    _record(session, act, "works.cancel", works)


@asks(Task.WORKS_ANNOUNCE, "incident")
def note_incident(session: Session, act: Act, incident: Works, words_fr: str, words_en: str = "") -> None:
    """Tell the latest. Raises WorksOver, BadText, EmptyText."""
    _still(incident, act.at)
    _tell(incident, act, words_fr, words_en)
    _record(session, act, "incident.note", incident)


@asks(Task.WORKS_ANNOUNCE, "incident")
def close_incident(session: Session, act: Act, incident: Works, words_fr: str, words_en: str = "") -> None:
    """It is over, in words for members. Raises WorksOver, BadText, EmptyText."""
    _still(incident, act.at)
    _tell(incident, act, words_fr, words_en)
    incident.until = clock.ends_after(incident.since, act.at)
    _record(session, act, "incident.close", incident)


def find_subjects(session: Session, spellings: Sequence[str]) -> Subjects:
    """What these texts name (`site:mezzanine`, `line:L0042`), each once.

    Raises BadSubject, NoSuchSubject, BadNumber, NoSubject.
    """
    found = []
    for text in dict.fromkeys(one.strip() for one in spellings):
        kind, colon, name = text.partition(":")
        if not colon or kind not in SUBJECTS:
            raise BadSubject(text=text[:60], kinds=list(SUBJECTS))
        table = _TABLES[kind]
        where = Line.number == numbers.parse("L", name) if kind == "line" else table.name == name.strip()
        row = session.scalar(select(table).where(where))
        if row is None:
            raise NoSuchSubject(text=text[:60])
        if row not in found:
            found.append(row)
    if not found:
        raise NoSubject
    return Subjects(tuple(found))


def find_works(session: Session, text: str) -> Works:
    """The works of that number (`W0001`), with subjects and notes. Raises BadNumber, NoSuchWorks."""
    return _find(session, WorksKind.WORKS, text)


def find_incident(session: Session, text: str) -> Works:
    """The incident of that number (`I0001`), with subjects and notes. Raises BadNumber, NoSuchWorks."""
    return _find(session, WorksKind.INCIDENT, text)


def list_works(
    session: Session, kind: WorksKind, at: datetime, *, ended: bool = False, after: int = 0, limit: int = 100
) -> Sequence[Works]:
    """Works or incidents by number, a page at a time: those to come and under way; where asked, all."""
    query = whole().where(Works.kind == kind, Works.number > after).order_by(Works.number).limit(limit)
    if not ended:
        query = query.where(Works.cancelled_at.is_(None), or_(Works.until.is_(None), Works.until > at))
    return session.scalars(query).all()


def whole() -> Select[Works]:
    """Works with all that is said of them."""
    subjects = selectinload(Works.subjects)
    return select(Works).options(
        selectinload(Works.notes), *(subjects.joinedload(getattr(Subject, kind)) for kind in SUBJECTS)
    )


def spelled(subject: Subject) -> str:
    """A subject as it is spelled: `site:mezzanine`."""
    return named(_row(subject))


def named(row: Site | Device | Offer | Line | Pool | Wholesaler) -> str:
    """The spelling of what works may be about: `site:mezzanine`, `line:L0042`."""
    kind = next(kind for kind, table in _TABLES.items() if isinstance(row, table))
    return f"{kind}:{row}" if isinstance(row, Line) else f"{kind}:{row.name}"


def _row(subject: Subject) -> Any:
    return next(row for kind in SUBJECTS if (row := getattr(subject, kind)) is not None)


def _find(session: Session, kind: WorksKind, text: str) -> Works:
    number = numbers.parse(kind.letter, text)
    found = session.scalar(whole().where(Works.kind == kind, Works.number == number))
    if found is None:
        raise NoSuchWorks(number=numbers.shown(kind.letter, number))
    return found


def _begin(
    session: Session, act: Act, kind: WorksKind, subjects: Subjects, wording: Wording, since: datetime,
    until: datetime | None,
) -> Works:  # fmt: skip
    said = _checked(wording)
    if not said.get("title_fr"):
        raise texts.EmptyText
    works = Works(
        kind=kind,
        number=numbers.following(session, Works.number, Works.kind == kind),
        since=since,
        until=until,
        announced_by=act.actor,
        announced_at=act.at,
        subjects=_subjects(subjects),
        notes=[],
        **said,
    )
    session.add(works)
    _record(session, act, "works.announce" if kind is WorksKind.WORKS else "incident.open", works)
    return works


def _subjects(subjects: Subjects) -> list[Subject]:
    if not subjects.found:
        raise NoSubject
    rows = [(named(row).partition(":")[0], row) for row in subjects.found]
    return [Subject(**{each: row if each == kind else None for each in SUBJECTS}) for kind, row in rows]


def _checked(wording: Wording) -> dict[str, str]:
    given = {name: getattr(wording, name) for name in _LENGTHS}
    return {
        name: texts.checked(text, _LENGTHS[name], empty=name != "title_fr", rows=name.startswith("words"))
        for name, text in given.items()
        if text is not None
    }


def _tell(works: Works, act: Act, words_fr: str, words_en: str) -> None:
    fr = texts.checked(words_fr, 2000, rows=True)
    en = texts.checked(words_en, 2000, empty=True, rows=True)
    works.notes.append(WorksNote(at=act.at, by=act.actor, words_fr=fr, words_en=en))


def _still(works: Works, at: datetime) -> None:
    state = works.state_at(at)
    if state in (WorksState.OVER, WorksState.CANCELLED):
        raise WorksOver(number=str(works), state=state.of(works.kind))


def _record(session: Session, act: Act, verb: str, works: Works) -> None:
    session.flush()
    on = [spelled(one) for one in works.subjects]
    journal.record(session, act, verb, str(works), since=works.since, until=works.until, title=works.title_fr, on=on)
