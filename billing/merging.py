"""Money follows when two files of one person become one: nothing paid is lost, nothing is owed twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from billing.allocations import net_of_due, settle, stands
from billing.books import years
from billing.debit import mandates as debit_mandates
from billing.dues import MONTHLY, correct, net
from billing.models import Due, DueKind, GiftReceipt, MovedMoney, Pause, Payment, Pledge, Reminder, ReminderHold
from foundation import clock, journal
from foundation.acts import Act
from foundation.money import Euros
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

_ONE_OF_A_PERSON: Final = (DueKind.MEMBERSHIP, DueKind.ENTRY)
"""What one person owes once, however many files they had; of a line they shared with themselves, both parts."""


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
    twice = [one for one, _ in _twice(session, absorbed, into) if one.kind in _ONE_OF_A_PERSON]
    struck = sum((net(session, one) for one in twice), Euros(0))
    return Money(dues - len(twice), Euros(owed - struck), payments, paid, struck)


@asks(Task.DUES_WRITE, "into")
def take_over(session: Session, act: Act, absorbed: Member, into: Member) -> Money:
    """Everything that `absorbed` owed, paid and chose is `into`'s.

    Of one membership or entry that both owed in one month, one due is struck: what had paid it is credit.
    """
    money = foresee(session, absorbed, into)
    for due, _ in _twice(session, absorbed, into):
        if due.kind in _ONE_OF_A_PERSON and (left := net(session, due)):
            correct(session, act, due, -left, f"{absorbed} = {into}")
        session.execute(update(Due).where(Due.id == due.id).values(absorbed=True))
    # An allocation keeps its payment and its due to one member when it is written: nothing is, while they move.
    _note(session, act, absorbed, into)
    session.execute(update(Payment).where(Payment.member_id == absorbed.id).values(member_id=into.id))
    session.execute(update(Due).where(Due.member_id == absorbed.id).values(member_id=into.id))
    _move_choices(session, absorbed, into)
    debit_mandates.move(session, act, absorbed, into)
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


def _note(session: Session, act: Act, absorbed: Member, into: Member) -> None:
    """What is about to move: in the books it stays `absorbed`'s until this day."""
    day = years.open_day(session, clock.today(act.at))
    same = {"absorbed_id": absorbed.id, "into_id": into.id, "day": day, "at": act.at}
    dues = session.scalars(select(Due.id).where(Due.member_id == absorbed.id).order_by(Due.number))
    rows = [{"due_id": row, "payment_id": None, **same} for row in dues]
    payments = session.scalars(select(Payment.id).where(Payment.member_id == absorbed.id).order_by(Payment.number))
    rows += [{"due_id": None, "payment_id": row, **same} for row in payments]
    if rows:
        session.execute(insert(MovedMoney), rows)


def _move_choices(session: Session, absorbed: Member, into: Member) -> None:
    """What the file that stays chose holds, where both chose for one thing from one day on."""
    same = aliased(Pledge)
    both = select(same.id).where(same.member_id == into.id, same.what == Pledge.what, same.since == Pledge.since)
    session.execute(
        delete(Pledge).where(Pledge.member_id == absorbed.id, both.correlate(Pledge).exists()),
        execution_options={"synchronize_session": False},
    )
    for table in (Pledge, Pause, Reminder, ReminderHold, GiftReceipt):
        session.execute(update(table).where(table.member_id == absorbed.id).values(member_id=into.id))


def _sum(session: Session, of: type[Due] | type[Payment], member: Member) -> tuple[int, Euros]:
    amounts = net_of_due() if of is Due else Payment.cents
    query = select(func.count(of.id), func.coalesce(func.sum(amounts), 0)).where(of.member_id == member.id)
    count, total = session.execute(query if of is Due else query.where(stands())).one()
    return count, Euros(total)


def _twice(session: Session, absorbed: Member, into: Member) -> list[tuple[Due, Due]]:
    """Dues of both for one thing and one period: the absorbed one's, and the one that stays."""
    same = aliased(Due)
    again = (same.kind == Due.kind) & (same.what == Due.what) & (same.period == Due.period)
    query = select(Due, same).join(same, again).where(Due.kind.in_(MONTHLY), Due.absorbed.is_(False))
    query = query.where(Due.member_id == absorbed.id, same.member_id == into.id, same.absorbed.is_(False))
    return [(due, kept) for due, kept in session.execute(query.order_by(Due.id))]
