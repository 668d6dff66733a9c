"""How far a mandate for one place, machine, offer or pool reaches: never to another, nor to one that comes later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import (
    addresses,
    devices,
    lines,
    mandates,
    moving,
    offers,
    places,
    pools,
    renumbering,
    reshaping,
    retirement,
)
from inventory.models.addresses import Pool
from inventory.models.devices import Device
from inventory.models.lines import Line, Offer
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.places import Site
from inventory.offers import Offering
from inventory.rights import NotMandated


def by(act: Act, number: int) -> Act:
    return replace(act, actor=f"M{number:04d}")


@dataclass(frozen=True)
class Two:
    """A tunnel of M0001's on `vpn`; besides, a machine `vpn2` with a pool `v4b`, and an offer `vpn2` of both."""

    ada: Member
    bea: Member
    line: Line
    vpn: Offer
    vpn2: Offer
    v4: Pool
    v4b: Pool
    server: Device
    second: Device
    site: Site


@pytest.fixture
def two(session: EssaimSession, act: Act, small: Any, order: Any) -> Two:
    line, site = order(small.ada), places.find_site(session, "cave")
    second = devices.add_device(session, act, "vpn2", role="vpn", platform="debian", site=site)
    v4b = addresses.create_pool(session, act, "v4b", ip_network("203.0.113.0/24"), handed=32, device=second)
    vpn2 = offers.add_offer(session, act, "vpn2", "VPN 2", "wireguard", device=second, pool_v4=v4b)
    mandates.give(session, act, small.ada, Task.MANDATES_GIVE)
    return Two(small.ada, small.bea, line, small.vpn, vpn2, small.v4, v4b, small.server, second, site)


def may(session: EssaimSession, act: Act, two: Two, *scopes: str, task: Task = Task.LINES_WRITE) -> Act:
    """The act of Béa, M0002, who holds a task for these alone."""
    for scope in scopes:
        mandates.give(session, by(act, 1), two.bea, task, scope=scope)
    return by(act, 2)


@pytest.mark.parametrize("scope", ["device:vpn", "offer:vpn"])
def test_an_offer_is_not_pointed_at_what_is_out_of_reach(
    session: EssaimSession, act: Act, two: Two, scope: str
) -> None:
    beas = may(session, act, two, scope)
    for there in (Offering(pool_v4=two.v4b), Offering(device=two.second)):
        with pytest.raises(NotMandated):
            offers.change_offer(session, beas, two.vpn, there)
    assert (two.vpn.device_id, two.vpn.pool_v4_id) == (two.server.id, two.v4.id)
    offers.change_offer(session, beas, two.vpn, Offering(title="Un VPN", device=two.server, pool_v4=two.v4))


@pytest.mark.parametrize("scopes", [("*",), ("offer:vpn", "pool:v4b"), ("device:vpn", "device:vpn2")])
def test_an_offer_is_pointed_at_what_is_within_reach(
    session: EssaimSession, act: Act, two: Two, scopes: tuple[str, ...]
) -> None:
    offers.change_offer(session, may(session, act, two, *scopes), two.vpn, Offering(pool_v4=two.v4b))
    assert two.vpn.pool_v4_id == two.v4b.id


@pytest.mark.parametrize("scope", ["device:vpn", "offer:vpn"])
def test_a_line_does_not_go_over_to_what_is_out_of_reach(
    session: EssaimSession, act: Act, two: Two, scope: str
) -> None:
    beas = may(session, act, two, scope)
    for offer, device in ((two.vpn2, None), (two.vpn2, two.server), (two.vpn, two.second)):
        with pytest.raises(NotMandated):
            moving.migrate_line(session, beas, two.line, offer, lines.Ordering(), device=device)


@pytest.mark.parametrize("scopes", [("*",), ("device:vpn", "offer:vpn2"), ("offer:vpn", "device:vpn2")])
def test_a_line_goes_over_to_what_is_within_reach(
    session: EssaimSession, act: Act, two: Two, scopes: tuple[str, ...]
) -> None:
    beas = may(session, act, two, *scopes)
    assert moving.migrate_line(session, beas, two.line, two.vpn2, lines.Ordering()).to_device_id == two.second.id


def test_nobody_puts_aside_the_addresses_of_a_pool_out_of_reach(session: EssaimSession, act: Act, two: Two) -> None:
    beas = may(session, act, two, "pool:v4", task=Task.ADDRESSES_WRITE)
    with pytest.raises(NotMandated):
        renumbering.begin(session, beas, two.v4, two.v4b, 1)


def test_a_pools_name_serves_again_only_when_no_mandate_names_it(session: EssaimSession, act: Act, two: Two) -> None:
    adas, prefix = by(act, 1), ip_network("192.0.2.0/24")
    mandates.give(session, adas, two.ada, Task.ADDRESSES_WRITE)
    spare = pools.create_pool(session, adas, "spare", prefix, handed=32)
    held = mandates.give(session, adas, two.bea, Task.ADDRESSES_WRITE, scope="pool:spare")
    reshaping.close_pool(session, adas, spare)
    for taking in (
        lambda: pools.create_pool(session, adas, "spare", prefix, handed=32),
        lambda: pools.change_pool(session, adas, two.v4b, name="spare"),
        lambda: reshaping.split_pool(session, adas, two.v4b, "spare"),
    ):
        with pytest.raises(pools.NamedByMandate) as refused:
            taking()
        assert f"essaim mandate end {held}" in refused.value.sentence("fr")
    mandates.end(session, adas, held)
    assert pools.create_pool(session, adas, "spare", prefix, handed=32).name == "spare"


def test_the_name_of_a_machine_a_site_or_an_offer_serves_once(session: EssaimSession, act: Act, two: Two) -> None:
    mandates.give(session, by(act, 1), two.ada, Task.DEVICES_WRITE)
    mandates.give(session, by(act, 1), two.ada, Task.LINES_WRITE)
    spare = devices.add_device(session, by(act, 1), "spare", role="vpn", platform="debian", site=two.site)
    retirement.retire(session, by(act, 1), spare)
    offers.retire_offer(session, by(act, 1), two.vpn2)
    with pytest.raises(devices.NameTaken):
        devices.add_device(session, by(act, 1), "spare", role="vpn", platform="debian", site=two.site)
    with pytest.raises(offers.OfferExists):
        offers.add_offer(session, by(act, 1), "vpn2", "VPN 2", "wireguard")
    with pytest.raises(places.PlaceExists):
        places.add_site(session, by(act, 1), "cave")
