"""The edge's text, and what a change of it does to people."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from inventory import devices, routing, rules
from provisioning.artifact import Impact
from provisioning.artifacts.router import ROUTER
from provisioning.facts import MachineIncomplete, Unwritable
from provisioning.texts import redacted


@pytest.fixture
def text(association: Any) -> str:
    return ROUTER.desired(association.session, association.edge, association.later)["frr.conf"]


def test_the_edge_is_written_with_its_links_its_roads_and_its_peers(text: str, golden: Callable[..., None]) -> None:
    golden("router", "frr", {"frr.conf": text})


def test_a_router_with_peers_needs_its_number(association: Any) -> None:
    association.edge.asn = None
    with pytest.raises(MachineIncomplete, match="AS number"):
        ROUTER.desired(association.session, association.edge, association.later)


def test_a_description_of_two_lines_is_never_written(association: Any) -> None:
    port = devices.add_interface(association.session, association.act, association.edge, "x0")
    port.description = "a\nrouter bgp 1"  # which no verb writes down
    association.session.flush()
    with pytest.raises(Unwritable):
        ROUTER.desired(association.session, association.edge, association.later)


def test_an_interface_that_says_nothing_is_left_out(association: Any) -> None:
    devices.add_interface(association.session, association.act, association.edge, "x0")
    text = ROUTER.desired(association.session, association.edge, association.later)["frr.conf"]
    assert "interface x0" not in text


@pytest.mark.parametrize(
    ("old", "new", "impact"),
    [
        ("ip route 203.0.113.0/24 192.0.2.2\n", "", Impact.CUTS),
        (" ip address 192.0.2.1/28\n", "", Impact.CUTS),
        (" neighbor 192.0.2.128 remote-as 64500\n", "", Impact.CUTS),
        (" description core\n", " description heart\n", Impact.HITLESS),
        ("ip route 192.0.2.0/25 blackhole 254\n", "", Impact.HITLESS),
        ("nothing", "nothing", Impact.NONE),
    ],
)
def test_a_road_that_goes_cuts_and_a_word_that_changes_does_not(text: str, old: str, new: str, impact: Impact) -> None:
    before, after = {"frr.conf": text}, {"frr.conf": text.replace(old, new)}
    assert ROUTER.effect(before, after).impact is impact
    assert ROUTER.lines(before, after) == ()


def test_rpki_is_asked_and_an_address_is_dropped_where_the_association_says_so(
    association: Any, text: str, golden: Callable[..., None]
) -> None:
    session, act = association.session, association.act
    assert "rpki" not in text
    assert "set community" not in text
    rules.set_rule(session, act, "routing.rpki", "192.0.2.10:3323 [2001:db8::10]:323")
    for prefix in ("203.0.113.7/32", "2001:db8:200:100::7/128"):
        routing.add_aggregate(session, act, ip_network(prefix))
    more = ROUTER.desired(session, association.edge, association.later)["frr.conf"]
    assert "rpki\n rpki cache 192.0.2.10 3323 preference 1\nexit\n" in more
    golden("router", "with-all", {"frr.conf": more})
    assert more.count("match rpki invalid") == 2
    assert "ip prefix-list DROP-V4 seq 5 permit 203.0.113.7/32\n" in more
    assert "route-map OUT-V6 permit 5\n match ipv6 address prefix-list DROP-V6\n" in more
    assert more.count(" set community blackhole no-export\n") == 2
    assert "  network 203.0.113.7/32\n" in more
    assert "deny 203.0.113.7" not in more


@pytest.mark.parametrize(
    "value",
    ["192.0.2.10", "192.0.2.10:0", "192.0.2.10:70000", "2001:db8::10:323", "[192.0.2.1:323", "x:1", "[::1]:1 " * 3],
)
def test_a_cache_is_an_address_and_a_port(association: Any, value: str) -> None:
    with pytest.raises(rules.BadRuleValue):
        rules.set_rule(association.session, association.act, "routing.rpki", value)


def test_a_router_just_installed_loses_nothing(text: str) -> None:
    fresh = {"frr.conf": "frr version 8.4.4\nfrr defaults traditional\nhostname edge\n!\nend\n"}
    assert ROUTER.effect(fresh, {"frr.conf": text}).impact is Impact.HITLESS


def test_a_password_that_the_router_holds_is_never_shown() -> None:
    held = "- neighbor 192.0.2.128 password walnut\n"
    assert redacted(held, ROUTER.secrets, lambda _: "‹secret›") == "- neighbor 192.0.2.128 password ‹secret›\n"
