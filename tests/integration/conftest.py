"""What the integration tests share: a terminal, the demonstration's association, a PostgreSQL of their own."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import door
from cli.main import essaim
from desk import association
from foundation.acts import Act
from foundation.database import Store, engine_of, open_store, transaction
from foundation.settings import read_settings
from foundation.vault import Vault
from inventory import devices, lines, members, offers, places
from inventory.models.lines import Delivery, Technology
from migrations import upgrade

COMMAND = Path(sys.executable).with_name("essaim")


@dataclass(frozen=True)
class Said:
    """What one command said, and its exit status."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """A terminal that stands in one association's folder."""

    folder: Path
    run: Callable[..., Said]

    def __call__(self, *argv: str, status: int = 0, lang: str = "fr") -> Said:
        """Run a command; whatever it says, it is never a traceback."""
        said = self.run(*argv, lang=lang)
        assert "Traceback" not in said.out + said.err
        assert "s'est trompé" not in said.err, said.err
        assert "went wrong" not in said.err, said.err
        assert said.status == status, said
        return said


@pytest.fixture
def terminal(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    database_url: Callable[..., AbstractContextManager[str]],
) -> Iterator[Terminal]:
    """A terminal in an empty folder: commands run in this process, through the door that `essaim` goes through."""
    for name in [name for name in os.environ if name.startswith("ESSAIM_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "var"

    def run(*argv: str, lang: str) -> Said:
        monkeypatch.setenv("ESSAIM_VAR", str(folder))
        monkeypatch.setenv("ESSAIM_LANG", lang)
        monkeypatch.setattr(sys, "argv", ["essaim", *argv])
        status = door.enter(essaim)
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    with database_url() as url:
        if url:
            monkeypatch.setenv("ESSAIM_DATABASE_URL", url)
        yield Terminal(folder, run)


@dataclass(frozen=True)
class Association:
    """An association: its folder, and its database where that is not in it."""

    folder: Path
    url: str


@pytest.fixture(scope="session")
def demonstration(
    tmp_path_factory: pytest.TempPathFactory, database_url: Callable[..., AbstractContextManager[str]]
) -> Iterator[Association]:
    """The demonstration's association, made once a run: tests copy it."""
    folder = tmp_path_factory.mktemp("demo") / "var"
    with database_url() as url:
        association.create_demo(read_settings(var=folder, database_url=url))
        yield Association(folder, url)


@pytest.fixture
def demo(
    terminal: Terminal,
    demonstration: Association,
    monkeypatch: pytest.MonkeyPatch,
    database_url: Callable[..., AbstractContextManager[str]],
) -> Iterator[Terminal]:
    """A terminal in a demonstration association of its own."""
    shutil.copytree(demonstration.folder, terminal.folder)
    with database_url(demonstration.url) as url:
        if url:
            monkeypatch.setenv("ESSAIM_DATABASE_URL", url)
        yield terminal


@pytest.fixture(scope="session")
def newborn(
    tmp_path_factory: pytest.TempPathFactory, database_url: Callable[..., AbstractContextManager[str]]
) -> Iterator[Association]:
    """An association that has just been created, made once a run: tests copy it."""
    folder = tmp_path_factory.mktemp("newborn") / "var"
    with database_url() as url:
        association.create(read_settings(var=folder, database_url=url)).engine.dispose()
        yield Association(folder, url)


@pytest.fixture
def small(
    terminal: Terminal,
    newborn: Association,
    monkeypatch: pytest.MonkeyPatch,
    database_url: Callable[..., AbstractContextManager[str]],
) -> Iterator[Terminal]:
    """A terminal in an association that has just been created."""
    shutil.copytree(newborn.folder, terminal.folder)
    with database_url(newborn.url) as url:
        if url:
            monkeypatch.setenv("ESSAIM_DATABASE_URL", url)
        yield terminal


@pytest.fixture
def homes(small: Terminal) -> Terminal:
    """A terminal in an association of three members: L0001 a tunnel on `vpn`, L0002 and L0003 copper on `lns`."""
    act = Act("machine:test", datetime.now(UTC))
    with transaction(open_store(read_settings(var=small.folder))) as session:
        site = places.add_site(session, act, "cave")
        vpn, lns = (
            devices.add_device(session, act, name, role=name, platform="debian", site=site) for name in ("vpn", "lns")
        )
        tunnel = offers.add_offer(
            session, act, "vpn", "VPN", Technology.WIREGUARD, Delivery.TUNNEL, mtu=1420, device=vpn
        )
        copper = offers.add_offer(session, act, "adsl", "ADSL", Technology.ADSL, Delivery.L2TP, mtu=1460, device=lns)
        key = base64.b64encode(b"k" * 32).decode()
        for name, offer in (("Ada", tunnel), ("Béa", copper), ("Cléo", copper)):
            ordering = lines.Ordering(public_key=key) if offer is tunnel else lines.Ordering()
            lines.order_line(session, act, members.add_member(session, act, name), offer, ordering)
    return small


@pytest.fixture
def pg_store(postgresql: Callable[..., str], tmp_path: Path) -> Iterator[Store]:
    """A fresh association of nobody, on PostgreSQL."""
    engine = engine_of(postgresql())
    upgrade(engine)
    yield Store(engine, Vault.create(tmp_path / "pg-vault.key"))
    engine.dispose()
