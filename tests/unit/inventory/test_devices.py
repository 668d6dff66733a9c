"""Machines: how they come in, what is said of them, their interfaces, secrets and peers."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from importlib import import_module
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from inventory import addresses, device_secrets, devices, mandates, names, places, routing
from inventory.device_facts import (
    BadEndpoint,
    BadManagement,
    BadPlatform,
    BadPublicKey,
    BadRole,
    Facts,
    driver_wanted,
)
from inventory.models.addresses import Role
from inventory.models.devices import DRIVEN, Device
from inventory.models.mandates import Task
from inventory.models.places import Site
from inventory.rights import NotMandated
from inventory.texts import BadText
from inventory.views import devices as views

TODAY = date(2026, 11, 22)


@pytest.fixture
def site(session: EssaimSession, act: Act) -> Site:
    return places.add_site(session, act, "colo")


@pytest.fixture
def machine(session: EssaimSession, act: Act, site: Site) -> Device:
    return devices.add_device(session, act, "vpn2", role="vpn", platform="debian", site=site)


def test_a_machine_comes_in_today_and_is_found(session: EssaimSession, act: Act, machine: Device) -> None:
    seen = views.view(session, devices.find_device(session, "vpn2"), TODAY)
    assert (seen.name, seen.role, seen.site, seen.owner, seen.since) == ("vpn2", "vpn", "colo", None, TODAY)
    with pytest.raises(devices.NoSuchDevice):
        devices.find_device(session, "vpn3")


@pytest.mark.parametrize("name", ["", "-vpn", "vpn 2", "vpn/2", "été", "x" * 65, "vpn\n", "a\x1b[2J"])
def test_what_cannot_name_a_machine_is_refused(session: EssaimSession, act: Act, site: Site, name: str) -> None:
    if name.strip() == "vpn":
        name = "v\npn"
    with pytest.raises(names.BadHostName):
        devices.add_device(session, act, name, role="vpn", platform="debian", site=site)


def test_a_name_is_given_once(session: EssaimSession, act: Act, site: Site, machine: Device) -> None:
    with pytest.raises(devices.NameTaken):
        devices.add_device(session, act, "vpn2", role="server", platform="debian", site=site)


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (Facts(role="président"), BadRole),
        (Facts(platform="Debian GNU"), BadPlatform),
        (Facts(management="192.0.2.256"), BadManagement),
        (Facts(management="a b"), BadManagement),
        (Facts(management="-x.example"), BadManagement),
        (Facts(endpoint="192.0.2.4"), BadEndpoint),
        (Facts(endpoint="192.0.2.4:0"), BadEndpoint),
        (Facts(endpoint="192.0.2.4:65536"), BadEndpoint),
        (Facts(endpoint="2001:db8::4:51820"), BadEndpoint),
        (Facts(endpoint=":51820"), BadEndpoint),
        (Facts(public_key="abc"), BadPublicKey),
        (Facts(public_key=base64.b64encode(bytes(32)).decode()), BadPublicKey),
        (Facts(asn=0), names.OutOfRange),
        (Facts(asn=2**32), names.OutOfRange),
        (Facts(watts=-1), names.OutOfRange),
        (Facts(watts=20_001), names.OutOfRange),
        (Facts(serial="x" * 65), BadText),
        (Facts(description="a\nb"), BadText),
        (Facts(contact="x" * 201), BadText),
        (Facts(shape="x" * 65), BadText),
    ],
)
def test_what_makes_no_sense_is_refused(
    session: EssaimSession, act: Act, machine: Device, facts: Facts, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        devices.change_device(session, act, machine, facts)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Facts(management=" 2001:DB8::1 "), ("management", "2001:db8::1")),
        (Facts(management="vpn2.colo.example"), ("management", "vpn2.colo.example")),
        (Facts(management=""), ("management", None)),
        (Facts(endpoint="[2001:db8::4]:51820"), ("endpoint", "[2001:db8::4]:51820")),
        (Facts(endpoint="vpn.example:51820"), ("endpoint", "vpn.example:51820")),
        (Facts(serial=" A1 "), ("serial", "A1")),
        (Facts(serial=""), ("serial", None)),
        (Facts(watts=0), ("watts", 0)),
    ],
)
def test_what_is_said_is_kept_in_one_spelling(
    session: EssaimSession, act: Act, machine: Device, given: Facts, kept: tuple[str, object]
) -> None:
    devices.change_device(session, act, machine, given)
    assert getattr(machine, kept[0]) == kept[1]


def test_a_machine_changes_hands(session: EssaimSession, act: Act, machine: Device, small: Any) -> None:
    devices.change_device(session, act, machine, Facts(), owner=small.ada)
    assert [one.name for one in devices.list_devices(session, owner=small.ada)] == ["vpn2"]
    devices.change_device(session, act, machine, Facts(), ours=True)
    assert machine.owner_id is None


def test_the_platforms_that_drivers_know_are_those_of_the_artifacts() -> None:
    targets = import_module("provisioning.targets")
    known = {(role, platform) for role, platforms in DRIVEN.items() for platform in platforms}
    assert {(artifact.role, artifact.platform) for artifact in targets.ARTIFACTS} == known
    assert driver_wanted("dns", "debian-nsd") is None
    assert driver_wanted("vpn", "openbsd") == "debian"
    assert driver_wanted("vpn", "debian") is None
    assert driver_wanted("server", "openbsd") is None


def test_machines_are_listed_by_name_a_page_at_a_time(session: EssaimSession, act: Act, site: Site) -> None:
    for name, role in (("b", "server"), ("a", "switch"), ("c", "server")):
        devices.add_device(session, act, name, role=role, platform="", site=site)
    assert [one.name for one in devices.list_devices(session)] == ["a", "b", "c"]
    assert [one.name for one in devices.list_devices(session, after="a", limit=1)] == ["b"]
    assert [one.name for one in devices.list_devices(session, role="server")] == ["b", "c"]
    assert [one.name for one in devices.list_devices(session, site=site, role="pdu")] == []


@pytest.mark.parametrize("mac", ["02005E100001", "02-00-5e-10-00-01", "0200.5e10.0001", " 02:00:5E:10:00:01 "])
def test_a_mac_address_has_one_spelling(session: EssaimSession, act: Act, machine: Device, mac: str) -> None:
    eth0 = devices.add_interface(session, act, machine, "eth0", mac=mac)
    assert eth0.mac == "02:00:5e:10:00:01"


@pytest.mark.parametrize("mac", ["02005E10000", "02005E1000011", "02:00:5e:10:00:0g", "mac"])
def test_what_is_no_mac_address_is_refused(session: EssaimSession, act: Act, machine: Device, mac: str) -> None:
    with pytest.raises(names.BadMac):
        devices.add_interface(session, act, machine, "eth0", mac=mac)


@pytest.mark.parametrize("name", ["", "eth 0", "x" * 49, "é0", "eth0\x00"])
def test_what_cannot_name_an_interface_is_refused(session: EssaimSession, act: Act, machine: Device, name: str) -> None:
    with pytest.raises(devices.BadInterfaceName):
        devices.add_interface(session, act, machine, name)


def test_an_interface_is_named_once_on_a_machine(session: EssaimSession, act: Act, machine: Device) -> None:
    devices.add_interface(session, act, machine, "eth0")
    with pytest.raises(devices.InterfaceExists):
        devices.add_interface(session, act, machine, " eth0")
    with pytest.raises(BadText):
        devices.add_interface(session, act, machine, "eth1", "a\nrouter bgp 1")


def test_an_interface_is_found_by_its_path(session: EssaimSession, act: Act, machine: Device) -> None:
    devices.add_interface(session, act, machine, "Gi1/0/24")
    assert devices.find_interface(session, "vpn2/Gi1/0/24").device.name == "vpn2"
    for path, refusal in (
        ("vpn2", devices.BadInterfacePath),
        ("/eth0", devices.BadInterfacePath),
        ("vpn3/eth0", devices.NoSuchDevice),
        ("vpn2/eth0", devices.NoSuchInterface),
    ):
        with pytest.raises(refusal):
            devices.find_interface(session, path)


def test_an_interface_may_be_said_otherwise(session: EssaimSession, act: Act, machine: Device) -> None:
    eth0 = devices.add_interface(session, act, machine, "eth0", "membres", mac="02005E100001")
    devices.change_interface(session, act, eth0, mac="", enabled=False)
    assert (eth0.mac, eth0.enabled, eth0.description) == (None, False, "membres")
    devices.change_interface(session, act, eth0, description="collecte")
    assert eth0.description == "collecte"


def test_a_wireguard_key_brings_its_public_key(session: EssaimSession, act: Act, machine: Device) -> None:
    device_secrets.entrust(session, act, machine, "wireguard")
    first = machine.public_key
    private = devices.secret_of(session, machine, "wireguard")
    device_secrets.entrust(session, act, machine, "wireguard")
    assert machine.public_key != first
    device_secrets.entrust(session, act, machine, "wireguard", private + "\n")
    assert machine.public_key == first
    assert devices.secret_of(session, machine, "wireguard") == private


def test_a_secret_is_sealed_and_shown_to_nobody(store: Store, act: Act) -> None:
    with transaction(store) as session:
        site = places.add_site(session, act, "colo")
        lns = devices.add_device(session, act, "lns", role="lns", platform="debian", site=site)
        device_secrets.entrust(session, act, lns, "l2tp", "abeille-noire")
        device_secrets.entrust(session, act, lns, "radius")
        assert devices.secret_of(session, lns, "l2tp") == "abeille-noire"
        assert len(devices.secret_of(session, lns, "radius")) > 20
        seen = views.view(session, devices.find_device(session, "lns"), TODAY)
        assert seen.secrets == ("l2tp", "radius")
        assert "abeille" not in repr(seen)
    with reading(store) as session:
        assert "abeille" not in repr(journal.show(session))


@pytest.mark.parametrize(
    ("purpose", "secret", "refusal"),
    [
        ("tea", "x", device_secrets.BadPurpose),
        ("l2tp", "", device_secrets.BadSecret),
        ("l2tp", "deux mots", device_secrets.BadSecret),
        ("snmp", "a'b", device_secrets.BadSecret),
        ("radius", "é", device_secrets.BadSecret),
        ("radius", "x" * 64, device_secrets.BadSecret),
        ("wireguard", "abc", device_secrets.BadPrivateKey),
        ("wireguard", "", device_secrets.BadPrivateKey),
    ],
)
def test_a_secret_that_will_not_do_is_refused_and_not_repeated(
    session: EssaimSession, act: Act, machine: Device, purpose: str, secret: str, refusal: type[Any]
) -> None:
    with pytest.raises(refusal) as refused:
        device_secrets.entrust(session, act, machine, purpose, secret)
    assert len(secret) < 2 or secret not in refused.value.sentence("fr")


def test_two_machines_never_have_one_key(session: EssaimSession, act: Act, machine: Device, site: Site) -> None:
    device_secrets.entrust(session, act, machine, "wireguard")
    other = devices.add_device(session, act, "vpn3", role="vpn", platform="debian", site=site)
    with pytest.raises(device_secrets.KeyOfMember):
        device_secrets.entrust(session, act, other, "wireguard", devices.secret_of(session, machine, "wireguard"))


def test_a_router_has_its_peers_in_order(session: EssaimSession, act: Act, site: Site) -> None:
    edge = devices.add_device(session, act, "edge", role="router", platform="frr", site=site, asn=64496)
    for address in ("2001:db8::1", "192.0.2.2", "192.0.2.1"):
        routing.add_peer(session, act, edge, ip_address(address), 64500, "transit", max_prefix=1000)
    assert [one.address for one in routing.list_peers(session, edge)] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    routing.remove_peer(session, act, edge, ip_address("192.0.2.1"))
    for refusal, ask in (
        (routing.NoSuchPeer, lambda: routing.remove_peer(session, act, edge, ip_address("192.0.2.1"))),
        (
            routing.PeerExists,
            lambda: routing.add_peer(session, act, edge, ip_address("192.0.2.2"), 64501, "x", max_prefix=1),
        ),
        (
            names.OutOfRange,
            lambda: routing.add_peer(session, act, edge, ip_address("192.0.2.9"), 0, "x", max_prefix=1),
        ),
        (
            BadText,
            lambda: routing.add_peer(session, act, edge, ip_address("192.0.2.9"), 64501, "a\nb", max_prefix=1),
        ),
    ):
        with pytest.raises(refusal):
            ask()


def test_what_is_announced_is_listed_in_order(session: EssaimSession, act: Act) -> None:
    for prefix in ("2001:db8::/32", "198.51.100.0/24", "192.0.2.0/24"):
        routing.add_aggregate(session, act, ip_network(prefix))
    assert [str(one) for one in routing.list_aggregates(session)] == [
        "192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32",
    ]  # fmt: skip
    with pytest.raises(routing.AggregateExists):
        routing.add_aggregate(session, act, ip_network("192.0.2.0/24"))
    routing.remove_aggregate(session, act, ip_network("192.0.2.0/24"))
    with pytest.raises(routing.NoSuchAggregate):
        routing.remove_aggregate(session, act, ip_network("192.0.2.0/24"))


def test_an_owner_says_whom_to_call_and_nothing_else(
    session: EssaimSession, act: Act, machine: Device, small: Any
) -> None:
    devices.change_device(session, act, machine, Facts(), owner=small.ada)
    mandates.give(session, act, small.bea, Task.MANDATES_GIVE)
    hers = replace(act, actor=str(small.ada))
    devices.describe(session, hers, machine, contact="06 00 00 00 00", description="ma boîte")
    assert (machine.contact, machine.description) == ("06 00 00 00 00", "ma boîte")
    for refused in (
        lambda: devices.change_device(session, hers, machine, Facts(watts=1)),
        lambda: devices.describe(session, hers, small.server, contact="x"),
        lambda: devices.add_interface(session, hers, machine, "eth9"),
        lambda: device_secrets.entrust(session, hers, machine, "snmp"),
    ):
        with pytest.raises(NotMandated):
            refused()


def test_whom_to_call_is_not_in_the_journal(store: Store, act: Act) -> None:
    with transaction(store) as session:
        site = places.add_site(session, act, "colo")
        device = devices.add_device(session, act, "boite", role="server", platform="", site=site)
        devices.describe(session, act, device, contact="06 00 00 00 00")
    with reading(store) as session:
        assert "06 00" not in repr(journal.show(session))


def test_an_interface_is_seen_with_its_addresses(session: EssaimSession, act: Act, small: Any) -> None:
    wg0 = devices.add_interface(session, act, small.server, "wg0")
    held = addresses.allocate(session, act, small.v4, wg0, Role.LOOPBACK)
    seen = views.view(session, devices.find_device(session, "vpn"), TODAY)
    assert [(one.name, one.prefixes) for one in seen.interfaces] == [("wg0", (str(held.prefix),))]
