"""Zones: from the inventory, and back from what a machine holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from inventory import addresses, device_secrets, devices, members, offers, places, reverse, rules
from inventory.devices import NoSuchSecret
from inventory.models.addresses import Role
from inventory.models.devices import Device
from provisioning.artifact import Effect, Impact
from provisioning.artifacts.dns import (
    ACCESS,
    BIND,
    CONFIGURATION,
    EDITED,
    KNOT,
    NSD,
    UPDATE,
)
from provisioning.facts import MachineIncomplete, Unwritable
from provisioning.releases import NOT_RUNNING, NOT_TOLD
from provisioning.texts import redacted

V4, V4_OF_COPPER = "100.51.198.in-addr.arpa.zone", "113.0.203.in-addr.arpa.zone"
V6 = "8.b.d.0.1.0.0.2.ip6.arpa.zone"
PART = "0-127.2.0.192.in-addr.arpa.zone"
FORWARD = "reseau.asso.example.zone"


@pytest.fixture
def server(association: Any) -> Device:
    """A name server on the core, and names that two members and the association gave."""
    session, act = association.session, association.act
    site = places.find_site(session, "colo")
    made = devices.add_device(session, act, "ns1", role="dns", platform="debian", site=site)
    core = devices.add_interface(session, act, made, "core0", "core")
    for pool, own in (("coeur-v4", "192.0.2.5"), ("coeur-v6", "2001:db8::5")):
        addresses.allocate(session, act, addresses.find_pool(session, pool), core, Role.LINK, exactly=ip_network(own))
    for rule, value in (
        ("dns.servers", "ns1.reseau.asso.example ns.ailleurs.example"),
        ("dns.contact", "veille.dns@asso.example"),
        ("dns.zone", "reseau.asso.example"),
        ("dns.secondaries", "192.0.2.200 3fff:0:1::200"),
    ):
        rules.set_rule(session, act, rule, value)
    name(association, "198.51.100.2", "serveur.membre.example")
    name(association, "2001:db8:100:200::25", "mail.membre.example")
    copper, line = offers.find_offer(session, "adsl"), association.line("L0004")
    routed = addresses.allocate(
        session, act, copper.pool_v4, line.shares[0], Role.ROUTED, exactly=ip_network("203.0.113.16/29")
    )
    servers = ["ns1.membre.example", "ns2.membre.example"]
    reverse.delegate(session, act, routed, routed.prefix, servers)
    (delegated,) = [one for one in association.line("L0001").shares[0].assignments if one.family == 6]
    reverse.delegate(session, act, delegated, delegated.prefix, servers)
    session.flush()
    return made


def name(association: Any, address: str, called: str) -> None:
    held = reverse.holding(association.session, ip_network(address))
    reverse.set_name(association.session, association.act, held, ip_address(address), called)


@pytest.fixture
def texts(association: Any, server: Device) -> Mapping[str, str]:
    return KNOT.desired(association.session, server, association.later)


def test_zones_say_what_members_and_machines_are_called(texts: Mapping[str, str], golden: Callable[..., None]) -> None:
    golden("knot", "debian", texts)


@pytest.mark.parametrize("artifact", [NSD, BIND], ids=lambda one: one.name)
def test_other_servers_are_told_of_the_same_zones(
    association: Any, server: Device, texts: Mapping[str, str], golden: Callable[..., None], artifact: Any
) -> None:
    theirs = artifact.desired(association.session, server, association.later)
    golden(artifact.name, artifact.platform, theirs)
    assert {**theirs, CONFIGURATION: ""} == {**texts, CONFIGURATION: ""}


def test_a_server_over_the_wire_is_told_of_the_same_zones_and_opened_by_its_key(
    association: Any, server: Device, texts: Mapping[str, str], golden: Callable[..., None]
) -> None:
    session, act = association.session, association.act
    theirs = devices.add_device(
        session, act, "ns9", role="dns", platform="rfc2136", site=places.find_site(session, "colo"),
        endpoint="192.0.2.53:5353",
    )  # fmt: skip
    with pytest.raises(NoSuchSecret):
        UPDATE.desired(session, theirs, association.later)
    device_secrets.entrust(session, act, theirs, "tsig", "c2VjcmV0LW9mLW5vYm9keS1hdC1hbGwtcmVhbGx5IQ==")
    told = UPDATE.desired(session, theirs, association.later)
    golden("zones", "rfc2136", told)
    assert {**told, ACCESS: ""} == {**{name: text for name, text in texts.items() if name != CONFIGURATION}, ACCESS: ""}
    assert redacted(told[ACCESS], UPDATE.secrets, lambda _: "‹secret›") == (
        "port 5353\nkey hmac-sha256:essaim:‹secret›\n"
    )


def test_no_member_has_a_name_that_they_did_not_give(association: Any, texts: Mapping[str, str]) -> None:
    said = "".join(texts.values())
    assert "Camille" not in said
    assert [row for row in texts[V4].splitlines() if "PTR" in row] == [
        "1 PTR wg0.vpn.reseau.asso.example.",
        "2 PTR serveur.membre.example. ; L0002",
    ]


def test_members_own_machines_are_not_published(association: Any, server: Device) -> None:
    session, act = association.session, association.act
    theirs = devices.add_device(
        session, act, "pi-de-camille", role="server", platform="debian", site=places.find_site(session, "colo"),
        owner=members.find_member(session, "M0001"),
    )  # fmt: skip
    port = devices.add_interface(session, act, theirs, "eth0")
    addresses.allocate(
        session, act, addresses.find_pool(session, "coeur-v4"), port, Role.WAN, exactly=ip_network("192.0.2.9")
    )
    assert "camille" not in "".join(KNOT.desired(session, server, association.later).values())


def test_less_than_a_whole_zone_is_a_part_that_is_delegated_to_us(texts: Mapping[str, str]) -> None:
    assert "$ORIGIN 0-127.2.0.192.in-addr.arpa.\n" in texts[PART]
    assert "\n1 PTR core0.edge.reseau.asso.example.\n" in texts[PART]


def test_a_members_prefix_is_handed_to_their_servers_on_octets_and_nibbles(texts: Mapping[str, str]) -> None:
    assert "16-23 NS ns1.membre.example. ; L0004\n" in texts[V4_OF_COPPER]
    assert "17 CNAME 17.16-23.113.0.203.in-addr.arpa. ; L0004\n" in texts[V4_OF_COPPER]
    assert "0.0.0.0.1.0 NS ns2" not in texts[V6]
    assert any(row.endswith("NS ns2.membre.example. ; L0001") for row in texts[V6].splitlines())


def test_a_zone_handed_over_whole_is_no_zone_of_ours(association: Any, server: Device) -> None:
    session, act = association.session, association.act
    pool = addresses.create_pool(session, act, "entier", ip_network("100.64.8.0/22"), handed=24, device=association.lns)
    held = addresses.allocate(session, act, pool, association.line("L0004").shares[0], Role.ROUTED)
    found = KNOT.desired(session, server, association.later)
    assert "8.64.100.in-addr.arpa.zone" in found
    reverse.delegate(session, act, held, held.prefix, ["ns1.membre.example", "ns2.membre.example"])
    found = KNOT.desired(session, server, association.later)
    assert "8.64.100.in-addr.arpa.zone" not in found
    assert "9.64.100.in-addr.arpa.zone" in found


def test_names_of_a_prefix_that_was_handed_over_are_not_said_here(association: Any, server: Device) -> None:
    session, act = association.session, association.act
    held = reverse.holding(session, ip_network("2001:db8:100:200::25"))
    reverse.delegate(session, act, held, held.prefix, ["ns1.membre.example", "ns2.membre.example"])
    assert "mail.membre.example" not in KNOT.desired(session, server, association.later)[V6]


def test_a_name_goes_with_its_moment(association: Any, server: Device, texts: Mapping[str, str]) -> None:
    rules.set_rule(association.session, association.act, "dns.servers", "ns.ailleurs.example")
    before = KNOT.desired(association.session, server, association.act.at.replace(year=2020))
    assert "serveur.membre.example" not in "".join(before.values())
    assert "serveur.membre.example" in "".join(texts.values())


@pytest.mark.parametrize("missing", ["dns.servers", "dns.contact"])
def test_without_servers_or_a_contact_nothing_is_rendered(association: Any, server: Device, missing: str) -> None:
    rules.set_rule(association.session, association.act, missing, "")
    with pytest.raises(MachineIncomplete, match=missing):
        KNOT.desired(association.session, server, association.later)


def test_a_server_of_our_own_zone_is_a_machine_with_an_address(association: Any, server: Device) -> None:
    rules.set_rule(association.session, association.act, "dns.servers", "ns9.reseau.asso.example")
    with pytest.raises(MachineIncomplete, match="ns9"):
        KNOT.desired(association.session, server, association.later)


def test_a_name_that_came_in_by_another_door_is_never_written(association: Any, server: Device) -> None:
    held = reverse.holding(association.session, ip_network("198.51.100.2"))
    reverse.names_of(association.session, held)[0].name = "a.example.\n* A 192.0.2.99"
    with pytest.raises(Unwritable, match="L0002"):
        KNOT.desired(association.session, server, association.later)


def running(texts: Mapping[str, str], **more: str) -> dict[str, str]:
    from provisioning.texts import digest

    return {"running": "yes\n", "told": digest(texts) + "\n", **more}


def test_what_is_served_is_read_back(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    assert KNOT.observed(answer(KNOT, texts, running(texts))) == texts


def test_the_serial_that_the_machine_gave_is_no_difference(
    texts: Mapping[str, str], answer: Callable[..., str]
) -> None:
    served = {
        f"served:{name}": text.replace(" 1 7200 ", " 1795300000 7200 ")
        for name, text in texts.items() if name != CONFIGURATION
    }  # fmt: skip
    assert NSD.observed(answer(NSD, texts, running(texts, **served))) == texts
    served[f"served:{V4}"] += "99 PTR by.hand.example.\n"
    assert NSD.observed(answer(NSD, texts, running(texts, **served)))[V4] == texts[V4] + "99 PTR by.hand.example.\n"


@pytest.mark.parametrize(("said", "note"), [({}, NOT_RUNNING), ({"running": "yes\n", "told": "another\n"}, NOT_TOLD)])
def test_a_server_that_stands_or_was_not_told_is_seen(
    texts: Mapping[str, str], answer: Callable[..., str], said: dict[str, str], note: str
) -> None:
    assert KNOT.observed(answer(KNOT, texts, said))[CONFIGURATION] == texts[CONFIGURATION] + f"# {note}\n"


def test_a_zone_edited_by_hand_is_seen(texts: Mapping[str, str], answer: Callable[..., str]) -> None:
    said = running(texts, **{f"file:{V4}": texts[V4] + "99 PTR by.hand.example.\n"})
    seen = KNOT.observed(answer(KNOT, texts, said))
    assert seen[V4].endswith("99 PTR by.hand.example.\n")
    assert EDITED in seen[CONFIGURATION]


def test_a_machine_never_configured_holds_nothing(answer: Callable[..., str]) -> None:
    assert KNOT.observed(answer(KNOT, {}, {"running": "yes\n"})) == {}


def test_a_new_name_cuts_nobody_and_is_its_lines(association: Any, server: Device, texts: Mapping[str, str]) -> None:
    name(association, "198.51.100.3", "autre.membre.example")
    after = KNOT.desired(association.session, server, association.later)
    assert KNOT.effect(texts, after) == Effect(Impact.HITLESS)
    assert KNOT.effect(texts, texts) == Effect(Impact.NONE)
    assert KNOT.lines(texts, after) == ("L0003",)
