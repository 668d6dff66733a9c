"""For SECONDS seconds: eight processes allocate and release on one pool, some are killed, and the pool adds up."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path

from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Store, engine_of, reading, transaction
from foundation.errors import Unavailable
from foundation.vault import Vault
from inventory import addresses, devices
from inventory.models.addresses import Assignment, Role
from inventory.models.devices import Interface

SECONDS = int(os.environ.get("SECONDS", "300"))
POOL = ip_network("100.64.0.0/16")
WORKERS = 8


def hammer(database: str, key: Path, interface: int, seed: int) -> None:
    draw, store = random.Random(seed), Store(engine_of(database), Vault.read(key))
    mine: list[int] = []
    while True:
        act = Act(f"machine:{seed}", clock.now(), "hammer")
        try:
            with transaction(store) as session:
                if mine and draw.random() < 0.4:
                    addresses.release(session, act, session.get_one(Assignment, mine.pop()))
                else:
                    holder, pool = session.get_one(Interface, interface), addresses.find_pool(session, "hammered")
                    taken = addresses.allocate(session, act, pool, holder, Role.LINK, length=draw.randint(28, 32))
                    mine.append(taken.id)
        except Unavailable:
            continue  # the database was busy: nothing was changed


def test_a_hammered_pool_always_adds_up(store: Store) -> None:
    with transaction(store) as session:
        act = Act("machine:test", clock.now(), "hammer")
        device = devices.add_device(
            session, act, "r", role="router", platform="frr", site=devices.add_site(session, act, "s")
        )
        interface = devices.add_interface(session, act, device, "eth0").id
        addresses.create_pool(session, act, "hammered", POOL, handed=32, quarantine_days=0)
    database = store.engine.url.render_as_string(hide_password=False)
    key = Path(str(store.engine.url.database)).parent / "vault.key"

    def worker(seed: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, __file__, database, str(key), str(interface), str(seed)])

    workers = [worker(seed) for seed in range(WORKERS)]
    until, seed = time.monotonic() + SECONDS, WORKERS
    while time.monotonic() < until:
        time.sleep(random.uniform(1, 5))
        victim = random.randrange(WORKERS)
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = worker(seed)
        seed += 1
    for each in workers:
        each.kill()
        each.wait()
    with reading(store) as session:
        assert sum(addresses.census(session, addresses.find_pool(session, "hammered")).values()) == POOL.num_addresses
        assert journal.verify(session)[0] > SECONDS


if __name__ == "__main__":
    hammer(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
