"""Money follows when two files of one person become one: nothing paid is lost, nothing is owed twice."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased

from billing.allocations import settle
from billing.models import MEMBERSHIP, Allocation, Due, Payment
from foundation import journal
from foundation.acts import Act
from foundation.money import Euros
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks


@dataclass(frozen=True, slots=True)
class Money:
    """What moves: so many dues and payments and their totals; `struck` is what both files owed for one membership."""

    dues: int
    owed: Euros
    payments: int
    paid: Euros
    struck: Euros


def foresee(session: Session, absorbed: Member, into: Member) -> Money:
    """What moves when one file is merged into the other."""
    dues, owed = _sum(session, Due, absorbed)
    payments, paid = _sum(session, Payment, absorbed)
    twice = [one for one, _ in _twice(session, absorbed, into) if one.what == MEMBERSHIP]
    struck = sum((one.cents for one in twice), Euros(0))
    return Money(dues - len(twice), Euros(owed - struck), payments, paid, struck)


@asks(Task.DUES_WRITE, "into")
def take_over(session: Session, act: Act, absorbed: Member, into: Member) -> Money:
    """Everything that `absorbed` owed and paid is `into`'s.

    Of one membership that both owed in one month, one due is struck: what had paid it is credit. What both owed for
    one line in one month is one due, of both amounts.
    """
    money = foresee(session, absorbed, into)
    # Payments first: a due and what settles it are one member's whenever an allocation is written.
    session.execute(update(Payment).where(Payment.member_id == absorbed.id).values(member_id=into.id))
    for due, same in _twice(session, absorbed, into):
        settled = Allocation.due_id == due.id
        if due.what == MEMBERSHIP:
            session.execute(delete(Allocation).where(settled))
        else:
            session.execute(update(Due).where(Due.id == same.id).values(cents=Due.cents + due.cents))
            session.execute(update(Allocation).where(settled).values(due_id=same.id))
        session.execute(delete(Due).where(Due.id == due.id))
    session.execute(update(Due).where(Due.member_id == absorbed.id).values(member_id=into.id))
    session.expire_all()
    settle(session, into)
    journal.record(
        session,
        act,
        "dues.merge",
        str(into),
        member=str(into),
        absorbed=str(absorbed),
        dues=money.dues,
        owed=int(money.owed),
        payments=money.payments,
        paid=int(money.paid),
        struck=int(money.struck),
    )
    return money


def _sum(session: Session, of: type[Due] | type[Payment], member: Member) -> tuple[int, Euros]:
    query = select(func.count(of.id), func.coalesce(func.sum(of.cents), 0)).where(of.member_id == member.id)
    count, total = session.execute(query).one()
    return count, Euros(total)


def _twice(session: Session, absorbed: Member, into: Member) -> list[tuple[Due, Due]]:
    """Dues of both for one thing and one period: the absorbed one's, and the one that stays."""
    same = aliased(Due)
    query = select(Due, same).join(same, (same.what == Due.what) & (same.period == Due.period))
    found = session.execute(query.where(Due.member_id == absorbed.id, same.member_id == into.id).order_by(Due.id))
    return [(due, kept) for due, kept in found]
