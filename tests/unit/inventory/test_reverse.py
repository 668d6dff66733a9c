"""Reverse names: full names, of addresses that someone holds, gone with the address."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import addresses, lines, reverse
from inventory.models.addresses import Assignment
from inventory.models.lines import Line
from inventory.reverse import (
    BadName,
    BadServers,
    Delegated,
    NobodyHolds,
    NoName,
    NotWhole,
    OutsidePrefix,
    ServerInReverseTree,
)

NET = ".".join(("2", "0", "192", "in-addr.arpa"))


@pytest.fixture
def held(session: EssaimSession, small, order) -> Assignment:
    line: Line = order(small.ada)
    prefix = ip_network(lines.prefixes(session, line)[0])
    return reverse.holding(session, prefix)


@pytest.fixture
def held_v6(session: EssaimSession, small, held: Assignment) -> Assignment:
    return reverse.holding(session, ip_network("2001:db8::/56"))


def later(act: Act) -> Act:
    return Act(act.actor, act.at + timedelta(days=1))


def test_an_address_has_the_name_it_was_given_last(session: EssaimSession, act: Act, held: Assignment) -> None:
    address = held.prefix.network_address
    reverse.set_name(session, act, held, address, "Un.Example.")
    reverse.set_name(session, later(act), held, address, "deux.example.example")
    assert [one.name for one in reverse.names_of(session, held)] == ["deux.example.example"]
    assert [one.name for one in reverse.list_names(session)] == ["deux.example.example"]


def test_saying_the_same_name_again_changes_nothing(session: EssaimSession, act: Act, held: Assignment) -> None:
    address = held.prefix.network_address
    first = reverse.set_name(session, act, held, address, "un.example")
    assert reverse.set_name(session, later(act), held, address, "UN.example.") is first


def test_a_name_goes_with_the_address(session: EssaimSession, act: Act, held: Assignment) -> None:
    reverse.set_name(session, act, held, held.prefix.network_address, "un.example")
    addresses.release(session, later(act), held)
    assert reverse.list_names(session) == []
    with pytest.raises(NobodyHolds):
        reverse.holding(session, ip_network(held.prefix))


def test_a_name_can_be_taken_away_once(session: EssaimSession, act: Act, held: Assignment) -> None:
    address = held.prefix.network_address
    reverse.set_name(session, act, held, address, "un.example")
    reverse.clear_name(session, later(act), held, address)
    assert reverse.names_of(session, held) == []
    with pytest.raises(NoName):
        reverse.clear_name(session, later(act), held, address)


@pytest.mark.parametrize(
    "name",
    ["", ".", "seul", "a..b", "-a.example", "a-.example", "a_b.example", "a.1", "é" * 70 + ".example", "x." * 130],
)
def test_what_is_no_full_host_name_is_refused(session: EssaimSession, act: Act, held: Assignment, name: str) -> None:
    with pytest.raises(BadName):
        reverse.set_name(session, act, held, held.prefix.network_address, name)
    assert reverse.names_of(session, held) == []


def test_a_name_with_accents_is_kept_as_the_dns_has_it() -> None:
    assert reverse.host_name("café.Example") == "xn--caf-dma.example"


def test_an_address_of_someone_else_cannot_be_named(session: EssaimSession, act: Act, held: Assignment) -> None:
    with pytest.raises(OutsidePrefix):
        reverse.set_name(session, act, held, ip_address("198.51.100.7"), "un.example")


def test_a_delegated_prefix_is_named_by_its_own_servers(session: EssaimSession, act: Act, held_v6: Assignment) -> None:
    servers = ["ns1.ada.example", "ns2.ada.example"]
    reverse.delegate(session, act, held_v6, held_v6.prefix, servers)
    assert [one.servers.split() for one in reverse.list_delegations(session)] == [servers]
    with pytest.raises(Delegated, match=r"ns1\.ada\.example"):
        reverse.set_name(session, later(act), held_v6, held_v6.prefix[1], "un.example")
    reverse.delegate(session, later(act), held_v6, held_v6.prefix, ["ns3.ada.example", "ns2.ada.example"])
    assert len(reverse.list_delegations(session)) == 1
    reverse.undelegate(session, Act(act.actor, act.at + timedelta(days=2)), held_v6)
    reverse.set_name(session, Act(act.actor, act.at + timedelta(days=3)), held_v6, held_v6.prefix[1], "un.example")
    with pytest.raises(NoName):
        reverse.undelegate(session, later(act), held_v6)


@pytest.mark.parametrize(
    "servers", [[], ["a.example"], ["a.example", "A.example."], [f"n{rank}.example" for rank in range(5)]]
)
def test_between_two_and_four_different_servers_are_needed(
    session: EssaimSession, act: Act, held: Assignment, servers: list[str]
) -> None:
    with pytest.raises(BadServers):
        reverse.delegate(session, act, held, held.prefix, servers)


def test_a_server_is_not_named_in_the_reverse_tree(session: EssaimSession, act: Act, held: Assignment) -> None:
    with pytest.raises(ServerInReverseTree):
        reverse.delegate(session, act, held, held.prefix, ["a.example", "ns.100.51.198.in-addr.arpa"])


def test_part_of_a_prefix_cannot_be_delegated(session: EssaimSession, act: Act, held_v6: Assignment) -> None:
    with pytest.raises(NotWhole):
        reverse.delegate(session, act, held_v6, ip_network("2001:db8::/60"), ["a.example", "b.example"])


@pytest.mark.parametrize(
    ("prefix", "zones"),
    [
        ("192.0.2.8/29", ["8-15." + NET]),
        ("192.0.2.7/32", ["7." + NET]),
        ("198.51.100.0/24", ["100.51.198.in-addr.arpa"]),
        ("100.64.2.0/23", ["2.64.100.in-addr.arpa", "3.64.100.in-addr.arpa"]),
        ("2001:db8::/48", ["0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"]),
        ("2001:db8:0:ab00::/56", ["b.a.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"]),
    ],
)  # fmt: skip
def test_the_zones_of_a_prefix(prefix: str, zones: list[str]) -> None:
    assert list(reverse.zones_of(ip_network(prefix))) == zones


def test_a_prefix_between_two_nibbles_takes_several_zones() -> None:
    zones = reverse.zones_of(ip_network("2001:db8::/46"))
    assert [zone.split(".")[0] for zone in zones] == ["0", "1", "2", "3"]
