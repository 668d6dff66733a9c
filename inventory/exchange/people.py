"""Members and memberships of a file, weighed against those we have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.errors import EssaimError
from foundation.speech import LANGUAGES, Phrase
from inventory import kinds, members, memberships, numbers
from inventory.contacts import checked_phone
from inventory.exchange.cells import wordings
from inventory.exchange.periods import meet
from inventory.exchange.plans import Action, Change, Draft
from inventory.exchange.records import MemberRecord, MembershipRecord, Noun, Place, Ref, refusal
from inventory.exchange.timelines import where
from inventory.models.exchange import ForeignId
from inventory.models.people import Contact, ContactKind, Member, Membership, MemberStatus
from inventory.words import fold

CHANGEABLE: Final = ("name", "email", "language", "postal")

_TWICE: Final = Phrase("{name} est déjà à la ligne {line}.", "{name} is in line {line} already.")
_SEVERAL: Final = Phrase(
    "plusieurs membres s'appellent {name} avec cet e-mail ({members}) : ajoutez une colonne « numéro ».",
    "several members are called {name} with this e-mail ({members}): add a “number” column.",
)
_NAMELESS: Final = Phrase("ni nom ni numéro connu : qui est-ce ?", "no name and no known number: who is it?")
_WHO: Final = Phrase("{who} n'est pas un membre d'ici, ni de ce fichier.", "{who} is no member here, nor in this file.")
_NO_LEAVING: Final = Phrase("parti·e, mais quand ? Il manque la date de départ.", "left, but when? The day is missing.")
_LEFT_EARLY: Final = Phrase("parti·e avant d'arriver.", "left before joining.")
_GONE: Final = Phrase.said(
    "parti·e d'après ce fichier ; si c'est vrai : essaim member leave",
    "left, this file says; if so: essaim member leave",
)
_BACK: Final = Phrase.said(
    "membre d'après ce fichier, mais parti·e ici ; si c'est vrai : essaim member rejoin",
    "a member, this file says, but left here; if so: essaim member rejoin",
)
_LANGUAGE: Final = Phrase("« {value} » : choisir parmi {choices}.", "“{value}”: choose among {choices}.")
_OVERLAP: Final = Phrase(
    "cette adhésion de {who} empiète sur une autre, du {since} au {until} ({where}).",
    "this membership of {who} overlaps another, from {since} to {until} ({where}).",
)
_SHORTER: Final = Phrase("elle est plus longue ici, et le reste", "it is longer here, and stays so")
_PERIOD: Final = Phrase(
    "une adhésion commence entre le {earliest} et aujourd'hui.", "a membership begins between {earliest} and today."
)


@dataclass(frozen=True, slots=True)
class Now:
    """A member as they are here, before the import."""

    id: int
    number: int
    name: str
    email: str | None
    language: str
    postal: str
    status: str


@dataclass(frozen=True, slots=True)
class Spell:
    """A period of membership, here or in the file (at its place)."""

    kind: str
    since: date
    until: date | None
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NewMember:
    """Someone to add. `handle` is their number where the file gives it, else a negative rank."""

    handle: int
    values: tuple[tuple[str, Any], ...]
    phones: tuple[str, ...]
    key: str | None


@dataclass(frozen=True, slots=True)
class ChangedMember:
    """Someone whose file says something else."""

    number: int
    values: tuple[tuple[str, Any], ...]
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Someone who is here already, by whatever key the file knows them."""

    number: int
    key: str


@dataclass(frozen=True, slots=True)
class NewSpell:
    """A membership to add; with `extends`, the end of the one that begins that day."""

    member: int
    spell: Spell
    extends: bool = False


@dataclass(slots=True)
class People:
    """The members that we have, and those that the file brings."""

    now: dict[int, Now]
    persons: dict[tuple[str, str], list[int]]
    spells: dict[int, list[Spell]]
    phones: dict[int, set[str]]
    keys: dict[str, int]
    linked: frozenset[str]
    kinds: dict[str, str]
    names: dict[int, str] = field(default_factory=dict)
    status: dict[int, str] = field(default_factory=dict)
    left: dict[int, date | None] = field(default_factory=dict)
    seen: dict[int, Place] = field(default_factory=dict)

    def who(self, ref: Ref) -> int | None:
        """The handle of whom a record means; None where it is nobody."""
        if ref.number is not None:
            return ref.number if ref.number in self.now or ref.number in self.names else None
        return self.keys.get(ref.key or "")

    def called(self, handle: int) -> str:
        """A member as people read it."""
        name = self.names.get(handle) or self.now[handle].name
        return f"{numbers.shown('M', handle)} {name}" if handle > 0 else name


def known_people(session: Session, source: str) -> People:
    """Load every member, in a handful of queries."""
    fields = (Member.id, Member.number, Member.name, Member.email, Member.language, Member.postal, Member.status)
    now, persons, number_of = {}, defaultdict(list), {}
    for row in session.execute(select(*fields, Member.merged_into_id).order_by(Member.number)):
        number_of[row.id] = row.number
        if row.merged_into_id is None:
            now[row.number] = Now(*row[:-1])
            if row.email:
                persons[fold(row.name), row.email.casefold()].append(row.number)
    spells, phones = defaultdict(list), defaultdict(set)
    for member, kind, since, until in session.execute(
        select(Membership.member_id, Membership.kind, Membership.since, Membership.until).order_by(Membership.since)
    ):
        spells[number_of[member]].append(Spell(kind, since, until))
    living = select(Contact.member_id, Contact.value).where(Contact.kind == ContactKind.PHONE, Contact.until.is_(None))
    for member, value in session.execute(living):
        phones[number_of[member]].add(value)
    keys = session.execute(
        select(ForeignId.key, ForeignId.subject).where(ForeignId.source == source, ForeignId.kind == Noun.MEMBER)
    )
    every = kinds.list_kinds(session, retired=True)
    said = ((one, label) for one in reversed(every) for label in (one.label_en, one.label_fr, one.name))
    named = {word: one.name for one, label in said for word in wordings(label)}
    named[""] = kinds.joinable(session, None).name
    here = {key: int(subject[1:]) for key, subject in keys}
    return People(now, persons, spells, phones, here, frozenset(here), named)


def weigh_members(draft: Draft, people: People, records: Iterable[MemberRecord | MembershipRecord]) -> None:
    """Say of each member and membership what would become of them."""
    every = list(records)
    told: dict[int, list[MembershipRecord]] = defaultdict(list)
    for record in every:
        if isinstance(record, MemberRecord):
            _meet(draft, people, record)
    for record in every:
        if isinstance(record, MembershipRecord):
            handle = people.who(record.member)
            if handle is None:
                draft.wrong(record.place, _WHO, who=record.member.shown("M"))
            else:
                told[handle].append(record)
    for record in every:
        if isinstance(record, MemberRecord) and (handle := people.who(record.ref)) is not None:
            _weigh(draft, people, record, handle, told[handle])
    for handle, spells in told.items():
        _weigh_spells(draft, people, handle, spells)


def _meet(draft: Draft, people: People, record: MemberRecord) -> None:
    """Find out whom a record means, or that it is someone new."""
    handle = people.who(record.ref)
    if handle is None and record.ref.number is None and record.name and record.email:
        same = people.persons.get((fold(record.name), record.email.casefold()), [])
        if len(same) > 1:
            shown = [numbers.shown("M", number) for number in same]
            draft.wrong(record.place, _SEVERAL, name=record.name, members=shown)
            return
        handle = same[0] if same else None
    if handle is None:
        if record.name is None:
            draft.wrong(record.place, _NAMELESS)
            return
        handle = record.ref.number or -len(people.names) - 1
        people.names[handle] = record.name
    if handle in people.seen:
        draft.wrong(record.place, _TWICE, name=people.called(handle), line=people.seen[handle].line)
        return
    people.seen[handle] = record.place
    if record.ref.key is not None:
        people.keys.setdefault(record.ref.key, handle)


def _weigh(draft: Draft, people: People, record: MemberRecord, handle: int, told: list[MembershipRecord]) -> None:
    if people.seen.get(handle) != record.place:
        return
    values = _checked(draft, record)
    if values is None:
        return
    phones = tuple(dict.fromkeys(values.pop("phones")))
    if handle in people.now:
        _weigh_known(draft, people, record, people.now[handle], values, phones)
    else:
        _weigh_new(draft, people, record, handle, values, phones, told)


def _checked(draft: Draft, record: MemberRecord) -> dict[str, Any] | None:
    """What a record says, as it is kept; None, and the problem, where it cannot be."""
    if record.language is not None and record.language not in LANGUAGES:
        draft.wrong(record.place, _LANGUAGE, value=record.language, choices=list(LANGUAGES))
        return None
    try:
        return {
            "name": members.checked_name(record.name) if record.name else None,
            "email": members.checked_email(record.email) if record.email else None,
            "postal": members.checked_postal(record.postal) if record.postal else None,
            "language": record.language,
            "phones": [checked_phone(phone) for phone in record.phones],
        }
    except EssaimError as wrong:
        draft.reading.problems.append(refusal(record.place, wrong))
        return None


def _weigh_known(
    draft: Draft, people: People, record: MemberRecord, now: Now, values: dict[str, Any], phones: tuple[str, ...]
) -> None:
    changed = {name: value for name, value in values.items() if value is not None and value != getattr(now, name)}
    changes = [Change(name, getattr(now, name), value) for name, value in changed.items()]
    more = tuple(phone for phone in phones if phone not in people.phones[now.number])
    changes += [Change("phone", None, phone) for phone in more]
    shown, said = people.called(now.number), record.status
    if changes:
        work = ChangedMember(now.number, tuple(changed.items()), more)
        draft.add(record.place, Action.CHANGE, Noun.MEMBER, shown, work, changes=tuple(changes))
    elif said == MemberStatus.LEFT != now.status:
        draft.add(record.place, Action.SKIP, Noun.MEMBER, shown, why=_GONE)
    elif said == MemberStatus.MEMBER and now.status == MemberStatus.LEFT:
        draft.add(record.place, Action.SKIP, Noun.MEMBER, shown, why=_BACK)
    else:
        linked = record.ref.key is None or record.ref.key in people.linked
        work_known = None if linked else Known(now.number, record.ref.key or "")
        draft.add(record.place, Action.NOTHING, Noun.MEMBER, shown, work_known)


def _weigh_new(
    draft: Draft,
    people: People,
    record: MemberRecord,
    handle: int,
    values: dict[str, Any],
    phones: tuple[str, ...],
    told: list[MembershipRecord],
) -> None:
    today = clock.today(draft.at)
    status = record.status or (MemberStatus.LEFT if record.left and record.left <= today else MemberStatus.MEMBER)
    ends = [spell.until for spell in told]
    left = record.left or (max(end for end in ends if end) if ends and None not in ends else None)
    first = min([spell.since for spell in told] + ([record.joined] if record.joined else []), default=left or today)
    if status == MemberStatus.LEFT and left is None:
        return draft.wrong(record.place, _NO_LEAVING)
    if status == MemberStatus.LEFT and left is not None and left < first:
        return draft.wrong(record.place, _LEFT_EARLY)
    if not memberships.EARLIEST <= first <= today:
        return draft.wrong(record.place, _PERIOD, earliest=memberships.EARLIEST)
    people.status[handle] = status
    values |= {
        "language": values["language"] or "fr",
        "postal": values["postal"] or "",
        "organisation": bool(record.organisation),
        "status": str(status),
        "joined": first,
        "left": left if status == MemberStatus.LEFT else None,
        "left_why": record.left_why or "" if status == MemberStatus.LEFT else "",
    }
    work = NewMember(handle, tuple(values.items()), phones, record.ref.key)
    draft.add(record.place, Action.CREATE, Noun.MEMBER, people.called(handle), work)
    if not told and status != MemberStatus.APPLICANT and (left is None or first < left or status != MemberStatus.LEFT):
        until = left if status == MemberStatus.LEFT else None
        told.append(MembershipRecord(record.place, record.ref, record.kind or "", first, until))
    return None


def _weigh_spells(draft: Draft, people: People, handle: int, told: list[MembershipRecord]) -> None:
    today, have = clock.today(draft.at), list(people.spells[handle])
    for record in sorted(told, key=lambda one: (one.since, one.place)):
        kind = next((people.kinds[word] for word in wordings(record.kind) if word in people.kinds), None)
        if kind is None:
            choices = sorted(set(people.kinds.values()))
            draft.reading.problems.append(
                refusal(record.place, kinds.NoSuchKind(wanted=record.kind[:40], kinds=choices))
            )
        elif not memberships.EARLIEST <= record.since <= today:
            draft.wrong(record.place, _PERIOD, earliest=memberships.EARLIEST)
        else:
            spell = Spell(kind, record.since, record.until, record.place)
            _weigh_spell(draft, people, handle, record, spell, have)


def _weigh_spell(
    draft: Draft, people: People, handle: int, record: MembershipRecord, spell: Spell, have: list[Spell]
) -> None:
    name = f"{people.called(handle)} {spell.since:%Y-%m-%d} – {spell.until or ''}".rstrip()
    alike = (one for one in have if one.place is None and one.since == spell.since and one.kind == spell.kind)
    same = next(alike, None)
    others = [one for one in have if one is not same]
    covered = next((one for one in have if one.kind == spell.kind and _covers(one, spell)), None)
    met = next((one for one in others if meet(one.since, one.until, spell.since, spell.until)), None)
    if covered is not None:
        shorter = covered.since == spell.since and covered.until != spell.until
        action = Action.SKIP if shorter else Action.NOTHING
        draft.add(record.place, action, Noun.MEMBERSHIP, name, why=_SHORTER if shorter else None)
    elif met is not None:
        facts = {"since": met.since, "until": met.until or "…", "where": where(met.place, record.place)}
        draft.wrong(record.place, _OVERLAP, who=people.called(handle), **facts)
    elif same is not None:
        changes = (Change("until", same.until, spell.until),)
        have[have.index(same)] = spell
        draft.add(record.place, Action.CHANGE, Noun.MEMBERSHIP, name, NewSpell(handle, spell, True), changes=changes)
    else:
        have.append(spell)
        draft.add(record.place, Action.CREATE, Noun.MEMBERSHIP, name, NewSpell(handle, spell))


def _covers(whole: Spell, part: Spell) -> bool:
    return whole.since <= part.since and (whole.until is None or (part.until is not None and part.until <= whole.until))
