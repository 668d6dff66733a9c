"""Kinds of membership, and who speaks for organisations: read, weighed, written, and written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from foundation import clock
from inventory import contacts, kinds, members, numbers
from inventory.exchange.cells import Cells, wordings
from inventory.exchange.doing import Doing
from inventory.exchange.people import People
from inventory.exchange.plans import Action, Change, Draft
from inventory.exchange.records import Noun, Place, Record, Ref
from inventory.exchange.timelines import Span, Timelines
from inventory.models.people import Member, Referent, ReferentRole
from inventory.words import fold

_WORDS: Final = ("label_fr", "label_en", "votes")


@dataclass(frozen=True, slots=True)
class KindRecord:
    """A way of being a member."""

    noun: ClassVar[Noun] = Noun.KIND
    place: Place
    name: str
    label_fr: str | None = None
    label_en: str | None = None
    votes: bool | None = None
    retired: date | None = None


@dataclass(frozen=True, slots=True)
class ChangedKind:
    """What a file says otherwise of a kind."""

    name: str
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ReferentRecord:
    """Who speaks for an organisation: a member, or a name and how to reach them."""

    noun: ClassVar[Noun] = Noun.REFERENT
    place: Place
    organisation: Ref
    person: Ref | None
    name: str = ""
    contact: str = ""
    role: str = str(ReferentRole.REPRESENTATIVE)
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class NewReferent:
    """Someone who is to speak for an organisation, both by their handles."""

    organisation: int
    person: int | None
    record: ReferentRecord
    since: date


def read_kind(cells: Cells) -> Iterator[Record]:
    """A row of `kinds`."""
    yield KindRecord(
        place=cells.place,
        name=cells.needed("name", 32),
        label_fr=cells.text("label_fr", 60),
        label_en=cells.text("label_en", 60),
        votes=cells.truth("votes"),
        retired=cells.day("retired"),
    )


def read_referent(cells: Cells) -> Iterator[Record]:
    """A row of `referents`."""
    cells.needed("organisation")
    organisation, since, until = cells.ref("organisation", "M"), cells.day("since"), cells.day("until")
    if organisation is not None and cells.period(since, until, empty=True):
        yield ReferentRecord(
            place=cells.place,
            organisation=organisation,
            person=cells.ref("member", "M"),
            name=cells.text("name") or "",
            contact=cells.text("contact", 254) or "",
            role=cells.text("role", 16) or str(ReferentRole.REPRESENTATIVE),
            since=since,
            until=until,
        )


def weigh_kinds(draft: Draft, session: Session, people: People, records: Iterable[KindRecord]) -> None:
    """Say of each kind what would become of it; members of the same file may be of it."""
    have = {one.name: one for one in kinds.list_kinds(session, retired=True)}
    for record in records:
        if not draft.once(record.place, Noun.KIND, record.name):
            continue
        here = have.get(record.name)
        if here is None:
            for label in (record.name, record.label_fr, record.label_en):
                for word in wordings(label or ""):
                    people.kinds.setdefault(word, record.name)
            draft.add(record.place, Action.CREATE, Noun.KIND, record.name, record)
            continue
        said = {name: value for name in _WORDS if (value := getattr(record, name)) is not None}
        changes = tuple(
            Change(name, getattr(here, name), value) for name, value in said.items() if value != getattr(here, name)
        )
        if changes:
            work = ChangedKind(record.name, tuple((one.field, one.after) for one in changes))
            draft.add(record.place, Action.CHANGE, Noun.KIND, record.name, work, changes=changes)
        else:
            draft.here(record.place, Noun.KIND, record.name, same=record.retired in (None, here.retired))


def weigh_referents(draft: Draft, session: Session, people: People, records: Iterable[ReferentRecord]) -> None:
    """Say of each referent what would become of them."""
    every, today = list(records), clock.today(draft.at)
    if not every:
        return
    spans = _here(session)
    for record in every:
        who = [record.organisation] if record.person is None else [record.organisation, record.person]
        unknown = next((one for one in who if people.who(one) is None), None)
        if unknown is not None:
            draft.unknown(record.place, Noun.MEMBER, unknown.shown("M"))
            continue
        organisation = people.who(record.organisation) or 0
        person = None if record.person is None else people.who(record.person)
        key = (organisation, person or fold(record.name), record.role)
        living = spans.living(key, record.contact)
        since = record.since or (living.since if living and record.until is None else today)
        name = f"{people.called(organisation)} : {people.called(person) if person else record.name}"
        span = Span(since, record.until, record.contact, record.place)
        spans.weigh(draft, Noun.REFERENT, name, key, span, NewReferent(organisation, person, record, since))


def _here(session: Session) -> Timelines:
    spans = Timelines()
    for one in _referents(session):
        who: Any = numbers.parse("M", one["member"]) if one["member"] else fold(one["name"])
        key = (numbers.parse("M", one["organisation"]), who, str(one["role"]))
        spans.note(key, Span(one["since"], one["until"], one["contact"]))
    return spans


def add_kind(doing: Doing, record: KindRecord) -> None:
    """Write a kind."""
    french = record.label_fr or record.label_en or record.name
    kind = kinds.add_kind(
        doing.session, doing.act, record.name, french=french, english=record.label_en or french,
        votes=record.votes is True,
    )  # fmt: skip
    kind.retired = record.retired


def change_kind(doing: Doing, changed: ChangedKind) -> None:
    """Write what a file says otherwise of a kind."""
    said = dict(changed.values)
    kinds.change_kind(
        doing.session,
        doing.act,
        kinds.find_kind(doing.session, changed.name),
        french=said.get("label_fr"),
        english=said.get("label_en"),
        votes=said.get("votes"),
    )


def add_referent(doing: Doing, new: NewReferent) -> None:
    """Write a referent."""

    def who(handle: int) -> Member:
        return members.find_member(doing.session, numbers.shown("M", doing.members[handle][1]))

    referent = contacts.add_referent(
        doing.session,
        doing.act,
        who(new.organisation),
        None if new.person is None else who(new.person),
        name=new.record.name,
        contact=new.record.contact,
        role=new.record.role,
        since=new.since,
    )
    referent.until = new.record.until
    doing.session.flush()


def _kinds(session: Session) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "label_fr": one.label_fr, "label_en": one.label_en, "votes": one.votes,
         "retired": one.retired}
        for one in kinds.list_kinds(session, retired=True)
    ]  # fmt: skip


def _referents(session: Session) -> list[dict[str, Any]]:
    person = aliased(Member)
    query = (
        select(Member.number, person.number, Referent)
        .join(Member, Referent.organisation_id == Member.id)
        .outerjoin(person, Referent.person_id == person.id)
        .order_by(Member.number, Referent.since, Referent.id)
    )
    return [
        {
            "organisation": numbers.shown("M", organisation),
            "member": None if who is None else numbers.shown("M", who),
            **{name: getattr(one, name) for name in ("name", "contact", "role", "since", "until")},
        }
        for organisation, who, one in session.execute(query)
    ]


THINGS: Final = {"kinds": _kinds, "referents": _referents}
