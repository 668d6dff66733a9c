"""A cable is pulled, a daemon is killed, an agent is silenced: the right alert, once, and its end when it is mended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk import alerting, polling, sample
from desk.alerting import Watched
from foundation import clock, reach
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.settings import Settings, read_settings
from inventory import addresses, devices, places, pools
from inventory.models.addresses import Role
from monitoring.bgp import read_sessions
from provisioning.artifacts.router import FILE, ROUTER

pytestmark = pytest.mark.timeout(90)

COMMUNITY = "lecture-des-essais"
ROUND = timedelta(minutes=5)
SECONDS = 20.0
"""BGP holds a silent neighbour for three seconds, and begins anew within a few."""


@dataclass
class Watch:
    """An association whose machines are the lab's, and rounds that are five minutes apart by its clock."""

    lab: Any
    store: Store
    settings: Settings
    at: datetime

    def round(self) -> Watched:
        self.at += ROUND
        report = polling.poll(self.store, self.settings, self.at)
        return alerting.watch(self.store, self.settings, self.at, report, ended=self.at + timedelta(seconds=3))

    def told(self) -> set[str]:
        """What is wrong now and explained by nothing else."""
        return {f"{one.rule} {one.subject}" for one in self.round().open if not one.behind}

    def ever_told(self) -> list[str]:
        """All that people were told."""
        every = alerting.listed(self.settings, ended=True)
        return sorted(f"{one.rule} {one.subject}" for one in every if one.told_at is not None)

    def settle(self) -> None:
        """Wait for BGP: rounds are much nearer to each other here than five minutes."""
        edge = self.lab.machine("edge")
        end = time.monotonic() + SECONDS
        while len(up := read_sessions(self.lab.means, edge, "frr")) < 2 or not all(up.values()):
            assert time.monotonic() < end, up
            time.sleep(0.2)

    def mend(self) -> None:
        """Mend all, and see that everything is over."""
        self.lab.keeper.mend()
        self.settle()
        self.until(set())

    def until(self, wanted: set[str]) -> None:
        """Rounds until exactly this is told, each alert of it once."""
        end = time.monotonic() + SECONDS
        while (found := self.told()) != wanted:
            assert time.monotonic() < end, found
            time.sleep(0.2)


@pytest.fixture
def watch(lab: Any, store: Store, tmp_path: Path) -> Watch:
    (tmp_path / "lab").symlink_to(lab.folder)
    (tmp_path / "ssh").mkdir()
    (tmp_path / "alerts.toml").write_text('[daemon-silent]\ndevices = "edge"\n')
    settings = read_settings(var=tmp_path, lab=True, ssh_key_file=lab.means.key_file, poll_seconds=300)
    reach.trust(settings.means(), lab.keeper.endpoints().host_keys())
    text = network(store)
    put = lab.keeper.run("edge", ["sh", "-c", "cat >/etc/frr/frr.conf && vtysh -b"], stdin=text)
    assert put.status == 0, put.stdout + put.stderr
    watching = Watch(lab, store, settings, clock.now() - timedelta(days=1))
    watching.settle()
    return watching


def network(store: Store) -> str:
    """The demonstration's machines, a hosted one that is polled, and what its edge says."""
    act = Act("machine:test", clock.now() - timedelta(days=3), "test")
    with transaction(store) as session:
        sample.network(session, iter([act]), cored=False)
        hosted = devices.add_device(
            session, act, "hosted1", role="server", platform="debian", site=places.find_site(session, "mezzanine"),
            management="100.64.0.20",
        )  # fmt: skip
        devices.set_secret(session, act, hosted, "snmp", COMMUNITY)
        port = devices.add_interface(session, act, hosted, "core0")
        addresses.allocate(session, act, pools.find_pool(session, "coeur-v4"), port, Role.LINK)
        return ROUTER.desired(session, devices.find_device(session, "edge"), clock.now())[FILE]


def test_a_pulled_cable_and_a_killed_daemon_are_told_once_and_over_when_mended(watch: Watch) -> None:
    watch.lab.keeper.pull("hosted1", "core0")
    watch.until({"link-down hosted1/core0"})
    watch.mend()
    assert watch.lab.keeper.kill("bgpd") == ["edge"]
    watch.until({"daemon-silent edge"})
    assert watch.ever_told() == ["daemon-silent edge", "link-down hosted1/core0"]


@pytest.mark.soak
def test_a_transit_that_is_gone_and_an_agent_that_is_silent_are_told_once_each(watch: Watch) -> None:
    watch.lab.keeper.pull("edge", "transit0")
    watch.until({"bgp-down edge/192.0.2.128", "bgp-down edge/3fff:0:0:ffff::"})
    watch.mend()
    assert watch.lab.keeper.kill("snmpd") == ["hosted1"]
    watch.until({"machine-silent hosted1"})
    watch.mend()
    assert watch.lab.keeper.kill("bgpd") == ["edge"]
    watch.until({"daemon-silent edge"})
    watch.mend()
    assert watch.ever_told() == [
        "bgp-down edge/192.0.2.128",
        "bgp-down edge/3fff:0:0:ffff::",
        "daemon-silent edge",
        "machine-silent hosted1",
    ]
