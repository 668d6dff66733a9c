"""Where one writes to a member about money; for an organisation, never whoever keeps its machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from inventory import contacts
from inventory.models.people import Contact, ContactKind, Member, Purpose, Referent, ReferentRole


def for_money(session: Session, members: Sequence[Member]) -> dict[int, str]:
    """The one mailbox for money of each member, by row; without one, they are left out.

    First whoever they named for payments; then their own mailbox, one for anything, and for an organisation whoever
    represents it. A mailbox that an organisation named for what is technical is none of these, unless it named it for
    payments too.
    """
    own: defaultdict[int, list[Contact]] = defaultdict(list)
    for contact in contacts.contacts_of(session, *members):
        if contact.kind == ContactKind.EMAIL:
            own[contact.member_id].append(contact)
    speakers: defaultdict[int, list[Referent]] = defaultdict(list)
    for referent in contacts.referents_of(session, *(one for one in members if one.organisation)):
        speakers[referent.organisation_id].append(referent)
    found = {one.id: _of(one, own[one.id], speakers[one.id]) for one in members}
    return {row: mailbox for row, mailbox in found.items() if mailbox}


def _of(member: Member, own: Sequence[Contact], speakers: Sequence[Referent]) -> str:
    billing = [*_named(own, Purpose.BILLING), *_speaking(speakers, ReferentRole.BILLING)]
    if billing:
        return billing[0]
    technical: set[str] = set()
    if member.organisation:
        named = (*_named(own, Purpose.TECHNICAL), *_speaking(speakers, ReferentRole.TECHNICAL))
        technical = {one.casefold() for one in named}
    others = [
        *([member.email] if member.email else []),
        *_named(own, Purpose.GENERAL),
        *_speaking(speakers, ReferentRole.REPRESENTATIVE),
    ]
    return next((one for one in others if one.casefold() not in technical), "")


def _named(own: Iterable[Contact], purpose: Purpose) -> list[str]:
    return [one.value for one in own if one.purpose == purpose]


def _speaking(speakers: Iterable[Referent], role: ReferentRole) -> list[str]:
    """The mailboxes of an organisation's referents of a role; a telephone number is none."""
    said = [(one.person.email or "") if one.person is not None else one.contact for one in speakers if one.role == role]
    return [one for one in said if "@" in one]
