"""However machines come and go, no two are ever in the same units, and what the verbs allow the database allows."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from foundation.acts import Act
from foundation.database import Store, engine_of, transaction
from foundation.errors import Refused
from foundation.vault import Vault
from inventory import devices, placements, places
from inventory.models.devices import Face, Placement
from inventory.placements import Spot

FIRST = date(2026, 1, 1)
SPOTS = st.builds(Spot, st.integers(1, 6), st.integers(1, 3), st.sampled_from([str(one) for one in Face]))
DEEDS = st.lists(st.tuples(st.integers(0, 3), SPOTS, st.integers(0, 9), st.booleans()), max_size=25)


def together(one: Placement, other: Placement) -> bool:
    """Whether both stand on some day."""
    spans = [(each.since, each.until or date.max) for each in (one, other)]
    return all(since < until for since, until in spans) and max(s for s, _ in spans) < min(u for _, u in spans)


@settings(max_examples=25)
@given(deeds=DEEDS)
def test_no_two_machines_are_ever_in_the_same_units(
    empty_database: Path, deeds: list[tuple[int, Spot, int, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_database, f"{folder}/essaim.sqlite")
        engine = engine_of(f"sqlite:///{folder}/essaim.sqlite")
        store = Store(engine, Vault.create(Path(folder) / "key"))
        with transaction(store) as session:
            act = Act("machine:test", datetime(2026, 1, 1, tzinfo=UTC))
            site = places.add_site(session, act, "cave")
            rack = places.add_rack(session, act, site, "A", units=6)
            machines = [
                devices.add_device(session, act, f"m{rank}", role="server", platform="", site=site, since=FIRST)
                for rank in range(4)
            ]
            for rank, spot, day, out in deeds:
                when = FIRST + timedelta(days=day)
                known = placements.placement_of(session, machines[rank], date.max - timedelta(days=1))
                try:
                    with session.begin_nested():
                        if out:
                            placements.take_out(session, act, machines[rank], until=when)
                        elif known is None:
                            placements.place(session, act, machines[rank], rack, spot, since=when)
                        else:
                            placements.move(session, act, machines[rank], rack, spot, since=when)
                except Refused:
                    continue
            held = session.scalars(select(Placement)).all()
            for one, other in combinations(held, 2):
                if together(one, other):
                    assert one.device_id != other.device_id
                    assert not placements.collides(placements.spot_of(one), placements.spot_of(other))
        engine.dispose()
