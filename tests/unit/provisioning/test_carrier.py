"""What a machine's kernel holds beside its daemons: from the inventory, and back from what the machine says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from essaim_carrier_document import read

from inventory import addresses, devices, offers, places, routing, rules
from inventory.models.addresses import Role
from inventory.models.lines import Line
from inventory.rules import BadRuleValue
from provisioning import facts, targets
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.carrier import (
    CARRIER_LNS,
    CARRIER_ROUTER,
    CARRIER_VPN,
    EDITED,
    FILE,
    MEMBERS,
)
from provisioning.releases import NOT_RUNNING


@pytest.fixture
def kept(association: Any) -> Any:
    """The association, which has set rates for both of its offers and has two machines kept."""
    rules.set_rule(association.session, association.act, "carrier.machines", "vpn lns")
    rules.set_rule(association.session, association.act, "carrier.rates", "vpn=100/20 adsl=20/0.8")
    return association


@pytest.fixture
def vpn(kept: Any) -> Mapping[str, str]:
    return CARRIER_VPN.desired(kept.session, kept.vpn, kept.later)


@pytest.fixture
def lns(kept: Any) -> Mapping[str, str]:
    return CARRIER_LNS.desired(kept.session, kept.lns, kept.later)


def said(texts: Mapping[str, str]) -> Any:
    return json.loads(texts[FILE])


def machine(texts: Mapping[str, str], **changed: Any) -> dict[str, str]:
    """What `essaim-carrier show` says, of a machine that runs."""
    return {"running": "yes\n", "state": json.dumps({**said(texts), "absent": [], **changed})}


def test_a_kernel_as_the_inventory_has_it(vpn: Mapping[str, str], golden: Callable[..., None]) -> None:
    golden("carrier", "debian", vpn)
    read(vpn[FILE])  # and the machine's own program takes it


def test_addresses_are_those_that_no_daemon_sets_up(vpn: Mapping[str, str], lns: Mapping[str, str]) -> None:
    assert said(vpn)["addresses"] == [
        {"interface": "core0", "address": "192.0.2.4/28"},
        {"interface": "core0", "address": "2001:db8::4/64"},
    ]
    assert {one["interface"] for one in said(lns)["addresses"]} == {"core0"}


def test_a_packet_to_nobody_ends_where_its_pool_is_served(lns: Mapping[str, str]) -> None:
    last = [one["to"] for one in said(lns)["routes"] if one["kind"] == "unreachable"]
    assert last == ["203.0.113.0/24", "2001:db8:200::/40"]
    assert {one["metric"] for one in said(lns)["routes"] if one["kind"] == "unreachable"} == {65535}


def test_members_packets_leave_by_our_routers_and_know_every_other_way_first(lns: Mapping[str, str]) -> None:
    ways = [one for one in said(lns)["routes"] if one["table"] == MEMBERS]
    assert [(one["to"], one["via"]) for one in ways] == [("0.0.0.0/0", "192.0.2.1"), ("::/0", "2001:db8::1")]
    assert [one for one in said(lns)["rules"] if one["source"] == "203.0.113.0/24"] == [
        {"priority": MEMBERS, "source": "203.0.113.0/24", "table": 254, "but_default": True},
        {"priority": MEMBERS + 1, "source": "203.0.113.0/24", "table": MEMBERS, "but_default": False},
    ]


def test_a_second_router_stands_behind_the_first(kept: Any) -> None:
    site = places.find_site(kept.session, "colo")
    other = devices.add_device(kept.session, kept.act, "edge2", role="router", platform="frr", site=site)
    port = devices.add_interface(kept.session, kept.act, other, "core0")
    pool = addresses.find_pool(kept.session, "coeur-v4")
    addresses.allocate(kept.session, kept.act, pool, port, Role.LINK, exactly=ip_network("192.0.2.9"))
    ways = said(CARRIER_VPN.desired(kept.session, kept.vpn, kept.later))["routes"]
    found = [(one["via"], one["metric"]) for one in ways if one.get("via", "").startswith("192.")]
    assert found == [("192.0.2.1", 10), ("192.0.2.9", 20)]


def test_of_two_lns_that_hold_each_others_members_neither_says_who_is_nobody(kept: Any) -> None:
    session, act = kept.session, kept.act
    other = devices.add_device(
        session, act, "lns2", role="lns", platform="debian", site=places.find_site(session, "colo")
    )
    pool = addresses.create_pool(session, act, "adsl2-v4", ip_network("192.0.2.64/28"), handed=32, device=other)
    kept.lns.asn = 64496
    routing.add_peer(session, act, kept.lns, ip_address("192.0.2.1"), 64496, "edge", max_prefix=1)
    text = said(CARRIER_LNS.desired(session, kept.lns, kept.later))
    assert [one["kind"] for one in text["routes"]] == ["unicast", "unicast"]
    assert str(pool.prefix) in {one["source"] for one in text["rules"]}
    assert {one["line"] for one in text["rates"]} == {"L0004", "L0005"}


def test_a_line_has_its_rate_in_either_direction(kept: Any, vpn: Mapping[str, str], lns: Mapping[str, str]) -> None:
    rates = {(one["interface"], one["line"]): one for one in said(vpn)["rates"]}
    assert rates["wg0", "L0002"]["kbit"] == 100_000
    assert rates["wg0", "L0002"]["match"] == "destination"
    assert rates["core0", "L0002"]["kbit"] == 20_000
    assert rates["core0", "L0002"]["match"] == "source"
    held = sorted(str(one.prefix) for share in kept.line("L0005").shares for one in share.assignments)
    copper = next(one for one in said(lns)["rates"] if one["line"] == "L0005" and one["interface"] == "tun0")
    assert sorted(copper["prefixes"]) == held, "neighbours on one line share its rate"
    assert {one["kbit"] for one in said(lns)["rates"] if one["interface"] == "core0"} == {800}
    assert "Camille" not in vpn[FILE] + lns[FILE]


def test_an_offer_without_a_rate_has_none(kept: Any) -> None:
    rules.set_rule(kept.session, kept.act, "carrier.rates", "adsl=20/0.8")
    assert said(CARRIER_VPN.desired(kept.session, kept.vpn, kept.later))["rates"] == []


@pytest.mark.parametrize(
    "wrong", ["vpn", "vpn=100", "vpn=0/1", "vpn=1/99999", "vpn=1/2 vpn=3/4", "VPN=1/2", "vpn=1/1e9"]
)
def test_a_rate_is_a_number_for_an_offer(association: Any, wrong: str) -> None:
    with pytest.raises(BadRuleValue):
        rules.set_rule(association.session, association.act, "carrier.rates", wrong)


@pytest.mark.parametrize("wrong", ["-vpn", "vpn;lns", "a" * 201])
def test_machines_are_named(association: Any, wrong: str) -> None:
    with pytest.raises(BadRuleValue):
        rules.set_rule(association.session, association.act, "carrier.machines", wrong)


def test_it_is_for_the_machines_that_the_association_names(association: Any) -> None:
    def named() -> list[str]:
        every = (str(target) for _, target in targets.every_target(association.session))
        return [one for one in every if one.endswith("/carrier")]

    assert named() == []
    rules.set_rule(association.session, association.act, "carrier.machines", "vpn edge nowhere")
    assert named() == ["vpn/carrier"], "an FRR router is FRR's alone"
    association.edge.platform = "debian-bird"
    assert named() == ["edge/carrier", "vpn/carrier"]


def test_a_router_that_runs_bird_has_its_addresses_and_nothing_of_birds(association: Any) -> None:
    text = said(CARRIER_ROUTER.desired(association.session, association.edge, association.later))
    assert {"interface": "transit0", "address": "3fff:0:0:ffff::1/127"} in text["addresses"]
    assert (text["routes"], text["rules"], text["rates"]) == ([], [], [])


def test_an_interface_that_is_put_out_of_service_is_left_alone(association: Any) -> None:
    devices.find_interface(association.session, "edge/transit0").enabled = False
    text = CARRIER_ROUTER.desired(association.session, association.edge, association.later)
    assert "transit0" not in text[FILE]


def test_an_interface_whose_name_no_kernel_takes_is_refused(association: Any) -> None:
    devices.find_interface(association.session, "edge/transit0").name = "transit0; reboot"
    with pytest.raises(facts.Unwritable, match="transit0; reboot"):
        CARRIER_ROUTER.desired(association.session, association.edge, association.later)


def test_what_the_machine_says_is_read_back(vpn: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert CARRIER_VPN.observed(answer(CARRIER_VPN, vpn, machine(vpn))) == vpn
    mixed = {key: list(reversed(value)) for key, value in said(vpn).items() if isinstance(value, list)}
    assert CARRIER_VPN.observed(answer(CARRIER_VPN, vpn, machine(vpn, **mixed))) == vpn


def test_a_route_taken_away_by_hand_is_seen(vpn: Mapping[str, str], answer: Callable[..., str]) -> None:
    seen = CARRIER_VPN.observed(answer(CARRIER_VPN, vpn, machine(vpn, routes=said(vpn)["routes"][1:])))
    assert seen != vpn
    assert CARRIER_VPN.recognised(seen, vpn) == seen


def test_rates_that_a_machine_cannot_have_are_no_difference(vpn: Mapping[str, str], answer: Callable[..., str]) -> None:
    for absent, kept in ((["interface wg0"], "core0"), (["htb"], "")):
        rates = [one for one in said(vpn)["rates"] if one["interface"] == kept]
        seen = CARRIER_VPN.observed(answer(CARRIER_VPN, vpn, machine(vpn, rates=rates, absent=absent)))
        assert seen != vpn
        assert CARRIER_VPN.recognised(seen, vpn) == vpn
        without = CARRIER_VPN.observed(answer(CARRIER_VPN, vpn, machine(vpn, rates=rates, routes=[], absent=absent)))
        assert said(CARRIER_VPN.recognised(without, vpn))["routes"] == []


def test_what_is_amiss_with_it_is_said(vpn: Mapping[str, str], answer: Callable[..., str]) -> None:
    stopped = {name: value for name, value in machine(vpn).items() if name != "running"}
    assert CARRIER_VPN.observed(answer(CARRIER_VPN, vpn, stopped))[FILE] == vpn[FILE] + f"# {NOT_RUNNING}\n"
    edited = answer(CARRIER_VPN, {FILE: "{}"}, {**machine(vpn), f"file:{FILE}": vpn[FILE]})
    edited = edited.replace(edited.splitlines()[0], answer(CARRIER_VPN, {}, {f"file:{FILE}": "{ }"}).strip())
    assert CARRIER_VPN.observed(edited)[FILE].endswith(f"# {EDITED}\n")
    assert CARRIER_VPN.recognised({FILE: vpn[FILE] + f"# {EDITED}\n"}, vpn) == {FILE: vpn[FILE] + f"# {EDITED}\n"}
    assert CARRIER_VPN.observed(answer(CARRIER_VPN, {}, {})) == {}


def test_a_rate_cuts_nobody_and_a_way_that_goes_may(kept: Any, vpn: Mapping[str, str]) -> None:
    rules.set_rule(kept.session, kept.act, "carrier.rates", "vpn=50/20")
    slower = CARRIER_VPN.desired(kept.session, kept.vpn, kept.later)
    assert CARRIER_VPN.effect(vpn, vpn) == Effect(Impact.NONE)
    assert CARRIER_VPN.effect(vpn, slower) == Effect(Impact.HITLESS, 0)
    assert CARRIER_VPN.effect({}, vpn) == Effect(Impact.HITLESS, 3)
    assert CARRIER_VPN.effect(vpn, {}).impact is Impact.CUTS
    assert CARRIER_VPN.lines(vpn, slower) == ("L0001", "L0002", "L0003")
    assert CARRIER_VPN.lines(vpn, vpn) == ()


def test_a_line_that_two_tunnels_open_is_told_behind_each(kept: Any) -> None:
    line: Line = kept.line("L0002")
    assert offers.find_offer(kept.session, "vpn").id == line.offer_id
    line.shares[0].credentials[0].kind = "openvpn"
    kept.session.flush()
    rates = said(CARRIER_VPN.desired(kept.session, kept.vpn, kept.later))["rates"]
    assert {one["interface"] for one in rates if one["line"] == "L0002"} == {"core0", "ovpn0"}
