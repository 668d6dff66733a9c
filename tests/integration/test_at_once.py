"""Two people do the same at once, on PostgreSQL, which has many writers: one is done, the others are told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

from foundation.acts import Act
from foundation.database import EssaimSession, Store, engine_of, transaction
from foundation.errors import EssaimError
from foundation.vault import Vault
from inventory import addresses, devices, lines, mandates, members, moving, offers, places, pools, renumbering
from inventory.lines import Ordering
from inventory.models.mandates import Task
from migrations import upgrade

ACT = Act("machine:test", datetime(2026, 11, 22, 13, 2, tzinfo=UTC), "test")
KEYS = ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")


def done_at_once(store: Store, *deeds: Callable[[EssaimSession], object]) -> int:
    """How many of these, begun together, were done; the others were refused in our words."""
    done, together = [], threading.Barrier(len(deeds))

    def one(deed: Callable[[EssaimSession], object]) -> None:
        together.wait()
        try:
            with transaction(store) as session:
                deed(session)
            done.append(deed)
        except EssaimError:
            pass

    threads = [threading.Thread(target=one, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return len(done)


def test_what_several_do_at_once_is_done_once(postgresql: Callable[..., str], tmp_path: Path) -> None:
    engine = engine_of(postgresql())
    upgrade(engine)
    store = Store(engine, Vault.create(tmp_path / "vault.key"))
    with transaction(store) as session:
        ada = members.add_member(session, ACT, "Ada Exemple")
        vpn = devices.add_device(
            session, ACT, "vpn", role="vpn", platform="debian", site=places.add_site(session, ACT, "cave")
        )
        old, _ = (addresses.create_pool(session, ACT, name, ip_network(prefix), handed=32, device=vpn)
                  for name, prefix in (("old", "198.51.100.0/24"), ("new", "203.0.113.0/24")))  # fmt: skip
        offer = offers.add_offer(session, ACT, "vpn", "VPN", "wireguard", device=vpn, pool_v4=old)
        for key in KEYS:
            lines.order_line(session, ACT, ada, offer, Ordering(public_key=key))

    def close(session: EssaimSession) -> None:
        lines.close_line(session, ACT, lines.find_line(session, "L0001"))

    def migrate(session: EssaimSession) -> None:
        line = lines.find_line(session, "L0002")
        moving.migrate_line(session, ACT, line, offers.find_offer(session, "vpn"), Ordering(place="grenier"))

    def renumber(session: EssaimSession) -> None:
        renumbering.begin(session, ACT, pools.find_pool(session, "old"), pools.find_pool(session, "new"), 1)

    def give(session: EssaimSession) -> None:
        mandates.give(session, ACT, members.find_member(session, "M0001"), Task.MANDATES_GIVE)

    assert [done_at_once(store, deed, deed, deed) for deed in (close, migrate, renumber, give)] == [1, 1, 1, 1]
    engine.dispose()
