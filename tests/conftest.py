"""Fixtures that every test may use: a fresh association, who acts in it, and the one lab of the run.

`lab` gives the lab as it was after `up`, and puts it back after each test that used it;
`standing_lab` gives it as the last test left it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from foundation import reach
from foundation.acts import Act
from foundation.database import EssaimSession, Store, engine_of, transaction
from foundation.vault import Vault

# The machine may be shared and slow: examples are counted, not timed. In CI the same ones are tried every time.
settings.register_profile("essaim", max_examples=60, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("essaim")

COMMUNITY = "lecture-des-essais"
NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)


@pytest.fixture
def act() -> Act:
    """The machine's own account acts, on 22 November 2026 at 14:02 in Paris: nobody holds a mandate yet."""
    return Act(actor="machine:test", at=NOW, why="test")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a row, made once a run: tests copy it."""
    from migrations import upgrade

    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    engine = engine_of(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    """A fresh association of nobody, on SQLite, with a vault of its own."""
    path = tmp_path / "essaim.sqlite"
    shutil.copy(empty_database, path)
    engine = engine_of(f"sqlite:///{path}")
    yield Store(engine, Vault.create(tmp_path / "vault.key"))
    engine.dispose()


@pytest.fixture
def session(store: Store) -> Iterator[EssaimSession]:
    """A transaction on the fresh association, committed at the end of the test."""
    with transaction(store) as opened:
        yield opened


@dataclass(frozen=True)
class Network:
    """The lab's verbs (`keeper`), and the way to its machines by SSH."""

    keeper: Any
    means: reach.Means
    folder: Path

    def machine(self, name: str) -> reach.Machine:
        """How `foundation.reach` meets a machine of ours."""
        return reach.Machine(name, self.keeper.endpoints().machine(name).address)

    def shell(self, name: str, command: str, stdin: str = "") -> str:
        """What a shell command says on a machine of ours, over SSH."""
        return reach.run(self.means, self.machine(name), command, stdin=stdin)


@pytest.fixture(scope="session")
def ssh_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key made for this run; its public half is beside it."""
    key = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


@pytest.fixture(scope="session")
def standing_lab(ssh_key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """The lab of this run, in whatever state the tests left it."""
    from lab import attach, down, small_isp, up, why_not

    impossible = why_not()
    if impossible is not None:
        pytest.skip(f"no lab here: {impossible.say('en')}")
    folder = tmp_path_factory.mktemp("lab")
    topology = small_isp(ssh_key.with_suffix(".pub").read_text(), community=COMMUNITY)
    endpoints = up(topology, folder, lambda _: None)
    means = reach.Means(ssh_key, ssh_key.with_name("known_hosts"), endpoints.keeper)
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
