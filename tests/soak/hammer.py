"""A hammer for the ledger: programs that allocate and release on one pool at once, of which some are killed.

`hammer.py lead DATABASE KEY WORKERS DEEDS` starts them, kills one now and then and starts another for what it had
left to do, and at the end checks that nothing is lost or given twice. `hammer.py work …` is one of them.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.database import Store, engine_of, reading, transaction
from foundation.errors import Unavailable
from foundation.vault import Vault
from inventory import addresses, devices, holders, places
from inventory.models.addresses import Assignment, Block, BlockState, Role

POOL = ip_network("100.64.0.0/20")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
QUARANTINE_DAYS = 1
BETWEEN = timedelta(minutes=10)
"""From one deed to the next by the pool's own clock: what is released comes back while the hammer falls."""


def work(store: Store, seed: int, deeds: int, told: Path) -> None:
    """So many deeds, each in its own transaction; each one that is done is told by one more octet in a file."""
    draw = random.Random(seed)
    with told.open("ab", buffering=0) as file:
        for _ in range(deeds):
            while not _deed(store, draw):
                pass
            file.write(b".")


def _deed(store: Store, draw: random.Random) -> bool:
    """One allocation or release, of whoever's; False where the database was busy and nothing was changed."""
    try:
        with transaction(store) as session:
            pool = addresses.find_pool(session, "hammered")
            act = Act("machine:hammer", pool.last_event + BETWEEN, "x")
            if draw.random() < 0.5:
                held = _some(session, draw)
                if held is not None:
                    addresses.release(session, act, held)
                    return True
            holder = holders.at_interface(session, "r/eth0")
            addresses.allocate(session, act, pool, holder, Role.LINK, length=draw.randint(28, 32))
    except Unavailable:
        return False
    except (addresses.PoolExhausted, addresses.NotAssigned):
        return True  # the pool is full, or someone else released it first: refused, as it should be
    return True


def _some(session: Session, draw: random.Random) -> Assignment | None:
    place = int(POOL.network_address) + draw.randrange(POOL.num_addresses)
    query = select(Assignment).where(Assignment.until.is_(None), Assignment.first >= place)
    return session.scalar(query.order_by(Assignment.first).limit(1))


def lead(store: Store, database: str, key: str, workers: int, deeds: int) -> None:
    """Let the workers do all their deeds, whoever is killed."""
    act = Act("machine:hammer", BEGINNING, "x")
    with transaction(store) as session:
        site = places.add_site(session, act, "s")
        device = devices.add_device(session, act, "r", role="router", platform="frr", site=site)
        devices.add_interface(session, act, device, "eth0")
        addresses.create_pool(session, act, "hammered", POOL, handed=32, quarantine_days=QUARANTINE_DAYS)
    store.engine.dispose()
    draw, killed = random.Random(), 0
    with tempfile.TemporaryDirectory(prefix="essaim-hammer-") as folder:

        def start(seed: int) -> subprocess.Popen[bytes]:
            told = Path(folder) / str(seed % workers)
            left = deeds - (told.stat().st_size if told.exists() else 0)
            argv = [sys.executable, __file__, "work", database, key, str(seed), str(max(left, 0)), str(told)]
            return subprocess.Popen(argv)

        running = {place: start(place) for place in range(workers)}
        seed = workers
        while any(one.poll() is None for one in running.values()):
            time.sleep(draw.uniform(0.2, 1.5))
            alive = [place for place, one in running.items() if one.poll() is None]
            if alive and killed < workers:
                victim = draw.choice(alive)
                running[victim].kill()
                killed += running[victim].wait() != 0
                seed += workers - seed % workers
                running[victim] = start(seed + victim)
        failed = [one.returncode for one in running.values() if one.returncode]
        done = sum(told.stat().st_size for told in Path(folder).iterdir())
    if failed or done < workers * deeds:
        raise AssertionError(f"workers ended with {failed}, {done} deeds of {workers * deeds}")
    with reading(store) as session:
        print(f"{done} deeds, {killed} killed, {check(session)}")  # noqa: T201 - a program of its own


def check(session: Session) -> dict[str, int]:
    """The pool's census, once it is sure that the blocks are the pool and that nothing was ever held twice."""
    pool = addresses.find_pool(session, "hammered")
    found = session.scalars(select(Block).order_by(Block.first)).all()
    expected = int(POOL.network_address)
    for block in found:
        assert block.first == expected, f"a gap or an overlap at {block.prefix}"
        assert block.last == block.first + block.prefix.num_addresses - 1
        expected = block.last + 1
    assert expected == int(POOL.broadcast_address) + 1
    living = session.scalars(select(Assignment).where(Assignment.until.is_(None))).all()
    assigned = {block.id: block.prefix for block in found if block.state == BlockState.ASSIGNED}
    assert {one.block_id: one.prefix for one in living} == assigned
    for periods in _periods(session).values():
        for (_, until), (since, _) in pairwise(periods):
            assert until is not None
            assert until <= since, "an address was held twice at once"
    number, _ = journal.verify(session)
    held, ended = session.execute(select(func.count(), func.count(Assignment.until)).select_from(Assignment)).one()
    told = select(journal.Entry.verb.label("verb"), func.count().label("times")).group_by(journal.Entry.verb)
    deeds = {row.verb: row.times for row in session.execute(told)}
    assert deeds.get("address.allocate", 0) == held, "an allocation without its entry, or an entry without it"
    assert deeds.get("address.release", 0) == ended
    assert number == sum(deeds.values())
    counted = addresses.census(session, pool)
    assert sum(counted.values()) == POOL.num_addresses
    return {state.value: count for state, count in counted.items()}


def _periods(session: Session) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """Since when until when each address was held, in order."""
    every: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for one in session.scalars(select(Assignment).order_by(Assignment.since)):
        for place in range(one.first, one.last + 1):
            every[place].append((one.since, one.until))
    return every


def main() -> None:
    """Lead, or work."""
    role, database, key, *rest = sys.argv[1:]
    store = Store(engine_of(database), Vault.read(Path(key)))
    if role == "lead":
        lead(store, database, key, int(rest[0]), int(rest[1]))
    else:
        work(store, int(rest[0]), int(rest[1]), Path(rest[2]))


if __name__ == "__main__":
    main()
