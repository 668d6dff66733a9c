"""A line that goes over to another access is on the machines of both, and then on the new one's alone."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from foundation.acts import Act
from inventory import addresses, devices, lines, members, moving, offers, pools, reverse
from inventory.lines import Ordering
from inventory.models.addresses import Role
from inventory.models.devices import Device
from inventory.models.places import Site
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.targets import targets_of_line, touched

NEW_KEY = base64.b64encode(b"\x63" * 32).decode()
OLD_KEY = base64.b64encode(b"\x01" * 32).decode()


@pytest.fixture
def now(association: Any) -> Act:
    """An hour after everything."""
    return replace(association.act, at=association.later)


@pytest.fixture
def vpn2(association: Any, now: Act) -> Device:
    """A second concentrator."""
    session = association.session
    made = devices.add_device(
        session, now, "vpn2", role="vpn", platform="debian", endpoint="192.0.2.5:51820",
        site=session.get_one(Site, association.vpn.site_id),
    )  # fmt: skip
    devices.set_secret(session, now, made, "wireguard", base64.b64encode(b"\x62" * 32).decode())
    core = devices.add_interface(session, now, made, "core0", "core")
    wg0 = devices.add_interface(session, now, made, "wg0")
    for pool, port, own in (
        ("coeur-v4", core, "192.0.2.5"),
        ("coeur-v6", core, "2001:db8::5"),
        ("vpn-v4", wg0, "198.51.100.200"),
    ):
        found = pools.find_pool(session, pool)
        role = Role.LINK if port is core else Role.LOOPBACK
        addresses.allocate(session, now, found, port, role, exactly=ip_network(own))
    return made


def wg0(association: Any, device: Device, now: Act) -> str:
    return WIREGUARD.desired(association.session, device, now.at + timedelta(minutes=1))["wg0.conf"]


def routes(association: Any, now: Act) -> set[str]:
    text = ROUTER.desired(association.session, association.edge, now.at + timedelta(minutes=1))["frr.conf"]
    return {row for row in text.splitlines() if row.startswith(("ip route", "ipv6 route"))}


def test_a_tunnel_is_on_both_concentrators_until_it_is_done(association: Any, now: Act, vpn2: Device) -> None:
    session, line = association.session, association.line("L0001")
    before, roads = wg0(association, association.vpn, now), routes(association, now)
    moving.migrate_line(session, now, line, line.offer, Ordering(), device=vpn2)
    assert wg0(association, association.vpn, now) == before
    there = wg0(association, vpn2, now)
    held = ", ".join(lines.prefixes(session, line))
    assert f"# L0001\nPublicKey = {OLD_KEY}\nAllowedIPs = {held}" in there
    assert routes(association, now) == roads  # traffic comes back by the old one until then
    wanted = {f"{name}/{artifact}" for name in ("vpn", "vpn2") for artifact in ("antispoofing", "wireguard")}
    session.expire_all()
    assert set(targets_of_line(session, association.line("L0001"))) == wanted
    moving.complete_migration(session, now, association.line("L0001"))
    assert "# L0001" not in wg0(association, association.vpn, now)
    assert "# L0001" in wg0(association, vpn2, now)
    (four,) = [row for row in routes(association, now) - roads if row.startswith("ip route")]
    assert four.endswith("/32 192.0.2.5")
    (six,) = [row for row in routes(association, now) - roads if row.startswith("ipv6 route")]
    assert six.endswith("/56 2001:db8::5")
    session.expire_all()
    wanted = {f"vpn2/{artifact}" for artifact in ("antispoofing", "wireguard")} | {"edge/router"}
    assert set(targets_of_line(session, association.line("L0001"))) == wanted
    prefix = four.split()[2]
    assert f"PostUp = ip route replace {prefix} dev wg0" in wg0(association, vpn2, now)


def test_a_new_key_is_on_the_new_concentrator_alone(association: Any, now: Act, vpn2: Device) -> None:
    session, line = association.session, association.line("L0001")
    moving.migrate_line(session, now, line, line.offer, Ordering(public_key=NEW_KEY), device=vpn2)
    assert OLD_KEY in wg0(association, association.vpn, now)
    assert NEW_KEY not in wg0(association, association.vpn, now)
    assert NEW_KEY in wg0(association, vpn2, now)
    assert OLD_KEY not in wg0(association, vpn2, now)
    moving.undo_migration(session, now, line)
    assert "# L0001" not in wg0(association, vpn2, now)


def test_a_ppp_line_may_log_in_both_ways_with_the_packet_size_of_each(association: Any, now: Act) -> None:
    session = association.session
    fibre = offers.add_offer(
        session, now, "fibre", "Fibre", "ftth", "l2tp", mtu=1456, device=association.lns, realm="ftth.isp.example"
    )
    moving.migrate_line(session, now, association.line("L0005"), fibre, Ordering(pto="FI-1234-5678"))

    def entries() -> dict[str, str]:
        later = now.at + timedelta(minutes=1)
        text = RADIUS.desired(session, association.radius, later)["authorize"]
        return dict(block.split("\t", 1) for block in text.split("# L0005\n")[1:])

    both = entries()
    assert set(both) == {"l0005@adsl", "l0005@ftth.isp.example"}
    assert "Framed-MTU = 1460" in both["l0005@adsl"]
    assert "Framed-MTU = 1456" in both["l0005@ftth.isp.example"]
    given = [row for row in both["l0005@adsl"].splitlines() if "Framed-IP-Address" in row or "Framed-Route" in row]
    assert given == [row for row in both["l0005@ftth.isp.example"].splitlines() if row in given]
    moving.complete_migration(session, replace(now, at=now.at + timedelta(seconds=1)), association.line("L0005"))
    session.expire_all()
    assert set(entries()) == {"l0005@ftth.isp.example"}


def test_a_hosted_machine_leaves_no_mark_on_access_servers(association: Any, now: Act) -> None:
    session = association.session
    offers.add_offer(session, now, "hebergement", "Hébergement", "colocation")
    offer = offers.find_offer(session, "hebergement")
    line = lines.order_line(session, now, association.people[0], offer, Ordering())
    assert targets_of_line(session, association.line(str(line))) == []


def test_lines_and_members_touch_the_machines_that_know_them(association: Any, now: Act) -> None:
    session = association.session
    tunnel = {"vpn/antispoofing", "vpn/wireguard"}
    copper = {"lns/antispoofing", "lns/l2tp", "radius/radius"}
    assert touched(session, ["L0001"]) == tunnel
    assert touched(session, ["L0001", "L0005"]) == tunnel | copper
    assert touched(session, []) == frozenset()
    who = {str(share.member) for share in association.line("L0005").shares}
    assert all(touched(session, [member]) >= copper for member in who)
    with pytest.raises(lines.NoSuchLine):
        touched(session, ["L0999"])
    with pytest.raises(members.NoSuchMember):
        touched(session, ["M0999"])


def test_a_line_whose_address_was_ever_named_touches_the_name_servers(association: Any, now: Act) -> None:
    session = association.session
    site = session.get_one(Site, association.vpn.site_id)
    devices.add_device(session, now, "ns1", role="dns", platform="debian", site=site)
    assert "ns1/knot" not in touched(session, ["L0001"])
    prefix = ip_network(lines.prefixes(session, association.line("L0001"))[0])
    held = reverse.holding(session, prefix)
    reverse.set_name(session, now, held, prefix.network_address, "serveur.example.example")
    assert "ns1/knot" in touched(session, ["L0001"])
    reverse.clear_name(session, replace(now, at=now.at + timedelta(hours=1)), held, prefix.network_address)
    assert "ns1/knot" in touched(session, ["L0001"])
    assert "ns1/knot" not in touched(session, ["L0002"])
