"""A member from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from inventory import contacts, kinds, memberships, numbers
from inventory.models.people import (
    Contact,
    ContactKind,
    Member,
    Membership,
    MembershipKind,
    MemberStatus,
    Purpose,
    Referent,
    ReferentRole,
)
from inventory.words import Coded

Owned = TypeVar("Owned", Membership, Contact)


@dataclass(frozen=True, slots=True)
class KindView:
    """A kind of membership. `retired`: since when nobody joins with it."""

    name: str
    label_fr: str
    label_en: str
    votes: bool
    retired: date | None


@dataclass(frozen=True, slots=True)
class MembershipView:
    """A period of one kind, half-open, and why it ended."""

    kind: str
    since: date
    until: date | None
    why: str


@dataclass(frozen=True, slots=True)
class ContactView:
    """One more way to reach a member, and what it is for."""

    kind: ContactKind
    value: str
    purpose: Purpose
    since: date


@dataclass(frozen=True, slots=True)
class ReferentView:
    """Who speaks for an organisation; `member` is their number where they are one."""

    name: str
    member: str | None
    contact: str
    role: ReferentRole
    since: date


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member's file. `status`: `applicant`, `left`, `lapsed`, or the kind of membership of that day, and since when.

    `former_numbers` are those of files that were merged into this one.
    """

    number: str
    name: str
    organisation: bool
    status: str
    status_since: date
    joined: date
    left: date | None
    left_why: str
    email: str | None
    language: str
    postal: str
    contacts: tuple[ContactView, ...]
    referents: tuple[ReferentView, ...]
    memberships: tuple[MembershipView, ...]
    former_numbers: tuple[str, ...]


def kind_view(kind: MembershipKind) -> KindView:
    """A kind as it is seen."""
    return KindView(kind.name, kind.label_fr, kind.label_en, kind.votes, kind.retired)


def view(session: Session, member: Member, day: date) -> MemberView:
    """A member's file as it is seen on that day."""
    return views_of(session, [member], day)[0]


def views_of(session: Session, members: Sequence[Member], day: date) -> list[MemberView]:
    """The files of members, in their order, as they are seen on that day: five queries, however many members."""
    ids, words = [one.id for one in members], kinds.words(session)
    periods = _by(session.scalars(select(Membership).where(Membership.member_id.in_(ids)).order_by(Membership.since)))
    reached = _by(contacts.contacts_of(session, *members))
    spoken = defaultdict[int, list[Referent]](list)
    for referent in contacts.referents_of(session, *members):
        spoken[referent.organisation_id].append(referent)
    formerly = defaultdict[int, list[str]](list)
    merged = select(Member.merged_into_id, Member.number).where(Member.merged_into_id.in_(ids)).order_by(Member.number)
    for into, number in session.execute(merged):
        formerly[into or 0].append(numbers.shown("M", number))
    return [
        MemberView(
            number=str(one),
            name=one.name,
            organisation=one.organisation,
            status=standing(one, periods[one.id], day, words),
            status_since=one.left or _since(periods[one.id], day) or one.joined,
            joined=one.joined,
            left=one.left,
            left_why=one.left_why,
            email=one.email,
            language=one.language,
            postal=one.postal,
            contacts=tuple(_contact(each) for each in reached[one.id]),
            referents=tuple(_referent(each) for each in spoken[one.id]),
            memberships=tuple(
                MembershipView(words[each.kind], each.since, each.until, each.why) for each in periods[one.id]
            ),
            former_numbers=tuple(formerly[one.id]),
        )
        for one in members
    ]


def standing(member: Member, periods: Iterable[Membership], day: date, words: Mapping[str, Coded]) -> str:
    """Where a member stands on that day: a code that people read as words."""
    if member.status != MemberStatus.MEMBER:
        return MemberStatus(member.status)
    current = memberships.on(periods, day)
    return kinds.LAPSED if current is None else words[current.kind]


def _since(periods: Iterable[Membership], day: date) -> date | None:
    current = memberships.on(periods, day)
    return None if current is None else current.since


def _contact(one: Contact) -> ContactView:
    return ContactView(ContactKind(one.kind), one.value, Purpose(one.purpose), one.since)


def _referent(one: Referent) -> ReferentView:
    person = one.person
    name, number = (one.name, None) if person is None else (person.name, str(person))
    return ReferentView(name, number, one.contact, ReferentRole(one.role), one.since)


def _by(rows: Iterable[Owned]) -> defaultdict[int, list[Owned]]:
    groups: defaultdict[int, list[Owned]] = defaultdict(list)
    for row in rows:
        groups[row.member_id].append(row)
    return groups
