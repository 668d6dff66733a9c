"""The address ledger's verbs: allocate, release, who had this address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import blocks
from inventory.blocks import Prefix
from inventory.models.addresses import WIDTH, Assignment, Block, BlockState, IPAddress, IPNetwork, Pool, Role
from inventory.models.devices import Device, Interface
from inventory.models.lines import Line, Share


class PoolExhausted(Refused):
    """No free block is large enough."""

    kind = "pool-exhausted"
    phrase = Phrase(
        "Plus d'adresse libre dans {pool} ({prefix}). Rien n'a été changé.",
        "No address left in {pool} ({prefix}). Nothing was changed.",
    )


class PrefixTaken(Refused):
    """The prefix asked for is not wholly free."""

    kind = "prefix-taken"
    phrase = Phrase(
        "{prefix} n'est pas libre dans {pool}. Rien n'a été changé.",
        "{prefix} is not free in {pool}. Nothing was changed.",
    )


class PoolOverlaps(Refused):
    """A new pool would share addresses with another."""

    kind = "pool-overlaps"
    phrase = Phrase(
        "{prefix} empiète sur le pool {pool}. Rien n'a été changé.",
        "{prefix} overlaps pool {pool}. Nothing was changed.",
    )


class BadAddress(Invalid):
    """A text that is no address."""

    kind = "bad-address"
    phrase = Phrase("« {text} » n'est pas une adresse IP.", "“{text}” is not an IP address.")


class NobodyHad(NotFound):
    """No member and no machine of ours held that address then."""

    kind = "nobody-had"
    phrase = Phrase("Personne n'avait {address} le {at}.", "Nobody had {address} on {at}.")


class NotOurs(NotFound):
    """A prefix outside every pool."""

    kind = "not-ours"
    phrase = Phrase("{prefix} n'est dans aucun pool.", "{prefix} is in no pool.")


class NoSuchPool(NotFound):
    """No pool of that name."""

    kind = "no-such-pool"
    phrase = Phrase("Pas de pool nommé {pool}.", "There is no pool named {pool}.")


def create_pool(
    session: Session,
    act: Act,
    name: str,
    prefix: IPNetwork,
    *,
    handed: int,
    purpose: str = "",
    quarantine_days: int = 180,
    device: Device | None = None,
) -> Pool:
    """Open a pool: all of it free. `handed` is the prefix length it hands out.

    Raises PoolOverlaps.
    """
    first, last = int(prefix.network_address), int(prefix.broadcast_address)
    other = session.scalar(
        select(Pool)
        .join(Block, Block.pool_id == Pool.id)
        .where(Block.family == prefix.version, Block.first <= last, Block.last >= first)
    )
    if other is not None:
        raise PoolOverlaps(prefix=prefix, pool=other.name)
    pool = Pool(
        name=name,
        purpose=purpose,
        family=prefix.version,
        first=first,
        length=prefix.prefixlen,
        handed=handed,
        quarantine_days=quarantine_days,
        device_id=device.id if device else None,
        last_event=act.at,
    )
    session.add(pool)
    session.flush()
    session.add(_block(pool, Prefix(first, prefix.prefixlen, prefix.max_prefixlen), BlockState.FREE))
    journal.record(session, act, "pool.create", name, prefix=str(prefix), handed=handed)
    session.flush()
    return pool


def find_pool(session: Session, name: str) -> Pool:
    """The pool of that name. Raises NoSuchPool."""
    pool = session.scalar(select(Pool).where(Pool.name == name))
    if pool is None:
        raise NoSuchPool(pool=name)
    return pool


def allocate(
    session: Session,
    act: Act,
    pool: Pool,
    holder: Share | Interface,
    role: Role,
    *,
    length: int | None = None,
    exactly: IPNetwork | None = None,
) -> Assignment:
    """Give `holder` the best-fitting free prefix of the pool's length (or `length`, or `exactly` that prefix).

    Raises PoolExhausted, or PrefixTaken when the prefix asked for is not free.
    """
    locked = _lock(session, pool)
    at = max(act.at, locked.last_event)
    _end_quarantines(session, locked, at)
    free, wanted = _fit(session, locked, length or locked.handed, exactly)
    block = _cut(session, locked, free, wanted, BlockState.ASSIGNED)
    locked.last_event = at
    assignment = Assignment(
        pool_id=locked.id,
        block_id=block.id,
        family=block.family,
        first=block.first,
        last=block.last,
        length=block.length,
        role=role,
        share_id=holder.id if isinstance(holder, Share) else None,
        interface_id=holder.id if isinstance(holder, Interface) else None,
        since=at,
    )
    session.add(assignment)
    session.flush()
    journal.record(session, act, "address.allocate", str(assignment.prefix), pool=locked.name, role=role)
    return assignment


def reserve(session: Session, act: Act, pool: Pool, prefix: IPNetwork) -> None:
    """Put a free prefix aside by hand. Raises PrefixTaken."""
    locked = _lock(session, pool)
    locked.last_event = at = max(act.at, locked.last_event)
    _end_quarantines(session, locked, at)
    free, wanted = _fit(session, locked, prefix.prefixlen, prefix)
    _cut(session, locked, free, wanted, BlockState.RESERVED)
    journal.record(session, act, "address.reserve", str(prefix), pool=locked.name)


def release(session: Session, act: Act, assignment: Assignment) -> None:
    """Take a prefix back: it waits in quarantine before anyone else may have it."""
    pool = session.get_one(Pool, assignment.pool_id)
    locked = _lock(session, pool)
    at = max(clock.ends_after(assignment.since, act.at), locked.last_event)
    block = session.get_one(Block, assignment.block_id)
    assignment.until, assignment.block_id = at, None
    locked.last_event = at
    if locked.quarantine_days:
        block.state, block.until = BlockState.QUARANTINED, at + timedelta(days=locked.quarantine_days)
        session.flush()
    else:
        session.flush()
        _free(session, block)
    journal.record(session, act, "address.release", str(assignment.prefix), pool=locked.name)


@dataclass(frozen=True, slots=True)
class Holding:
    """Who held a prefix: a share of a line, or a machine of ours. `ambiguous` names everyone it may have been."""

    prefix: IPNetwork
    role: str
    since: datetime
    until: datetime | None
    line: str | None
    members: tuple[str, ...]
    device: str | None
    proof: str

    @property
    def ambiguous(self) -> bool:
        """Whether the ledger alone cannot tell who it was."""
        return len(self.members) > 1


def who_had(session: Session, address: IPAddress, at: datetime) -> Holding:
    """Who held `address` at that instant, with the row that proves it.

    A line shared by members without an address of their own names them all. Raises NobodyHad.
    """
    number, family = int(address), address.version
    found = session.scalar(
        select(Assignment)
        .where(
            Assignment.family == family,
            Assignment.first.in_(blocks.ancestors(number, WIDTH[family])),
            Assignment.last >= number,
            Assignment.since <= at,
            or_(Assignment.until.is_(None), Assignment.until > at),
        )
        .order_by(Assignment.length.desc())
        .limit(1)
    )
    if found is None:
        raise NobodyHad(address=address, at=at)
    line, members = _line_and_members(session, found, at)
    device = None
    if found.interface_id is not None:
        device = session.scalars(select(Device.name).join(Interface).where(Interface.id == found.interface_id)).one()
    return Holding(
        prefix=found.prefix,
        role=found.role,
        since=found.since,
        until=found.until,
        line=line,
        members=members,
        device=device,
        proof=f"assignment {found.id}",
    )


def state_of(session: Session, prefix: IPNetwork) -> BlockState:
    """What a prefix of ours is used for. Raises NotOurs when it is in no pool."""
    first = int(prefix.network_address)
    block = session.scalar(
        select(Block)
        .where(Block.family == prefix.version, Block.first <= first, Block.last >= first)
        .order_by(Block.first.desc())
        .limit(1)
    )
    if block is None:
        raise NotOurs(prefix=prefix)
    return BlockState(block.state)


def census(session: Session, pool: Pool) -> dict[BlockState, int]:
    """How many addresses of the pool are in each state. They add up to the pool."""
    count = dict.fromkeys(BlockState, 0)
    for block in session.scalars(select(Block).where(Block.pool_id == pool.id)):
        count[BlockState(block.state)] += block.last - block.first + 1
    return count


def parse_address(text: str) -> IPAddress:
    """Read an address. Raises BadAddress."""
    try:
        return ip_address(text.strip())
    except ValueError as wrong:
        raise BadAddress(text=text[:50]) from wrong


def parse_prefix(text: str) -> IPNetwork:
    """Read a prefix. Raises BadAddress."""
    try:
        return ip_network(text.strip())
    except ValueError as wrong:
        raise BadAddress(text=text[:50]) from wrong


def _line_and_members(session: Session, found: Assignment, at: datetime) -> tuple[str | None, tuple[str, ...]]:
    if found.share_id is None:
        return None, ()
    day = clock.today(at)
    line = session.scalars(
        select(Line)
        .join(Share)
        .where(Share.id == found.share_id)
        .options(selectinload(Line.shares).options(joinedload(Share.member), selectinload(Share.assignments)))
    ).one()
    present = [share for share in line.shares if share.since <= day and (share.until is None or day < share.until)]
    own = {share.id for share in present if any(_lives(held, at) for held in share.assignments)}
    members = [share.member for share in line.shares if share.id == found.share_id]
    members += [share.member for share in present if share.id not in own and share.id != found.share_id]
    return str(line), tuple(str(member) for member in members)


def _lives(held: Assignment, at: datetime) -> bool:
    return held.since <= at and (held.until is None or at < held.until)


def _lock(session: Session, pool: Pool) -> Pool:
    return session.scalars(
        select(Pool).where(Pool.id == pool.id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _fit(session: Session, pool: Pool, length: int, exactly: IPNetwork | None) -> tuple[Block, Prefix]:
    width = WIDTH[pool.family]
    query = select(Block).where(Block.pool_id == pool.id, Block.state == BlockState.FREE)
    if exactly is not None:
        wanted = Prefix(int(exactly.network_address), exactly.prefixlen, exactly.max_prefixlen)
        free = session.scalar(query.where(Block.first <= wanted.first, Block.last >= wanted.last))
        if free is None or exactly.version != pool.family:
            raise PrefixTaken(prefix=exactly, pool=pool.name)
        return free, wanted
    free = session.scalar(query.where(Block.length <= length).order_by(Block.length.desc(), Block.first).limit(1))
    if free is None:
        raise PoolExhausted(pool=pool.name, prefix=pool.prefix)
    return free, Prefix(free.first, length, width)


def _cut(session: Session, pool: Pool, free: Block, wanted: Prefix, state: BlockState) -> Block:
    taken, rest = blocks.carve(Prefix(free.first, free.length, WIDTH[pool.family]), wanted)
    free.first, free.last, free.length, free.state = taken.first, taken.last, taken.length, state
    session.flush()  # shrink before the leftovers come in: the database refuses any overlap, even a passing one
    session.add_all([_block(pool, left, BlockState.FREE) for left in rest])
    session.flush()
    return free


def _block(pool: Pool, prefix: Prefix, state: BlockState) -> Block:
    return Block(
        pool_id=pool.id,
        family=pool.family,
        first=prefix.first,
        last=prefix.last,
        length=prefix.length,
        state=state,
    )


def _free(session: Session, block: Block) -> None:
    """Join a block with its buddy as long as that is free too."""
    block.state, block.until = BlockState.FREE, None
    pool = session.get_one(Pool, block.pool_id)
    prefix = Prefix(block.first, block.length, WIDTH[block.family])
    while prefix.length > pool.length:
        other = blocks.buddy(prefix)
        neighbour = session.scalar(
            select(Block).where(
                Block.family == block.family,
                Block.first == other.first,
                Block.length == other.length,
                Block.state == BlockState.FREE,
            )
        )
        if neighbour is None:
            break
        session.delete(neighbour)
        session.flush()
        prefix = blocks.merged(prefix)
    block.first, block.last, block.length = prefix.first, prefix.last, prefix.length
    session.flush()


def _end_quarantines(session: Session, pool: Pool, at: datetime) -> None:
    over = select(Block).where(Block.pool_id == pool.id, Block.state == BlockState.QUARANTINED, Block.until <= at)
    for found in session.scalars(over.order_by(Block.first)).all():
        _free(session, found)
