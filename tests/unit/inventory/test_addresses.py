"""The address ledger: what is given, what waits, who had what."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import addresses, devices, lines, offers
from inventory.addresses import NobodyHad, PoolExhausted, PoolOverlaps, PrefixTaken, who_had
from inventory.models.addresses import Assignment, Block, BlockState, Role
from inventory.models.lines import Technology

TICK = timedelta(microseconds=1)


def after(act: Act, **delta: float) -> Act:
    return Act(act.actor, act.at + timedelta(**delta))


def states(session: EssaimSession, pool: Any) -> dict[str, int]:
    return {str(state): count for state, count in addresses.census(session, pool).items() if count}


def test_the_first_address_goes_first_and_the_rest_stays_free(session: EssaimSession, act: Act, small: Any) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    given = [str(addresses.allocate(session, act, small.v4, eth0, Role.LINK).prefix) for _ in range(3)]
    assert given == ["198.51.100.0/32", "198.51.100.1/32", "198.51.100.2/32"]
    assert states(session, small.v4) == {"assigned": 3, "free": 5}


def test_the_smallest_block_that_fits_is_cut(session: EssaimSession, act: Act, small: Any) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    exactly = ip_network("198.51.100.6/31")
    assert addresses.allocate(session, act, small.v4, eth0, Role.LINK, exactly=exactly).prefix == exactly
    assert str(addresses.allocate(session, act, small.v4, eth0, Role.LINK).prefix) == "198.51.100.4/32"
    assert str(addresses.allocate(session, act, small.v4, eth0, Role.LINK, length=30).prefix) == "198.51.100.0/30"


def test_a_pool_without_room_says_so(session: EssaimSession, act: Act, small: Any) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    addresses.allocate(session, act, small.v4, eth0, Role.LINK, exactly=ip_network("198.51.100.5/32"))
    with pytest.raises(PoolExhausted) as refused:
        addresses.allocate(session, act, small.v4, eth0, Role.LINK, length=29)
    assert refused.value.sentence("fr") == "Plus d'adresse libre dans v4 (198.51.100.0/29). Rien n'a été changé."
    assert states(session, small.v4) == {"assigned": 1, "free": 7}


@pytest.mark.parametrize(
    "prefix", ["198.51.100.0/31", "198.51.100.1/32", "198.51.100.0/28", "192.0.2.0/32", "2001:db8::/64"]
)
def test_a_prefix_that_is_not_wholly_free_is_refused(session: EssaimSession, act: Act, small: Any, prefix: str) -> None:
    addresses.reserve(session, act, small.v4, ip_network("198.51.100.1/32"))
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    with pytest.raises(PrefixTaken):
        addresses.allocate(session, act, small.v4, eth0, Role.LINK, exactly=ip_network(prefix))
    with pytest.raises(PrefixTaken):
        addresses.reserve(session, act, small.v4, ip_network(prefix))


@pytest.mark.parametrize("prefix", ["198.51.100.0/24", "198.51.100.0/29", "198.51.100.7/32", "2001:db8:0:ff::/64"])
def test_pools_never_share_an_address(session: EssaimSession, act: Act, small: Any, prefix: str) -> None:
    with pytest.raises(PoolOverlaps):
        addresses.create_pool(session, act, "twin", ip_network(prefix), handed=64 if ":" in prefix else 32)


def test_an_address_comes_back_after_its_quarantine_and_not_before(
    session: EssaimSession, act: Act, small: Any
) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    held = addresses.allocate(session, act, small.v4, eth0, Role.LINK, exactly=ip_network("198.51.100.0/29"))
    addresses.release(session, act, held)
    assert states(session, small.v4) == {"quarantined": 8}
    assert held.until is not None
    end = held.until + timedelta(days=10)
    with pytest.raises(PoolExhausted):
        addresses.allocate(session, Act("machine:test", end - TICK), small.v4, eth0, Role.LINK)
    with pytest.raises(PrefixTaken):
        addresses.reserve(session, Act("machine:test", end - TICK), small.v4, ip_network("198.51.100.3/32"))
    addresses.reserve(session, Act("machine:test", end), small.v4, ip_network("198.51.100.3/32"))
    assert str(addresses.allocate(session, Act("machine:test", end), small.v4, eth0, Role.LINK).prefix) == "198.51.100.2/32"


def test_without_quarantine_an_address_is_free_at_once_and_joins_its_neighbours(
    session: EssaimSession, act: Act, small: Any
) -> None:
    pool = addresses.create_pool(session, act, "p", ip_network("203.0.113.0/30"), handed=32, quarantine_days=0)
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    held = [addresses.allocate(session, act, pool, eth0, Role.LINK) for _ in range(4)]
    for one in (held[2], held[0], held[3], held[1]):
        addresses.release(session, act, one)
    block = session.scalars(select(Block).where(Block.pool_id == pool.id)).one()
    assert (str(block.prefix), block.state) == ("203.0.113.0/30", BlockState.FREE)


def test_who_had_an_address_before_during_and_after(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    gone = after(act, days=2)
    lines.close_line(session, gone, line)
    again = order(small.bea, at=after(act, days=20))
    address = ip_address("198.51.100.0")
    with pytest.raises(NobodyHad):
        who_had(session, address, act.at - TICK)
    for at in (act.at, gone.at - TICK):
        held = who_had(session, address, at)
        assert (held.members, held.line, held.ambiguous) == (("M0001",), str(line), False)
    for at in (gone.at, after(act, days=20).at - TICK):
        with pytest.raises(NobodyHad):
            who_had(session, address, at)
    assert who_had(session, address, after(act, days=20).at).line == str(again)
    assert who_had(session, address, after(act, days=900).at).until is None


def test_who_had_looks_inside_a_delegated_prefix(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    for inside in ("2001:db8::", "2001:db8:0:ff:ffff:ffff:ffff:ffff"):
        held = who_had(session, ip_address(inside), act.at)
        assert (held.line, str(held.prefix), held.role) == (str(line), "2001:db8::/56", "delegated")
    with pytest.raises(NobodyHad):
        who_had(session, ip_address("2001:db8:0:100::"), act.at)


def test_a_machine_of_ours_is_named(session: EssaimSession, act: Act, small: Any) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    addresses.allocate(session, act, small.v4, eth0, Role.LOOPBACK)
    held = who_had(session, ip_address("198.51.100.0"), act.at)
    assert (held.device, held.line, held.members) == ("vpn", None, ())


def test_the_proof_is_the_row(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    order(small.ada)
    held = who_had(session, ip_address("198.51.100.0"), act.at)
    row = session.get_one(Assignment, int(held.proof.removeprefix("assignment ")))
    assert (row.prefix, row.since) == (held.prefix, held.since)


def test_neighbours_with_an_address_each_are_told_apart(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line = order(small.ada)
    lines.add_share(session, act, line, small.bea, small.vpn)
    assert who_had(session, ip_address("198.51.100.0"), act.at).members == ("M0001",)
    assert who_had(session, ip_address("198.51.100.1"), act.at).members == ("M0002",)


def test_neighbours_without_an_address_of_their_own_are_all_named(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    bare = offers.add_offer(session, act, "bare", "sans adresse", Technology.WIREGUARD, "tunnel", mtu=1420)
    line = order(small.ada)
    lines.add_share(session, act, line, small.bea, bare)
    held = who_had(session, ip_address("198.51.100.0"), act.at)
    assert held.ambiguous
    assert held.members == ("M0001", "M0002")
    gone = after(act, days=2)
    lines.end_share(session, gone, line, small.bea)
    assert not who_had(session, ip_address("198.51.100.0"), gone.at).ambiguous
    assert who_had(session, ip_address("198.51.100.0"), act.at).ambiguous


def test_no_one_is_asked_about_an_address_of_someone_else(session: EssaimSession, act: Act, small: Any) -> None:
    for other in ("192.0.2.1", "::1", "0.0.0.0", "255.255.255.255", "fe80::1%eth0"):
        with pytest.raises(NobodyHad):
            who_had(session, addresses.parse_address(other), act.at)


@pytest.mark.parametrize("given", ["", "198.51.100", "198.51.100.0/24", "198.51.100.256", "٢.٢.٢.٢", "2001:db8:::1"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(addresses.BadAddress):
        addresses.parse_address(given)


@pytest.mark.parametrize("given", ["", "198.51.100.1/24", "198.51.100.0/33", "2001:db8::/129"])
def test_what_is_no_prefix_is_refused(given: str) -> None:
    with pytest.raises(addresses.BadAddress):
        addresses.parse_prefix(given)


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 7), (3, 3), (-256, 511), (-1, 0), (7, 8)],
    ids=["the same", "inside", "around", "over its beginning", "over its end"],
)
def test_the_database_itself_refuses_an_overlap(session: EssaimSession, small: Any, first: int, last: int) -> None:
    insert = text(
        "INSERT INTO block (pool_id, family, first, last, length, state) VALUES (:pool, 4, :first, :last, 32, 'free')"
    )

    def row(first: int, last: int) -> dict[str, object]:
        ends = [(small.v4.first + place).to_bytes(16, "big") for place in (first, last)]
        return {"pool": small.v4.id, "first": ends[0], "last": ends[1]}

    with pytest.raises(DBAPIError, match="overlaps"), session.begin_nested():
        session.execute(insert, row(first, last))
    with session.begin_nested() as undone:
        session.execute(insert, row(8, 8))  # beside it there is room
        undone.rollback()


def test_the_database_itself_refuses_a_block_that_grows_into_another(session: EssaimSession, small: Any) -> None:
    grow = text("UPDATE block SET last = :last WHERE family = 6")
    session.execute(grow, {"last": b"\xff" * 16})  # alone in its family it may
    with pytest.raises(DBAPIError, match="overlaps"), session.begin_nested():
        session.execute(text("UPDATE block SET family = 4, first = :first WHERE family = 6"), {"first": b"\0" * 16})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE assignment SET since = '2000-01-01T00:00:00.000000Z'",
        "UPDATE assignment SET until = NULL, block_id = 1",
        "UPDATE assignment SET share_id = 2",
    ],
)
def test_a_closed_assignment_never_changes(
    session: EssaimSession, act: Act, small: Any, order: Any, statement: str
) -> None:
    lines.close_line(session, act, order(small.ada))
    with pytest.raises(DBAPIError, match="never changes"), session.begin_nested():
        session.execute(text(statement))


def test_a_living_assignment_is_closed_and_not_deleted(session: EssaimSession, small: Any, order: Any) -> None:
    order(small.ada)
    with pytest.raises(DBAPIError, match="closed, not deleted"), session.begin_nested():
        session.execute(text("DELETE FROM assignment"))


def test_a_late_deed_never_begins_before_the_pools_last(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line = order(small.ada)
    lines.close_line(session, after(act, days=2), line)
    late = order(small.bea, at=after(act, days=1))
    held = lines.shares_of(session, late)[0].assignments
    assert all(one.since == after(act, days=2).at for one in held)
