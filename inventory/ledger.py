"""The ledger's mechanism: how blocks of one pool are found, cut and joined, in a handful of prepared statements.

Whoever opens a pool's ledger holds its row until the transaction ends, so that deeds on a pool follow one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row, bindparam, case, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import blocks
from inventory.blocks import Prefix
from inventory.models.addresses import WIDTH, Block, BlockState, IPNetwork, Pool, network

AT_ONCE: Final = 256
"""Quarantines ended by one deed where it needs no more: after a renumbering, thousands may end on one day."""

_BLOCK: Final = Block.metadata.tables["block"]
_POOL: Final = Pool.metadata.tables["pool"]
_NAMED: Final = (_BLOCK.c.id, _BLOCK.c.first, _BLOCK.c.last, _BLOCK.c.length, _BLOCK.c.state, _BLOCK.c.until)

_AT: Final = bindparam("at", type_=_POOL.c.last_event.type)
# Whether quarantines are over is asked with the rest: nearly always none is.
_WAITED: Final = (
    exists().where(_BLOCK.c.pool_id == bindparam("pool"), _BLOCK.c.until <= _POOL.c.last_event).correlate(_POOL)
)
_OPEN: Final = (
    update(_POOL)
    .where(_POOL.c.id == bindparam("pool"), _POOL.c.closed_at.is_(None))
    .values(last_event=case((_POOL.c.last_event < _AT, _AT), else_=_POOL.c.last_event))
    .returning(*_POOL.c, _WAITED.label("waited"))
)
_OF_POOL: Final = select(*_NAMED).where(_BLOCK.c.pool_id == bindparam("pool"))
_SHORTER: Final = _BLOCK.alias("shorter")
# The longest that fits, then the first of that length: two steps in the index, however many blocks are free.
_FREE: Final = (
    _OF_POOL.where(
        _BLOCK.c.state == BlockState.FREE,
        _BLOCK.c.length
        == select(func.max(_SHORTER.c.length))
        .where(
            _SHORTER.c.pool_id == bindparam("pool"),
            _SHORTER.c.state == BlockState.FREE,
            _SHORTER.c.length <= bindparam("length"),
        )
        .scalar_subquery(),
    )
    .order_by(_BLOCK.c.first)
    .limit(bindparam("most"))
)
_OVER: Final = _OF_POOL.where(_BLOCK.c.until <= bindparam("at")).order_by(_BLOCK.c.until).limit(bindparam("most"))
_BEFORE: Final = (
    select(*_NAMED)
    .where(_BLOCK.c.family == bindparam("family"), _BLOCK.c.first <= bindparam("last"))
    .order_by(_BLOCK.c.first.desc())
    .limit(1)
)
_BUDDY: Final = select(_BLOCK.c.id).where(
    _BLOCK.c.family == bindparam("family"),
    _BLOCK.c.first == bindparam("buddy"),
    _BLOCK.c.length == bindparam("length"),
    _BLOCK.c.state == BlockState.FREE,
)
_CHANGE: Final = update(_BLOCK).where(_BLOCK.c.id == bindparam("block"))
_ADD: Final = insert(_BLOCK)
_BETWEEN: Final = select(_BLOCK.c.first, _BLOCK.c.id).where(
    _BLOCK.c.family == bindparam("family"), _BLOCK.c.first.between(bindparam("least"), bindparam("most"))
)
_REMOVE: Final = delete(_BLOCK).where(_BLOCK.c.id == bindparam("block"))


Found: TypeAlias = Row[*tuple[Any, ...]]
"""A row that was read, with the columns that its statement names."""


class PoolExhausted(Refused):
    """No free block is large enough."""

    kind = "pool-exhausted"
    phrase = Phrase(
        "Plus d'adresse libre dans {pool} ({prefix}). Rien n'a été changé. L'agrandir : essaim pool grow {pool} --to …",
        "No address left in {pool} ({prefix}). Nothing was changed. To grow it: essaim pool grow {pool} --to …",
    )


class PrefixTaken(Refused):
    """The prefix asked for is not wholly free."""

    kind = "prefix-taken"
    phrase = Phrase(
        "{prefix} n'est pas libre dans {pool} ({state}). Rien n'a été changé.",
        "{prefix} is not free in {pool} ({state}). Nothing was changed.",
    )


class PoolClosed(Refused):
    """The pool is over, perhaps since a moment ago."""

    kind = "pool-closed"
    phrase = Phrase(
        "Le pool {pool} est fermé. Rien n'a été changé. Ceux qui servent : essaim pool list",
        "Pool {pool} is closed. Nothing was changed. Those in use: essaim pool list",
    )


_OUTSIDE: Final = Phrase("en dehors du pool", "outside the pool")
_SEVERAL: Final = Phrase("en plusieurs morceaux", "in several parts")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The blocks of one pool, whose row is held. `at` is when what is done now counts from: never before its last."""

    connection: Connection
    pool: Found
    at: datetime

    @property
    def whole(self) -> Prefix:
        """All of the pool."""
        return Prefix(self.pool.first, self.pool.length, WIDTH[self.pool.family])

    def named(self, prefix: Prefix) -> IPNetwork:
        """A prefix of the pool as people write it."""
        return network(4 if prefix.width == WIDTH[4] else 6, prefix.first, prefix.length)

    def take(self, length: int, count: int = 1) -> list[tuple[int, Prefix]]:
        """Cut `count` prefixes out of what is free, best fit first: their blocks and themselves, assigned, in order.

        Raises PoolExhausted.
        """
        chosen = self._choose(length, count)
        while chosen is None:
            if not self.end_quarantines():
                raise PoolExhausted(pool=self.pool.name, prefix=self.named(self.whole))
            chosen = self._choose(length, count)
        taken, added = [], []
        for free, inside in chosen:
            self.become(free.id, inside[0], BlockState.ASSIGNED)
            self.add(blocks.rest(self._prefix(free), inside[-1]), BlockState.FREE)
            taken.append((free.id, inside[0]))
            added += inside[1:]
        if added:
            self.add(added, BlockState.ASSIGNED)
            # Written then read: asking each row for its number takes PostgreSQL three times as long.
            span = {"family": self.pool.family, "least": min(added).first, "most": max(added).first}
            ids = {row.first: row.id for row in self.connection.execute(_BETWEEN, span)}
            taken += [(ids[prefix.first], prefix) for prefix in added]
        return sorted(taken, key=lambda one: one[1])

    def cut(self, wanted: Prefix, state: BlockState, note: str = "") -> int:
        """Cut exactly this prefix out of what is free: its block, in its new state. Raises PrefixTaken."""
        block = self.around(wanted)
        while (block is None or block.state != BlockState.FREE) and self.end_quarantines():
            block = self.around(wanted)
        if block is None or block.state != BlockState.FREE:
            what = _OUTSIDE if not blocks.inside(wanted, self.whole) else _SEVERAL
            raise PrefixTaken(
                prefix=self.named(wanted),
                pool=self.pool.name,
                state=what if block is None else BlockState(block.state),
            )
        taken, left = blocks.carve(self._prefix(block), wanted)
        self.become(block.id, taken, state, note=note)
        self.add(left, BlockState.FREE)
        return int(block.id)

    def around(self, wanted: Prefix) -> Found | None:
        """The one block of the pool that holds all of this prefix, where there is one."""
        if not blocks.inside(wanted, self.whole):
            return None
        found = self.connection.execute(_BEFORE, {"family": self.pool.family, "last": wanted.first}).one_or_none()
        return found if found is not None and found.last >= wanted.last else None

    def become(
        self, block: int, prefix: Prefix, state: BlockState, *, until: datetime | None = None, note: str = ""
    ) -> None:
        """Make a block be this prefix, in this state."""
        self.connection.execute(
            _CHANGE,
            {
                "block": block,
                "first": prefix.first,
                "last": prefix.last,
                "length": prefix.length,
                "state": state,
                "until": until,
                "note": note,
            },
        )

    def free(self, block: int, prefix: Prefix) -> None:
        """Free a block, joined with its buddy as long as that is free too."""
        while prefix.length > self.pool.length:
            other = blocks.buddy(prefix)
            sought = {"family": self.pool.family, "buddy": other.first, "length": other.length}
            neighbour = self.connection.execute(_BUDDY, sought).scalar()
            if neighbour is None:
                break
            self.remove([neighbour])
            prefix = blocks.merged(prefix)
        self.become(block, prefix, BlockState.FREE)

    def end_quarantines(self, most: int = AT_ONCE) -> int:
        """Free what has waited long enough, at most so many blocks, the longest over first: how many."""
        over = self.connection.execute(_OVER, {"pool": self.pool.id, "at": self.at, "most": most}).all()
        for block in over:
            self.free(block.id, self._prefix(block))
        return len(over)

    def blocks(self) -> Sequence[Found]:
        """Every block of the pool, in order."""
        return self.connection.execute(_OF_POOL.order_by(_BLOCK.c.first), {"pool": self.pool.id}).all()

    def add(self, prefixes: Iterable[Prefix], state: BlockState) -> None:
        """Bring blocks in."""
        rows = [self._row(prefix, state, "") for prefix in prefixes]
        if rows:
            self.connection.execute(_ADD, rows)

    def remove(self, gone: Sequence[int]) -> None:
        """Take blocks out."""
        if gone:
            self.connection.execute(_REMOVE, [{"block": block} for block in gone])

    def _choose(self, length: int, count: int) -> list[tuple[Found, list[Prefix]]] | None:
        """The smallest free blocks that hold so many prefixes of this length, and which ones."""
        wanted = length
        chosen: list[tuple[Found, list[Prefix]]] = []
        missing = count
        while missing:
            asked = {"pool": self.pool.id, "length": length, "most": missing}
            found = self.connection.execute(_FREE, asked).all()
            if not found:
                return None
            for block in found:
                inside = list(blocks.parts(self._prefix(block), wanted, missing))
                chosen.append((block, inside))
                missing -= len(inside)
                if not missing:
                    break
            length = found[0].length - 1
        return chosen

    def _row(self, prefix: Prefix, state: BlockState, note: str) -> dict[str, object]:
        return {
            "pool_id": self.pool.id,
            "family": self.pool.family,
            "first": prefix.first,
            "last": prefix.last,
            "length": prefix.length,
            "state": state,
            "note": note,
        }

    def _prefix(self, block: Found) -> Prefix:
        return Prefix(block.first, block.length, WIDTH[self.pool.family])


def open_ledger(session: Session, pool: Pool | int, at: datetime) -> Ledger:
    """Hold the pool's row, and let go of what has waited in quarantine long enough. Raises PoolClosed."""
    session.flush()
    connection = session.connection()
    number = pool if isinstance(pool, int) else pool.id
    held = connection.execute(_OPEN, {"pool": number, "at": at}).one_or_none()
    if held is None:
        name = connection.execute(select(_POOL.c.name).where(_POOL.c.id == number)).scalar()
        raise PoolClosed(pool=name)
    if isinstance(pool, Pool):
        set_committed_value(pool, "last_event", held.last_event)
    ledger = Ledger(connection, held, held.last_event)
    if held.waited:
        ledger.end_quarantines()
    return ledger
