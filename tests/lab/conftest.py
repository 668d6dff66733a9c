"""One lab for the run. `lab` gives it as it was after `up`, and puts it back after each test that used it;
`standing_lab` gives it as the last test left it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from foundation import reach
from lab import Lab, attach, down, small_isp, up, why_not

COMMUNITY = "lecture-des-essais"


@dataclass(frozen=True)
class Network:
    """The lab's verbs (`keeper`), and the way to its machines by SSH."""

    keeper: Lab
    means: reach.Means
    folder: Path

    def machine(self, name: str) -> reach.Machine:
        """How `foundation.reach` meets a machine of ours."""
        return reach.Machine(name, self.keeper.endpoints().machine(name).address)

    def shell(self, name: str, command: str, stdin: str = "") -> str:
        """What a shell command says on a machine of ours, over SSH."""
        return reach.run(self.means, self.machine(name), command, stdin=stdin)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything beside this file is marked `lab`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def ssh_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key made for this run; its public half is beside it."""
    key = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


@pytest.fixture(scope="session")
def standing_lab(ssh_key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The lab of this run, in whatever state the tests left it."""
    impossible = why_not()
    if impossible is not None:
        pytest.skip(f"no lab here: {impossible.say('en')}")
    folder = tmp_path_factory.mktemp("lab")
    topology = small_isp(ssh_key.with_suffix(".pub").read_text(), community=COMMUNITY)
    endpoints = up(topology, folder, lambda _: None)
    means = reach.Means(ssh_key, folder.parent / "known_hosts", endpoints.keeper)
    reach.trust(means, endpoints.host_keys())
    network = Network(attach(folder), means, folder)
    with network.keeper.held():
        yield network
        down(folder)


@pytest.fixture
def lab(standing_lab: Network) -> Iterator[Network]:
    """The lab as it was after `up`, and so again when the test is over."""
    yield standing_lab
    standing_lab.keeper.restore()
