"""l2tpns' text: from the inventory, and back from what a machine runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from inventory import addresses, devices, places, routing
from inventory.models.addresses import Role
from inventory.models.devices import Device
from provisioning import targets
from provisioning.artifact import Effect, Impact, recognised
from provisioning.artifacts.antispoofing import ANTISPOOFING_LNS
from provisioning.artifacts.bird import BIRD
from provisioning.artifacts.cisco import IOS_EDGE
from provisioning.artifacts.l2tp import L2TP
from provisioning.artifacts.mikrotik import ROUTEROS_EDGE
from provisioning.artifacts.router import ROUTER
from provisioning.facts import MachineIncomplete, Unwritable
from provisioning.texts import redacted


@pytest.fixture
def texts(association: Any) -> Mapping[str, str]:
    return L2TP.desired(association.session, association.lns, association.later)


def said(texts: Mapping[str, str], *more: str) -> dict[str, str]:
    """What `write terminal` answers, defaults and telnet's own signs included."""
    rows = ["\xff\xfb\x03lns> enable", "lns# write terminal", "# Current configuration:", 'set pid_file ""']
    rows += [*texts["startup-config"].splitlines(), *more, "# Plugins", "# Filters", "# end", "lns# "]
    return {"running": "\r\n".join(rows)}


def changed(texts: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    return {**texts, "startup-config": texts["startup-config"].replace(old, new)}


def test_an_lns_is_written_with_its_secrets_and_addresses(
    texts: Mapping[str, str], golden: Callable[..., None]
) -> None:
    golden("l2tp", "debian", texts)


def test_an_lns_without_an_endpoint_listens_everywhere(association: Any) -> None:
    association.lns.endpoint = None
    text = L2TP.desired(association.session, association.lns, association.later)["startup-config"]
    assert "set bind_address 0.0.0.0\n" in text


def test_an_lns_without_a_gateway_for_its_members_says_so(association: Any) -> None:
    with pytest.raises(MachineIncomplete, match="tun0"):
        L2TP.desired(association.session, association.vpn, association.later)


def test_what_runs_is_read_back_in_the_same_words(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert L2TP.observed(answer(L2TP, texts, said(texts))) == texts


def test_a_setting_typed_by_hand_is_seen(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    seen = L2TP.observed(answer(L2TP, texts, said(texts, "set icmp_rate 12")))
    assert seen["startup-config"] == texts["startup-config"] + "set icmp_rate 12\n"


def test_a_file_edited_by_hand_is_seen(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    edited = said(texts) | {"file:startup-config": "set debug 5\n"}
    seen = L2TP.observed(answer(L2TP, texts, edited))
    assert seen["startup-config"] == texts["startup-config"] + "# startup-config was edited by hand\n"


def test_an_lns_set_up_by_hand_alike_is_no_difference_and_otherwise_is_not_restarted_unasked(
    texts: Mapping[str, str], answer: Callable[..., str]
) -> None:
    alike = L2TP.observed(answer(L2TP, {}, said(texts) | {"file:ip_pool": "# none\n"}))
    assert recognised(L2TP, alike, texts) == texts
    other = changed(texts, "between-lac-and-lns", "sesame")
    seen = L2TP.observed(answer(L2TP, {}, said(other, "set icmp_rate 12") | {"file:ip_pool": "203.0.113.0/24\n"}))
    assert recognised(L2TP, seen, texts) == seen
    assert L2TP.strangers(seen, texts) == ("icmp_rate", "l2tp_secret", "ip_pool")
    assert L2TP.strangers(texts, other) == ()


def test_a_daemon_that_does_not_run_holds_nothing(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert L2TP.observed(answer(L2TP, texts, {"running": "\n"})) == {}


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("between-lac-and-lns", "another", Impact.HITLESS),
        ("set radius_interim 60", "set radius_interim 300", Impact.HITLESS),
        ("set bind_address 100.64.2.1", "set bind_address 100.64.2.9", Impact.CUTS),
        ("set l2tp_mtu 1498", "set l2tp_mtu 1400", Impact.CUTS),
        ("set allow_duplicate_users no\n", "", Impact.CUTS),  # SIGHUP never forgets a setting
        ("nothing", "nothing", Impact.NONE),
    ],
)
def test_what_sighup_reads_again_cuts_nobody_and_the_rest_cuts(
    texts: Mapping[str, str], old: str, new: str, effect: Impact
) -> None:
    assert L2TP.effect(texts, changed(texts, old, new)).impact is effect


def test_the_first_configuration_cuts_nobody(texts: Mapping[str, str]) -> None:
    assert L2TP.effect({}, texts) == Effect(Impact.HITLESS)
    assert L2TP.lines({}, texts) == ()


@pytest.fixture
def second(association: Any) -> Device:
    """A second LNS on the core; both tell the edge whom they hold."""
    session, act = association.session, association.act
    made = devices.add_device(
        session, act, "lns2", role="lns", platform="debian", site=places.find_site(session, "colo"),
        endpoint="100.64.2.3:1701", asn=64496,
    )  # fmt: skip
    for name in ("radius", "l2tp"):
        devices.set_secret(session, act, made, name, f"{name}-of-lns2")
    core, tun = (devices.add_interface(session, act, made, name) for name in ("core0", "tun0"))
    for port, role, pool, own in (
        (core, Role.LINK, "coeur-v4", "192.0.2.9"),
        (core, Role.LINK, "coeur-v6", "2001:db8::9"),
        (tun, Role.LOOPBACK, "adsl-v4", "203.0.113.254"),
    ):
        held = addresses.find_pool(session, pool)
        addresses.allocate(session, act, held, port, role, exactly=ip_network(own))
    association.lns.asn = 64496
    for lns, address in ((association.lns, "192.0.2.2"), (made, "192.0.2.9")):
        routing.add_peer(session, act, lns, ip_address("192.0.2.1"), 64496, "edge", max_prefix=1000, fast=lns is made)
        routing.add_peer(
            session, act, association.edge, ip_address(address), 64496, lns.name, max_prefix=1000, fast=lns is made
        )
    session.flush()
    return made


def test_an_lns_that_tells_routers_whom_it_holds_is_written_and_read_back(
    association: Any, second: Device, golden: Callable[..., None], answer: Callable[..., str]
) -> None:
    told = L2TP.desired(association.session, second, association.later)
    golden("l2tp", "second", told)
    assert L2TP.observed(answer(L2TP, told, said(told))) == told
    first = L2TP.desired(association.session, association.lns, association.later)
    assert "cluster_address" not in first["startup-config"]  # the first of them stays as it was
    assert " neighbour 192.0.2.1 timers 10 30\n" in first["startup-config"]


def test_another_neighbour_of_an_lns_takes_a_restart(association: Any, second: Device) -> None:
    told = L2TP.desired(association.session, second, association.later)
    other = changed(told, "neighbour 192.0.2.1 remote-as 64496", "neighbour 192.0.2.1 remote-as 64497")
    assert L2TP.effect(told, other).impact is Impact.CUTS


@pytest.mark.parametrize("more", [("192.0.2.5", "192.0.2.6"), ("2001:db8::5",)])
def test_an_lns_takes_two_neighbours_over_ipv4_and_says_so(
    association: Any, second: Device, more: tuple[str, ...]
) -> None:
    for address in more:
        routing.add_peer(
            association.session, association.act, second, ip_address(address), 64496, "core", max_prefix=1000
        )
    with pytest.raises(Unwritable, match="lns2"):
        L2TP.desired(association.session, second, association.later)


def test_an_lns_without_an_as_number_tells_nobody_and_says_so(association: Any, second: Device) -> None:
    second.asn = None
    with pytest.raises(MachineIncomplete, match="AS"):
        L2TP.desired(association.session, second, association.later)


def test_an_edge_takes_from_an_lns_what_is_ours_and_gives_it_nothing(
    association: Any, second: Device, golden: Callable[..., None]
) -> None:
    golden("router", "told-by-lns", ROUTER.desired(association.session, association.edge, association.later))


def test_an_lns_that_may_hold_anybody_lets_every_line_s_addresses_in(association: Any, second: Device) -> None:
    let_in = ANTISPOOFING_LNS.desired(association.session, second, association.later)["essaim.nft"]
    for line in ("L0004", "L0005"):
        assert line in let_in
    assert "L0001" not in let_in
    assert "lns2/antispoofing" in targets.targets_of_line(association.session, association.line("L0004"))


def test_secrets_are_never_shown(texts: Mapping[str, str]) -> None:
    shown = redacted(texts["startup-config"], L2TP.secrets, lambda _: "‹secret›")
    assert 'set l2tp_secret "‹secret›"' in shown
    assert "between" not in shown


@pytest.mark.parametrize(
    ("artifact", "where"),
    [
        (BIRD, "bird/told-by-lns"),
        (IOS_EDGE, "edge/ios-told-by-lns"),
        (ROUTEROS_EDGE, "edge/routeros-told-by-lns"),
    ],
    ids=["bird", "ios", "routeros"],
)
def test_so_does_an_edge_of_another_make(
    association: Any, second: Device, golden: Callable[..., None], artifact: Any, where: str
) -> None:
    golden(*where.split("/"), artifact.desired(association.session, association.edge, association.later))
