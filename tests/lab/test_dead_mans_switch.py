"""A change that the daemon accepts and that hurts: the machine goes back by itself, whoever has died meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import Settings
from lab import Running
from provisioning import commit, probes
from provisioning.artifact import Artifact, Effect, Impact, Target
from provisioning.artifacts.radius import RADIUS
from provisioning.artifacts.router import ROUTER
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.drivers.ansible import AnsibleDriver
from provisioning.drivers.napalm import NapalmDriver
from provisioning.drivers.protocol import ConnectionLost, Driver, Stand, Standing
from provisioning.texts import digest

GOLDEN = Path(__file__).parents[1] / "golden"
NOBODY = Effect(Impact.HITLESS)
SECONDS = 5

# Applies a text read from a file, says so, and lives on without confirming anything.
APPLIES = """
import sys, time
from pathlib import Path
from foundation.reach import Machine
from foundation.settings import Settings
from provisioning.artifact import Target
from provisioning.artifacts.router import ROUTER
from provisioning.drivers.napalm import NapalmDriver
var, key, host, text, expected, seconds = sys.argv[1:]
settings = Settings(var=Path(var), lab=True, ssh_key_file=Path(key), confirm_seconds=int(seconds))
texts = {"frr.conf": Path(text).read_text()}
NapalmDriver(settings).apply(Target(Machine("edge", host), ROUTER), texts, expected)
print("in force", flush=True)
time.sleep(600)
"""


@dataclass(frozen=True)
class Machine:
    """A machine of the lab that holds the golden text of its artifact."""

    lab: Any
    settings: Settings
    driver: Driver
    target: Target
    texts: Mapping[str, str]

    def patient(self) -> Driver:
        """The same driver, for a change that would wait a minute."""
        return type(self.driver)(self.settings.model_copy(update={"confirm_seconds": 60}))

    def held(self) -> str:
        return digest(self.driver.look(self.target, self.texts).texts)

    def stands(self) -> Standing:
        return self.driver.standing(self.target)

    def bgp(self) -> probes.Probe:
        (probe,) = probes.neighbours(self.target, self.texts, NOBODY, SECONDS)
        return probe

    def neighbours(self) -> frozenset[str]:
        return self.bgp().ask(self.settings.means())

    @property
    def disk(self) -> Path:
        """What the switch keeps on the machine, seen from here."""
        home = Path("var/lib/essaim", self.target.artifact.name)
        return Path(self.lab.folder, "machines", self.target.machine.name, home)


def machine(lab: Any, settings: Settings, name: str, artifact: Artifact, driver: type[Driver]) -> Machine:
    folder = GOLDEN / artifact.name / artifact.platform
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    made = Machine(lab, settings, driver(settings), Target(lab.machine(name), artifact), texts)
    seen = made.driver.look(made.target, texts)
    if seen.diff:
        made.patient().apply(made.target, texts, digest(seen.texts))
        made.driver.confirm(made.target, digest(texts))
    return made


@pytest.fixture(scope="module")
def settings(standing_lab: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    standing_lab.keeper.restore()
    var = tmp_path_factory.mktemp("association")
    made = Settings(var=var, lab=True, ssh_key_file=standing_lab.means.key_file, confirm_seconds=SECONDS)
    made.lab_folder.symlink_to(standing_lab.folder)
    (var / "ssh").mkdir()
    shutil.copy(standing_lab.means.known_hosts, made.means().known_hosts)
    yield made
    standing_lab.keeper.restore()


@pytest.fixture(scope="module")
def routing(standing_lab: Any, settings: Settings) -> Machine:
    """The edge, its neighbours up."""
    return machine(standing_lab, settings, "edge", ROUTER, NapalmDriver)


@pytest.fixture
def edge(routing: Machine) -> Machine:
    until(lambda: len(routing.neighbours()) == 2)
    return routing


@pytest.fixture(scope="module")
def vpn(standing_lab: Any, settings: Settings) -> Machine:
    return machine(standing_lab, settings, "vpn", WIREGUARD, AnsibleDriver)


def broken(texts: Mapping[str, str]) -> dict[str, str]:
    """A text that FRR accepts, and that no neighbour agrees with."""
    return {name: text.replace("remote-as 64500", "remote-as 64499") for name, text in texts.items()}


def fewer(texts: Mapping[str, str]) -> dict[str, str]:
    """Without the last tunnel."""
    return {"wg0.conf": texts["wg0.conf"].rpartition("\n[Peer]")[0]}


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_change_that_breaks_bgp_is_undone_while_whoever_applied_it_is_dead(edge: Machine, tmp_path: Path) -> None:
    before, text = edge.held(), tmp_path / "frr.conf"
    text.write_text(broken(edge.texts)["frr.conf"])
    settings, host = edge.settings, edge.target.machine.host
    asked = [str(settings.var), str(settings.ssh_key_file), host, str(text), before, str(SECONDS)]
    with subprocess.Popen([sys.executable, "-c", APPLIES, *asked], stdout=subprocess.PIPE, text=True) as applying:
        assert applying.stdout is not None
        assert applying.stdout.readline() == "in force\n"
        applying.kill()
    until(lambda: edge.neighbours() == frozenset())
    until(lambda: edge.stands().stand is Stand.UNDONE)
    assert edge.held() == before
    until(lambda: len(edge.neighbours()) == 2)


def test_a_probe_that_fails_undoes_the_change_at_once_and_says_what_it_saw(edge: Machine) -> None:
    before, passed = edge.held(), list[commit.Step]()
    driver = edge.patient()
    with pytest.raises(probes.ProbeFailed) as failed:
        commit.commit(edge.settings, driver, edge.target, broken(edge.texts), before, (edge.bgp(),), passed.append)
    for said in (failed.value.sentence("fr"), failed.value.sentence("en")):
        assert "BGP" in said
        assert "192.0.2.128" in said
    assert passed == [commit.Step.LOOKED, commit.Step.IN_FORCE]
    assert edge.stands().stand is Stand.UNDONE
    assert edge.held() == before


def test_a_router_that_stops_before_anyone_confirms_starts_with_what_it_had(edge: Machine) -> None:
    before = edge.held()
    edge.patient().apply(edge.target, broken(edge.texts), before)
    edge.lab.keeper.reboot("edge")
    stands = edge.stands()
    assert (stands.stand, stands.whole) == (Stand.UNDONE, True)
    assert edge.held() == before
    until(lambda: len(edge.neighbours()) == 2)


@pytest.mark.soak
def test_a_vpn_server_that_stops_before_anyone_confirms_starts_with_what_it_had(vpn: Machine) -> None:
    before = vpn.held()
    vpn.patient().apply(vpn.target, fewer(vpn.texts), before)
    assert (vpn.disk / "pending").is_dir()
    vpn.lab.keeper.reboot("vpn")
    assert not (vpn.disk / "pending").exists()
    assert vpn.stands().stand is Stand.UNDONE
    running: Running = vpn.lab.keeper.state()["vpn"]
    assert "wg-quick@wg0" in running.units
    assert vpn.held() == before


def test_a_radius_server_is_asked_whether_it_serves(standing_lab: Any, settings: Settings) -> None:
    radius = machine(standing_lab, settings, "radius", RADIUS, AnsibleDriver)
    (probe,) = probes.logins(radius.target, radius.texts, NOBODY, SECONDS)
    assert probe.ask(settings.means()) == probe.always
    standing_lab.shell("radius", "systemctl stop freeradius")
    assert probe.ask(settings.means()) == frozenset()


@pytest.mark.soak
@pytest.mark.parametrize("name", ["edge", "vpn"])
def test_a_connection_that_breaks_in_the_middle_ends_with_the_machine_as_it_was(
    name: str, edge: Machine, vpn: Machine
) -> None:
    one, other = (edge, broken(edge.texts)) if name == "edge" else (vpn, fewer(vpn.texts))
    before = one.held()
    with ThreadPoolExecutor() as aside:
        applied = aside.submit(one.driver.apply, one.target, other, before)
        until(lambda: (one.disk / "pending").exists())
        one.lab.keeper.link(name, "mgmt0", up=False)
        try:
            with pytest.raises(ConnectionLost):
                applied.result()
            until(lambda: not (one.disk / "pending").exists())
        finally:
            one.lab.keeper.link(name, "mgmt0", up=True)
    until(lambda: one.stands().stand is Stand.UNDONE)
    assert one.held() == before
