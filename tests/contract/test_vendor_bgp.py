"""A change of a Cisco or a MikroTik that ends a BGP session is undone before it is kept, against the stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundation.reach import Machine
from foundation.settings import Settings
from foundation.vault import Vault
from provisioning import commit, ios, probes
from provisioning.artifact import Effect, Impact, Target
from provisioning.artifacts.cisco import IOS_EDGE
from provisioning.artifacts.mikrotik import ROUTEROS_EDGE
from provisioning.drivers.cisco import IosDriver
from provisioning.drivers.mikrotik import KNOWN, RouterOsDriver
from provisioning.drivers.protocol import Stand
from provisioning.probes import ProbeFailed
from provisioning.texts import digest

GOLDEN = Path(__file__).parents[1] / "golden" / "edge"
PEERS = {"192.0.2.128": 64500, "3fff:0:0:ffff::": 64500}
CUTS = Effect(Impact.CUTS)


class Edge:
    """A router that runs the golden text, its driver, and whoever speaks with it."""

    def __init__(self, driver: Any, router: Any, target: Target, name: str, settings: Settings) -> None:
        self.driver, self.router, self.target, self.name, self.settings = driver, router, target, name, settings
        self.text = (GOLDEN / target.artifact.platform / name).read_text()
        router.speakers = dict(PEERS)

    def bring(self, text: str) -> None:
        """Put a text in force as an apply does: looked at, probed, kept."""
        wanted = {self.name: text}
        held = digest(self.driver.look(self.target, wanted).texts)
        asked = list(probes.sessions_of(self.target, wanted, CUTS, 1.4))
        commit.commit(self.settings, self.driver, self.target, wanted, held, asked, lambda _: None)


@pytest.fixture(params=["ios", "routeros"])
def edge(
    request: pytest.FixtureRequest, tmp_path: Path, ios_router: Callable[[], Any], routeros_router: Callable[[], Any]
) -> Iterator[Edge]:
    settings = Settings(var=tmp_path)
    Vault.create(settings.vault_key)
    (tmp_path / "ssh").mkdir(mode=0o700)
    with (ios_router if request.param == "ios" else routeros_router)() as served:
        machine = Machine("edge", "127.0.0.1", "essaim", served.port, served.router.password)
        if request.param == "ios":
            settings.means().known_hosts.write_text(served.host_key())
            yield Edge(IosDriver(settings), served.router, Target(machine, IOS_EDGE), "ios.cfg", settings)
        else:
            settings.means().known_hosts.with_name(KNOWN).write_text(f"127.0.0.1 sha256:{served.fingerprint}\n")
            target = Target(machine, ROUTEROS_EDGE)
            yield Edge(RouterOsDriver(settings), served.router, target, "routeros.rsc", settings)


def test_a_session_that_falls_undoes_the_change_and_says_whose_it_was(edge: Edge) -> None:
    edge.bring(edge.text)
    assert edge.driver.neighbours(edge.target) == set(PEERS)
    broken = edge.text.replace("3fff:0:0:ffff:: remote-as 64500", "3fff:0:0:ffff:: remote-as 64501")
    broken = broken.replace("3fff:0:0:ffff::/128 remote.as=64500", "3fff:0:0:ffff::/128 remote.as=64501")
    assert broken != edge.text
    with pytest.raises(ProbeFailed) as failed:
        edge.bring(broken)
    said = failed.value.sentence("en")
    assert "Expected: 192.0.2.128, 3fff:0:0:ffff::." in said
    assert "missing: 3fff:0:0:ffff::" in said
    assert edge.driver.standing(edge.target).stand is Stand.UNDONE
    assert edge.driver.neighbours(edge.target) == set(PEERS)
    assert edge.driver.look(edge.target, {edge.name: edge.text}).diff == ""


def test_a_neighbour_that_is_to_go_is_not_missed_and_one_who_was_down_neither(edge: Edge) -> None:
    edge.bring(edge.text)
    without = "".join(row for row in edge.text.splitlines(keepends=True) if " 192.0.2.128 " not in row)
    without = "".join(row for row in without.splitlines(keepends=True) if "remote.address=192.0.2.128/" not in row)
    edge.bring(without)
    assert edge.driver.neighbours(edge.target) == {"3fff:0:0:ffff::"}
    edge.router.speakers = {}
    edge.bring(edge.text)
    assert edge.driver.neighbours(edge.target) == frozenset()


def test_what_ios_says_of_its_neighbours_is_read_where_a_long_address_breaks_the_row() -> None:
    said = (
        "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd\n"
        "*192.0.2.128    4        64500      12      12        5    0    0 00:01:02        0\n"
        "192.0.2.130     4        65550       0       0        1    0    0 never    Idle (Admin)\n"
        "192.0.2.131     4        65550       0       0        1    0    0 1d02h    Active\n"
        "3FFF:0:0:FFFF::\n                4        64500      12      12        5    0    0 00:01:02        3\n"
        "3FFF:0:0:FFFE::\n                4        64501      12      12        5    0    0 never    OpenSent\n"
    )
    assert ios.established(said) == {"192.0.2.128", "3fff:0:0:ffff::"}
    assert ios.established("% BGP not active\n") == frozenset()
