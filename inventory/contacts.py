"""Verbs on how members are reached: more contacts, each for something, and who speaks for an organisation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import members, numbers
from inventory.models.mandates import Task
from inventory.models.people import Contact, ContactKind, Member, Purpose, Referent, ReferentRole
from inventory.rights import asks
from inventory.words import fold

C = TypeVar("C", bound=StrEnum)
_PHONE: Final = re.compile(r"\+?[0-9](?:[ .()/-]{0,2}[0-9]){3,14}\)?")


class BadPhone(Invalid):
    """A text that is no telephone number."""

    kind = "bad-phone"
    phrase = Phrase("« {phone} » n'est pas un numéro de téléphone.", "“{phone}” is not a telephone number.")


class ContactThere(Refused):
    """The same contact for the same thing is in the file."""

    kind = "contact-there"
    phrase = Phrase(
        "{member} a déjà ce contact pour la même chose. Rien n'a été changé.",
        "{member} has this contact for the same thing already. Nothing was changed.",
    )


class NoSuchContact(NotFound):
    """No such contact in the file."""

    kind = "no-such-contact"
    phrase = Phrase(
        "{member} n'a pas de contact « {value} ». Les voir : essaim member show {member}",
        "{member} has no contact “{value}”. To see them: essaim member show {member}",
    )


class NotAnOrganisation(Refused):
    """A person speaks for themselves."""

    kind = "not-an-organisation"
    phrase = Phrase(
        "{member} est une personne : seules les organisations ont des référent·es. Rien n'a été changé.",
        "{member} is a person: only organisations have referents. Nothing was changed.",
    )


class BadReferent(Invalid):
    """A referent is a person who is a member, or the name of someone."""

    kind = "bad-referent"
    phrase = Phrase(
        "Il faut une personne, et une seule façon de la nommer : son numéro de membre, ou son nom. "
        "Rien n'a été changé.",
        "One person is needed, named in one way: by their member's number, or by their name. Nothing was changed.",
    )


class ReferentThere(Refused):
    """The same person does the same for the organisation."""

    kind = "referent-there"
    phrase = Phrase(
        "{who} l'est déjà pour {organisation} ({role}). Rien n'a été changé.",
        "{who} is that for {organisation} already ({role}). Nothing was changed.",
    )


class NoSuchReferent(NotFound):
    """Nobody of that name speaks for the organisation."""

    kind = "no-such-referent"
    phrase = Phrase(
        "« {who} » n'est pas référent·e de {organisation}. Les voir : essaim member show {organisation}",
        "“{who}” is no referent of {organisation}. To see them: essaim member show {organisation}",
    )


@asks(Task.MEMBERS_WRITE, "member", own=True)
def add_contact(
    session: Session, act: Act, member: Member, kind: str, value: str, *, purpose: str = Purpose.GENERAL
) -> Contact:
    """One more way to reach a member, and what it is for.

    Raises BadChoice, BadEmail, BadPhone, BadPostal, ContactThere.
    """
    of, what = chosen(ContactKind, kind), chosen(Purpose, purpose)
    plain = _checked(of, value)
    if any((one.kind, one.value, one.purpose) == (of, plain, what) for one in contacts_of(session, member)):
        raise ContactThere(member=str(member))
    contact = Contact(member_id=member.id, kind=of, value=plain, purpose=what, since=clock.today(act.at))
    session.add(contact)
    journal.record(session, act, "contact.add", str(member), member=str(member), kind=of, value=plain, purpose=what)
    members.note_sought(session, member)
    return contact


@asks(Task.MEMBERS_WRITE, "member", own=True)
def end_contact(session: Session, act: Act, member: Member, value: str, *, purpose: str | None = None) -> None:
    """A contact no longer serves: for that purpose, or for any. Raises BadChoice, NoSuchContact."""
    what = None if purpose is None else chosen(Purpose, purpose)
    ended = [
        one
        for one in contacts_of(session, member)
        if _compared(one.value) == _compared(value) and what in (None, one.purpose)
    ]
    if not ended:
        raise NoSuchContact(member=str(member), value=value[:80])
    for one in ended:
        one.until = clock.today(act.at)
        journal.record(
            session,
            act,
            "contact.end",
            str(member),
            member=str(member),
            kind=one.kind,
            value=one.value,
            purpose=one.purpose,
        )
    members.note_sought(session, member)


@asks(Task.MEMBERS_WRITE, "organisation")
def add_referent(
    session: Session,
    act: Act,
    organisation: Member,
    person: Member | None = None,
    *,
    name: str = "",
    contact: str = "",
    role: str = ReferentRole.REPRESENTATIVE,
    since: date | None = None,
) -> Referent:
    """Someone speaks for an organisation: a member, or a name and how to reach them.

    Raises NotAnOrganisation, BadReferent, BadName, BadEmail, BadPhone, BadChoice, ReferentThere.
    """
    if not organisation.organisation:
        raise NotAnOrganisation(member=str(organisation))
    if (person is None) == (not name.strip()) or (person is not None and (person.organisation or contact)):
        raise BadReferent
    what = chosen(ReferentRole, role)
    plain, reached = members.checked_name(name) if person is None else "", _reached(contact)
    for one in referents_of(session, organisation):
        if one.role == what and (one.person_id, fold(one.name)) == (person.id if person else None, fold(plain)):
            raise ReferentThere(who=str(person or plain), organisation=str(organisation), role=what)
    referent = Referent(
        organisation_id=organisation.id,
        person_id=person.id if person else None,
        name=plain,
        contact=reached,
        role=what,
        since=since or clock.today(act.at),
    )
    session.add(referent)
    journal.record(
        session,
        act,
        "referent.add",
        str(organisation),
        member=str(organisation),
        who=str(person or plain),
        contact=reached,
        role=what,
    )
    members.note_sought(session, organisation)
    return referent


@asks(Task.MEMBERS_WRITE, "organisation")
def end_referent(session: Session, act: Act, organisation: Member, who: str) -> None:
    """Someone, by their member's number or name, no longer speaks for an organisation. Raises NoSuchReferent."""
    ended = [
        one
        for one in referents_of(session, organisation)
        if (fold(one.name) == fold(who) if one.person is None else _is(one.person, who))
    ]
    if not ended:
        raise NoSuchReferent(who=who[:80], organisation=str(organisation))
    for one in ended:
        one.until = max(clock.today(act.at), one.since)
        journal.record(
            session,
            act,
            "referent.end",
            str(organisation),
            member=str(organisation),
            who=str(one.person or one.name),
            role=one.role,
        )
    members.note_sought(session, organisation)


def contacts_of(session: Session, *who: Member) -> Sequence[Contact]:
    """The living contacts of these members, in the order in which they came."""
    ids = [one.id for one in who]
    query = select(Contact).where(Contact.member_id.in_(ids), Contact.until.is_(None))
    return session.scalars(query.order_by(Contact.id)).all()


def referents_of(session: Session, *organisations: Member) -> Sequence[Referent]:
    """Who speaks for these organisations now, with the members they are, in the order in which they came."""
    ids = [one.id for one in organisations]
    query = select(Referent).where(Referent.organisation_id.in_(ids), Referent.until.is_(None))
    return session.scalars(query.options(joinedload(Referent.person)).order_by(Referent.id)).all()


def chosen(of: type[C], value: str) -> C:
    """The choice of that name. Raises BadChoice with the list."""
    try:
        return of(value)
    except ValueError as unknown:
        raise members.BadChoice(value=value[:40], choices=[one.value for one in of]) from unknown


def _checked(kind: ContactKind, value: str) -> str:
    if kind == ContactKind.EMAIL:
        return members.checked_email(value)
    if kind == ContactKind.PHONE:
        return checked_phone(value)
    if not value.strip():
        raise members.BadPostal
    return members.checked_postal(value)


def checked_phone(value: str) -> str:
    """A telephone number as it is kept. Raises BadPhone."""
    plain = " ".join(value.split())
    if not plain.isascii() or not _PHONE.fullmatch(plain):
        raise BadPhone(phone=plain[:40])
    return plain


def _reached(contact: str) -> str:
    """How a referent is reached: an e-mail address or a telephone number, or nothing."""
    if not contact.strip():
        return ""
    return members.checked_email(contact) if "@" in contact else checked_phone(contact)


def _compared(value: str) -> str:
    return re.sub(r"[ .()/-]", "", fold(value))


def _is(person: Member, who: str) -> bool:
    try:
        return numbers.parse("M", who) == person.number
    except numbers.BadNumber:
        return fold(who) == fold(person.name)
