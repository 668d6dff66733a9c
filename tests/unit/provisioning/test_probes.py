"""Probes: what must be well after a change, given what was well before it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation.reach import Machine
from foundation.speech import Phrase
from provisioning import probes
from provisioning.artifact import Effect, Impact, Target
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.probes import Probe

EDGE = Machine("edge", "100.64.0.1")
HITLESS = Effect(Impact.HITLESS)
TEXT = {"frr.conf": "router bgp 64496\n neighbor 192.0.2.128 remote-as 64500\n ip address 192.0.2.1/28\n"}


def a_probe(**more: object) -> Probe:
    return Probe(Phrase("x", "x"), EDGE, "true", lambda said: frozenset(said.split()), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("probe", "before", "now", "missing"),
    [
        (a_probe(), "a b", "a b c", ""),
        (a_probe(), "a b", "a", "b"),
        (a_probe(may_go=frozenset("b")), "a b", "a", ""),
        (a_probe(may_fall=1), "a b", "a", ""),
        (a_probe(may_fall=1), "a b c", "a", "b c"),
        (a_probe(may_fall=None), "a b c", "", ""),
        (a_probe(always=frozenset("s")), "", "", "s"),
        (a_probe(always=frozenset("s"), may_fall=None), "a s", "s", ""),
    ],
)
def test_a_probe_misses_what_fell_beyond_what_was_announced(probe: Probe, before: str, now: str, missing: str) -> None:
    assert probe.missing(frozenset(before.split()), frozenset(now.split())) == frozenset(missing.split())


def test_a_neighbour_that_the_text_takes_away_is_not_missed() -> None:
    (probe,) = probes.neighbours(Target(EDGE, ROUTER), TEXT, HITLESS, 120)
    peers = {"192.0.2.128": {"state": "Established"}, "192.0.2.9": {"state": "Established"}}
    said = json.dumps({"ipv4Unicast": {"peers": peers}, "ipv6Unicast": {}})
    assert probe.read(said) == {"192.0.2.128"}
    assert probe.read(said.replace("Established", "Active", 1)) == frozenset()
    assert probe.read("{}") == frozenset()


INSIDE = (Path(__file__).parents[2] / "golden" / "router" / "inside" / "frr.conf").read_text()
HEARD = """\
Neighbor ID     Pri State           Up Time         Dead Time Address         Interface                RXmtL RqstL DBsmL
192.0.2.26        1 Full/-          41.433s            3.595s 192.0.2.21      pair0:192.0.2.20             0     0     0
192.0.2.26        1 Full/DR         41.433s            3.595s 192.0.2.5       core0:192.0.2.1              0     0     0
192.0.2.23        1 Init/-          41.744s            3.967s 192.0.2.23      wlan0:192.0.2.22             0     0     0
192.0.2.99        1 Full/-          41.744s            3.967s 192.0.2.99      theirs0:192.0.2.98           0     0     0

Neighbor ID     Pri    DeadTime    State/IfState         Duration I/F[State]
192.0.2.26        1    00:00:03     Full/PointToPoint    00:00:35 pair0[PointToPoint]
"""


def test_a_router_of_ours_that_is_heard_is_heard_afterwards() -> None:
    texts = {"frr.conf": INSIDE}
    both = {f"{how} {port}" for how in ("ip ospf", "ipv6 ospf6") for port in ("core0", "pair0")}
    assert probes.spoken(texts) == {*both, "ip ospf wlan0"}
    _, heard = probes.neighbours(Target(EDGE, ROUTER), texts, HITLESS, 120)
    assert heard.read(HEARD) == {
        "ip ospf pair0 192.0.2.26", "ip ospf core0 192.0.2.26", "ipv6 ospf6 pair0 192.0.2.26",
    }  # fmt: skip
    assert heard.missing(heard.read(HEARD), heard.read("")) == heard.read(HEARD)
    without = {"frr.conf": INSIDE.replace(" ip ospf area 0\n", "")}
    _, fewer = probes.neighbours(Target(EDGE, ROUTER), without, HITLESS, 120)
    assert fewer.read(HEARD) == {"ipv6 ospf6 pair0 192.0.2.26"}


@pytest.mark.parametrize(
    ("effect", "may_fall"),
    [(HITLESS, 0), (Effect(Impact.NONE), 0), (Effect(Impact.CUTS, 2), 2), (Effect(Impact.CUTS, 0), None)],
)
def test_as_many_tunnels_may_fall_as_was_announced(effect: Effect, may_fall: int | None) -> None:
    _, tunnels = probes.tunnels(Target(EDGE, WIREGUARD), {}, effect, 120)
    assert tunnels.may_fall == may_fall


def test_an_address_that_leaves_the_router_need_not_answer() -> None:
    probe = probes.answering(EDGE, frozenset({"192.0.2.1", "192.0.2.7"}), TEXT)
    assert probe.may_go == {"192.0.2.7"}
    assert "192.0.2.1" in probe.script


@pytest.mark.parametrize(
    ("read", "said", "names"),
    [
        (probes.handshaken, "AAA=\t1790000000\nBBB=\t0\n", {"AAA="}),
        (probes.handshaken, "", set()),
        (probes.sessions, "l2tpns> show session\nNo sessions\n", set()),
        (
            probes.sessions,
            "  SID  TID Username      IP           I T G 6 opened downloaded uploaded idle LAC CLI\n"
            "    1    3 l0004@adsl    203.0.113.2  N N N Y   1203        104      104    3 100.64.2.2 0556\n"
            "    2    3 *             0.0.0.0      N N N N      1          0        0    0 100.64.2.2 0556\n",
            {"l0004@adsl"},
        ),
    ],
)
def test_what_daemons_say_is_read(read: Callable[[str], frozenset[str]], said: str, names: set[str]) -> None:
    assert read(said) == names
