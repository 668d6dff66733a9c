"""Several programs at once on one SQLite file: no address given twice, nothing half-written, even if one is killed."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import select

from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from inventory import addresses, devices, places
from inventory.models.addresses import Assignment, Block, BlockState, Pool

ROUNDS = 100
PROGRAM = """
import random, sys
from pathlib import Path
from foundation import clock
from foundation.acts import Act
from foundation.database import DatabaseBusy, Store, engine_of, transaction
from foundation.vault import Vault
from inventory import addresses, devices
from inventory.models.addresses import Assignment, Role

database, key, name, rounds = *sys.argv[1:4], int(sys.argv[4])
store = Store(engine_of(database), Vault.read(Path(key)))
draw = random.Random(name)
held = []
print("ready", flush=True)
sys.stdin.readline()
for step in range(rounds):
    while True:
        try:
            with transaction(store) as session:
                act = Act(f"machine:{name}", clock.now(), "test")
                if len(held) == 4:
                    addresses.release(session, act, session.get_one(Assignment, held[0]))
                    gone, given = 1, None
                else:
                    gone, given = 0, addresses.allocate(
                        session, act, addresses.find_pool(session, "v4"),
                        devices.find_device(session, name).interfaces[0], Role.LINK, length=draw.choice((30, 31, 32)),
                    )
                number = given.id if given else None
            break
        except DatabaseBusy:
            print("busy", flush=True)
    held = held[gone:] + [number] * (number is not None)
print(len(held), flush=True)
"""


@pytest.fixture
def busy(store: Store) -> Store:
    """A pool of 256 addresses without quarantine, and four machines that take from it."""
    act = Act("machine:test", datetime(2026, 1, 1, tzinfo=UTC), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "cave")
        for rank in range(4):
            device = devices.add_device(session, act, f"machine{rank}", role="vpn", platform="debian", site=site)
            devices.add_interface(session, act, device, "eth0")
        addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/24"), handed=32, quarantine_days=0)
    return store


@pytest.fixture
def workers(busy: Store, tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Four programs, ready to begin together."""
    database = busy.engine.url.render_as_string(hide_password=False)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, database, tmp_path / "vault.key", f"machine{rank}", str(ROUNDS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(4)
    ]  # fmt: skip
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    yield started
    for one in started:
        one.kill()
        one.communicate()


def begin(workers: list[subprocess.Popen[str]]) -> None:
    for one in workers:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()


def whole(store: Store) -> dict[BlockState, int]:
    """The pool's census, once its blocks are known to cover it, holders to agree and the journal to verify."""
    with reading(store) as session:
        pool: Pool = addresses.find_pool(session, "v4")
        expected = pool.first
        for block in session.scalars(select(Block).where(Block.pool_id == pool.id).order_by(Block.first)):
            assert block.first == expected
            expected = block.last + 1
        assert expected == pool.first + 256
        living = session.scalars(select(Assignment).where(Assignment.until.is_(None))).all()
        blocks = {block.id: block for block in session.scalars(select(Block).where(Block.state == BlockState.ASSIGNED))}
        assert {one.block_id for one in living} == set(blocks)
        for one in living:
            block = blocks[one.block_id or 0]
            assert (one.first, one.last) == (block.first, block.last)
        _disjoint(session.scalars(select(Assignment).order_by(Assignment.id)).all())
        journal.verify(session)
        counted = addresses.census(session, pool)
    if store.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(store.engine.url.database))) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert sum(counted.values()) == 256
    return counted


def _disjoint(history: Sequence[Assignment]) -> None:
    for rank, one in enumerate(history):
        for other in history[:rank]:
            apart = one.last < other.first or other.last < one.first
            before = other.until is not None and other.until <= one.since
            assert apart or before, (one.prefix, other.prefix)


def test_four_programs_at_once_never_share_an_address(busy: Store, workers: list[subprocess.Popen[str]]) -> None:
    begin(workers)
    held = 0
    for one in workers:
        out, err = one.communicate(timeout=60)
        assert one.returncode == 0, err
        held += int(out.split()[-1])
    counted = whole(busy)
    with reading(busy) as session:
        assert len(session.scalars(select(Assignment.id).where(Assignment.until.is_(None))).all()) == held
        assert journal.verify(session)[0] == 10 + 4 * ROUNDS
    assert counted[BlockState.ASSIGNED] + counted[BlockState.FREE] == 256


def test_a_program_killed_in_the_middle_leaves_the_others_a_whole_ledger(
    busy: Store, workers: list[subprocess.Popen[str]]
) -> None:
    begin(workers)
    draw = random.Random(2026)
    for victim in (workers[0], workers[2]):
        time.sleep(draw.uniform(0.05, 0.3))
        victim.send_signal(signal.SIGKILL)
        assert victim.wait(10) == -signal.SIGKILL
    for one in (workers[1], workers[3]):
        _, err = one.communicate(timeout=60)
        assert one.returncode == 0, err
    whole(busy)
    with reading(busy) as session:
        by_actor = [deed.actor for deed in journal.show(session, limit=10_000)]
    assert by_actor.count("machine:machine1") == by_actor.count("machine:machine3") == ROUNDS
    assert by_actor.count("machine:machine0") < ROUNDS
