"""The demonstration's association once it has grown, on real daemons: every kind of line gets through, whatever falls.

Short tests of the same things: test_two_edges.py, test_openvpn.py, test_ipoe.py, test_name_servers.py.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from desk import association, checks, diagnosis, faults, homes, laboratory, rehearsal
from desk.laboratory import HomeNotConnected
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, reading, transaction
from foundation.settings import Settings, read_settings
from inventory import certificates, lines
from inventory.models.lines import Technology
from lab import down, topology, traffic, why_not
from monitoring.diagnosis.finding import Situation
from monitoring.models import open_samples
from provisioning import apply as applying
from provisioning import changes, handouts, plan
from provisioning.plan import Planned

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]

TARGETS = {
    "core/router", "edge/router", "edge2/router", "radius/radius", "lns/antispoofing", "lns/l2tp", "bng/ipoe",
    "openvpn/antispoofing", "vpn/antispoofing", "vpn/wireguard", "openvpn/openvpn", "dns/knot",
}  # fmt: skip


@dataclass(frozen=True)
class Association:
    """Its settings and its store; its lab is up and holds what its inventory wants."""

    settings: Settings
    store: Store

    def act(self) -> Act:
        return Act("M0001", clock.now(), "test")

    def plan(self) -> dict[str, Planned]:
        return {one.target: one for one in plan.plan(self.store, self.settings, self.act(), lambda _: None)}

    def bring(self, found: dict[str, Planned]) -> None:
        numbers = [one.change for one in found.values() if one.change]
        with transaction(self.store) as session:
            for number in numbers:
                changes.approve(session, self.act(), changes.find_change(session, number))
        done = applying.apply(self.store, self.settings, self.act(), numbers, lambda _: None)
        assert [one.problem for one in done if one.problem] == []

    def line_of(self, technology: Technology) -> str:
        with reading(self.store) as session:
            return next(str(one) for one in lines.list_lines(session, limit=1000) if one.offer.technology == technology)


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Association]:
    impossible = why_not(topology.whole_isp(""))
    if impossible is not None:
        pytest.skip(f"no whole lab here: {impossible.say('en')}")
    var = tmp_path_factory.mktemp("whole") / "var"
    association.create_demo(read_settings(var=var), whole=True)
    settings = read_settings(var=var)
    here = Association(settings, open_store(settings))
    laboratory.up(here.store, settings, here.act(), lambda _: None)
    try:
        with laboratory.held(settings):
            first = here.plan()
            assert {target: one.problem for target, one in first.items()} == dict.fromkeys(first)
            assert set(first) >= TARGETS
            here.bring(first)
            yield here
    finally:
        down(settings.lab_folder)


def test_every_kind_of_line_gets_through_and_a_second_plan_finds_nothing(living: Association) -> None:
    tried = [
        one
        for line in homes.of_lab(living.store, living.settings)
        for one in checks.line_works(living.store, living.settings, line, lambda _: None)
    ]
    assert [(one.what.en, one.seen) for one in tried if not one.good] == []
    assert {one.what.en.rpartition(", ")[2] for one in tried} >= {"IPv4", "IPv6", "for dns.reseau.abeilles.example"}
    with reading(living.store) as session:
        found = [lines.find_line(session, one) for one in homes.of_lab(living.store, living.settings)]
        assert {one.offer.technology for one in found} == {
            Technology.WIREGUARD, Technology.OPENVPN, Technology.ADSL, Technology.RADIO,
        }  # fmt: skip
    assert {target for target, one in living.plan().items() if one.change} == set()


@pytest.mark.parametrize("technology", [Technology.OPENVPN, Technology.RADIO])
def test_a_transit_that_falls_is_gone_round_while_a_member_is_connected(
    living: Association, technology: Technology
) -> None:
    at_home = homes.access(living.store, living.settings, living.line_of(technology))
    with laboratory.connected(living.settings, at_home) as running:
        there = running.namespace(at_home.home)
        try:
            assert passes(there, at_home)
            faults.pull(living.store, living.settings, "edge", "transit")
            since = time.monotonic()
            assert soon(lambda: passes(there, at_home))
            assert time.monotonic() - since < 15
            if technology is Technology.OPENVPN:
                assert soon(lambda: told(living, at_home.line) == GONE_ROUND), told(living, at_home.line)
            assert faults.mend(living.settings) == ["edge transit0"]
            assert soon(lambda: passes(there, at_home))
        finally:
            os.close(there)


GONE_ROUND = (
    Situation.TRANSIT_DOWN,
    "Un de nos transits, transit, est coupé : tout passe par un autre chemin, peut-être plus lentement.",
    "One of our transits, transit, is down: all goes by another road, perhaps more slowly.",
)


def told(living: Association, line: str) -> tuple[Situation, str, str]:
    """What `essaim line diagnose` answers first, in both languages."""
    samples = open_samples(living.settings)
    first = diagnosis.diagnose(living.store, samples, living.settings, living.act(), line).findings[0]
    samples.engine.dispose()
    return first.situation, first.said.say("fr").replace("\N{NO-BREAK SPACE}", " "), first.said.say("en")


def passes(there: int, at_home: homes.Access) -> bool:
    try:
        seen = [traffic.exchange(there, host, 10_000, seconds=1).seen_address for host in laboratory.INTERNET]
    except traffic.NoTraffic:
        return False
    return seen[0] in at_home.wan and seen[1] in at_home.delegated


def soon(wanted: Callable[[], bool], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted():
            return True
        time.sleep(0.1)
    return False


def test_a_change_of_one_edge_is_rehearsed_on_that_edge(living: Association) -> None:
    with transaction(living.store) as session:
        from inventory import devices

        port = devices.find_interface(session, "edge2/transit0")
        devices.change_interface(session, living.act(), port, description="transit AS64501, 10 Gb/s")
    found = living.plan()
    assert {target for target, one in found.items() if one.change} == {"edge2/router"}
    number = str(found["edge2/router"].change)
    played = rehearsal.rehearse(living.store, living.settings, living.act(), number, lambda _: None)
    assert (played.problem, played.cut, played.played_by) == (None, (), "edge2")
    living.bring(found)


def test_an_openvpn_member_whose_certificate_is_taken_back_stays_out_until_another_is_handed_out(
    living: Association,
) -> None:
    number = living.line_of(Technology.OPENVPN)
    at_home = homes.access(living.store, living.settings, number)
    with transaction(living.store) as session:
        for one in certificates.in_force(session, clock.now(), number.lower()):
            certificates.revoke(session, living.act(), one)
    living.bring(living.plan())
    with (
        pytest.raises(HomeNotConnected),
        laboratory.connected(living.settings, at_home, checks.DEAD_SECONDS),
    ):
        pass
    with transaction(living.store) as session:
        line = lines.find_line(session, number)
        given, form = handouts.hand_out(session, living.act(), line, line.shares[0], "ovpn")
        homes.keep_file(living.settings, number, handouts.written(given, form, "fr"))
    with laboratory.connected(living.settings, homes.access(living.store, living.settings, number)):
        pass
