"""What joins machines, what feeds them, hosting a member's machine, and letting a machine go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import (
    addresses,
    cabling,
    device_secrets,
    devices,
    hosting,
    lines,
    members,
    names,
    placements,
    places,
    power,
    retirement,
)
from inventory.device_facts import Facts
from inventory.models.addresses import BlockState, Role
from inventory.models.devices import Device, Interface, Link
from inventory.models.places import Rack, RackKind, Site
from inventory.models.power import Feed, Outlet, Plug
from inventory.placements import Spot
from inventory.views import devices as views

TODAY = date(2026, 11, 22)


@dataclass(frozen=True)
class Cellar:
    """A site with a shelf, a switch, a PDU of four outlets on a feed, and a computer."""

    site: Site
    shelf: Rack
    switch: Device
    ports: tuple[Interface, ...]
    pdu: Device
    outlets: tuple[Outlet, ...]
    feed: Feed
    pi: Device
    eth0: Interface


@pytest.fixture
def cellar(session: EssaimSession, act: Act) -> Cellar:
    site = places.add_site(session, act, "réserve")
    shelf = places.add_rack(session, act, site, "étagère", kind=RackKind.SHELF)
    switch, pdu, pi = (
        devices.add_device(session, act, name, role=role, platform="", site=site)
        for name, role in (("switch1", "switch"), ("pdu1", "pdu"), ("pi", "server"))
    )
    ports = tuple(devices.add_interface(session, act, switch, str(rank)) for rank in (1, 2))
    eth0 = devices.add_interface(session, act, pi, "eth0")
    outlets = tuple(power.add_outlets(session, act, pdu, ["1", "2", "10"]))
    feed = power.add_feed(session, act, site, "A", renewable=True)
    return Cellar(site, shelf, switch, ports, pdu, outlets, feed, pi, eth0)


def test_a_cable_joins_two_interfaces(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    cabling.connect(session, act, cellar.eth0, cellar.ports[0], reference="bleu 12")
    seen = views.view(session, devices.find_device(session, "pi"), TODAY).interfaces[0]
    assert (seen.link, seen.link_kind, seen.link_since) == ("switch1/1", "cable", TODAY)
    back = views.view(session, devices.find_device(session, "switch1"), TODAY).interfaces
    assert [one.link for one in back] == ["pi/eth0", None]


def test_an_interface_has_one_living_link(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    cabling.connect(session, act, cellar.eth0, cellar.ports[0])
    for near, far in (
        (cellar.eth0, cellar.ports[1]),
        (cellar.ports[1], cellar.eth0),
        (cellar.ports[0], cellar.ports[1]),
    ):
        with pytest.raises(cabling.AlreadyLinked):
            cabling.connect(session, act, near, far)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Link(near_id=cellar.eth0.id, far_id=cellar.ports[1].id, kind="cable", since=TODAY))
    cabling.disconnect(session, act, cellar.ports[0])
    with pytest.raises(cabling.NotLinked):
        cabling.disconnect(session, act, cellar.ports[0])
    cabling.connect(session, act, cellar.eth0, cellar.ports[1])


def test_a_providers_circuit_may_end_where_we_have_nothing(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    cabling.connect(session, act, cellar.ports[0], kind="circuit", reference="FIB-0042")
    seen = views.view(session, devices.find_device(session, "switch1"), TODAY).interfaces[0]
    assert (seen.link, seen.link_kind) == ("FIB-0042", "circuit")


@pytest.mark.parametrize(
    ("kind", "far", "reference", "refusal"),
    [
        ("string", True, "", cabling.BadLinkKind),
        ("cable", False, "x", cabling.OpenEnd),
        ("circuit", False, "", cabling.OpenEnd),
        ("cable", None, "", cabling.SameInterface),
    ],
)
def test_a_link_that_cannot_be_is_refused(
    session: EssaimSession, act: Act, cellar: Cellar, kind: str, far: bool | None, reference: str, refusal: type[Any]
) -> None:
    end = cellar.eth0 if far is None else cellar.ports[0] if far else None
    with pytest.raises(refusal):
        cabling.connect(session, act, cellar.eth0, end, kind=kind, reference=reference)


def test_a_link_ends_no_sooner_than_it_began(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    cabling.connect(session, act, cellar.eth0, cellar.ports[0])
    with pytest.raises(names.TooEarly):
        cabling.disconnect(session, act, cellar.eth0, until=TODAY - timedelta(days=1))


def test_current_comes_from_the_feed_through_the_pdu(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    power.plug_in(session, act, cellar.pi, cellar.outlets[2])
    assert power.feeds_of(session, cellar.pi) == []
    power.plug_in(session, act, cellar.pdu, cellar.feed)
    assert power.feeds_of(session, cellar.pi) == ["réserve/A"]
    assert views.view(session, devices.find_device(session, "pi"), TODAY).plugs == ("pdu1/10",)
    assert views.view(session, devices.find_device(session, "pdu1"), TODAY).outlets == ("1", "2", "10")
    assert [name for _, name in power.outlets_of(session, [cellar.pdu])] == [None, None, "pi"]


def test_an_outlet_holds_one_machine_and_a_machine_may_have_two(
    session: EssaimSession, act: Act, cellar: Cellar
) -> None:
    power.plug_in(session, act, cellar.pi, cellar.outlets[0])
    power.plug_in(session, act, cellar.pi, cellar.outlets[1])
    with pytest.raises(power.OutletTaken):
        power.plug_in(session, act, cellar.switch, cellar.outlets[0])
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Plug(device_id=cellar.switch.id, outlet_id=cellar.outlets[0].id, since=TODAY))
    assert power.unplug(session, act, cellar.pi, cellar.outlets[0]) == ["pdu1/1"]
    assert power.unplug(session, act, cellar.pi) == ["pdu1/2"]
    with pytest.raises(power.NotPlugged):
        power.unplug(session, act, cellar.pi)


def test_nothing_feeds_itself(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    ups = devices.add_device(session, act, "ups1", role="ups", platform="", site=cellar.site)
    (socket,) = power.add_outlets(session, act, ups, ["A"])
    power.plug_in(session, act, cellar.pdu, socket)
    for machine, outlet in ((ups, cellar.outlets[0]), (ups, socket), (cellar.pdu, cellar.outlets[0])):
        with pytest.raises(power.FeedsItself if outlet is not socket else power.OutletTaken):
            power.plug_in(session, act, machine, outlet)


def test_only_pdus_and_upses_have_outlets_each_named_once(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    for refusal, machine, label in (
        (power.GivesNoPower, cellar.pi, "1"),
        (power.OutletExists, cellar.pdu, "1"),
        (names.BadLabel, cellar.pdu, "a/b"),
    ):
        with pytest.raises(refusal):
            power.add_outlets(session, act, machine, [label])
    with pytest.raises(power.NoSuchOutlet):
        power.find_outlet(session, "pdu1/99")


def test_a_feed_is_given_up_once_nothing_hangs_on_it(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    power.plug_in(session, act, cellar.pdu, cellar.feed)
    with pytest.raises(power.StillFeeds):
        power.end_feed(session, act, cellar.feed)
    power.unplug(session, act, cellar.pdu, cellar.feed)
    power.end_feed(session, act, cellar.feed)
    for refused in (
        lambda: power.end_feed(session, act, cellar.feed),
        lambda: power.plug_in(session, act, cellar.pdu, cellar.feed),
    ):
        with pytest.raises(power.FeedEnded):
            refused()
    assert list(power.list_feeds(session)) == []
    assert [power.feed_path(one) for one in power.list_feeds(session, ended=True)] == ["réserve/A"]


def test_a_feed_is_named_once_and_makes_sense(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    attic = places.add_room(session, act, places.add_site(session, act, "toit"), "combles")
    for refusal, more in (
        (power.FeedExists, {"name": "A"}),
        (names.OutOfRange, {"name": "B", "volts": 0}),
        (names.OutOfRange, {"name": "B", "amps": 0}),
        (places.NoSuchRoom, {"name": "B", "room": attic}),
    ):
        with pytest.raises(refusal):
            power.add_feed(session, act, cellar.site, **more)  # type: ignore[arg-type]
    power.change_feed(session, act, cellar.feed, supplier="Coopérative", amps=32)
    seen = views.feed_view(power.find_feed(session, "réserve/A"))
    assert (seen.supplier, seen.amps, seen.renewable) == ("Coopérative", 32, True)
    with pytest.raises(power.NoSuchFeed):
        power.find_feed(session, "réserve/Z")


def test_a_hosted_machine_of_any_shape_says_what_it_lacks(
    session: EssaimSession, act: Act, cellar: Cellar, small: Any
) -> None:
    facts = Facts(shape="tour au sol", watts=45)
    tower = hosting.host(session, act, cellar.site, "tour", small.ada, facts, mac="02-00-5e-10-00-01")
    commands = [lack.command for lack in hosting.missing(session, tower, TODAY)]
    assert [command.split()[2] for command in commands] == ["place", "plug", "link", "allocate", "change"]
    placements.place(session, act, tower, cellar.shelf, Spot(position="à gauche"))
    power.plug_in(session, act, tower, cellar.outlets[0])
    eth0 = devices.find_interface(session, "tour/eth0")
    cabling.connect(session, act, eth0, cellar.ports[0])
    addresses.allocate(session, act, small.v4, eth0, Role.WAN)
    devices.describe(session, act, tower, contact="06 00 00 00 00")
    assert hosting.missing(session, tower, TODAY) == []


def test_a_hosted_machine_may_come_with_its_place(session: EssaimSession, act: Act, cellar: Cellar, small: Any) -> None:
    made = hosting.host(
        session, act, cellar.site, "carte", small.ada, Facts(), rack=cellar.shelf, spot=Spot(position="au fond")
    )
    seen = views.view(session, devices.find_device(session, made.name), TODAY)
    assert (seen.owner, seen.rack, seen.position) == (str(small.ada), "réserve/étagère", "au fond")


def test_whoever_left_hosts_nothing(session: EssaimSession, act: Act, cellar: Cellar, small: Any) -> None:
    members.leave(session, act, small.ada)
    with pytest.raises(hosting.OwnerLeft):
        hosting.host(session, act, cellar.site, "tour", small.ada, Facts())


def test_a_machine_of_ours_says_what_its_role_lacks(session: EssaimSession, act: Act, small: Any) -> None:
    def commands() -> list[str]:
        return [lack.command for lack in hosting.missing(session, small.server, TODAY)]

    assert commands() == [
        "essaim device change vpn --management 100.64.0.4",
        "essaim device change vpn --endpoint 192.0.2.4:51820",
        "essaim device secret vpn wireguard --generate",
        "essaim device interface add vpn core0",
        "essaim device interface add vpn wg0",
    ]
    devices.change_device(session, act, small.server, Facts(management="100.64.0.4", endpoint="192.0.2.4:51820"))
    device_secrets.entrust(session, act, small.server, "wireguard")
    core = addresses.create_pool(session, act, "core", ip_network("192.0.2.0/28"), handed=32)
    for name in ("core0", "wg0"):
        addresses.allocate(session, act, core, devices.add_interface(session, act, small.server, name), Role.LINK)
    assert commands() == []


def test_a_machine_leaves_and_gives_all_back(session: EssaimSession, act: Act, cellar: Cellar, small: Any) -> None:
    placements.place(session, act, cellar.pi, cellar.shelf)
    power.plug_in(session, act, cellar.pi, cellar.outlets[0])
    held = addresses.allocate(session, act, small.v4, cellar.eth0, Role.WAN)
    left = retirement.retire(session, act, cellar.pi)
    assert (left.rack, left.outlets, left.prefixes) == ("réserve/étagère", ("pdu1/1",), (str(held.prefix),))
    assert addresses.state_of(session, held.prefix) == BlockState.QUARANTINED
    assert "pi" not in [one.name for one in devices.list_devices(session)]
    assert "pi" in [one.name for one in devices.list_devices(session, retired=True)]
    assert hosting.missing(session, cellar.pi, TODAY) == []


def test_a_machine_that_left_is_left_alone(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    retirement.retire(session, act, cellar.pi)
    for refused in (
        lambda: retirement.retire(session, act, cellar.pi),
        lambda: devices.change_device(session, act, cellar.pi, Facts(watts=1)),
        lambda: devices.add_interface(session, act, cellar.pi, "eth1"),
        lambda: placements.place(session, act, cellar.pi, cellar.shelf),
        lambda: power.plug_in(session, act, cellar.pi, cellar.outlets[0]),
        lambda: cabling.connect(session, act, cellar.eth0, cellar.ports[0]),
        lambda: device_secrets.entrust(session, act, cellar.pi, "snmp"),
    ):
        with pytest.raises(devices.Retired):
            refused()
    with pytest.raises(devices.NameTaken):
        devices.add_device(session, act, "pi", role="server", platform="", site=cellar.site)


def test_a_machine_leaves_no_sooner_than_it_came(session: EssaimSession, act: Act, cellar: Cellar) -> None:
    with pytest.raises(names.TooEarly):
        retirement.retire(session, act, cellar.pi, until=TODAY - timedelta(days=1))


def test_a_machine_that_something_needs_stays(
    session: EssaimSession, act: Act, cellar: Cellar, small: Any, order: Callable[..., Any]
) -> None:
    line = order(small.ada)
    with pytest.raises(retirement.LinesNeedIt) as refused:
        retirement.retire(session, act, small.server)
    assert "L0001" in refused.value.sentence("fr")
    lines.close_line(session, act, line)
    with pytest.raises(retirement.PoolsNeedIt):
        retirement.retire(session, act, small.server)
    cabling.connect(session, act, cellar.eth0, cellar.ports[0])
    for machine in (cellar.pi, cellar.switch):
        with pytest.raises(retirement.LinksNeedIt):
            retirement.retire(session, act, machine)
    power.plug_in(session, act, cellar.pi, cellar.outlets[0])
    with pytest.raises(retirement.OutletsNeedIt):
        retirement.retire(session, act, cellar.pdu)


def test_a_machine_that_serves_ipv6_is_met_over_ipv6_too(session: EssaimSession, act: Act, small: Any) -> None:
    def families() -> set[int]:
        return hosting.core_families(session, small.server)

    before = families()
    served = ip_network("2001:db8:fe00::/40")
    pool = addresses.create_pool(session, act, "served", served, handed=56, device=small.server)
    assert families() == before | {6}
    pool.closed_at = act.at
    assert families() == before


def test_a_members_machine_is_looked_into_only_where_its_owner_agreed(
    session: EssaimSession, act: Act, cellar: Cellar
) -> None:
    owner = members.add_member(session, act, "Ada")
    theirs = hosting.host(session, act, cellar.site, "tour", owner, Facts(management="192.0.2.9"))
    devices.change_device(session, act, cellar.switch, Facts(management="192.0.2.8"))
    for device in (theirs, cellar.switch):
        device_secrets.entrust(session, act, device, "snmp")
    assert [one.name for one in devices.polled(session)] == [cellar.switch.name]
    devices.change_device(session, act, theirs, Facts(snmp_agreed=True))
    assert {one.name for one in devices.polled(session)} == {cellar.switch.name, "tour"}
    devices.change_device(session, act, theirs, Facts(snmp_agreed=False))
    assert [one.name for one in devices.polled(session)] == [cellar.switch.name]


def test_a_members_machine_is_met_at_its_own_addresses_and_ours_are_not(
    session: EssaimSession, act: Act, cellar: Cellar
) -> None:
    pool = addresses.create_pool(session, act, "heberges", ip_network("192.0.2.32/27"), handed=32)
    hosting.host(session, act, cellar.site, "tour", members.add_member(session, act, "Ada"), Facts())
    port = devices.find_interface(session, "tour/eth0")
    held = addresses.allocate(session, act, pool, port, Role.WAN)
    addresses.allocate(session, act, pool, cellar.eth0, Role.WAN)
    assert hosting.addresses_of_hosted(session) == {"tour": [held.prefix.network_address]}
    addresses.release(session, act, held)
    assert hosting.addresses_of_hosted(session) == {}
