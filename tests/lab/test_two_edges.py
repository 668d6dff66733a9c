"""Two edges with a transit each, and a router of the core: whatever falls, members get through by what stands."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk import sample, sample_whole
from desk.laboratory import INTERNET
from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession, Store, transaction
from foundation.reach import Machine
from inventory import devices
from lab import Lab, attach, down, traffic, up, whole_isp, why_not
from provisioning import probes
from provisioning.artifact import Effect, Impact, Target
from provisioning.artifacts.bird import BIRD
from provisioning.artifacts.bird import FILE as BIRD_FILE
from provisioning.artifacts.router import FILE, ROUTER

pytestmark = pytest.mark.timeout(120)

ROUTERS = ("core", "edge", "edge2")
DEBIANS = """\
protocol device { }
protocol kernel { ipv4 { export all; }; merge paths on; }
protocol kernel { ipv6 { export all; }; merge paths on; }
"""
SECONDS = 45.0
"""BGP holds a silent neighbour for three seconds, OSPF for four; then they tell each other."""


@dataclass(frozen=True)
class Network:
    """A whole lab whose routers hold what the demonstration's inventory wants of them, and nothing else does."""

    lab: Lab
    bird: str

    def ways_out(self, router: str = "core") -> int:
        """By how many neighbours a router reaches the Internet, the fewer of both families."""
        count = []
        for family in ("-4", "-6"):
            found = json.loads(self.lab.run(router, ["ip", "-json", family, "route", "show", "default"]).stdout)
            count.append(sum(len(one.get("nexthops", [one])) for one in found))
        return min(count)

    def passes(self) -> bool:
        """Whether a machine of the core gets through to the Internet's host and back, in both families."""
        there = self.lab.namespace("vpn")
        try:
            return all(traffic.exchange(there, host, 10_000, seconds=1).seen_address for host in INTERNET)
        except traffic.NoTraffic:
            return False
        finally:
            os.close(there)

    def entrance(self) -> str:
        """The transit by which the Internet's host reaches the association."""
        said = self.lab.run("transit", ["ip", "-json", "route", "get", "192.0.2.4"]).stdout
        return {"edge0": "transit", "internet0": "transit2"}[json.loads(said)[0]["dev"]]


def soon(wanted: Callable[[], bool], seconds: float = SECONDS) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def running(
    ssh_key: Path, tmp_path_factory: pytest.TempPathFactory, new_store: Callable[[Path], AbstractContextManager[Store]]
) -> Iterator[Network]:
    topology = whole_isp(ssh_key.with_suffix(".pub").read_text())
    impossible = why_not(topology)
    if impossible is not None:
        pytest.skip(f"no whole lab here: {impossible.say('en')}")
    folder = tmp_path_factory.mktemp("whole")
    with new_store(folder) as store, transaction(store) as session:
        texts = wanted(session)
    up(topology, folder / "lab", lambda _: None)
    found = attach(folder / "lab")
    with found.held():
        for name in ROUTERS:
            text = texts[name]
            put = found.run(name, ["sh", "-c", "cat >/etc/frr/frr.conf && vtysh -b"], stdin=text)
            assert put.status == 0, put.stdout + put.stderr
        yield Network(found, texts["bird"])
        down(folder / "lab")


def wanted(session: EssaimSession) -> dict[str, str]:
    """The routers' texts by the demonstration's inventory, and `bird`: what the other edge says as one."""
    days = [Act("machine:test", clock.now(), "test")]
    sample.network(session, iter(days), cored=True)
    sample_whole.roads(session, *days)
    found = {name: devices.find_device(session, name) for name in ROUTERS}
    texts = {name: ROUTER.desired(session, device, clock.now())[FILE] for name, device in found.items()}
    return {**texts, "bird": BIRD.desired(session, found["edge2"], clock.now())[BIRD_FILE]}


@pytest.fixture
def network(running: Network) -> Iterator[Network]:
    assert soon(lambda: running.ways_out() == 2 and running.passes())
    yield running
    running.lab.mend()


def test_a_transit_falls_and_comes_back(network: Network) -> None:
    assert network.entrance() == "transit"
    network.lab.pull("edge", "transit0")
    assert soon(network.passes)
    assert network.entrance() == "transit2"
    assert soon(lambda: network.ways_out("edge") == 1)  # it may learn of it after members do
    assert network.lab.mend() == ["edge transit0"]
    assert soon(lambda: network.entrance() == "transit" and network.ways_out() == 2)
    assert network.passes()


@pytest.mark.soak
@pytest.mark.parametrize("fallen", ["edge", "edge2"])
def test_either_edge_dies_and_members_get_through_by_the_other(network: Network, fallen: str) -> None:
    for port in network_ports(fallen):
        network.lab.pull(fallen, port)
    assert soon(lambda: network.passes() and network.ways_out() == 1)
    assert network.entrance() == {"edge": "transit2", "edge2": "transit"}[fallen]
    network.lab.mend()
    assert soon(lambda: network.ways_out() == 2 and network.passes())


def network_ports(router: str) -> list[str]:
    machine = whole_isp("").machine(router)
    return [port.name for port in machine.ports if port.lan != "management"]


@pytest.mark.soak
def test_the_link_between_the_core_and_an_edge_falls_and_its_transit_still_serves(network: Network) -> None:
    network.lab.pull("edge2", "transit0")
    network.lab.pull("core", "edge0")
    assert soon(lambda: network.passes() and network.ways_out() == 1)
    assert network.entrance() == "transit"
    said = network.lab.run("edge", ["ip", "-json", "route", "get", "192.0.2.4"]).stdout
    assert json.loads(said)[0]["dev"] == "edge0"  # by the other edge
    network.lab.mend()
    assert soon(lambda: network.ways_out() == 2)


@pytest.mark.soak
def test_a_change_is_told_whether_routers_are_heard(network: Network) -> None:
    text = {FILE: network.lab.run("core", ["cat", "/etc/frr/frr.conf"]).stdout}
    _, heard = probes.neighbours(Target(Machine("core", "100.64.0.10"), ROUTER), text, Effect(Impact.NONE), 60)
    said = heard.read(network.lab.run("core", ["sh", "-c", heard.script]).stdout)
    assert {one.rpartition(" ")[0] for one in said} == {
        "ip ospf edge0", "ip ospf edge1", "ipv6 ospf6 edge0", "ipv6 ospf6 edge1",
    }  # fmt: skip
    network.lab.pull("core", "edge0")
    assert soon(lambda: len(heard.read(network.lab.run("core", ["sh", "-c", heard.script]).stdout)) == 2)


@pytest.mark.soak
def test_edges_tell_each_other_what_they_heard_and_the_internet_our_aggregates_alone(network: Network) -> None:
    def table(router: str) -> dict[str, list[dict[str, Any]]]:
        said = network.lab.run(router, ["vtysh", "-c", "show bgp ipv4 unicast json"]).stdout
        routes: dict[str, list[dict[str, Any]]] = json.loads(said)["routes"]
        return routes

    def told() -> set[str]:
        return {one["nexthops"][0]["ip"] for one in table("edge")["0.0.0.0/0"]}

    assert soon(lambda: told() == {"192.0.2.128", "192.0.2.26"})
    heard = table("transit")
    ours = {prefix for prefix, held in heard.items() if any(one.get("path", "").endswith("64496") for one in held)}
    assert ours == {"192.0.2.0/25", "198.51.100.0/24", "203.0.113.0/24"}


@pytest.mark.soak
def test_an_edge_that_runs_bird_is_one_among_those_that_run_frr(network: Network) -> None:
    if shutil.which("bird") is None:
        pytest.skip("needs bird (bird2)")
    lab, own = network.lab, whole_isp("").machine("edge2")
    lab.run("edge2", ["systemctl", "stop", "frr"])
    assert soon(lambda: network.ways_out() == 1)
    lab.run("edge2", ["sh", "-c", "ip route flush proto bgp; ip route flush proto ospf; ip route flush proto static"])
    lab.run("edge2", ["sh", "-c", "cat >/run/bird.conf"], stdin=DEBIANS + network.bird)
    assert {port.name for port in own.ports} > {"core0", "edge0", "transit0"}
    lab.start("edge2", "bird", ["/usr/sbin/bird", "-f", "-c", "/run/bird.conf", "-s", "/run/bird.ctl"])
    try:
        assert soon(lambda: network.ways_out() == 2, 30)
        for port in ("core0", "edge0", "transit0"):
            lab.pull("edge", port)
        assert soon(lambda: network.ways_out() == 1 and network.passes())
        assert network.entrance() == "transit2"
        lab.mend()
        assert soon(lambda: network.ways_out() == 2)
        lab.pull("edge2", "transit0")
        assert soon(lambda: network.ways_out() == 1 and network.passes())
        lab.mend()
        assert soon(lambda: network.ways_out() == 2)
    finally:
        lab.stop("edge2", "bird")
        lab.run("edge2", ["systemctl", "start", "frr"])
        lab.run("edge2", ["vtysh", "-b"])
