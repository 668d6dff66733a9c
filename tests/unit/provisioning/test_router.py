"""The edge's text, and what a change of it does to people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inventory import devices
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


def test_a_router_just_installed_loses_nothing(text: str) -> None:
    fresh = {"frr.conf": "frr version 8.4.4\nfrr defaults traditional\nhostname edge\n!\nend\n"}
    assert ROUTER.effect(fresh, {"frr.conf": text}).impact is Impact.HITLESS


def test_a_password_that_the_router_holds_is_never_shown() -> None:
    held = "- neighbor 192.0.2.128 password walnut\n"
    assert redacted(held, ROUTER.secrets, lambda _: "‹secret›") == "- neighbor 192.0.2.128 password ‹secret›\n"
