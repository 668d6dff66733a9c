"""Members: their files, contacts, referents and memberships. The file to copy for another noun."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from foundation import clock, journal
from foundation.acts import Act
from inventory import contacts, kinds, members, memberships
from inventory.models.mandates import Task
from inventory.models.people import ContactKind, Member, Purpose, ReferentRole
from inventory.views.members import MemberView, views_of


class NewMember(Body):
    """Someone joins. `status` is a kind of membership, or `applicant`."""

    name: str = Field(max_length=200, examples=["Camille Exemple"])
    email: str | None = Field(None, max_length=254, examples=["camille@essaim.example"])
    status: str | None = Field(None, max_length=32, examples=["adherent"])
    language: str = Field("fr", max_length=2)
    organisation: bool = False
    postal: str = Field("", max_length=500)
    since: date | None = None


class MemberChange(Body):
    """What changes in a file; an empty e-mail or postal address takes it away."""

    name: str = Field("", max_length=200)
    email: str = Field("", max_length=254, examples=["camille@essaim.example"])
    language: str = Field("", max_length=2)
    postal: str = Field("", max_length=500)


class Joining(Body):
    """With which kind of membership, and from which day."""

    kind: str | None = Field(None, max_length=32, examples=["adherent"])
    since: date | None = None


class Becoming(Body):
    """Of which kind, and from which day."""

    kind: str = Field(max_length=32, examples=["affiliate"])
    since: date | None = None


class Period(Body):
    """A membership of the past."""

    kind: str = Field(max_length=32, examples=["adherent"])
    since: date
    until: date
    why: str = Field("", max_length=300)


class NewContact(Body):
    """One more way to reach a member."""

    kind: ContactKind
    value: str = Field(max_length=500, examples=["+33 1 99 00 12 34"])
    purpose: Purpose = Purpose.GENERAL


class ContactEnd(Body):
    """The contact that no longer serves: for that purpose, or for any."""

    value: str = Field(max_length=500, examples=["+33 1 99 00 12 34"])
    purpose: Purpose | None = None


class NewReferent(Body):
    """Who speaks for an organisation: a member's number, or a name and how to reach them."""

    member: str | None = Field(None, max_length=16, examples=["M0042"])
    name: str = Field("", max_length=200)
    contact: str = Field("", max_length=254)
    role: ReferentRole = ReferentRole.REPRESENTATIVE
    since: date | None = None


class ReferentEnd(Body):
    """Who no longer speaks for it: their member's number, or their name."""

    who: str = Field(max_length=200, examples=["M0042"])


def listed(
    session: Session,
    at: datetime,
    *,
    left: bool = False,
    kind: str | None = None,
    word: str = "",
    after: int = 0,
    limit: int = 100,
) -> Sequence[Member]:
    """Members by number; those who left only with `left`."""
    wanted = kinds.find_kind(session, kind).name if kind is not None else None
    return members.list_members(
        session, left=left, kind=wanted, day=clock.today(at), word=word, after=after, limit=limit
    )


def create(session: Session, act: Act, body: NewMember) -> Member:
    """Someone joins."""
    return members.add_member(session, act, **body.given())


def change(session: Session, act: Act, member: Member, body: MemberChange) -> None:
    """What a file says changes. One's own one may change."""
    members.change_member(session, act, member, **body.given())


def admit(session: Session, act: Act, member: Member, body: Joining) -> None:
    """An applicant becomes a member."""
    memberships.admit(session, act, member, **body.given())


def rejoin(session: Session, act: Act, member: Member, body: Joining) -> None:
    """Someone who left comes back; the gap stays in their file."""
    memberships.rejoin(session, act, member, **body.given())


def become(session: Session, act: Act, member: Member, body: Becoming) -> None:
    """A member is of another kind from a day on."""
    memberships.become(session, act, member, **body.given())


def add_period(session: Session, act: Act, member: Member, body: Period) -> None:
    """Note a membership of the past."""
    memberships.add_period(session, act, member, **body.given())


def leave(session: Session, act: Act, member: Member) -> None:
    """Someone leaves: their lines close, their parts of others' lines end."""
    members.leave(session, act, member)


def add_contact(session: Session, act: Act, member: Member, body: NewContact) -> None:
    """One more way to reach a member. One's own one may add."""
    contacts.add_contact(session, act, member, body.kind, body.value, purpose=body.purpose)


def end_contact(session: Session, act: Act, member: Member, body: ContactEnd) -> None:
    """A contact no longer serves. One's own one may end."""
    contacts.end_contact(session, act, member, body.value, purpose=body.purpose)


def add_referent(session: Session, act: Act, member: Member, body: NewReferent) -> None:
    """Someone speaks for an organisation."""
    person = members.find_member(session, body.member) if body.member is not None else None
    contacts.add_referent(
        session, act, member, person, name=body.name, contact=body.contact, role=body.role, since=body.since
    )


def end_referent(session: Session, act: Act, member: Member, body: ReferentEnd) -> None:
    """Someone no longer speaks for an organisation."""
    contacts.end_referent(session, act, member, body.who)


def looked(session: Session, act: Act, number: str) -> None:
    """Someone read the file of someone else, who sees that in their own deeds."""
    journal.record(session, act, "member.look", number, member=number)


MEMBERS = Noun(
    path="members",
    about="Members of the association, by number",
    view=MemberView,
    views=lambda session, act, rows: views_of(session, rows, clock.today(act.at)),
    find=members.find_member,
    listed=listed,
    readers=frozenset({Task.MEMBERS_READ, Task.MEMBERS_WRITE}),
    create=create,
    change=change,
    verbs={
        "admit": admit,
        "rejoin": rejoin,
        "become": become,
        "memberships": add_period,
        "leave": leave,
        "contacts": add_contact,
        "contacts/end": end_contact,
        "referents": add_referent,
        "referents/end": end_referent,
    },
    looked=looked,
    example={
        "number": "M0042",
        "name": "Camille Exemple",
        "organisation": False,
        "status": "adherent",
        "status_since": "2026-01-15",
        "joined": "2026-01-15",
        "left": None,
        "left_why": "",
        "email": "camille@essaim.example",
        "language": "fr",
        "postal": "",
        "contacts": [
            {"kind": "phone", "value": "+33 1 99 00 12 34", "purpose": "general", "since": "2026-01-15"},
        ],
        "referents": [],
        "memberships": [{"kind": "adherent", "since": "2026-01-15", "until": None, "why": ""}],
        "former_numbers": [],
    },
)
