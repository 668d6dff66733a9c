"""Movements listed, those that wait and those of which someone said what they are: reading only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from billing.allocations import stands
from billing.bank.inbox import cents_said
from billing.bank.knowledge import arrived, knowledge
from billing.bank.views import SuggestionView, suggestion_view
from billing.dues import net
from billing.matching.suggesting import suggest
from billing.models import BankAccount, BankEntry, BankFile, Due, Filing, Payment
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member


class SaidAs(StrEnum):
    """What someone said that a movement, or a part of it, is."""

    PAYMENT = "payment"
    REFUND = "refund"
    FILING = "filing"

    @property
    def phrase(self) -> Phrase:
        """The sort as people read it."""
        return _SAID_AS[self]


_SAID_AS: Final = {
    SaidAs.PAYMENT: Phrase("paiement", "payment"),
    SaidAs.REFUND: Phrase("remboursement", "refund"),
    SaidAs.FILING: Phrase("classé", "filed"),
}


@dataclass(frozen=True, slots=True)
class SaidView:
    """So many cents of a movement are this: a payment (`P0042`), a refund (`D0042`), or filed under an account."""

    sort: SaidAs
    name: str
    member: str
    member_name: str
    cents: Euros


@dataclass(frozen=True, slots=True)
class EntryView:
    """A movement; `left_cents` of it wait until someone says what they are, which only then is suggested."""

    number: str
    account: str
    day: date
    cents: Euros
    left_cents: Euros
    label: str
    payer: str
    payer_account: str
    said: tuple[SaidView, ...]
    suggestions: tuple[SuggestionView, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """A statement that was read, into which account, and the days that it covers."""

    name: str
    account: str
    since: date | None
    until: date | None
    read_at: datetime


def latest_files(session: Session, limit: int) -> list[FileView]:
    """The statements that were read last, the latest first."""
    query = select(BankFile).options(selectinload(BankFile.account)).order_by(BankFile.id.desc()).limit(limit)
    return [FileView(one.name, one.account.name, one.since, one.until, one.read_at) for one in session.scalars(query)]


def count_waiting(session: Session) -> int:
    """How many movements wait."""
    return session.scalar(select(func.count(BankEntry.id)).where(cents_said() != BankEntry.cents)) or 0


def list_entries(
    session: Session,
    *,
    waiting: bool | None = None,
    account: BankAccount | None = None,
    since: date | None = None,
    until: date | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[BankEntry]:
    """Movements by number; those that wait or those that do not; of one account; from a day on, before another."""
    query = select(BankEntry).where(BankEntry.number > after).options(selectinload(BankEntry.account))
    if waiting is not None:
        query = query.where(cents_said() != BankEntry.cents if waiting else cents_said() == BankEntry.cents)
    if account is not None:
        query = query.where(BankEntry.account_id == account.id)
    if since is not None:
        query = query.where(BankEntry.day >= since)
    if until is not None:
        query = query.where(BankEntry.day < until)
    return session.scalars(query.order_by(BankEntry.number).limit(limit)).all()


def entry_views(session: Session, found: Sequence[BankEntry], day: date) -> list[EntryView]:
    """Movements in the order given, with what was said of them, and what is suggested on that day for what waits."""
    said = _said(session, [one.id for one in found])
    accounts = {one.id: one.name for one in session.scalars(select(BankAccount))}
    left = _left(session, [one.id for one in found])
    coming = [one for one in found if left[one.id] > 0]
    known = knowledge(session, day) if coming else None
    suggested = {one.id: suggest(arrived(one), known) for one in coming if known is not None}
    wanted = {number for each in suggested.values() for one in each for number, _ in one.parts}
    names = {one.number: one.name for one in session.scalars(select(Member).where(Member.number.in_(wanted)))}
    return [
        EntryView(
            number=str(one),
            account=accounts[one.account_id],
            day=one.day,
            cents=one.cents,
            left_cents=left[one.id],
            label=one.label,
            payer=one.payer,
            payer_account=one.payer_account,
            said=tuple(said[one.id]),
            suggestions=tuple(suggestion_view(each, names) for each in suggested.get(one.id, ())),
        )
        for one in found
    ]


def _left(session: Session, rows: Sequence[int]) -> dict[int, Euros]:
    query = select(BankEntry.id, BankEntry.cents, cents_said()).where(BankEntry.id.in_(rows))
    return {row: Euros(int(cents) - int(said)) for row, cents, said in session.execute(query)}


def _said(session: Session, rows: Sequence[int]) -> defaultdict[int, list[SaidView]]:
    found: defaultdict[int, list[SaidView]] = defaultdict(list)
    paid = select(Payment).where(Payment.entry_id.in_(rows), stands()).options(selectinload(Payment.member))
    for payment in session.scalars(paid.order_by(Payment.number)):
        whose = payment.member
        if payment.entry_id is not None:
            found[payment.entry_id].append(
                SaidView(SaidAs.PAYMENT, str(payment), str(whose), whose.name, payment.cents)
            )
    given = select(Due, Member).join(Member, Member.id == Due.member_id).where(Due.entry_id.in_(rows))
    for due, whose in session.execute(given.order_by(Due.number)):
        left = net(session, due)
        if left and due.entry_id is not None:
            found[due.entry_id].append(SaidView(SaidAs.REFUND, str(due), str(whose), whose.name, left))
    filed = select(Filing).where(Filing.entry_id.in_(rows), Filing.undone.is_(None)).order_by(Filing.id)
    for one in session.scalars(filed):
        found[one.entry_id].append(SaidView(SaidAs.FILING, one.account, "", one.words, one.cents))
    return found
