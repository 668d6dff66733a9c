"""Agents that replay recordings on machines of the lab: half of them fall silent at once, a feed is overloaded."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk import alerting, polling
from desk.alerting import Watched
from foundation import clock, reach
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.settings import Settings, read_settings
from inventory import cabling, devices, places, power
from monitoring.snmp.engine import Poller

pytestmark = pytest.mark.timeout(90)

COMMUNITY = "lecture-des-essais"
HOST = "radius"
"""The machine that lends the agents its management port, beside its own address."""
PROGRAM = (
    Path(__file__).with_name("replaying.py"),
    Path(__file__).parents[1] / "integration" / "snmp_agent.py",
)
RECORDINGS = Path(__file__).parents[1] / "recordings"
PDU, POWER = "pdu-apc-recent.snmprec", "1.3.6.1.4.1.318.1.1.26.4.3.1.5.1"
"""What the PDU's inlet draws, in hundredths of a kilowatt (PowerNet-MIB, rPDU2DeviceStatusPower)."""
SWITCHES, BEHIND = ("core", "east", "west"), 20
ROUND = timedelta(minutes=5)


@dataclass
class Agents:
    """An association of agents, by their addresses, and rounds that are five minutes apart by its clock."""

    lab: Any
    store: Store
    settings: Settings
    addresses: Mapping[str, str]
    at: datetime
    poller: Poller = field(default_factory=Poller)

    def round(self) -> Watched:
        self.at += ROUND
        report = polling.poll(self.store, self.settings, self.at, poller=self.poller)
        return alerting.watch(self.store, self.settings, self.at, report, ended=self.at + timedelta(seconds=3))

    def rounds(self, count: int) -> list[str]:
        """What is wrong and explained by nothing else, after so many rounds."""
        found = [self.round() for _ in range(count)][-1]
        return sorted(f"{one.rule} {one.subject}" for one in found.open if not one.behind)

    def ever_told(self) -> list[str]:
        every = alerting.listed(self.settings, ended=True)
        return sorted(f"{one.rule} {one.subject}" for one in every if one.told_at is not None)

    @contextmanager
    def answering(self, names: list[str], recording: str, **otherwise: int) -> Iterator[None]:
        """While inside, those agents answer; then nobody is at their port."""
        for path in (*PROGRAM, RECORDINGS / recording):  # the machine has a /tmp of its own: ours may be below another
            shutil.copy(path, self.lab.folder / "machines" / HOST / "tmp")
        agents = [
            {"address": self.addresses[name], "recording": f"/tmp/{recording}", "otherwise": otherwise}
            for name in names
        ]
        said = json.dumps({"community": COMMUNITY, "agents": agents})
        log = self.lab.keeper.start(HOST, names[0], ["/usr/bin/python3", f"/tmp/{PROGRAM[0].name}"], stdin=said)
        until = time.monotonic() + 10
        while "ready" not in log.read_text():
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.02)
        try:
            yield
        finally:
            self.lab.keeper.stop(HOST, names[0])


def behind(switch: str) -> list[str]:
    return [switch, *(f"{switch}-{rank}" for rank in range(BEHIND))]


@pytest.fixture
def agents(lab: Any, store: Store, tmp_path: Path) -> Agents:
    (tmp_path / "lab").symlink_to(lab.folder)
    (tmp_path / "ssh").mkdir()
    settings = read_settings(var=tmp_path, lab=True, ssh_key_file=lab.means.key_file, poll_seconds=300)
    reach.trust(settings.means(), lab.keeper.endpoints().host_keys())
    names = ["core", *behind("east"), *behind("west"), "pdu"]
    addresses = {name: f"100.64.0.{101 + rank}" for rank, name in enumerate(names)}
    rows = "\n".join(f"addr add {one}/24 dev mgmt0" for one in addresses.values())
    assert lab.keeper.run(HOST, ["/sbin/ip", "-batch", "-"], stdin=rows).status == 0
    act = Act("machine:test", clock.now() - timedelta(days=3), "test")
    with transaction(store) as session:
        site = places.add_site(session, act, "colo")
        made = {}
        for name, address in addresses.items():
            role = "switch" if name in SWITCHES else "pdu" if name == "pdu" else "server"
            made[name] = devices.add_device(
                session, act, name, role=role, platform="debian", site=site, management=address
            )
            devices.set_secret(session, act, made[name], "snmp", COMMUNITY)
        for switch in ("east", "west"):
            ends = [("core", switch), *((switch, name) for name in behind(switch)[1:])]
            for near, far in ends:
                ports = [devices.add_interface(session, act, made[one], f"to-{other}")
                         for one, other in ((near, far), (far, near))]  # fmt: skip
                cabling.connect(session, act, *ports)
        feed = power.add_feed(session, act, site, "A", volts=230, amps=2)
        power.plug_in(session, act, made["pdu"], feed)
    return Agents(lab, store, settings, addresses, clock.now() - timedelta(days=1))


def test_twenty_agents_behind_a_switch_that_falls_silent_are_one_alert_and_it_is_over_when_they_are_back(
    agents: Agents,
) -> None:
    with agents.answering(["core", *behind("east"), "pdu"], PDU):
        with agents.answering(behind("west"), PDU):
            assert agents.round().open == ()
        every = [agents.round() for _ in range(2)][-1].open
        (root,) = [one for one in every if not one.behind]
        assert (root.rule, root.subject) == ("machine-silent", "west")
        assert sorted(one.subject for one in every if one.behind == root.number) == sorted(behind("west")[1:])
        with agents.answering(behind("west"), PDU):
            assert [agents.round() for _ in range(2)][-1].open == ()
    assert agents.ever_told() == ["machine-silent west"]


def test_a_feed_that_is_overloaded_is_one_alert_and_it_is_over_when_it_is_not(agents: Agents) -> None:
    told = ["feed-overloaded colo/A"]
    with agents.answering([name for name in agents.addresses if name != "pdu"], PDU):
        with agents.answering(["pdu"], PDU, **{POWER: 34}):
            assert agents.rounds(1) == []
        with agents.answering(["pdu"], PDU, **{POWER: 40}):
            assert [agents.rounds(1) for _ in range(4)] == [[], [], told, told]
            (one,) = agents.round().open
            assert one.words.say("fr") == "colo/A donne 400 W, soit 87 % de ce qu'elle peut"
        with agents.answering(["pdu"], PDU, **{POWER: 34}):
            assert agents.rounds(3) == []
    assert agents.ever_told() == told
