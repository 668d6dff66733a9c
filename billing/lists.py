"""Lists of dues and payments, a page at a time, and who is late: reading only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from billing.allocations import net_of_due, open_dues, stands
from billing.models import Allocation, Due, DueKind, Means, Payment
from foundation.clock import Month
from foundation.money import Euros
from inventory.models.people import Member

TERM: Final = 30
"""Days after its own that a due may wait before whoever owes it counts as late."""


class Late(NamedTuple):
    """Someone who owes `cents` for `dues` things that are past their term, the first of them since that day."""

    member: Member
    since: date
    cents: Euros
    dues: int


def late(session: Session, day: date, *, days: int = TERM, after: int = 0, limit: int = 100) -> list[Late]:
    """Whose dues are still open more than so many days after their own, by member number."""
    opened = open_dues().order_by(None).where(Due.period < day - timedelta(days=days)).add_columns(Due.period)
    rows = opened.subquery()
    owed = (
        select(
            rows.c.member_id,
            func.min(rows.c.period).label("since"),
            func.sum(rows.c.cents).label("cents"),
            func.count().label("dues"),
        )
        .group_by(rows.c.member_id)
        .subquery()
    )
    query = select(Member, owed.c.since, owed.c.cents, owed.c.dues).join(owed, owed.c.member_id == Member.id)
    query = query.where(Member.number > after).order_by(Member.number).limit(limit)
    return [Late(member, since, Euros(cents), dues) for member, since, cents, dues in session.execute(query)]


def list_dues(
    session: Session,
    *,
    member: Member | None = None,
    month: Month | None = None,
    kind: DueKind | None = None,
    opened: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Due]:
    """Dues by number; of one member, of one month, of one kind, or those that are not wholly settled."""
    query = select(Due).where(Due.number > after).options(selectinload(Due.member))
    if member is not None:
        query = query.where(Due.member_id == member.id)
    if month is not None:
        query = query.where(Due.period >= month.first, Due.period < month.after)
    if kind is not None:
        query = query.where(Due.kind == kind)
    if opened:
        settled = select(func.coalesce(func.sum(Allocation.cents), 0)).where(Allocation.due_id == Due.id)
        query = query.where(net_of_due() > settled.correlate(Due).scalar_subquery())
    return session.scalars(query.order_by(Due.number).limit(limit)).all()


def list_payments(
    session: Session,
    *,
    member: Member | None = None,
    month: Month | None = None,
    means: Means | None = None,
    standing: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Payment]:
    """Payments by number; of one member, of one month, by one means; `standing`: without those reversed."""
    query = select(Payment).where(Payment.number > after).options(selectinload(Payment.member))
    if member is not None:
        query = query.where(Payment.member_id == member.id)
    if month is not None:
        query = query.where(Payment.day >= month.first, Payment.day < month.after)
    if means is not None:
        query = query.where(Payment.means == means)
    if standing:
        query = query.where(stands())
    return session.scalars(query.order_by(Payment.number).limit(limit)).all()
