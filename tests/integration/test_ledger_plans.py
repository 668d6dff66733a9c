"""What the ledger asks of the database is found in an index, however many blocks and assignments there are."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from sqlalchemy import event

from foundation.acts import Act
from foundation.database import EssaimSession, Store, transaction
from inventory import addresses, devices, holders, places, pools
from inventory.models.addresses import Role

pytestmark = pytest.mark.sqlite


def test_nothing_is_scanned_or_sorted_for_one_address(store: Store, act: Act) -> None:
    with transaction(store) as session:
        site = places.add_site(session, act, "cave")
        device = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=site)
        devices.add_interface(session, act, device, "eth0")
        for name, prefix in (("v4", "198.51.100.0/24"), ("v6", "3fff::/40")):
            pools.create_pool(session, act, name, ip_network(prefix), handed=32 if name == "v4" else 56)
    asked: list[tuple[str, Any]] = []

    def noted(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: Any) -> None:
        asked.append((statement, values))

    event.listen(store.engine, "before_cursor_execute", noted)
    for name in ("v4", "v6"):
        with transaction(store) as session:
            eth0 = holders.at_interface(session, "vpn/eth0")
            given = addresses.allocate(session, act, pools.find_pool(session, name), eth0, Role.WAN)
            addresses.release(session, act, given)
            later = Act(act.actor, act.at + timedelta(days=365))
            addresses.allocate(session, later, pools.find_pool(session, name), eth0, Role.WAN)
    with transaction(store) as session:
        for text in ("198.51.100.0", "3fff::"):
            addresses.who_had(session, ip_address(text), act.at + timedelta(days=365))
        addresses.rows(session, limit=10)
        plans = {statement: plan(session, statement, values) for statement, values in list(asked)}
    assert len(plans) > 15
    assert {statement: told for statement, told in plans.items() if "SCAN" in told or "TEMP B-TREE" in told} == {}


FIRST_ROWS = ("SCAN journal", "SCAN mandate", "SCAN assignment USING INDEX ix_assignment_first")
"""Read in the order that is asked for, until the page is full: the head of the journal, any mandate, the list."""


def plan(session: EssaimSession, statement: str, values: Any) -> str:
    """How SQLite goes about a statement."""
    if not statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
        return ""
    one = values[0] if isinstance(values, list) else values
    told = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(one)).all()
    return "; ".join(row[3] for row in told if not row[3].startswith(FIRST_ROWS))
