"""How a wholesaler's collection works with ours: who asks our RADIUS, where tunnels end, what the path carries."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from foundation.errors import EssaimError
from foundation.vault import vault_of
from inventory import addresses, collecting, devices, lines, offers, orders, places, wholesalers
from inventory.device_secrets import BadSecret
from inventory.models.addresses import Role
from inventory.models.lines import Line
from inventory.models.wholesale import OrderState, Wholesaler
from inventory.path_mtu import PATHS, over_l2tp
from inventory.views.wholesale import view
from inventory.wholesalers import Terms

FROM = "198.51.100.200, 2001:DB8:0::10"
MAPPED = str(IPv6Address(0xFFFF << 32 | int(IPv4Address("192.0.2.1"))))
"""An IPv4 address in the guise of an IPv6 one (RFC 4291)."""
REALM = Terms(collection="realm-proxy", realm="a.example", radius_from=FROM)


@pytest.fixture
def gros(session: EssaimSession, act: Act) -> Wholesaler:
    return wholesalers.add_wholesaler(session, act, "gros", REALM)


def test_who_asks_is_said_in_either_family_and_spelled_in_one_way(gros: Wholesaler) -> None:
    seen = view(gros)
    assert seen.radius_from == ("198.51.100.200", "2001:db8::10")
    assert (seen.radius_secret, seen.ppp_end, seen.path_mtu) == (False, "us", 1500)


@pytest.mark.parametrize(
    "text",
    ["here", "192.0.2.0/24", "127.0.0.1", "::1", "0.0.0.0", "ff02::1", "fe80::1", MAPPED, "fe80::1%eth0",
     " ".join(f"192.0.2.{last}" for last in range(1, 10))],
)  # fmt: skip
def test_what_is_no_address_of_a_machine_elsewhere_is_refused(session: EssaimSession, act: Act, text: str) -> None:
    with pytest.raises(collecting.BadSource):
        wholesalers.add_wholesaler(session, act, "gros", Terms(collection="white-label", sister="x", radius_from=text))


def test_an_address_is_one_askers_alone(session: EssaimSession, act: Act, gros: Wholesaler, small: Any) -> None:
    with pytest.raises(collecting.SourceTaken, match="gros"):
        wholesalers.add_wholesaler(session, act, "autre", REALM)
    port = devices.add_interface(session, act, small.server, "core0")
    addresses.allocate(session, act, small.v4, port, Role.LINK, exactly=ip_network("198.51.100.3/32"))
    with pytest.raises(collecting.SourceTaken, match="vpn"):
        wholesalers.change_wholesaler(session, act, gros, Terms(radius_from="198.51.100.3"))
    session.refresh(gros)
    assert view(gros).radius_from == ("198.51.100.200", "2001:db8::10")
    assert wholesalers.change_wholesaler(session, act, gros, Terms(radius_from="")) == {"radius_from": None}


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        (Terms(ppp_end="nowhere"), collecting.BadPppEnd),
        (Terms(collection="tunnel-steering", tunnel_endpoint="lns", ppp_end="wholesaler"), collecting.BadPppEnd),
        (Terms(path_mtu="1319"), collecting.BadPathMTU),
        (Terms(path_mtu="9217"), collecting.BadPathMTU),
        (Terms(path_mtu="-1500"), collecting.BadPathMTU),
        (Terms(path_mtu="large"), collecting.BadPathMTU),
    ],
)
def test_what_no_collection_does_is_refused(
    session: EssaimSession, act: Act, gros: Wholesaler, terms: Terms, error: type[EssaimError]
) -> None:
    with pytest.raises(error):
        wholesalers.change_wholesaler(session, act, gros, terms)


def test_a_secret_is_sealed_and_never_shown(session: EssaimSession, act: Act, gros: Wholesaler) -> None:
    collecting.share_secret(session, act, gros, " agreed-with-gros\n")
    assert gros.radius_secret is not None
    assert vault_of(session).open(gros.radius_secret) == "agreed-with-gros"
    assert view(gros).radius_secret is True
    for unfit in ("", "two words", "é", "x" * 64, "quote'"):
        with pytest.raises(BadSecret):
            collecting.share_secret(session, act, gros, unfit)


def test_a_secret_is_not_in_the_journal(store: Store, act: Act) -> None:
    with transaction(store) as session:
        made = wholesalers.add_wholesaler(session, act, "gros", REALM)
        collecting.share_secret(session, act, made, "agreed-with-gros")
    with reading(store) as session:
        told = repr(journal.show(session))
    assert "wholesaler.secret" in told
    assert "agreed-with-gros" not in told


def test_what_a_collection_lacks_is_said_until_nothing_is(session: EssaimSession, act: Act, small: Any) -> None:
    steering = Terms(collection="tunnel-steering", tunnel_endpoint="nobody")
    made = wholesalers.add_wholesaler(session, act, "gros", steering)

    def lacking() -> str:
        return " ".join(each.say("en") for each in collecting.missing(session, made))

    for word in ("realm", "--radius-from", "essaim wholesaler secret gros", "RADIUS server of ours", "offer", "an LNS"):
        assert word in lacking(), word
    site = places.find_site(session, "cave")
    devices.add_device(session, act, "radius", role="radius", platform="debian", site=site)
    lns = devices.add_device(session, act, "lns", role="lns", platform="debian", site=site)
    wholesalers.change_wholesaler(session, act, made, Terms(realm="a.example", radius_from=FROM, tunnel_endpoint="lns"))
    collecting.share_secret(session, act, made, "agreed")
    offers.change_offer(session, act, small.adsl, offers.Offering(realm="a.example", wholesaler=made))
    assert "service address of lns" in lacking()
    assert "device secret lns l2tp" in lacking()
    lns.endpoint = "100.64.2.1:1701"
    devices.set_secret(session, act, lns, "l2tp", "x")
    assert lacking() == ""
    vlans = wholesalers.add_wholesaler(session, act, "autre", Terms(collection="white-label", sister="x"))
    assert collecting.missing(session, vlans) == ()


def test_a_line_is_bought_from_whom_it_is_ordered_or_else_from_its_offers(
    session: EssaimSession, act: Act, small: Any, order: Callable[..., Line], gros: Wholesaler
) -> None:
    line = lines.find_line(session, str(order(small.ada, small.adsl)))
    assert collecting.sellers(session) == {}
    small.adsl.wholesaler_id = gros.id
    assert collecting.sellers(session) == {line.id: {gros.id}}
    other = wholesalers.add_wholesaler(session, act, "autre", Terms(collection="white-label", sister="x"))
    placed = orders.place_order(session, act, line, other).order
    assert collecting.sellers(session) == {line.id: {other.id}}
    orders.place_order(session, act, line, gros)
    assert collecting.sellers(session) == {line.id: {other.id, gros.id}}
    orders.move_order(session, act, placed, OrderState.CANCELLED)
    assert collecting.sellers(session) == {line.id: {gros.id}}


def test_tunnels_end_at_the_lns_that_are_named_or_met_there_in_that_order(
    session: EssaimSession, act: Act, small: Any, gros: Wholesaler
) -> None:
    for name, endpoint in (("lns", "100.64.2.1:1701"), ("lns2", "[2001:db8:2::3]:1701")):
        devices.add_device(
            session, act, name, role="lns", platform="debian", site=places.find_site(session, "cave"), endpoint=endpoint
        )
    for text, names in (
        ("lns2, lns", ["lns2", "lns"]),
        ("100.64.2.1 2001:db8:2::3", ["lns", "lns2"]),
        ("vpn lns 100.64.2.1", ["lns"]),
        ("", []),
    ):
        wholesalers.change_wholesaler(session, act, gros, Terms(tunnel_endpoint=text))
        assert [one.name for one in collecting.ends(session, gros)] == names


def test_an_lns_carries_what_the_narrowest_of_its_wholesalers_paths_does(
    session: EssaimSession, act: Act, small: Any, order: Callable[..., Line], gros: Wholesaler
) -> None:
    lns = devices.add_device(session, act, "lns", role="lns", platform="debian", site=places.find_site(session, "cave"))
    assert collecting.carried(session) == {lns.id: 1460}
    offers.change_offer(session, act, small.adsl, offers.Offering(device=lns, wholesaler=gros))
    wholesalers.change_wholesaler(session, act, gros, Terms(path_mtu="1532"))
    assert collecting.carried(session) == {lns.id: 1492}
    # A line that stayed there when its offer went elsewhere counts; one that is over does not.
    other = offers.add_offer(session, act, "autre", "Autre", "adsl", "l2tp")
    stayed = order(small.ada, other)
    stayed.device_id, stayed.state = lns.id, "active"
    assert collecting.carried(session) == {lns.id: 1460}
    stayed.state = "closed"
    assert collecting.carried(session) == {lns.id: 1492}
    wholesalers.change_wholesaler(session, act, gros, Terms(path_mtu="1540"))
    assert collecting.carried(session) == {lns.id: 1492}  # all that l2tpns asks for
    lns.platform = "ios"
    assert collecting.carried(session) == {lns.id: 1500}
    lns.endpoint = "[2001:db8:2::1]:1701"
    assert collecting.carried(session) == {lns.id: 1480}


def test_what_l2tp_leaves_of_a_path() -> None:
    assert [over_l2tp(path) for path in (1500, 1532, 1540, 9000)] == [1460, 1492, 1500, 1500]
    assert over_l2tp(1500, 6) == 1440
    assert over_l2tp(PATHS[0]) == 1280
