"""The address ledger: what is given, what waits, who had what."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from inventory import addresses, devices, holders, lines, offers, places, pools
from inventory.addresses import NobodyHad, PoolExhausted, PoolOverlaps, PrefixTaken, who_had
from inventory.models.addresses import Assignment, Block, BlockState, Role
from inventory.models.lines import Technology
from inventory.views.addresses import place_view
from provisioning import facts

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
    said = refused.value.sentence("fr")
    assert said.startswith("Plus d'adresse libre dans v4 (198.51.100.0/29). Rien n'a été changé. L'agrandir : essaim")
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
def test_bothnever_share_an_address(session: EssaimSession, act: Act, small: Any, prefix: str) -> None:
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
    assert (
        str(addresses.allocate(session, Act("machine:test", end), small.v4, eth0, Role.LINK).prefix)
        == "198.51.100.2/32"
    )


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


def test_the_proof_is_the_record_by_its_prefix_and_period(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    order(small.ada)
    held = who_had(session, ip_address("198.51.100.0"), act.at)
    (row,) = session.scalars(select(Assignment).where(Assignment.family == 4, Assignment.share_id.is_not(None)))
    assert held.proof == f"assignment {row.prefix} {row.since.isoformat()}/.."


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
    for other in ("192.0.2.1", "::1", "0.0.0.0", "255.255.255.255", "fe80::1"):
        with pytest.raises(NobodyHad):
            who_had(session, addresses.parse_address(other), act.at)


@pytest.mark.parametrize("given", ["", "198.51.100", "198.51.100.0/24", "198.51.100.256", "٢.٢.٢.٢", "2001:db8:::1"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(addresses.BadAddress):
        addresses.parse_address(given)


def test_an_address_of_one_link_of_one_machine_is_refused_plainly() -> None:
    with pytest.raises(addresses.LinkLocal) as refused:
        addresses.parse_address("fe80::1%eth0")
    assert "« eth0 »" in refused.value.sentence("fr")
    assert refused.value.http_status == 422


def test_ipv4_as_ipv6_programs_write_it_is_ipv4() -> None:
    plain = ip_address("198.51.100.7")
    mapped = IPv6Address(0xFFFF << 32 | int(plain))
    assert addresses.parse_address(f" {mapped} ") == plain


def test_a_role_is_one_of_five() -> None:
    assert addresses.parse_role("Routed") is Role.ROUTED
    with pytest.raises(addresses.BadRole, match="loopback"):
        addresses.parse_role("main")


def test_a_share_may_hold_several_prefixes_and_each_is_someones(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line = order(small.ada)
    holder = holders.on_line(session, str(line))
    pool = pools.create_pool(session, act, "routed", ip_network("203.0.113.0/24"), handed=29)
    given = addresses.allocate(session, act, pool, holder, Role.ROUTED)
    rows = addresses.rows(session, line=str(line))
    assert [(row["prefix"], row["role"], row["member"]) for row in rows] == [
        ("198.51.100.0/32", "wan", "M0001"),
        (str(given.prefix), "routed", "M0001"),
        ("2001:db8::/56", "delegated", "M0001"),
    ]
    assert who_had(session, ip_address("203.0.113.7"), act.at).line == str(line)


def test_several_at_once_are_as_so_many_one_by_one(session: EssaimSession, act: Act, small: Any) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    both = [
        pools.create_pool(session, act, name, ip_network(prefix), handed=32, quarantine_days=0)
        for name, prefix in (("one", "203.0.113.0/25"), ("many", "203.0.113.128/25"))
    ]
    for pool in both:
        addresses.reserve(session, act, pool, ip_network((pool.first + 5, 32)))
    singles = [addresses.allocate(session, act, both[0], eth0, Role.WAN, length=31) for _ in range(9)]
    many = addresses.allocate_many(session, act, both[1], eth0, Role.WAN, 9, length=31)
    assert sorted(one.first - both[0].first for one in singles) == [one.first - both[1].first for one in many]
    blocks = [
        [
            (block.first - pool.first, block.length, block.state)
            for block in session.scalars(select(Block).where(Block.pool_id == pool.id).order_by(Block.first))
        ]
        for pool in both
    ]
    assert blocks[0] == blocks[1]


def test_several_at_once_are_given_all_or_none(session: EssaimSession, act: Act, small: Any) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    with pytest.raises(PoolExhausted), session.begin_nested():
        addresses.allocate_many(session, act, small.v4, eth0, Role.WAN, 9)
    assert states(session, small.v4) == {"free": 8}
    for wrong in (0, 1001):
        with pytest.raises(addresses.BadAssignment):
            addresses.allocate_many(session, act, small.v4, eth0, Role.WAN, wrong)


def test_several_at_once_are_told_in_one_entry(store: Store, act: Act) -> None:
    with transaction(store) as session:
        site = places.add_site(session, act, "cave")
        vpn = devices.add_device(session, act, "vpn", role="vpn", platform="debian", site=site)
        eth0 = devices.add_interface(session, act, vpn, "eth0")
        pool = pools.create_pool(session, act, "v4", ip_network("198.51.100.0/29"), handed=32)
        addresses.allocate_many(session, act, pool, eth0, Role.WAN, 8)
    with reading(store) as session:
        told = journal.show(session, subject="v4", limit=1)[0]
    assert (told.verb, len((told.facts or {})["prefixes"])) == ("address.allocate", 8)


@pytest.mark.parametrize("length", [28, 33])
def test_a_length_outside_the_pool_is_refused(session: EssaimSession, act: Act, small: Any, length: int) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    with pytest.raises(addresses.BadLength, match="/29 to /32"):
        addresses.allocate(session, act, small.v4, eth0, Role.WAN, length=length)


def test_a_pool_by_hand_gives_only_what_is_named(session: EssaimSession, act: Act, small: Any) -> None:
    eth0 = devices.add_interface(session, act, small.server, "eth0")
    pools.change_pool(session, act, small.v4, automatic=False)
    for deed in (addresses.allocate, lambda *args: addresses.allocate_many(*args, 2)):
        with pytest.raises(addresses.PoolByHand, match="--exactly"):
            deed(session, act, small.v4, eth0, Role.WAN)
    named = ip_network("198.51.100.3/32")
    assert addresses.allocate(session, act, small.v4, eth0, Role.WAN, exactly=named).prefix == named


@pytest.mark.parametrize(
    ("length", "prefix", "near", "far"),
    [(None, "198.51.100.0/31", 0, 1), (31, "198.51.100.0/31", 0, 1), (30, "198.51.100.0/30", 1, 2)],
)
def test_a_link_has_an_address_at_either_end(
    session: EssaimSession, act: Act, small: Any, length: int | None, prefix: str, near: int, far: int
) -> None:
    other = devices.add_device(
        session, act, "edge", role="router", platform="frr", site=places.add_site(session, act, "colo")
    )
    for device in (small.server, other):
        devices.add_interface(session, act, device, "eth1")
    ends = holders.meant(session, line=None, member=None, interfaces=["vpn/eth1", "edge/eth1"])
    given = addresses.give(session, act, small.v4, ends, length=length)[0]
    assert (str(given.prefix), given.role) == (prefix, Role.LINK)
    assert [end - small.v4.first for end in given.ends] == [near, far]
    assert [who_had(session, ip_address(end), act.at).device for end in given.ends] == ["vpn", "edge"]
    row = addresses.rows(session, device="edge")[0]
    assert (row["interface"], row["peer"]) == ("vpn/eth1", "edge/eth1")
    for device, end in ((small.server, near), (other, far)):
        held = facts.interface_addresses(session, device, "eth1", act.at)
        assert [str(one) for one in held] == [f"198.51.100.{end}/{given.length}"]
    addresses.release(session, act, given)
    assert states(session, small.v4)["quarantined"] == given.prefix.num_addresses


def test_a_link_is_two_ends_and_its_own_length(session: EssaimSession, act: Act, small: Any) -> None:
    for name in ("eth1", "eth2"):
        devices.add_interface(session, act, small.server, name)
    one, other = (holders.at_interface(session, f"vpn/{name}") for name in ("eth1", "eth2"))
    link = holders.between(one, other)
    for ends, more in (
        (holders.between(one, one), {}),
        (link, {"length": 32}),
        (link, {"count": 2}),
        (link, {"role": Role.WAN}),
        (link, {"exactly": ip_network("198.51.100.0/31")}),
    ):
        with pytest.raises(addresses.BadAssignment):
            addresses.give(session, act, small.v4, ends, **more)


def test_a_member_may_have_back_what_was_theirs_and_no_one_else(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    line, other = order(small.ada), order(small.bea)
    mine = addresses.find_assignment(session, ip_network("198.51.100.0/32"))
    addresses.release(session, act, mine)
    later = after(act, days=1)
    wanted = ip_network("198.51.100.0/32")
    for holder, exactly in ((str(other), wanted), (str(line), ip_network("198.51.100.0/31"))):
        with pytest.raises(PrefixTaken, match=r"quarantine|parts"):
            addresses.allocate(session, later, small.v4, holders.on_line(session, holder), Role.WAN, exactly=exactly)
    again = addresses.allocate(session, later, small.v4, holders.on_line(session, str(line)), Role.WAN, exactly=wanted)
    assert (again.prefix, again.since) == (wanted, later.at)
    assert addresses.state_of(session, wanted) == BlockState.ASSIGNED


def test_what_is_put_aside_has_a_note_and_comes_back_whole(session: EssaimSession, act: Act, small: Any) -> None:
    aside = ip_network("198.51.100.4/30")
    addresses.reserve(session, act, small.v4, aside, note="pour la mairie")
    seen = place_view(session, ip_network("198.51.100.6/32"))
    assert (seen.prefix, seen.state, seen.note, seen.held) == (str(aside), "reserved", "pour la mairie", None)
    for wrong in ("198.51.100.4/31", "198.51.100.0/30", "198.51.100.0/29", "192.0.2.0/30"):
        with pytest.raises(addresses.NotReserved):
            addresses.unreserve(session, act, small.v4, ip_network(wrong))
    with pytest.raises(addresses.BadAssignment):
        addresses.reserve(session, act, small.v4, ip_network("198.51.100.0/32"), note="\x07")
    addresses.unreserve(session, act, small.v4, aside)
    assert states(session, small.v4) == {"free": 8}


def test_nothing_is_taken_back_twice(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    order(small.ada)
    held = addresses.find_assignment(session, ip_network("198.51.100.0/32"))
    addresses.release(session, act, held)
    with pytest.raises(addresses.NotAssigned):
        addresses.release(session, act, held)
    with pytest.raises(addresses.NotAssigned):
        addresses.find_assignment(session, ip_network("198.51.100.0/32"))


def test_a_shared_line_says_to_whom(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    lines.add_share(session, act, line, small.bea, small.vpn)
    with pytest.raises(holders.NoSuchHolder, match="M0001, M0002"):
        holders.on_line(session, str(line))
    assert holders.on_line(session, str(line), "M0002").member == "M0002"
    with pytest.raises(holders.NoSuchHolder):
        holders.on_line(session, str(line), "M0042")
    with pytest.raises(holders.NoSuchHolder):
        holders.on_line(session, "L0042")


def test_what_is_over_receives_nothing(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    share = lines.shares_of(session, line)[0]
    lines.close_line(session, act, line)
    with pytest.raises(holders.HolderEnded):
        holders.on_line(session, str(line))
    with pytest.raises(holders.HolderEnded):
        addresses.allocate(session, act, small.v4, share, Role.WAN)


@pytest.mark.parametrize(
    "named",
    [
        {"line": None, "member": None, "interfaces": []},
        {"line": "L0001", "member": None, "interfaces": ["vpn/eth0"]},
        {"line": None, "member": "M0001", "interfaces": ["vpn/eth0"]},
        {"line": None, "member": None, "interfaces": ["a/b", "c/d", "e/f"]},
    ],
)
def test_one_holder_is_named_and_no_more(session: EssaimSession, named: Any) -> None:
    with pytest.raises(holders.HolderMissing):
        holders.meant(session, **named)


def test_an_interface_is_named_by_its_machine_and_itself(session: EssaimSession, act: Act, small: Any) -> None:
    devices.add_interface(session, act, small.server, "eth0")
    assert holders.at_interface(session, "vpn/eth0").interface == "vpn/eth0"
    for wrong, refusal in (
        ("vpn", devices.BadInterfacePath),
        ("vpn/eth9", devices.NoSuchInterface),
        ("edge/eth0", devices.NoSuchDevice),
        ("/", devices.BadInterfacePath),
    ):
        with pytest.raises(refusal):
            holders.at_interface(session, wrong)


def test_the_list_has_filters_and_pages(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    devices.add_interface(session, act, small.server, "eth0")
    addresses.allocate(session, act, small.v4, holders.at_interface(session, "vpn/eth0"), Role.LOOPBACK)
    gone = order(small.ada)
    lines.close_line(session, after(act, days=1), gone)
    order(small.bea, at=after(act, days=2))

    def listed(**wanted: Any) -> list[str]:
        return [row["prefix"] for row in addresses.rows(session, **wanted)]

    assert listed() == ["198.51.100.0/32", "198.51.100.2/32", "2001:db8:0:100::/56"]
    assert listed(family=4) == listed(pool=small.v4) == ["198.51.100.0/32", "198.51.100.2/32"]
    assert listed(member="M0001") == []
    assert listed(member="M0001", ended=True) == ["198.51.100.1/32", "2001:db8::/56"]
    assert listed(device="vpn") == listed(role=Role.LOOPBACK) == ["198.51.100.0/32"]
    assert listed(line=str(gone)) == []
    assert listed(limit=1) == ["198.51.100.0/32"]
    assert listed(after=(ip_network("198.51.100.0/32"), None)) == ["198.51.100.2/32", "2001:db8:0:100::/56"]


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

    with pytest.raises(DBAPIError, match=r"overlap|ix_block_first"), session.begin_nested():
        session.execute(insert, row(first, last))
    with session.begin_nested() as undone:
        session.execute(insert, row(8, 8))  # beside it there is room
        undone.rollback()


def test_the_database_itself_refuses_a_block_that_grows_into_another(session: EssaimSession, small: Any) -> None:
    grow = text("UPDATE block SET last = :last WHERE family = 6")
    session.execute(grow, {"last": b"\xff" * 16})  # alone in its family it may
    with pytest.raises(DBAPIError, match=r"overlap|ix_block_first"), session.begin_nested():
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


def test_a_late_deed_never_begins_before_the_bothlast(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    lines.close_line(session, after(act, days=2), line)
    late = order(small.bea, at=after(act, days=1))
    held = lines.shares_of(session, late)[0].assignments
    assert all(one.since == after(act, days=2).at for one in held)
