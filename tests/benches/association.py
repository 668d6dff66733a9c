"""A large association, made in seconds: what is in it is as valid as if every verb had been called, blocks included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import islice
from typing import Any

from sqlalchemy import insert

from desk import association
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, open_store, transaction
from foundation.settings import Settings
from inventory import blocks, mandates, members, offers, pools, tokens
from inventory.blocks import Prefix
from inventory.models import Assignment, Block, Line, LineEvent, Member, Membership, Pool, Share
from inventory.models.addresses import BlockState, Role
from inventory.models.lines import LineState
from inventory.models.people import MemberStatus
from inventory.words import fold

BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
NAMES = ("Camille", "Dominique", "Sacha", "Alix", "Charlie", "Élie", "Noé", "Maë")
CHUNK = 10_000
TASKS = ("addresses.write", "members.read")


@dataclass(frozen=True)
class Large:
    """A large association: where it is, how large, and a token that may do what the benches do."""

    settings: Settings
    store: Store
    token: str
    lines: int
    held: int


def build(settings: Settings, *, people: int, lines: int, held: int) -> Large:
    """Members, lines of one share each, and `held` assignments: half IPv4 addresses, half /56."""
    association.create(settings).engine.dispose()
    store = open_store(settings)
    act = Act("machine:bench", BEGINNING, "bench")
    with transaction(store) as session:
        v4 = pools.create_pool(session, act, "v4", ip_network("100.64.0.0/10"), handed=32)
        v6 = pools.create_pool(session, act, "v6", ip_network("3fff::/20"), handed=56)
        _people(session, people, lines)
        hold(session, v4, held // 2, lines)
        hold(session, v6, held - held // 2, lines)
    with transaction(store) as session:
        token = _volunteer(session)
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return Large(settings, store, token, lines, held)


def _people(session: EssaimSession, people: int, lines: int) -> None:
    act = Act("machine:bench", BEGINNING, "bench")
    offer = offers.add_offer(session, act, "vpn", "VPN", "wireguard", "tunnel", mtu=1420)
    day = BEGINNING.date()
    add(session, Member, (_member(rank) for rank in range(1, people + 1)))
    add(
        session,
        Membership,
        ({"member_id": rank, "kind": "adherent", "since": day} for rank in range(1, people + 1)),
    )
    add(
        session,
        Line,
        ({"id": rank, "number": rank, "offer_id": offer.id, "state": LineState.ACTIVE} for rank in range(1, lines + 1)),
    )
    add(
        session,
        LineEvent,
        ({"line_id": rank, "state": LineState.ACTIVE, "at": BEGINNING} for rank in range(1, lines + 1)),
    )
    add(
        session,
        Share,
        (
            {"id": rank, "line_id": rank, "member_id": (rank - 1) % people + 1, "since": day}
            for rank in range(1, lines + 1)
        ),
    )


def _member(rank: int) -> dict[str, Any]:
    name = f"{NAMES[rank % len(NAMES)]} Exemple{rank}"
    return {
        "id": rank,
        "number": rank,
        "name": name,
        "sought": fold(name),
        "email": f"membre{rank}@membres.example",
        "status": MemberStatus.MEMBER,
        "joined": BEGINNING.date(),
    }


def hold(session: EssaimSession, pool: Pool, count: int, lines: int, *, first: int = 1, noted: int = CHUNK * 5) -> None:
    """Cut the pool as so many allocations of its own length would, and give them to the lines in turn.

    `first` is the row of the first line's share; as many are noted in the journal.
    """
    connection = session.connection()
    before = connection.execute(Block.__table__.select().where(Block.pool_id == pool.id)).one()
    whole = Prefix(pool.first, pool.length, 32 if pool.family == 4 else 128)
    taken = list(blocks.parts(whole, pool.handed, count))
    connection.execute(Block.__table__.delete().where(Block.id == before.id))
    offset = 1_000_000_000 * pool.id  # rows of our own numbering, far from any other
    add(session, Block, (_block(pool, one, BlockState.ASSIGNED, offset + rank) for rank, one in enumerate(taken)))
    add(session, Block, (_block(pool, one, BlockState.FREE) for one in blocks.rest(whole, taken[-1])))
    role = Role.WAN if pool.family == 4 else Role.DELEGATED
    add(
        session,
        Assignment,
        (
            {
                "pool_id": pool.id,
                "block_id": offset + rank,
                "family": pool.family,
                "first": one.first,
                "last": one.last,
                "length": one.length,
                "role": role,
                "share_id": first + rank % lines,
                "since": BEGINNING + timedelta(seconds=rank),
            }
            for rank, one in enumerate(taken)
        ),
    )
    pool.last_event = BEGINNING + timedelta(seconds=count)
    for rank in range(min(count, noted)):
        journal.record(
            session,
            Act("machine:bench", BEGINNING + timedelta(seconds=rank)),
            "address.allocate",
            f"{pool.name} {rank}",
            member=f"M{rank % lines + 1:04d}",
        )


def _block(pool: Pool, prefix: Prefix, state: BlockState, number: int | None = None) -> dict[str, Any]:
    row = {
        "pool_id": pool.id,
        "family": pool.family,
        "first": prefix.first,
        "last": prefix.last,
        "length": prefix.length,
        "state": state,
    }
    return row if number is None else {"id": number, **row}


def _volunteer(session: EssaimSession) -> str:
    """M0001 takes addresses and members on, and makes a token."""
    one = members.find_member(session, "M0001")
    mandates.give(session, Act("machine:bench", clock.now(), "bench"), one, "mandates.give")
    act = Act("M0001", clock.now(), "bench")
    for task in TASKS:
        mandates.give(session, act, one, task)
    return tokens.create_token(session, act, one, "bench", TASKS)[1]


def add(session: EssaimSession, table: type[Any], rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows, many at a time."""
    connection = session.connection()
    while chunk := list(islice(rows, CHUNK)):
        connection.execute(insert(table.__table__), chunk)
