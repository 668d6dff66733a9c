"""Who is asked who is connected by PPP: by what the inventory says of RADIUS servers and of LNS."""

from __future__ import annotations

from typing import Any

from desk import polling
from foundation.database import open_store, reading
from foundation.settings import read_settings
from inventory import credentials
from monitoring.poll import L2tpnsServer, RadiusServer


def asked(homes: Any) -> list[RadiusServer | L2tpnsServer]:
    store = open_store(read_settings(var=homes.folder))
    try:
        with reading(store) as session:
            return polling.ppp_servers(session, credentials.opened_by(session))
    finally:
        store.engine.dispose()


def test_daemons_that_are_looked_after_by_hand_are_read_as_they_are(homes: Any) -> None:
    def add(name: str, role: str, platform: str) -> None:
        homes("device", "add", name, "--role", role, "--platform", platform, "--site", "cave",
              "--management", f"192.0.2.{len(name)}")  # fmt: skip

    assert asked(homes) == [], "the LNS of this association is ours, and tells RADIUS"
    add("lns-old", "lns", "l2tpns")
    [lns] = asked(homes)
    assert isinstance(lns, L2tpnsServer)
    assert (lns.machine.name, sorted(lns.lines.values())) == ("lns-old", [2, 3])
    add("rows", "radius", "freeradius-sql")
    assert asked(homes) == [lns], "rows in a database of theirs are not accounting"
    add("radius-old", "radius", "freeradius")
    [theirs] = asked(homes)
    assert isinstance(theirs, RadiusServer)
    assert theirs.detail, "an LNS is not asked where RADIUS knows better"
    add("ours", "radius", "debian")
    assert {one.machine.name: one.detail for one in asked(homes) if isinstance(one, RadiusServer)} == {
        "ours": False,
        "radius-old": True,
    }
