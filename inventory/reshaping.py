"""How a pool changes shape: it grows, is cut in two, gives a part back, or all of it.

Only what is free is given back, and what has ended its quarantine. History stays with the pool that it happened in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory import blocks
from inventory.blocks import Prefix
from inventory.ledger import Found, Ledger, open_ledger
from inventory.models.addresses import WIDTH, Assignment, Block, BlockState, IPNetwork, Pool
from inventory.models.lines import Offer
from inventory.models.mandates import Task
from inventory.pools import alone, last_held, refuse_name, refuse_overlap, whole
from inventory.rights import asks

NAMED_AT_MOST = 5


class NotAround(Invalid):
    """A pool grows to a prefix that contains it, and gives back all but a part of itself."""

    kind = "not-around"
    phrase = Phrase(
        "{outer} ne contient pas {inner}, ou est le même préfixe. Rien n'a été changé.",
        "{outer} does not contain {inner}, or is the same prefix. Nothing was changed.",
    )


class Indivisible(Refused):
    """One address has no halves, nor has a prefix that someone holds whole."""

    kind = "indivisible"
    phrase = Phrase(
        "{prefix} ne se coupe pas en deux. Rien n'a été changé.", "{prefix} cannot be cut in two. Nothing was changed."
    )


class StillUsed(Refused):
    """What would be given back is not wholly free."""

    kind = "still-used"
    phrase = Phrase(
        "Dans {pool}, tout n'est pas libre : {prefixes}. Rien n'a été changé. "
        "Le détail : essaim address list --pool {pool}",
        "In {pool}, not all is free: {prefixes}. Nothing was changed. In detail: essaim address list --pool {pool}",
    )


class PoolServes(Refused):
    """An offer takes its addresses from the pool."""

    kind = "pool-serves"
    phrase = Phrase(
        "Des offres prennent leurs adresses dans {pool} : {offers}. Rien n'a été changé. "
        "Donnez-leur d'abord un autre pool.",
        "Offers take their addresses from {pool}: {offers}. Nothing was changed. Give them another pool first.",
    )


@asks(Task.ADDRESSES_WRITE, "pool")
def grow_pool(session: Session, act: Act, pool: Pool, prefix: IPNetwork) -> None:
    """Let the pool be all of a shorter prefix that contains it; what is new is free.

    Raises NotAround, PoolOverlaps, PoolClosed.
    """
    alone(session, pool)
    before = pool.prefix
    ledger = open_ledger(session, pool, max(act.at, last_held(session, prefix) or act.at))
    old, new = ledger.whole, whole(prefix)
    if not blocks.inside(old, new) or old == new:
        raise NotAround(outer=prefix, inner=before)
    refuse_overlap(session, prefix, but=pool)
    found = ledger.blocks()
    ledger.add(blocks.carve(new, old)[1], BlockState.FREE)
    pool.first, pool.length = new.first, new.length
    if len(found) == 1 and found[0].state == BlockState.FREE:
        open_ledger(session, pool, act.at).free(found[0].id, old)
    session.flush()
    journal.record(session, act, "pool.grow", pool.name, before=str(before), after=str(prefix))


@asks(Task.ADDRESSES_WRITE, "pool")
def split_pool(session: Session, act: Act, pool: Pool, name: str) -> Pool:
    """Cut the pool in halves: it keeps the first, the second becomes the pool `name`, with the same rules.

    What is held in the second half goes with it. Raises BadPool, PoolNamed, NamedByMandate, PoolClosed, Indivisible.
    """
    alone(session, pool)
    ledger = open_ledger(session, pool, act.at)
    refuse_name(session, name, clock.today(act.at))
    found = ledger.blocks()
    if pool.length == WIDTH[pool.family] or (len(found) == 1 and found[0].state != BlockState.FREE):
        raise Indivisible(prefix=pool.prefix)
    kept, other = blocks.halves(ledger.whole)
    new = Pool(
        name=name,
        purpose=pool.purpose,
        note=pool.note,
        family=pool.family,
        first=other.first,
        length=other.length,
        handed=max(pool.handed, other.length),
        automatic=pool.automatic,
        quarantine_days=pool.quarantine_days,
        device_id=pool.device_id,
        site_id=pool.site_id,
        last_event=pool.last_event,
    )
    session.add(new)
    pool.length, pool.handed = kept.length, new.handed
    session.flush()
    if len(found) == 1:
        ledger.become(found[0].id, kept, BlockState.FREE)
        open_ledger(session, new, act.at).add([other], BlockState.FREE)
    for table in (Block, Assignment):
        beyond = table.pool_id == pool.id, table.first >= other.first
        living = beyond if table is Block else (*beyond, Assignment.until.is_(None))
        session.execute(update(table).where(*living).values(pool_id=new.id))
    journal.record(session, act, "pool.split", pool.name, kept=str(pool.prefix), into=name, prefix=str(new.prefix))
    return new


@asks(Task.ADDRESSES_WRITE, "pool")
def shrink_pool(session: Session, act: Act, pool: Pool, prefix: IPNetwork) -> None:
    """Keep this part of the pool and give the rest back: it may then be another pool's, or nobody's.

    Raises NotAround, PoolClosed, and StillUsed where the rest is not wholly free.
    """
    alone(session, pool)
    ledger, before = open_ledger(session, pool, act.at), pool.prefix
    old, kept = ledger.whole, whole(prefix)
    if not blocks.inside(kept, old) or old == kept:
        raise NotAround(outer=before, inner=prefix)
    outside = _outside(ledger, kept)
    around = [block for block in outside if block.first <= kept.first and kept.last <= block.last]
    ledger.remove([block.id for block in outside if block not in around])
    if around:
        ledger.become(around[0].id, kept, BlockState.FREE)
    pool.first, pool.length, pool.handed = kept.first, kept.length, max(pool.handed, kept.length)
    session.flush()
    journal.record(session, act, "pool.shrink", pool.name, before=str(before), after=str(prefix))


@asks(Task.ADDRESSES_WRITE, "pool")
def close_pool(session: Session, act: Act, pool: Pool) -> None:
    """Give all of the pool back. Its name and its prefix may serve again; who held what stays known.

    Raises PoolClosed, StillUsed, PoolServes.
    """
    alone(session, pool)
    ledger = open_ledger(session, pool, act.at)
    takers = select(Offer.name).where(
        Offer.retired.is_(None), (Offer.pool_v4_id == pool.id) | (Offer.pool_v6_id == pool.id)
    )
    offers = session.scalars(takers.order_by(Offer.name)).all()
    if offers:
        raise PoolServes(pool=pool.name, offers=list(offers))
    ledger.remove([block.id for block in _outside(ledger, None)])
    pool.closed_at = ledger.at
    session.flush()
    journal.record(session, act, "pool.close", pool.name, prefix=str(pool.prefix))


def used_outside(session: Session, pool: Pool, kept: IPNetwork | None = None) -> int:
    """How many addresses outside a part of the pool are not free now: what giving the rest back would meet."""
    query = select(Block.length, func.count()).where(Block.pool_id == pool.id, Block.state != BlockState.FREE)
    if kept is not None:
        place = whole(kept)
        query = query.where((Block.first < place.first) | (Block.last > place.last))
    counted = session.execute(query.group_by(Block.length))
    return sum(found << (WIDTH[pool.family] - length) for length, found in counted)


def _outside(ledger: Ledger, kept: Prefix | None) -> Sequence[Found]:
    """The blocks that are not wholly inside a part of the pool. Raises StillUsed unless they are all free."""
    while ledger.end_quarantines():
        pass
    outside = [
        block
        for block in ledger.blocks()
        if kept is None or not (kept.first <= block.first and block.last <= kept.last)
    ]
    used = [block for block in outside if block.state != BlockState.FREE]
    if used:
        raise StillUsed(pool=ledger.pool.name, prefixes=_named(ledger, used))
    return outside


def _named(ledger: Ledger, found: Iterable[Found]) -> list[str]:
    every = [str(ledger.named(Prefix(block.first, block.length, WIDTH[ledger.pool.family]))) for block in found]
    return [*every[:NAMED_AT_MOST], "…"] if len(every) > NAMED_AT_MOST else every
