"""What members give, month by month: dues issued, net of corrections; a year's due is for its twelve months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.cost.price import months_after
from billing.models import Correction, Due, DueKind, Per
from foundation.clock import Month
from inventory.models.people import Member
from inventory.numbers import shown

_TOLD = (DueKind.MEMBERSHIP, DueKind.ENTRY, DueKind.LINE, DueKind.GIFT)


class Given(NamedTuple):
    """What a member (`M0042`) gives for one thing (`L0042`, or the kind again) in one month, in exact cents."""

    month: Month
    member: str
    kind: DueKind
    what: str
    cents: Fraction


def given(session: Session, months: Sequence[Month]) -> list[Given]:
    """Everything that is given in these months, which follow one another, in the order of dues."""
    since, until = months_after(months[0].first, -11), months[-1].after
    corrected = select(Correction.due_id, func.sum(Correction.cents).label("cents")).group_by(Correction.due_id)
    net = corrected.subquery()
    query = (
        select(Due.kind, Due.what, Due.period, Due.per, Member.number, Due.cents + func.coalesce(net.c.cents, 0))
        .join(Member, Member.id == Due.member_id)
        .outerjoin(net, net.c.due_id == Due.id)
        .where(Due.kind.in_(_TOLD), Due.period >= since, Due.period < until)
        .order_by(Due.number)
    )
    return [
        Given(month, shown("M", number), DueKind(kind), what, cents)
        for kind, what, period, per, number, net_cents in session.execute(query)
        for month, cents in _spread(period, per, Fraction(int(net_cents)))
        if cents and months[0] <= month <= months[-1]
    ]


def issued(session: Session, months: Sequence[Month]) -> frozenset[Month]:
    """Those of these months whose dues were issued, and of the eleven before."""
    since, until = months_after(months[0].first, -11), months[-1].after
    regular = Due.kind.in_((DueKind.LINE, DueKind.MEMBERSHIP))
    found = session.scalars(select(Due.period).distinct().where(regular, Due.period >= since, Due.period < until))
    return frozenset(Month(day.year, day.month) for day in found)


def _spread(period: date, per: str, cents: Fraction) -> list[tuple[Month, Fraction]]:
    """The months that a due is for, each with its part."""
    if per != Per.YEAR:
        return [(Month(period.year, period.month), cents)]
    days = [months_after(period.replace(day=1), rank) for rank in range(12)]
    return [(Month(day.year, day.month), cents * Fraction(1, 12)) for day in days]
