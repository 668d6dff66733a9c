"""What the matcher is told: members, what is open, and what was confirmed before, read from the rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations import open_dues, stands
from billing.matching.knowing import Arrived, Known, Owed, Part, Person
from billing.models import BankEntry, Due, Filing, Payment
from inventory.models.people import Contact, ContactKind, Member, MemberStatus

_REMEMBERED: Final = timedelta(days=3 * 365)
"""Older movements tell of accounts that are closed and of couples who parted."""


def knowledge(session: Session, day: date) -> Known:
    """All that may help to say whose a movement is, on that day."""
    known = Known(_people(session))
    known.owe(_owed(session))
    for entry, parts, account, words in _confirmed(session, day - _REMEMBERED):
        known.learn(entry, parts, account=account, words=words)
    return known


def arrived(row: BankEntry) -> Arrived:
    """A movement as the matcher reads it."""
    return Arrived(
        row.day, int(row.cents), row.label, row.payer, row.payer_account, row.payer_email, row.end_to_end, row.reference
    )


def _people(session: Session) -> list[Person]:
    emails: defaultdict[int, list[str]] = defaultdict(list)
    living = select(Contact.member_id, Contact.value).where(Contact.kind == ContactKind.EMAIL, Contact.until.is_(None))
    for row, value in session.execute(living):
        emails[row].append(value)
    query = select(Member.id, Member.number, Member.name, Member.organisation, Member.email)
    query = query.where(Member.status != MemberStatus.MERGED).order_by(Member.number)
    return [
        Person(number, (name,), tuple(filter(None, (email, *emails[row]))), organisation)
        for row, number, name, organisation, email in session.execute(query)
    ]


def _owed(session: Session) -> list[Owed]:
    dues = open_dues().order_by(None).subquery()
    query = select(Member.number, Due.what, dues.c.cents).join(Due, Due.id == dues.c.id)
    query = query.join(Member, Member.id == Due.member_id).order_by(Due.period, Due.id)
    return [Owed(number, what, int(cents)) for number, what, cents in session.execute(query)]


def _confirmed(session: Session, since: date) -> list[tuple[Arrived, list[Part], str, str]]:
    """Movements that someone, or their reference, said what they were; the oldest first."""
    parts: defaultdict[int, list[Part]] = defaultdict(list)
    paid = select(Payment.entry_id, Member.number, Payment.cents).join(Member, Member.id == Payment.member_id)
    for row, number, cents in session.execute(paid.where(Payment.entry_id.is_not(None), stands()).order_by(Payment.id)):
        if row is not None:
            parts[row].append((number, int(cents)))
    filed = {
        row: (account, words)
        for row, account, words in session.execute(
            select(Filing.entry_id, Filing.account, Filing.words).where(Filing.undone.is_(None))
        )
    }
    query = select(BankEntry).where(BankEntry.day >= since).order_by(BankEntry.day, BankEntry.id)
    found = []
    for entry in session.scalars(query):
        if entry.id in parts or entry.id in filed:
            account, words = filed.get(entry.id, ("", ""))
            found.append((arrived(entry), parts.get(entry.id, []), account, words))
    return found
