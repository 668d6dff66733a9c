"""A Cisco or a MikroTik that somebody set up by hand, adopted: the first plan takes nothing away from it."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from sqlalchemy import select

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import devices, places, pools, routing
from inventory.models.devices import Interface
from provisioning import ios, routeros
from provisioning.adopting import gathering, taking, vendor_routers, weighing
from provisioning.adopting.found import Unreadable
from provisioning.artifacts.cisco import IOS_EDGE
from provisioning.artifacts.mikrotik import ROUTEROS_EDGE

IOS = """\
Building configuration...
hostname edge
username them secret 9 $9$x
interface Loopback0
 ip address 192.0.2.40 255.255.255.255
interface GigabitEthernet0/0/0
 description to the core, by hand
 ip address 192.0.2.1 255.255.255.240
 ip ospf cost 5
 ipv6 address 2001:DB8::1/64
interface GigabitEthernet0/0/1
 ip address 192.0.2.129 255.255.255.254
interface GigabitEthernet0/0/2
 shutdown
router ospf 1
 network 192.0.2.1 0.0.0.0 area 0
ip route 203.0.113.0 255.255.255.0 192.0.2.2
router bgp 64496
 bgp log-neighbor-changes
 neighbor 192.0.2.128 remote-as 64500
 neighbor 192.0.2.128 description the "transit"
 neighbor 192.0.2.128 password 7 08314942
 address-family ipv4
  network 198.51.100.0
  network 203.0.113.0 mask 255.255.255.128
  neighbor 192.0.2.128 activate
 exit-address-family
"""
ROUTEROS = """\
# 2026-11-22 14:02:00 by RouterOS 7.20
/ip address
add address=192.0.2.1/28 interface=ether1 network=192.0.2.0
add address=192.0.2.129/31 comment="by hand" interface=ether2
add address=192.0.2.200/28 disabled=yes interface=ether3
/ipv6 address
add address=2001:db8::1/64 advertise=no interface=ether1
add address=fe80::1/64 interface=ether2
/ip firewall address-list
add list=ours address=198.51.100.0/24
add list=theirs address=203.0.113.0/24
/ip route
add dst-address=203.0.113.0/24 gateway=192.0.2.2 distance=1
/ip route
add dst-address=203.0.113.0/24 gateway=192.0.2.9 distance=1 routing-table=other
/routing bgp connection
add name=transit remote.address=192.0.2.128/32 .as=64500 output.network=ours comment="the \\"transit\\""
"""
CASES = (("ios", "ios.cfg", IOS, IOS_EDGE), ("routeros", "export.rsc", ROUTEROS, ROUTEROS_EDGE))


@pytest.fixture
def young(session: EssaimSession, act: Act) -> Any:
    """An association that knows of a router its name alone."""
    site = places.add_site(session, act, "colo")
    return lambda platform: devices.add_device(
        session, act, "edge", role="router", platform=platform, site=site, asn=64496
    )


@pytest.mark.parametrize(("platform", "file", "text", "artifact"), CASES, ids=["ios", "routeros"])
def test_its_addresses_are_proposed_its_roads_are_told_and_the_first_plan_takes_nothing(
    young: Any, session: EssaimSession, act: Act, platform: str, file: str, text: str, artifact: Any
) -> None:
    edge = young(platform)
    proposal, plan = weighing.weigh(session, act, "edge", {file: text}, ())
    assert [one.sentence("en") for one in plan.problems] == []
    told = " / ".join(one.sentence("en") for one in proposal.reading.remarks)
    assert "essaim device peer add MACHINE --address 192.0.2.128 --as 64500 --description 'the \"transit\"'" in told
    assert "essaim aggregate add 198.51.100.0/24" in told
    assert "203.0.113.0/24 by 192.0.2.2" in told
    assert "08314942" not in told
    taking.take(session, act, proposal, plan)
    _, planned = weighing.weigh(session, act, "edge", {file: text}, ())
    assert not planned.doing
    assert {pool.device_id for pool in pools.list_pools(session)} == {None}
    ports = set(session.scalars(select(Interface.name).where(Interface.device_id == edge.id)))
    assert ports == ({"Loopback0", "GigabitEthernet0/0/0", "GigabitEthernet0/0/1"} if platform == "ios" else
                     {"ether1", "ether2"})  # fmt: skip
    # What was told is said to the inventory, as people do; and the first plan is read.
    routing.add_peer(session, act, edge, ip_address("192.0.2.128"), 64500, 'the "transit"', max_prefix=9)
    desired = artifact.desired(session, edge, act.at + timedelta(hours=1))
    (wanted,) = desired.values()
    if platform == "ios":
        running = ios.read(text)
        typed = ios.remediation(running, ios.read(wanted))
        gone = [row for row in ios.written(typed).splitlines() if row.strip().startswith("no ")]
        assert gone == [" no bgp default ipv4-unicast"] or all("bgp default" in row or "network" in row for row in gone)
        after = set(ios.paths(ios.applied(running, typed)))
        for path in ios.paths(running):
            assert path in after or "network" in path[-1], path
        held = {artifact.file: ios.written(ios.ours(running, ios.read(wanted)))}
    else:
        rows = routeros.read(text)
        marks = routeros.remediation(rows, routeros.read(wanted))
        assert [row for row in marks if row.verb == "remove"] == []
        added = [row.settings["address"] for row in marks if row.verb == "add" and row.menu.endswith(" address")]
        assert added == []  # they are there: they are marked, since no machine takes one twice
        assert {row.settings["comment"] for row in marks if row.verb == "set" and row.menu == "/ip address"} == {
            "essaim"
        }
        held = {artifact.file: routeros.told(routeros.ours(rows, routeros.read(wanted)))}
    strangers = artifact.strangers(held, desired)
    assert strangers == (
        ("router bgp 64496 / address-family ipv4 / network 198.51.100.0",
         "router bgp 64496 / address-family ipv4 / network 203.0.113.0 mask 255.255.255.128")
        if platform == "ios" else ()
    )  # fmt: skip


def test_what_is_no_such_text_is_refused_with_a_sentence() -> None:
    with pytest.raises(Unreadable, match="RouterOS"):
        gathering.read({"x.rsc": '/ip address add address="'})
    with pytest.raises(Unreadable, match="no address"):
        gathering.read({"ios.cfg": "interface x0\n ip address 192.0.2.1 255.255.255.3\n"})
    assert vendor_routers.read_ios("ios.cfg", "").own == []
