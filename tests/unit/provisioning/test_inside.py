"""Routers of ours that meet speak OSPF there, and BGP among themselves: in FRR's words and in BIRD's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from foundation.vault import vault_of
from inventory import addresses, cabling, devices, ospf_keys, places, pools, retirement, routing
from inventory.device_facts import Facts
from inventory.models.addresses import Role
from inventory.models.devices import Device
from provisioning.artifact import Impact
from provisioning.artifacts import inside
from provisioning.artifacts.bird import BIRD
from provisioning.artifacts.cisco import IOS_EDGE
from provisioning.artifacts.edge import edge
from provisioning.artifacts.inside import CABLE, RADIO, Way
from provisioning.artifacts.mikrotik import ROUTEROS_EDGE
from provisioning.artifacts.router import ROUTER
from provisioning.texts import redacted

FRR, CONF = "frr.conf", "essaim.conf"
DEBIANS = "protocol device { }\nprotocol kernel { ipv4 { export all; }; }\nprotocol kernel { ipv6 { export all; }; }\n"


def port(association: Any, device: Device, name: str, *held: tuple[str, str], role: Role = Role.LINK) -> Any:
    """An interface with addresses, each of the pool that is named."""
    session, act = association.session, association.act
    made = devices.add_interface(session, act, device, name)
    for pool, address in held:
        addresses.allocate(session, act, pools.find_pool(session, pool), made, role, exactly=ip_network(address))
    return made


@pytest.fixture
def grown(association: Any) -> Any:
    """Beside the edge: edge2 on the same LAN and on a link with it, and `far`, on a high point behind a radio link."""
    session, act = association.session, association.act
    site = places.find_site(session, "colo")
    other, far = (
        devices.add_device(session, act, name, role="router", platform="frr", site=site, asn=64496)
        for name in ("edge2", "far")
    )
    for name, prefix in (
        ("pair-v4", "192.0.2.20/31"), ("pair-v6", "2001:db8:0:3::/127"), ("radio-v4", "192.0.2.22/31"),
        ("loops-v4", "192.0.2.24/29"), ("loops-v6", "2001:db8:0:f::/64"),
    ):  # fmt: skip
        network = ip_network(prefix)
        addresses.create_pool(session, act, name, network, handed=network.max_prefixlen)
    for device, rank in ((association.edge, 0), (other, 1)):
        port(association, device, "pair0", ("pair-v4", f"192.0.2.{20 + rank}"), ("pair-v6", f"2001:db8:0:3::{rank}"))
        loops = ("loops-v4", f"192.0.2.{25 + rank}"), ("loops-v6", f"2001:db8:0:f::{rank + 1}")
        port(association, device, "lo", *loops, role=Role.LOOPBACK)
    port(association, other, "core0", ("coeur-v4", "192.0.2.5"), ("coeur-v6", "2001:db8::5"))
    near = port(association, association.edge, "wlan0", ("radio-v4", "192.0.2.22"))
    cabling.connect(session, act, near, port(association, far, "core0", ("radio-v4", "192.0.2.23")), kind="radio")
    for device, peer in ((association.edge, 1), (other, 0)):
        for address in (f"192.0.2.{25 + peer}", f"2001:db8:0:f::{peer + 1}"):
            routing.add_peer(session, act, device, ip_address(address), 64496, "ours", max_prefix=1000)
    session.flush()
    return association


def way(association: Any, name: str, device: str = "edge") -> Way | None:
    found = edge(association.session, devices.find_device(association.session, device), association.later).ways
    return next((one for one in found if one.interface == name), None)


def test_routers_that_meet_tell_each_other_what_they_know(grown: Any, golden: Callable[..., None]) -> None:
    golden("router", "inside", ROUTER.desired(grown.session, grown.edge, grown.later))
    assert way(grown, "pair0") == Way("pair0", (4, 6), quiet=False, two=True, cost=CABLE)
    assert way(grown, "core0") == Way("core0", (4, 6), quiet=False, two=False, cost=CABLE)
    assert way(grown, "lo") == Way("lo", (4, 6), quiet=True, two=False, cost=CABLE)
    assert way(grown, "wlan0") == Way("wlan0", (4,), quiet=False, two=True, cost=RADIO)
    assert way(grown, "transit0") is None


def test_one_that_has_no_peers_says_nothing_outside_and_leaves_roads_to_those_who_are_near(
    grown: Any, golden: Callable[..., None]
) -> None:
    far = devices.find_device(grown.session, "far")
    texts = ROUTER.desired(grown.session, far, grown.later)
    golden("router", "behind", texts)
    for word in ("blackhole", "ip route", "route-map", "router bgp", "default-information"):
        assert word not in texts[FRR]


def test_bird_is_told_the_same_and_reads_it(grown: Any, golden: Callable[..., None], tmp_path: Path) -> None:
    texts = BIRD.desired(grown.session, grown.edge, grown.later)
    golden("bird", "inside", texts)
    far = BIRD.desired(grown.session, devices.find_device(grown.session, "far"), grown.later)
    golden("bird", "behind", far)
    if shutil.which("bird") is None:
        pytest.skip("needs bird (bird2)")
    for text in (texts[CONF], far[CONF]):
        (tmp_path / "bird.conf").write_text(DEBIANS + text)
        done = subprocess.run(["bird", "-p", "-c", tmp_path / "bird.conf"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_vendors_routers_are_told_the_same(grown: Any, golden: Callable[..., None]) -> None:
    for artifact in (IOS_EDGE, ROUTEROS_EDGE):
        golden("edge", f"{artifact.platform}-inside", artifact.desired(grown.session, grown.edge, grown.later))


def test_a_router_that_is_alone_speaks_to_nobody_inside(association: Any) -> None:
    assert edge(association.session, association.edge, association.later).ways == ()


@pytest.mark.parametrize("how", ["gone", "a member's", "of an unknown make"])
def test_what_is_not_a_router_of_ours_is_not_spoken_to(grown: Any, how: str) -> None:
    session, act, far = grown.session, grown.act, devices.find_device(grown.session, "far")
    if how == "gone":
        cabling.disconnect(session, act, devices.find_interface(session, "far/core0"))
        retirement.retire(session, act, far)
    elif how == "a member's":
        far.owner_id = grown.people[0].id
    else:
        devices.change_device(session, act, far, Facts(platform="by-hand"))
    session.flush()
    found = way(grown, "wlan0")
    assert found is None or found.quiet


def test_a_lan_where_somebody_elses_router_is_a_peer_is_not_inside(grown: Any) -> None:
    routing.add_peer(
        grown.session, grown.act, grown.edge, ip_address("192.0.2.14"), 64511, "on our LAN", max_prefix=10
    )  # fmt: skip
    assert way(grown, "core0") is None
    assert way(grown, "pair0") is not None


def test_a_link_that_was_radio_and_is_no_more_costs_as_a_cable(grown: Any) -> None:
    found = devices.find_interface(grown.session, "edge/wlan0")
    cabling.disconnect(grown.session, grown.act, found, until=grown.act.at.date())
    later = way(grown, "wlan0")
    assert later is not None
    assert later.cost == CABLE


@pytest.mark.parametrize(
    ("artifact", "file", "old", "impact"),
    [
        (ROUTER, FRR, " ip ospf area 0\n", Impact.CUTS),
        (ROUTER, FRR, " redistribute static route-map TOLD-V4\n", Impact.CUTS),
        (ROUTER, FRR, " default-information originate\n", Impact.CUTS),
        (ROUTER, FRR, " ip ospf passive\n", Impact.HITLESS),
        (BIRD, CONF, '  if proto = "essaim_roads4" then { ospf_metric2 = 20; accept; }\n', Impact.CUTS),
        (BIRD, CONF, "  if net = 0.0.0.0/0 && source = RTS_BGP then { ospf_metric2 = 10; accept; }\n", Impact.CUTS),
        (BIRD, CONF, '    interface "lo" { stub; };\n', Impact.CUTS),
    ],
)
def test_what_is_no_more_told_cuts(grown: Any, artifact: Any, file: str, old: str, impact: Impact) -> None:
    text = artifact.desired(grown.session, grown.edge, grown.later)[file]
    assert old in text
    assert artifact.effect({file: text}, {file: text.replace(old, "")}).impact is impact


def keyed(association: Any, steps: int) -> list[str]:
    """Go so many steps, and say the texts of the keys that were ever drawn."""
    session, act = association.session, association.act
    for _ in range(steps):
        ospf_keys.rotate(session, act)
    for one in ospf_keys.list_keys(session):
        one.secret = vault_of(session).seal(f"{'ab'[one.number - 1] * 16}{'cd'[one.number - 1] * 32}")
    session.flush()
    return ["a" * 16, "b" * 16, "c" * 32, "d" * 32]


@pytest.mark.parametrize(("steps", "called"), [(1, "one"), (2, "two"), (3, "new"), (4, "after")])
def test_routers_know_each_other_by_a_key_and_by_two_while_one_takes_the_place_of_the_other(
    grown: Any, golden: Callable[..., None], tmp_path: Path, steps: int, called: str
) -> None:
    secrets = keyed(grown, steps)
    for artifact, folder in (
        (ROUTER, f"router/keys-{called}"), (BIRD, f"bird/keys-{called}"), (IOS_EDGE, f"edge/ios-keys-{called}"),
        (ROUTEROS_EDGE, f"edge/routeros-keys-{called}"),
    ):  # fmt: skip
        texts = artifact.desired(grown.session, grown.edge, grown.later)
        golden(*folder.split("/"), texts)
        (text,) = texts.values()
        shown = redacted(text, artifact.secrets, lambda _: "‹›")
        assert any(one in text for one in secrets)
        assert not any(one in shown for one in secrets)
    if shutil.which("bird") is not None:
        text = BIRD.desired(grown.session, grown.edge, grown.later)[CONF]
        for said in (text, text.replace("keyed md5", "hmac sha256")):
            (tmp_path / "bird.conf").write_text(DEBIANS + said)
            done = subprocess.run(
                ["bird", "-p", "-c", tmp_path / "bird.conf"], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr


def test_a_first_key_cuts_and_what_comes_after_it_cuts_where_frr_has_one_alone(grown: Any) -> None:
    def text(artifact: Any) -> dict[str, str]:
        return dict(artifact.desired(grown.session, grown.edge, grown.later))

    artifacts: tuple[Any, ...] = (ROUTER, BIRD, IOS_EDGE)
    former = [text(one) for one in artifacts]
    impacts = []
    for _ in range(4):
        ospf_keys.rotate(grown.session, grown.act)
        now = [text(one) for one in artifacts]
        impacts.append([one.effect(*texts).impact for one, *texts in zip(artifacts, former, now, strict=True)])
        former = now
    cuts, hitless = Impact.CUTS, Impact.HITLESS
    # FRR believes one key at a time over IPv4; here, beside no other make, it has two over IPv6.
    assert impacts == [[cuts] * 3, [hitless] * 3, [cuts, hitless, hitless], [hitless] * 3]


def test_all_sign_by_md5_over_ipv4_as_long_as_one_can_do_no_better(grown: Any) -> None:
    keyed(grown, 1)
    assert inside.digest(grown.session) == "md5"
    for name, platform in (("edge", "ios"), ("edge2", "debian-bird"), ("far", "routeros")):
        devices.change_device(
            grown.session, grown.act, devices.find_device(grown.session, name), Facts(platform=platform)
        )
    assert inside.digest(grown.session) == "hmac-sha-256"
    assert "keyed md5" not in BIRD.desired(grown.session, grown.edge, grown.later)[CONF]


def test_keys_are_drawn_used_and_forgotten_in_steps_and_no_text_of_one_is_in_the_journal(grown: Any) -> None:
    session, act = grown.session, grown.act
    drawn = set[str]()
    states = []
    for _ in range(5):
        ospf_keys.rotate(session, act)
        states.append([(one.number, one.state) for one in ospf_keys.list_keys(session)])
        drawn |= {text for one in ospf_keys.list_keys(session) for text in ospf_keys.opened(session, one)}
    assert states == [
        [(1, "sent")], [(1, "sent"), (2, "waiting")], [(1, "former"), (2, "sent")], [(2, "sent")],
        [(2, "sent"), (3, "waiting")],
    ]  # fmt: skip
    assert {len(one) for one in drawn} == {16, 32}
    assert len(drawn) == 6
    said = str(session.info)  # the journal is written last
    assert "1 former" in said
    assert not any(one in said for one in drawn)
    ospf_keys.stop(session, act)
    assert ospf_keys.list_keys(session) == []
    with pytest.raises(ospf_keys.NoOspfKey):
        ospf_keys.stop(session, act)
