"""Routers of vendors: the same facts in their words, and what a change of them does to people."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from foundation.reach import Machine
from inventory import device_secrets, devices, routing, rules
from provisioning import ios, on_paper, routeros, targets
from provisioning.artifact import Impact, Target
from provisioning.artifacts import cisco, mikrotik
from provisioning.artifacts.cisco import IOS_EDGE, IOS_LNS
from provisioning.artifacts.mikrotik import ROUTEROS_EDGE, ROUTEROS_LNS
from provisioning.artifacts.router import ROUTER
from provisioning.drivers.protocol import ConfigurationRefused
from provisioning.facts import MachineIncomplete, Unwritable
from provisioning.on_paper import Paper
from provisioning.texts import redacted

EDGES = (IOS_EDGE, ROUTEROS_EDGE)
LNS = (IOS_LNS, ROUTEROS_LNS)


def rendered(association: Any, artifact: Any) -> str:
    device = association.edge if artifact.role == "router" else association.lns
    (text,) = artifact.desired(association.session, device, association.later).values()
    return str(text)


@pytest.fixture
def whole(association: Any) -> Any:
    """With all that an edge may have: RPKI, addresses to drop, a port by its vendor's name, a peer with odd words."""
    session, act = association.session, association.act
    rules.set_rule(session, act, "routing.rpki", "192.0.2.10:3323 [2001:db8::10]:323")
    for prefix in ("203.0.113.7/32", "2001:db8:200:100::7/128"):
        routing.add_aggregate(session, act, ip_network(prefix))
    called = 'the "other" one; $x [y] \\z é?'
    routing.add_peer(session, act, association.edge, ip_address("192.0.2.130"), 65550, called, max_prefix=50)
    devices.add_interface(session, act, association.edge, "GigabitEthernet0/0/1", "to nobody")
    return association


@pytest.mark.parametrize("artifact", [*EDGES, *LNS], ids=lambda one: one.name)
def test_each_is_written_from_the_same_facts(association: Any, artifact: Any, golden: Callable[..., None]) -> None:
    text = rendered(association, artifact)
    golden(artifact.name.partition("-")[0], artifact.platform, {artifact_file(artifact): text})


@pytest.mark.parametrize("artifact", EDGES, ids=lambda one: one.name)
def test_rpki_and_addresses_to_drop_come_in_where_there_are_any(
    whole: Any, artifact: Any, golden: Callable[..., None]
) -> None:
    golden("edge", f"{artifact.platform}-with-all", {artifact_file(artifact): rendered(whole, artifact)})


def artifact_file(artifact: Any) -> str:
    return cisco.FILE if artifact.platform == "ios" else mikrotik.FILE


@pytest.mark.parametrize("artifact", EDGES, ids=lambda one: one.name)
def test_a_description_of_two_lines_is_never_written(association: Any, artifact: Any) -> None:
    port = devices.add_interface(association.session, association.act, association.edge, "x0")
    port.description = "a\nrouter bgp 1"  # which no verb writes down
    association.session.flush()
    with pytest.raises(Unwritable):
        rendered(association, artifact)


@pytest.mark.parametrize("artifact", LNS, ids=lambda one: one.name)
def test_an_lns_without_a_gateway_for_its_members_says_so(association: Any, artifact: Any) -> None:
    with pytest.raises(MachineIncomplete, match="tun0"):
        artifact.desired(association.session, association.vpn, association.later)


@pytest.mark.parametrize("artifact", LNS, ids=lambda one: one.name)
def test_no_secret_is_ever_shown(association: Any, artifact: Any) -> None:
    text = rendered(association, artifact)
    shown = redacted(text, artifact.secrets, lambda _: "‹›")
    assert text.count("between-") == shown.count("‹›") == (3 if artifact is IOS_LNS else 2)
    assert "between-" not in shown


@pytest.mark.parametrize(
    ("artifact", "old", "new", "impact"),
    [
        (IOS_EDGE, "ip route 203.0.113.0 255.255.255.0 192.0.2.2 tag 442\n", "", Impact.CUTS),
        (IOS_EDGE, " neighbor 192.0.2.128 remote-as 64500\n", "", Impact.CUTS),
        (IOS_EDGE, " description core\n", " description heart\n", Impact.HITLESS),
        (IOS_EDGE, "ip route 192.0.2.0 255.255.255.128 Null0 254 tag 442\n", "", Impact.HITLESS),
        (IOS_LNS, " source-ip 100.64.2.1\n", " source-ip 100.64.2.9\n", Impact.CUTS),
        (IOS_LNS, "update periodic 1\n", "update periodic 5\n", Impact.HITLESS),
        (ROUTEROS_EDGE, "gateway=192.0.2.2 ", "gateway=192.0.2.3 ", Impact.CUTS),
        (ROUTEROS_EDGE, "remote.as=64500", "remote.as=64501", Impact.CUTS),
        (ROUTEROS_EDGE, 'comment="essaim: transit"\n', 'comment="essaim: the transit"\n', Impact.HITLESS),
        (ROUTEROS_LNS, "max-mru=1460", "max-mru=1492", Impact.CUTS),
        (ROUTEROS_LNS, "interim-update=1m", "interim-update=5m", Impact.HITLESS),
        (ROUTEROS_LNS, "nothing", "nothing", Impact.NONE),
    ],
)
def test_a_road_that_goes_cuts_and_a_word_that_changes_does_not(
    association: Any, artifact: Any, old: str, new: str, impact: Impact
) -> None:
    text = rendered(association, artifact)
    name = artifact_file(artifact)
    before, after = {name: text}, {name: text.replace(old, new)}
    assert old == new or before != after
    assert artifact.effect(before, after).impact is impact
    assert artifact.effect({}, after).impact is Impact.HITLESS
    assert artifact.lines(before, after) == ()


def test_nothing_of_somebody_elses_is_touched_on_ios(association: Any) -> None:
    running = ios.read(THEIRS)
    typed = ios.remediation(running, ios.read(rendered(association, IOS_EDGE)))
    after = set(ios.paths(ios.applied(running, typed)))
    theirs = set(ios.paths(running)) - {("interface core0", "ip address 192.0.2.9 255.255.255.240")}
    assert theirs - after == {
        ("router bgp 64496", "neighbor 192.0.2.66 remote-as 64999"),
        ("router bgp 64496", "address-family ipv4", "neighbor 192.0.2.66 route-map ESSAIM-IN-V4 in"),
        ("ip prefix-list ESSAIM-IN-V4 seq 5 deny 192.0.2.0/24",),
    }


def test_what_is_there_by_hand_and_would_go_is_named_first(association: Any) -> None:
    text = {cisco.FILE: rendered(association, IOS_EDGE)}
    running = {cisco.FILE: ios.written(ios.ours(ios.read(THEIRS), ios.read(text[cisco.FILE])))}
    assert IOS_EDGE.strangers(running, text) == (
        "interface core0 / ip address 192.0.2.9 255.255.255.240",
        "router bgp 64496 / neighbor 192.0.2.66 remote-as 64999",
    )
    held = {mikrotik.FILE: "/ip route add dst-address=192.0.2.0/24 gateway=192.0.2.9 distance=1 comment=essaim\n"}
    strangers = ROUTEROS_EDGE.strangers(held, {mikrotik.FILE: rendered(association, ROUTEROS_EDGE)})
    assert strangers == ("/ip route 192.0.2.0/24 1 essaim",)


THEIRS = """\
hostname somebody
username them secret 9 $9$x
interface core0
 ip address 192.0.2.9 255.255.255.240
 no shutdown
interface GigabitEthernet9
 ip address 203.0.113.99 255.255.255.0
ip route 0.0.0.0 0.0.0.0 192.0.2.14
ip prefix-list THEIRS seq 5 permit 0.0.0.0/0
ip prefix-list ESSAIM-IN-V4 seq 5 deny 192.0.2.0/24
banner motd ^C
interface core0
^C
router bgp 64496
 bgp log-neighbor-changes
 neighbor 192.0.2.66 remote-as 64999
 neighbor 192.0.2.77 remote-as 64998
 neighbor 192.0.2.128 password 7 08314942
 address-family ipv4
  neighbor 192.0.2.66 route-map ESSAIM-IN-V4 in
  neighbor 192.0.2.77 activate
 exit-address-family
"""


def test_what_ios_hides_and_capitalises_is_the_same(association: Any) -> None:
    text = rendered(association, IOS_LNS)
    shown = text.replace("2001:db8:200::1/128", "2001:DB8:200::1/128").replace(
        "key between-lns-and-radius", f"key 7 {ios.hidden('between-lns-and-radius')}"
    )
    assert shown.count(" 7 ") == 2
    assert ios.written(ios.remediation(ios.read(shown), ios.read(text))) == ""
    assert ios.read("radius server ESSAIM\n key 7 0822455D0A16\n") == ios.read("radius server ESSAIM\n key cisco\n")


def test_rules_are_put_where_they_belong_and_no_chain_is_ever_empty() -> None:
    def rule(says: str, chain: str = "essaim-in-4") -> str:
        return f'/routing filter rule add chain={chain} rule="{says}"\n'

    running = routeros.read(rule("a") + rule("b") + rule("accept;") + rule("accept;", "theirs"))
    desired = routeros.read(rule("b") + rule("c") + rule("a") + rule("accept;"))
    typed = routeros.remediation(running, desired)
    rest = [row for row in routeros.applied(running, typed) if row.settings["chain"] == "essaim-in-4"]
    assert [row.settings["rule"] for row in rest] == ["b", "c", "a", "accept;"]
    now = running
    for row in typed:
        now = routeros.applied(now, [row])
        assert any(one.settings == {"chain": "essaim-in-4", "rule": "accept;"} for one in now)
    assert [str(row) for row in typed if row.settings.get("rule") == "c"] == [
        "/routing filter rule add chain=essaim-in-4 rule=c "
        'place-before=[find where chain=essaim-in-4 and rule="accept;"]'
    ]


def test_an_export_is_read_with_its_folds_groups_and_flags() -> None:
    (bgp, route, port) = routeros.read(
        "# 2026-11-22 14:02:00 by RouterOS 7.20\n"
        "/routing bgp connection\n"
        "add local.address=192.0.2.1 .role=ebgp name=\"x \\\n"
        "    y\\\"\\24\" remote.address=192.0.2.2/32 .as=64500\n"
        "/ip route add blackhole dst-address=10.0.0.0/8 !gateway\n"
        "/interface ethernet set [ find default-name=ether1 ] comment=\"a; b\"\n"
    )  # fmt: skip
    assert bgp.settings == {
        "local.address": "192.0.2.1", "local.role": "ebgp", "name": 'x y"$', "remote.address": "192.0.2.2/32",
        "remote.as": "64500",
    }  # fmt: skip
    assert route.settings == {"blackhole": "yes", "dst-address": "10.0.0.0/8", "gateway": ""}
    assert (port.verb, port.where, port.settings) == ("set", {"default-name": "ether1"}, {"comment": "a; b"})
    for wrong in ('/ip address add comment="x', "/ip address frob x=1"):
        with pytest.raises(routeros.Illegible):
            routeros.read(wrong)


def test_a_vendors_router_is_met_by_a_name_of_our_own_and_its_password(association: Any) -> None:
    session, act, edge = association.session, association.act, association.edge
    devices.change_device(session, act, edge, devices.Facts(platform="routeros"))
    found = {str(target): target for _, target in targets.every_target(session)}
    assert (found["edge/edge-routeros"].machine.user, found["edge/edge-routeros"].machine.password) == ("essaim", "")
    device_secrets.entrust(session, act, edge, "login", "hum-hum-7")
    (machine,) = [target.machine for _, target in targets.every_target(session) if target.machine.name == "edge"]
    assert machine.password == "hum-hum-7"
    assert "hum" not in repr(machine)


@pytest.mark.parametrize("artifact", EDGES, ids=lambda one: one.name)
def test_what_no_lab_can_play_is_followed_on_paper(association: Any, artifact: Any) -> None:
    target = Target(Machine("edge", "100.64.0.1"), artifact)
    text = {artifact_file(artifact): rendered(association, artifact)}
    assert on_paper.can_tell(target)
    first = on_paper.check(target, {}, text)
    assert first.typed >= first.stand > 20
    assert on_paper.check(target, text, text) == Paper(typed=0, stand=first.stand)


def test_a_text_that_cannot_be_read_is_not_followed_at_all(association: Any) -> None:
    target = Target(Machine("edge", "100.64.0.1"), ROUTEROS_EDGE)
    with pytest.raises(ConfigurationRefused):
        on_paper.check(target, {}, {mikrotik.FILE: '/ip route add comment="\n'})


def test_an_lns_is_followed_on_paper_too_and_a_linux_machine_is_not(association: Any) -> None:
    for artifact in LNS:
        found = on_paper.check(Target(Machine("lns", "100.64.0.2"), artifact), {}, {
            artifact_file(artifact): rendered(association, artifact)
        })  # fmt: skip
        assert found.stand
    assert not on_paper.can_tell(Target(Machine("edge", "100.64.0.1"), ROUTER))
