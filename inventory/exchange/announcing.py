"""Works and incidents with their news: read, weighed, written, and written out. Mandates are written out alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import journal
from foundation.errors import EssaimError
from foundation.speech import Phrase
from inventory import numbers, texts, works
from inventory.exchange.access import Access
from inventory.exchange.cells import Cells
from inventory.exchange.doing import Doing
from inventory.exchange.network import Network
from inventory.exchange.plans import Action, Draft
from inventory.exchange.records import Noun, Place, Record, Ref, refusal
from inventory.models.mandates import Mandate
from inventory.models.works import SUBJECTS, Subject, Works, WorksKind, WorksNote

_WORDS: Final = ("title_fr", "title_en", "words_fr", "words_en")
_NO_END: Final = Phrase("des travaux finissent un jour.", "works end some day.")
_NO_NUMBER: Final = Phrase(
    "« {text} » n'est un numéro ni de travaux (W0001) ni d'incident (I0001).",
    "“{text}” is a number neither of works (W0001) nor of an incident (I0001).",
)
_BY_PEOPLE: Final = Phrase.said("le donner : essaim mandate give", "to give it: essaim mandate give")
_ASIDE: Final = Phrase(
    "les mandats sont laissés de côté ({count}) : un mandat est donné par des personnes, pas par un fichier.",
    "mandates are left aside ({count}): a mandate is given by people, not by a file.",
)


@dataclass(frozen=True, slots=True)
class WorksRecord:
    """Works or an incident, by its number. `on`: what it is about, as it is spelled (`site:mezzanine`)."""

    noun: ClassVar[Noun] = Noun.WORKS
    place: Place
    kind: WorksKind
    number: int
    since: datetime
    until: datetime | None
    on: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    announced_by: str
    announced_at: datetime
    cancelled_at: datetime | None = None

    @property
    def shown(self) -> str:
        """Its number as people read it."""
        return numbers.shown(self.kind.letter, self.number)


@dataclass(frozen=True, slots=True)
class WorksNoteRecord:
    """What members were told as it went, of works or an incident."""

    noun: ClassVar[Noun] = Noun.WORKS_NOTE
    place: Place
    works: str
    at: datetime
    by: str
    words_fr: str
    words_en: str = ""


@dataclass(frozen=True, slots=True)
class MandateRecord:
    """Who held what: to be read by people."""

    noun: ClassVar[Noun] = Noun.MANDATE
    place: Place
    shown: str


def read_works(cells: Cells) -> Iterator[Record]:
    """A row of `works`."""
    for name in ("since", "on", "title_fr", "announced_at"):
        cells.needed(name, 2000)
    found, since, until = _number(cells, "number"), cells.instant("since"), cells.instant("until")
    announced = cells.instant("announced_at")
    words = tuple((name, cells.text(name, 2000 if name.startswith("words") else 200) or "") for name in _WORDS)
    if found is None or since is None or announced is None or not cells.period(since, until):
        return
    if until is None and found[0] is WorksKind.WORKS:
        cells.wrong(_NO_END)
        return
    yield WorksRecord(
        place=cells.place,
        kind=found[0],
        number=found[1],
        since=since,
        until=until,
        on=tuple(dict.fromkeys(cells.several("on", str.strip))),
        words=words,
        announced_by=cells.needed("announced_by", 64),
        announced_at=announced,
        cancelled_at=cells.instant("cancelled_at"),
    )


def read_works_note(cells: Cells) -> Iterator[Record]:
    """A row of `works_notes`."""
    cells.needed("at")
    found, at = _number(cells, "works"), cells.instant("at")
    if found is not None and at is not None:
        yield WorksNoteRecord(
            place=cells.place,
            works=numbers.shown(found[0].letter, found[1]),
            at=at,
            by=cells.needed("by", 64),
            words_fr=cells.needed("words_fr", 2000),
            words_en=cells.text("words_en", 2000) or "",
        )


def read_mandate(cells: Cells) -> Iterator[Record]:
    """A row of `mandates`, to be named and left aside."""
    said = (cells.text(name, 80) for name in ("number", "member", "task", "scope"))
    yield MandateRecord(cells.place, " ".join(text for text in said if text and text != "*"))


def _number(cells: Cells, field: str) -> tuple[WorksKind, int] | None:
    text = cells.needed(field, 12)
    for kind in WorksKind:
        try:
            if text[:1].upper() == kind.letter:
                return kind, numbers.parse(kind.letter, text)
        except numbers.BadNumber:
            continue
    if text:
        cells.wrong(_NO_NUMBER, text=text)
    return None


def weigh_works(
    draft: Draft,
    session: Session,
    network: Network,
    access: Access,
    records: Iterable[WorksRecord | WorksNoteRecord],
) -> None:
    """Say of each works and incident, then of each of their news, what would become of it."""
    every = list(records)
    if not every:
        return
    here = {one["number"]: one for one in _works(session)}
    notes, known = {tuple(one.values()) for one in _notes(session)}, set(here)
    for record in every:
        if isinstance(record, WorksRecord) and draft.once(record.place, Noun.WORKS, record.shown):
            known.add(record.shown)
            if record.shown in here:
                draft.here(record.place, Noun.WORKS, record.shown, same=_values(record) == here[record.shown])
            elif _checked(draft, record) and _subjects(draft, network, access, record):
                name = f"{record.shown} ({dict(record.words)['title_fr']})"
                draft.add(record.place, Action.CREATE, Noun.WORKS, name, record)
        elif isinstance(record, WorksNoteRecord):
            if record.works not in known:
                draft.unknown(record.place, Noun.WORKS, record.works)
            elif record.works in here:
                said = (record.works, record.at, record.by, record.words_fr, record.words_en)
                draft.here(record.place, Noun.WORKS_NOTE, record.works, same=said in notes)
            else:
                draft.add(record.place, Action.CREATE, Noun.WORKS_NOTE, record.works, record)


def leave_mandates(draft: Draft, records: Iterable[MandateRecord]) -> None:
    """Name each mandate, and leave it aside."""
    every = list(records)
    for file, count in Counter(one.place.file for one in every).items():
        draft.reading.remark(Place(file, 0), _ASIDE, count=count)
    for record in every:
        draft.add(record.place, Action.SKIP, Noun.MANDATE, record.shown, why=_BY_PEOPLE)


def _checked(draft: Draft, record: WorksRecord) -> bool:
    try:
        for name, text in record.words:
            texts.checked(text, 2000, empty=name != "title_fr", rows=name.startswith("words"))
        texts.checked(record.announced_by, 64)
    except EssaimError as wrong:
        draft.reading.problems.append(refusal(record.place, wrong))
        return False
    return True


def _subjects(draft: Draft, network: Network, access: Access, record: WorksRecord) -> bool:
    """Whether there is all that works are about, here or in the file."""
    for text in record.on:
        kind, _, name = text.partition(":")
        if kind not in SUBJECTS:
            refused = works.BadSubject(text=text[:60], kinds=list(SUBJECTS))
            draft.reading.problems.append(refusal(record.place, refused))
            return False
        if kind == "line":
            there = _line(access, name)
        elif kind == "wholesaler":
            there = name in network.wholesalers
        else:
            there = network.has(Noun(kind), name)
        if not there:
            draft.unknown(record.place, Noun(kind), name)
            return False
    return True


def _line(access: Access, name: str) -> bool:
    try:
        return access.which(Ref(number=numbers.parse("L", name))) is not None
    except numbers.BadNumber:
        return False


def add_works(doing: Doing, record: WorksRecord) -> None:
    """Write works or an incident, to come or long over. Raises NoSuchSubject."""
    session = doing.session
    found = works.find_subjects(session, record.on).found
    rows = [(works.named(row).partition(":")[0], row) for row in found]
    session.add(
        Works(
            kind=record.kind,
            number=record.number,
            since=record.since,
            until=record.until,
            announced_by=record.announced_by,
            announced_at=record.announced_at,
            cancelled_at=record.cancelled_at,
            subjects=[Subject(**{kind: row}) for kind, row in rows],
            notes=[],
            **dict(record.words),
        )
    )
    session.flush()
    verb = "works.import" if record.kind is WorksKind.WORKS else "incident.import"
    facts: dict[str, Any] = {"since": record.since, "until": record.until, "title": dict(record.words)["title_fr"]}
    journal.record(session, doing.act, verb, record.shown, on=list(record.on), **facts)


def add_note(doing: Doing, record: WorksNoteRecord) -> None:
    """Write news of works or of an incident that the same file brings."""
    find = works.find_works if record.works.startswith(WorksKind.WORKS.letter) else works.find_incident
    said = {name: getattr(record, name) for name in ("at", "by", "words_fr", "words_en")}
    doing.session.add(WorksNote(works_id=find(doing.session, record.works).id, **said))
    doing.session.flush()


def _values(record: WorksRecord) -> dict[str, Any]:
    """The same as `_works` gives of what is here."""
    return {
        "number": record.shown,
        "since": record.since,
        "until": record.until,
        "on": list(record.on),
        **dict(record.words),
        "announced_by": record.announced_by,
        "announced_at": record.announced_at,
        "cancelled_at": record.cancelled_at,
    }


def _works(session: Session) -> list[dict[str, Any]]:
    query = works.whole().order_by(Works.kind.desc(), Works.number)
    moments = ("announced_by", "announced_at", "cancelled_at")
    return [
        {
            "number": str(one),
            "since": one.since,
            "until": one.until,
            "on": on,
            **{name: getattr(one, name) for name in (*_WORDS, *moments)},
        }
        for one in session.scalars(query)
        if (on := [works.spelled(subject) for subject in one.subjects if not _gone(subject)])
    ]


def _gone(subject: Subject) -> bool:
    """Whether it is a pool that is closed: no file holds it any more."""
    return subject.pool is not None and subject.pool.closed_at is not None


def _notes(session: Session) -> list[dict[str, Any]]:
    query = select(WorksNote, Works).join(Works).order_by(Works.kind.desc(), Works.number, WorksNote.id)
    fields = ("at", "by", "words_fr", "words_en")
    return [{"works": str(of), **{name: getattr(one, name) for name in fields}} for one, of in session.execute(query)]


def _mandates(session: Session) -> list[dict[str, Any]]:
    fields = ("task", "scope", "since", "until", "minutes", "given_by", "given_at", "needs_second", "seconded_by",
              "seconded_at")  # fmt: skip
    query = select(Mandate).options(joinedload(Mandate.member)).order_by(Mandate.number)
    return [
        {"number": str(one), "member": str(one.member), **{name: getattr(one, name) for name in fields}}
        for one in session.scalars(query)
    ]


THINGS: Final = {"works": _works, "works_notes": _notes, "mandates": _mandates}
