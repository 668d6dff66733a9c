"""Pools: opened, changed, grown, cut in two, given back."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from sqlalchemy import select

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import addresses, devices, offers, places, pools, reshaping
from inventory.models.addresses import Assignment, Block, Pool, Role
from inventory.pools import BadPool, NoSuchPool, PoolNamed, PoolOverlaps
from inventory.reshaping import Indivisible, NotAround, PoolServes, StillUsed
from inventory.views.addresses import pool_view, pool_views

WHOLE = ip_network("203.0.113.0/24")


def after(act: Act, **delta: float) -> Act:
    return Act(act.actor, act.at + timedelta(**delta))


@pytest.fixture
def pool(session: EssaimSession, act: Act, small: Any) -> Pool:
    """A /26 inside a /24 of which the rest is nobody's."""
    return pools.create_pool(session, act, "p", ip_network("203.0.113.64/26"), handed=32, quarantine_days=10)


def blocks_of(session: EssaimSession, pool: Pool) -> list[tuple[str, str]]:
    found = session.scalars(
        select(Block).where(Block.pool_id == pool.id).order_by(Block.first).execution_options(populate_existing=True)
    )
    return [(str(block.prefix), block.state) for block in found]


def hold(session: EssaimSession, act: Act, small: Any, pool: Pool, prefix: str) -> Assignment:
    eth9 = devices.add_interface(session, act, small.server, f"x{prefix.replace('/', '_')[-10:]}")
    return addresses.allocate(session, act, pool, eth9, Role.WAN, exactly=ip_network(prefix))


@pytest.mark.parametrize("name", ["", "A", "é", "a b", "-a", "a" * 33, "a/b"])
def test_a_pools_name_is_plain(session: EssaimSession, act: Act, name: str) -> None:
    with pytest.raises(BadPool):
        pools.create_pool(session, act, name, WHOLE, handed=32)


@pytest.mark.parametrize(
    "facts",
    [
        {"handed": 23},
        {"handed": 33},
        {"handed": 32, "quarantine_days": -1},
        {"handed": 32, "quarantine_days": 3651},
        {"handed": 32, "note": "x" * 301},
        {"handed": 32, "purpose": "\x07"},
    ],
)
def test_what_a_pool_cannot_be_is_refused(session: EssaimSession, act: Act, facts: Any) -> None:
    with pytest.raises(BadPool):
        pools.create_pool(session, act, "p", WHOLE, **facts)


def test_two_living_pools_share_neither_name_nor_address(session: EssaimSession, act: Act, pool: Pool) -> None:
    with pytest.raises(PoolNamed):
        pools.create_pool(session, act, "p", ip_network("203.0.113.0/26"), handed=32)
    for prefix in ("203.0.113.64/26", "203.0.113.64/27", "203.0.113.0/24", "203.0.113.127/32"):
        with pytest.raises(PoolOverlaps):
            pools.create_pool(session, act, "q", ip_network(prefix), handed=32)


def test_a_pool_changes_what_is_said_and_nothing_else(session: EssaimSession, act: Act, pool: Pool, small: Any) -> None:
    held = hold(session, act, small, pool, "203.0.113.64/32")
    addresses.release(session, act, held)
    cellar = places.add_site(session, act, "cellar")
    pools.change_pool(
        session, act, pool, name="q", handed=29, quarantine_days=0, note="à rendre", site=cellar, automatic=False
    )
    seen = pool_view(session, pools.find_pool(session, "q"))
    assert (seen.handed, seen.quarantine_days, seen.note, seen.site, seen.automatic, seen.purpose) == (
        29, 0, "à rendre", "cellar", False, "",
    )  # fmt: skip
    assert seen.quarantined == 1  # it waits as long as it was told to
    with pytest.raises(NoSuchPool):
        pools.find_pool(session, "p")
    with pytest.raises(BadPool), session.begin_nested():
        pools.change_pool(session, act, pool, handed=25)
    with pytest.raises(PoolNamed), session.begin_nested():
        pools.change_pool(session, act, pool, name="v4")


def test_pools_are_listed_by_name_with_their_addresses_counted(session: EssaimSession, act: Act, pool: Pool) -> None:
    assert [one.name for one in pools.list_pools(session)] == ["p", "v4", "v6"]
    assert [one.name for one in pools.list_pools(session, after="p", limit=1)] == ["v4"]
    assert [one.name for one in pools.list_pools(session, family=6)] == ["v6"]
    cellar = places.add_site(session, act, "cellar")
    assert pools.list_pools(session, site=cellar) == []
    for seen in pool_views(session, pools.list_pools(session)):
        assert seen.free + seen.assigned + seen.quarantined + seen.reserved == seen.size
    assert pool_view(session, pools.find_pool(session, "v6")).free_prefixes == 256


def test_an_empty_pool_that_grows_is_one_free_block(session: EssaimSession, act: Act, pool: Pool) -> None:
    reshaping.grow_pool(session, act, pool, WHOLE)
    assert blocks_of(session, pool) == [("203.0.113.0/24", "free")]


def test_a_pool_in_use_grows_around_what_is_held(session: EssaimSession, act: Act, pool: Pool, small: Any) -> None:
    hold(session, act, small, pool, "203.0.113.64/27")
    reshaping.grow_pool(session, act, pool, WHOLE)
    assert blocks_of(session, pool) == [
        ("203.0.113.0/26", "free"),
        ("203.0.113.64/27", "assigned"),
        ("203.0.113.96/27", "free"),
        ("203.0.113.128/25", "free"),
    ]


@pytest.mark.parametrize("prefix", ["203.0.113.64/26", "203.0.113.64/27", "203.0.113.128/25", "2001:db8:ff::/48"])
def test_a_pool_grows_only_to_what_contains_it(session: EssaimSession, act: Act, pool: Pool, prefix: str) -> None:
    with pytest.raises(NotAround):
        reshaping.grow_pool(session, act, pool, ip_network(prefix))


def test_a_pool_does_not_grow_over_another(session: EssaimSession, act: Act, pool: Pool) -> None:
    pools.create_pool(session, act, "q", ip_network("203.0.113.0/30"), handed=32)
    with pytest.raises(PoolOverlaps, match=" q"), session.begin_nested():
        reshaping.grow_pool(session, act, pool, WHOLE)
    assert blocks_of(session, pool) == [("203.0.113.64/26", "free")]


def test_what_is_held_goes_with_its_half(session: EssaimSession, act: Act, pool: Pool, small: Any) -> None:
    first = hold(session, act, small, pool, "203.0.113.64/32")
    second = hold(session, act, small, pool, "203.0.113.96/32")
    closed = hold(session, act, small, pool, "203.0.113.97/32")
    addresses.release(session, act, closed)
    other = reshaping.split_pool(session, act, pool, "q")
    assert (str(pool.prefix), str(other.prefix), other.quarantine_days) == ("203.0.113.64/27", "203.0.113.96/27", 10)
    assert [one.pool_id for one in (first, second)] == [pool.id, other.id]
    assert len(blocks_of(session, pool)) + len(blocks_of(session, other)) == 6 + 6
    addresses.release(session, act, second)
    assert addresses.census(session, other)["quarantined"] == 2
    assert [row["pool"] for row in addresses.rows(session, pool=other, ended=True)] == ["q", "p"]


def test_a_prefix_held_whole_is_not_cut(session: EssaimSession, act: Act, pool: Pool, small: Any) -> None:
    hold(session, act, small, pool, "203.0.113.64/26")
    with pytest.raises(Indivisible), session.begin_nested():
        reshaping.split_pool(session, act, pool, "q")
    one = pools.create_pool(session, act, "one", ip_network("192.0.2.0/32"), handed=32)
    with pytest.raises(Indivisible):
        reshaping.split_pool(session, act, one, "q")


def test_a_part_is_kept_and_the_rest_given_back(session: EssaimSession, act: Act, pool: Pool, small: Any) -> None:
    hold(session, act, small, pool, "203.0.113.80/32")
    reshaping.shrink_pool(session, act, pool, ip_network("203.0.113.80/28"))
    assert str(pool.prefix) == "203.0.113.80/28"
    assert blocks_of(session, pool)[0] == ("203.0.113.80/32", "assigned")
    pools.create_pool(session, act, "q", ip_network("203.0.113.96/27"), handed=32)
    for wrong in ("203.0.113.80/28", "203.0.113.0/24", "203.0.113.96/28"):
        with pytest.raises(NotAround):
            reshaping.shrink_pool(session, act, pool, ip_network(wrong))


def test_what_is_in_use_is_never_given_back(session: EssaimSession, act: Act, pool: Pool, small: Any) -> None:
    held = hold(session, act, small, pool, "203.0.113.64/32")
    addresses.reserve(session, act, pool, ip_network("203.0.113.65/32"))
    kept = ip_network("203.0.113.96/27")
    assert reshaping.used_outside(session, pool, kept) == reshaping.used_outside(session, pool) == 2
    for deed in (
        lambda: reshaping.shrink_pool(session, act, pool, kept),
        lambda: reshaping.close_pool(session, act, pool),
    ):
        with pytest.raises(StillUsed, match=r"203.0.113.64/32, 203.0.113.65/32"), session.begin_nested():
            deed()
    addresses.unreserve(session, act, pool, ip_network("203.0.113.65/32"))
    addresses.release(session, act, held)
    with pytest.raises(StillUsed), session.begin_nested():
        reshaping.shrink_pool(session, after(act, days=9), pool, kept)
    reshaping.shrink_pool(session, after(act, days=11), pool, kept)
    assert blocks_of(session, pool) == [("203.0.113.96/27", "free")]


def test_what_an_offer_takes_from_is_not_closed(session: EssaimSession, act: Act, small: Any) -> None:
    with pytest.raises(PoolServes, match="adsl, vpn"):
        reshaping.close_pool(session, act, small.v4)


def test_a_closed_pool_leaves_its_name_its_prefix_and_its_history(
    session: EssaimSession, act: Act, pool: Pool, small: Any
) -> None:
    held = hold(session, act, small, pool, "203.0.113.64/32")
    addresses.release(session, after(act, days=30), held)
    reshaping.close_pool(session, after(act, days=60), pool)
    with pytest.raises(NoSuchPool):
        pools.find_pool(session, "p")
    assert [one.name for one in pools.list_pools(session, closed=True)] == ["p", "v4", "v6"]
    with pytest.raises(addresses.PoolClosed):
        addresses.reserve(session, act, pool, ip_network("203.0.113.65/32"))
    again = pools.create_pool(session, act, "p", WHOLE, handed=32)  # by a clock that is late
    given = addresses.allocate(
        session, act, again, devices.find_device(session, "vpn").interfaces[0], Role.WAN,
        exactly=ip_network("203.0.113.64/32"),
    )  # fmt: skip
    assert given.since == after(act, days=30).at
    address = ip_address("203.0.113.64")
    assert addresses.who_had(session, address, act.at).until == after(act, days=30).at
    assert addresses.who_had(session, address, after(act, days=30).at).pool == "p"


def test_what_comes_back_to_a_pool_begins_after_what_was(
    session: EssaimSession, act: Act, pool: Pool, small: Any
) -> None:
    held = hold(session, act, small, pool, "203.0.113.64/32")
    other = reshaping.split_pool(session, act, pool, "q")
    gone = after(act, days=30)
    addresses.release(session, gone, held)
    reshaping.close_pool(session, after(act, days=60), pool)
    reshaping.grow_pool(session, act, other, ip_network("203.0.113.64/26"))  # by a clock that is late
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    again = addresses.allocate(session, act, other, eth0, Role.WAN, exactly=held.prefix)
    assert again.since >= gone.at


def test_thousands_of_quarantines_that_end_on_one_day_are_ended_a_few_at_a_time(
    session: EssaimSession, act: Act, small: Any
) -> None:
    more = pools.create_pool(session, act, "bigger", ip_network("100.64.0.0/22"), handed=32, quarantine_days=1)
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    for one in addresses.allocate_many(session, act, more, eth0, Role.WAN, 600):
        addresses.release(session, act, one)
    addresses.allocate(session, after(act, days=3), more, eth0, Role.WAN)
    assert addresses.census(session, more)["quarantined"] == 600 - 256
    whole = ip_network("100.64.1.0/24")
    assert addresses.allocate(session, after(act, days=3), more, eth0, Role.WAN, exactly=whole).prefix == whole


def test_a_retired_offer_holds_no_pool_open(session: EssaimSession, act: Act, pool: Pool, small: Any) -> None:
    old = offers.add_offer(session, act, "old", "Vieille", "wireguard", "tunnel", mtu=1420, pool_v4=pool)
    with pytest.raises(PoolServes), session.begin_nested():
        reshaping.close_pool(session, act, pool)
    old.retired = act.at.date()
    reshaping.close_pool(session, act, pool)
    assert pool.closed_at is not None
