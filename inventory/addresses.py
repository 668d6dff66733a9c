"""The address ledger's verbs: prefixes are given, taken back, put aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory.assigned import NotAssigned, find_assignment, rows
from inventory.blocks import Prefix
from inventory.holders import Holder, Receiver, holder_of, share_holder
from inventory.ledger import Ledger, PoolClosed, PoolExhausted, PrefixTaken, open_ledger
from inventory.models.addresses import WIDTH, Assignment, Block, BlockState, IPNetwork, Pool, Role
from inventory.models.mandates import Task
from inventory.notation import BadAddress, BadRole, LinkLocal, parse_address, parse_prefix, parse_role
from inventory.pools import NoSuchPool, PoolOverlaps, census, create_pool, find_pool, whole
from inventory.questions import NobodyHad, who_had
from inventory.rights import asks

# The ledger is one thing to whoever uses it: what its other modules say is said here too.
__all__ = [
    "BadAddress",
    "BadAssignment",
    "BadLength",
    "BadRole",
    "LinkLocal",
    "NoSuchPool",
    "NobodyHad",
    "NotAssigned",
    "NotOurs",
    "NotReserved",
    "PoolByHand",
    "PoolClosed",
    "PoolExhausted",
    "PoolOverlaps",
    "PrefixTaken",
    "allocate",
    "allocate_link",
    "allocate_many",
    "block_of",
    "census",
    "create_pool",
    "find_assignment",
    "find_pool",
    "give",
    "parse_address",
    "parse_prefix",
    "parse_role",
    "release",
    "reserve",
    "rows",
    "state_of",
    "unreserve",
    "who_had",
]

MOST: Final = 1000
"""How many prefixes one deed gives at most."""
_LINK_LENGTHS: Final = {4: (31, 30), 6: (127, 126)}
_ASSIGNMENT: Final = Assignment.metadata.tables["assignment"]
_GIVE: Final = insert(_ASSIGNMENT)
_GIVEN: Final = select(_ASSIGNMENT.c.first, _ASSIGNMENT.c.id).where(
    _ASSIGNMENT.c.family == bindparam("family"),
    _ASSIGNMENT.c.first.between(bindparam("least"), bindparam("most")),
    _ASSIGNMENT.c.until.is_(None),
)
_END: Final = update(_ASSIGNMENT).where(_ASSIGNMENT.c.id == bindparam("assignment"), _ASSIGNMENT.c.until.is_(None))


class PoolByHand(Refused):
    """Nothing is handed out of the pool unless it is named."""

    kind = "pool-by-hand"
    phrase = Phrase(
        "{pool} se distribue à la main : dites quel préfixe (--exactly). Rien n'a été changé.",
        "{pool} is handed out by hand: say which prefix (--exactly). Nothing was changed.",
    )


class BadAssignment(Invalid):
    """A length, a count, a role or a note that cannot be."""

    kind = "bad-assignment"
    phrase = Phrase("{what} Rien n'a été changé.", "{what} Nothing was changed.")


class BadLength(BadAssignment):
    """A prefix longer than an address, or shorter than the pool."""

    kind = "bad-length"
    phrase = Phrase(
        "{pool} donne des préfixes de /{least} à /{most}. Rien n'a été changé.",
        "{pool} gives prefixes of /{least} to /{most}. Nothing was changed.",
    )


class NotReserved(Refused):
    """Exactly this prefix is not put aside."""

    kind = "not-reserved"
    phrase = Phrase(
        "{prefix} n'est pas réservé dans {pool}. Rien n'a été changé.",
        "{prefix} is not reserved in {pool}. Nothing was changed.",
    )


class NotOurs(NotFound):
    """A prefix outside every pool."""

    kind = "not-ours"
    phrase = Phrase("{prefix} n'est dans aucun pool.", "{prefix} is in no pool.")


_BAD_COUNT: Final = Phrase(
    "On donne de 1 à 1000 préfixes à la fois, et un seul s'il est choisi.",
    "One gives 1 to 1000 prefixes at a time, and one where it is chosen.",
)
_BAD_ENDS: Final = Phrase("Une liaison a deux bouts différents.", "A link has two different ends.")
_BAD_LINK: Final = Phrase(
    "Une liaison prend un /31 ou un /30, en IPv6 un /127 ou un /126, un à la fois.",
    "A link takes a /31 or a /30, in IPv6 a /127 or a /126, one at a time.",
)
_BAD_NOTE: Final = Phrase(
    "Une note a 200 signes au plus, tous visibles.", "A note has 200 characters at most, all visible."
)


def give(
    session: Session,
    act: Act,
    pool: Pool,
    holder: Holder,
    *,
    role: Role | None = None,
    length: int | None = None,
    exactly: IPNetwork | None = None,
    count: int = 1,
) -> list[Assignment]:
    """What doors ask for, in whichever way: one prefix, this very one, several, or one for a link.

    Without a role, a link's is `link`, a member's IPv6 prefix is `delegated`, and all else `wan`.
    Raises as `allocate` does.
    """
    delegated = pool.family == 6 and holder.share_id is not None
    meant = role or (Role.DELEGATED if delegated else Role.WAN)
    if holder.peer_id is not None:
        if count != 1 or exactly is not None or role not in (None, Role.LINK):
            raise BadAssignment(what=_BAD_LINK)
        return [allocate_link(session, act, pool, holder, length=length)]
    if count == 1 or exactly is not None:
        if count != 1:
            raise BadAssignment(what=_BAD_COUNT)
        return [allocate(session, act, pool, holder, meant, length=length, exactly=exactly)]
    return allocate_many(session, act, pool, holder, meant, count, length=length)


@asks(Task.ADDRESSES_WRITE, "pool")
def allocate(
    session: Session,
    act: Act,
    pool: Pool,
    holder: Receiver,
    role: Role,
    *,
    length: int | None = None,
    exactly: IPNetwork | None = None,
) -> Assignment:
    """Give `holder` the best-fitting free prefix of the pool's length (or `length`, or `exactly` that prefix).

    A member may have back, exactly, what was theirs and still waits in quarantine.
    Raises PoolExhausted, PoolClosed, PoolByHand, BadAssignment, HolderEnded, or PrefixTaken when the prefix asked for
    is not free.
    """
    given = holder_of(session, act, holder)
    ledger = open_ledger(session, pool, act.at)
    if exactly is None:
        taken = _take(ledger, length, 1)
    else:
        wanted = whole(exactly)
        block = _waiting_for(session, ledger, exactly, given)
        if block is None:
            block = ledger.cut(wanted, BlockState.ASSIGNED)
        else:
            ledger.become(block, wanted, BlockState.ASSIGNED)
        taken = [(block, wanted)]
    return _give(session, act, ledger, taken, given, role)[0]


@asks(Task.ADDRESSES_WRITE, "pool")
def allocate_many(
    session: Session, act: Act, pool: Pool, holder: Receiver, role: Role, count: int, *, length: int | None = None
) -> list[Assignment]:
    """Give `holder` several free prefixes, all or none; one entry of the journal tells them all.

    Raises as `allocate` does.
    """
    if not 1 <= count <= MOST:
        raise BadAssignment(what=_BAD_COUNT)
    given = holder_of(session, act, holder)
    ledger = open_ledger(session, pool, act.at)
    return _give(session, act, ledger, _take(ledger, length, count), given, role)


@asks(Task.ADDRESSES_WRITE, "pool")
def allocate_link(session: Session, act: Act, pool: Pool, ends: Holder, *, length: int | None = None) -> Assignment:
    """Give a link of ours (`holders.between`) a /31, or a /30; in IPv6 a /127, or a /126. RFC 3021, RFC 6164.

    Raises as `allocate` does.
    """
    if ends.peer_id is None or ends.peer_id == ends.interface_id:
        raise BadAssignment(what=_BAD_ENDS)
    lengths = _LINK_LENGTHS[pool.family]
    if length is not None and length not in lengths:
        raise BadAssignment(what=_BAD_LINK)
    ledger = open_ledger(session, pool, act.at)
    return _give(session, act, ledger, _take(ledger, length or lengths[0], 1), ends, Role.LINK)[0]


@asks(Task.ADDRESSES_WRITE, "assignment")
def release(session: Session, act: Act, assignment: Assignment) -> None:
    """Take a prefix back: it waits in quarantine before anyone else may have it. Raises NotAssigned."""
    block, prefix = assignment.block_id, assignment.prefix
    if block is None:
        raise NotAssigned(prefix=prefix)
    ledger = open_ledger(session, assignment.pool_id, clock.ends_after(assignment.since, act.at))
    ended = {"assignment": assignment.id, "until": ledger.at, "block_id": None}
    if not ledger.connection.execute(_END, ended).rowcount:
        raise NotAssigned(prefix=prefix)  # somebody else took it back meanwhile
    set_committed_value(assignment, "until", ledger.at)
    set_committed_value(assignment, "block_id", None)
    days = timedelta(days=ledger.pool.quarantine_days)
    if days:
        ledger.become(block, whole(prefix), BlockState.QUARANTINED, until=ledger.at + days)
    else:
        ledger.free(block, whole(prefix))
    holder = Holder() if assignment.share_id is None else share_holder(session, assignment.share_id)
    journal.record(
        session, act, "address.release", str(prefix), member=holder.member, pool=ledger.pool.name, line=holder.line
    )


@asks(Task.ADDRESSES_WRITE, "pool")
def reserve(session: Session, act: Act, pool: Pool, prefix: IPNetwork, *, note: str = "") -> None:
    """Put a free prefix aside by hand, with a word of what for. Raises PrefixTaken, PoolClosed, BadAssignment."""
    if len(note) > 200 or not note.isprintable():
        raise BadAssignment(what=_BAD_NOTE)
    ledger = open_ledger(session, pool, act.at)
    ledger.cut(whole(prefix), BlockState.RESERVED, note)
    journal.record(session, act, "address.reserve", str(prefix), pool=ledger.pool.name, note=note)


@asks(Task.ADDRESSES_WRITE, "pool")
def unreserve(session: Session, act: Act, pool: Pool, prefix: IPNetwork) -> None:
    """Free a prefix that was put aside. Raises NotReserved, PoolClosed."""
    ledger, wanted = open_ledger(session, pool, act.at), whole(prefix)
    block = ledger.around(wanted)
    if block is None or block.state != BlockState.RESERVED or block.length != wanted.length:
        raise NotReserved(prefix=prefix, pool=ledger.pool.name)
    ledger.free(block.id, wanted)
    journal.record(session, act, "address.unreserve", str(prefix), pool=ledger.pool.name)


def state_of(session: Session, prefix: IPNetwork) -> BlockState:
    """What a prefix of ours is used for. Raises NotOurs when it is in no pool."""
    return BlockState(block_of(session, prefix)[0].state)


def block_of(session: Session, prefix: IPNetwork) -> tuple[Block, str]:
    """The block in which a prefix begins, and the name of its pool. Raises NotOurs when it is in no pool."""
    first = int(prefix.network_address)
    found = session.execute(
        select(Block, Pool.name)
        .join(Pool, Block.pool_id == Pool.id)
        .where(Block.family == prefix.version, Block.first <= first)
        .order_by(Block.first.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found[0].last < first:
        raise NotOurs(prefix=prefix)
    return found[0], found[1]


def _take(ledger: Ledger, length: int | None, count: int) -> list[tuple[int, Prefix]]:
    pool = ledger.pool
    if not pool.automatic:
        raise PoolByHand(pool=pool.name)
    wanted = pool.handed if length is None else length
    if not pool.length <= wanted <= WIDTH[pool.family]:
        raise BadLength(pool=pool.name, least=pool.length, most=WIDTH[pool.family])
    return ledger.take(wanted, count)


def _waiting_for(session: Session, ledger: Ledger, prefix: IPNetwork, holder: Holder) -> int | None:
    """The block of a prefix in quarantine that this holder's member was the last to have."""
    block = ledger.around(whole(prefix))
    if (
        holder.member is None
        or block is None
        or block.state != BlockState.QUARANTINED
        or block.length != prefix.prefixlen
    ):
        return None
    last = session.scalar(
        select(Assignment.share_id)
        .where(Assignment.family == prefix.version, Assignment.first == block.first, Assignment.last == block.last)
        .order_by(Assignment.until.desc())
        .limit(1)
    )
    return int(block.id) if last is not None and share_holder(session, last).member == holder.member else None


def _give(
    session: Session, act: Act, ledger: Ledger, taken: Sequence[tuple[int, Prefix]], holder: Holder, role: Role
) -> list[Assignment]:
    given = [_row(ledger, block, prefix, holder, role) for block, prefix in taken]
    if len(given) == 1:
        key = ledger.connection.execute(_GIVE, given[0]).inserted_primary_key or ()
        ids = dict(zip((given[0]["first"],), key, strict=True))
    else:
        ledger.connection.execute(_GIVE, given)
        span = {"family": ledger.pool.family, "least": given[0]["first"], "most": given[-1]["first"]}
        ids = {row.first: row.id for row in ledger.connection.execute(_GIVEN, span)}
    made = [_loaded(session, ids[row["first"]], row) for row in given]
    journal.record(
        session,
        act,
        "address.allocate",
        str(made[0].prefix) if len(made) == 1 else ledger.pool.name,
        member=holder.member,
        pool=ledger.pool.name,
        role=role,
        **{name: value for name in ("line", "interface", "peer") if (value := getattr(holder, name))},
        **({} if len(made) == 1 else {"prefixes": [str(one.prefix) for one in made]}),
    )
    return made


def _row(ledger: Ledger, block: int, prefix: Prefix, holder: Holder, role: Role) -> dict[str, Any]:
    return {
        "pool_id": ledger.pool.id,
        "block_id": block,
        "family": ledger.pool.family,
        "first": prefix.first,
        "last": prefix.last,
        "length": prefix.length,
        "role": role,
        "share_id": holder.share_id,
        "interface_id": holder.interface_id,
        "peer_id": holder.peer_id,
        "since": ledger.at,
        "until": None,
    }


def _loaded(session: Session, number: int, row: dict[str, Any]) -> Assignment:
    """A row that was just written, as one that was read."""
    made = Assignment(id=number, **row)
    make_transient_to_detached(made)
    session.add(made)
    return made
