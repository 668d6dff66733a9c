"""Which payment settles which due: the oldest payment the oldest due, and what is left stays as credit."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Insert, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from billing.models import Allocation, Correction, Due, Payment, Reversal
from foundation.money import Euros
from inventory.models.people import Member


class Open(NamedTuple):
    """What remains of a payment or a due: its row, whose it is, and the cents."""

    id: int
    member: int
    cents: Euros


class Pair(NamedTuple):
    """So many cents of a payment go to a due."""

    payment: int
    due: int
    cents: Euros


def pair(payments: Iterable[Open], dues: Iterable[Open]) -> list[Pair]:
    """Settle dues with payments of the same member, each in the order given."""
    waiting: defaultdict[int, deque[Open]] = defaultdict(deque)
    for due in dues:
        waiting[due.member].append(due)
    pairs = []
    for payment in payments:
        left, queue = payment.cents, waiting[payment.member]
        while left > 0 and queue:
            due = queue.popleft()
            given = min(left, due.cents)
            pairs.append(Pair(payment.id, due.id, given))
            left -= given
            if given < due.cents:
                queue.appendleft(due._replace(cents=due.cents - given))
    return pairs


def hold(session: Session, member: Member | int) -> None:
    """Until the transaction ends nobody else writes that member's money: two at once would spend one credit twice."""
    row = member if isinstance(member, int) else member.id
    session.execute(select(Member.id).where(Member.id == row).with_for_update(key_share=True)).all()


def settle(session: Session, member: Member | None = None) -> list[Pair]:
    """Let the credit of one member, or of everyone, settle the oldest open dues; give what was settled."""
    payments, dues = open_payments(), open_dues()
    if member is not None:
        payments, dues = payments.where(Payment.member_id == member.id), dues.where(Due.member_id == member.id)
    # Payers' rows are locked before anything is read: two at once would spend the same credit (SQLite has one writer).
    payers = select(payments.subquery().c.member_id)
    query = select(Member.id).where(Member.id == member.id if member else Member.id.in_(payers))
    session.execute(query.order_by(Member.id).with_for_update(key_share=True)).all()
    pairs = pair(_read(session, payments), _read(session, dues.where(Due.member_id.in_(payers))))
    if pairs:
        rows = [{"payment_id": one.payment, "due_id": one.due, "cents": one.cents} for one in pairs]
        session.execute(_added(session), rows)
    return pairs


def _added(session: Session) -> Insert:
    """Rows come to those there are: what a correction gave back to a payment may settle a due it settles in part."""
    dialect = session.connection().dialect.name
    same = ["payment_id", "due_id"]
    if dialect == "postgresql":
        mine = postgresql.insert(Allocation)
        return mine.on_conflict_do_update(index_elements=same, set_={"cents": Allocation.cents + mine.excluded.cents})
    new = sqlite.insert(Allocation)
    return new.on_conflict_do_update(index_elements=same, set_={"cents": Allocation.cents + new.excluded.cents})


def _read(session: Session, opened: Select[int, int, Euros]) -> list[Open]:
    # PostgreSQL sums whole numbers as decimal ones.
    return [Open(row, member, Euros(cents)) for row, member, cents in session.execute(opened)]


def lower(session: Session, due: Due, most: Euros) -> None:
    """Let at most so many cents settle a due: what was allocated last goes back to its payments."""
    query = select(Allocation).where(Allocation.due_id == due.id).order_by(Allocation.id.desc())
    found = session.scalars(query).all()
    beyond = sum(one.cents for one in found) - most
    for one in found:
        if beyond <= 0:
            break
        _take(session, one, min(one.cents, beyond))
        beyond -= one.cents


def _take(session: Session, one: Allocation, cents: int) -> None:
    same = Allocation.id == one.id
    if cents == one.cents:
        session.execute(delete(Allocation).where(same))
    else:
        session.execute(update(Allocation).where(same).values(cents=one.cents - cents))


def release(session: Session, payment: Payment) -> None:
    """Take back all that a payment settles."""
    session.execute(delete(Allocation).where(Allocation.payment_id == payment.id))


def net_of_due() -> ColumnElement[Euros]:
    """What a due is, corrections included, beside the table `due`."""
    corrected = select(func.coalesce(func.sum(Correction.cents), 0)).where(Correction.due_id == Due.id)
    return Due.cents + corrected.correlate(Due).scalar_subquery()


def stands() -> ColumnElement[bool]:
    """Whether a payment counts: it was not reversed."""
    return ~select(Reversal.id).where(Reversal.payment_id == Payment.id).correlate(Payment).exists()


def open_payments() -> Select[int, int, Euros]:
    """Payments of which something is left (row, member's row, cents left), the oldest first."""
    used = select(func.coalesce(func.sum(Allocation.cents), 0)).where(Allocation.payment_id == Payment.id)
    left = Payment.cents - used.scalar_subquery()
    query = select(Payment.id, Payment.member_id, left.label("cents")).where(left > 0, stands())
    return query.order_by(Payment.day, Payment.id)


def open_dues() -> Select[int, int, Euros]:
    """Dues not wholly settled (row, member's row, cents open), the oldest first."""
    settled = select(func.coalesce(func.sum(Allocation.cents), 0)).where(Allocation.due_id == Due.id)
    left = net_of_due() - settled.scalar_subquery()
    return select(Due.id, Due.member_id, left.label("cents")).where(left > 0).order_by(Due.period, Due.id)
