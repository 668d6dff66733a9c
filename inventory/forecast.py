"""How full the pools are, and when they will be: from what the ledger knows of the last year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from foundation import clock
from inventory.models.addresses import WIDTH, Assignment, Block, BlockState, Pool

LOOKING_BACK: Final = timedelta(days=365)
FURTHEST: Final = timedelta(days=50 * 365)
"""Beyond this a forecast says nothing."""


@dataclass(frozen=True, slots=True)
class Fill:
    """How full a pool is, counted in prefixes of the length that it hands out; parts of one are rounded down.

    `grown` is how many more are assigned than a year ago; `exhausted` the day on which the pool will be full at that
    pace, or None where it does not grow.
    """

    name: str
    prefix: str
    handed: int
    places: int
    free: int
    assigned: int
    quarantined: int
    reserved: int
    grown: int
    exhausted: date | None

    @property
    def share(self) -> float:
        """The part of the pool that is not free, from 0 to 1."""
        return 1 - self.free / self.places if self.places else 1.0


def report(session: Session, at: datetime) -> list[Fill]:
    """Every living pool, the fullest first."""
    pools = session.scalars(select(Pool).where(Pool.closed_at.is_(None)).order_by(Pool.name)).all()
    return sorted((_fill(session, pool, at) for pool in pools), key=lambda fill: -fill.share)


def exhaustion(left: int, grown: int, today: date) -> date | None:
    """The day on which `left` places are gone, where `grown` are taken a year; None where that is never or far off."""
    if grown <= 0 or left * LOOKING_BACK.days > grown * FURTHEST.days:
        return None
    return today + LOOKING_BACK * (left / grown)


def _fill(session: Session, pool: Pool, at: datetime) -> Fill:
    one = 1 << (WIDTH[pool.family] - pool.handed)
    counted = dict.fromkeys(BlockState, 0)
    blocks = select(Block.state, Block.length, func.count()).where(Block.pool_id == pool.id)
    for state, length, count in session.execute(blocks.group_by(Block.state, Block.length)):
        counted[BlockState(state)] += count << (WIDTH[pool.family] - length)
    grown = _held(session, pool, at) - _held(session, pool, at - LOOKING_BACK)
    free = counted[BlockState.FREE] // one
    return Fill(
        name=pool.name,
        prefix=str(pool.prefix),
        handed=pool.handed,
        places=sum(counted.values()) // one,
        free=free,
        assigned=counted[BlockState.ASSIGNED] // one,
        quarantined=counted[BlockState.QUARANTINED] // one,
        reserved=counted[BlockState.RESERVED] // one,
        grown=grown // one,
        exhausted=exhaustion(free, grown // one, clock.today(at)),
    )


def _held(session: Session, pool: Pool, at: datetime) -> int:
    then = select(Assignment.length, func.count()).where(
        Assignment.pool_id == pool.id,
        Assignment.since <= at,
        or_(Assignment.until.is_(None), Assignment.until > at),
    )
    return sum(
        count << (WIDTH[pool.family] - length) for length, count in session.execute(then.group_by(Assignment.length))
    )
