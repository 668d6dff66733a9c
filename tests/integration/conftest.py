"""What the integration tests share: a terminal, the demonstration's association, a PostgreSQL of their own."""

from __future__ import annotations

import base64
import io
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from cli import door
from cli.main import essaim
from desk import association
from foundation import database
from foundation.acts import Act
from foundation.database import Base, EssaimSession, Store, engine_of, open_store, transaction
from foundation.settings import Settings, read_settings
from foundation.vault import Vault
from inventory import devices, lines, members, offers, places
from inventory.models.lines import Delivery, Technology

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

    opened: list[Engine] = []

    def noted(url: str) -> Engine:
        opened.append(engine_of(url))
        return opened[-1]

    for room in (database, association):
        monkeypatch.setattr(room, "engine_of", noted)
    with database_url() as url:
        if url:
            monkeypatch.setenv("ESSAIM_DATABASE_URL", url)
        yield Terminal(folder, run)
        # A test may open the association beside the terminal and leave it open.
        for engine in opened:
            engine.dispose()


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


@pytest.fixture(scope="session")
def newborn(
    tmp_path_factory: pytest.TempPathFactory, database_url: Callable[..., AbstractContextManager[str]]
) -> Iterator[Association]:
    """An association that has just been created, made once a run: tests copy it."""
    folder = tmp_path_factory.mktemp("newborn") / "var"
    with database_url() as url:
        association.create(read_settings(var=folder, database_url=url)).engine.dispose()
        yield Association(folder, url)


def type_in(where: Association, commands: Iterable[str], stdin: str) -> None:
    """Type commands in an association, each of which succeeds."""
    # What they say is not what a test reads.
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for name in [name for name in os.environ if name.startswith("ESSAIM_")]:
            patch.delenv(name)
        patch.setenv("ESSAIM_VAR", str(where.folder))
        patch.setenv("ESSAIM_DATABASE_URL", where.url)
        for command in commands:
            patch.setattr(sys, "argv", ["essaim", *shlex.split(command)])
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            assert door.enter(essaim) == 0, command


@pytest.fixture(scope="session")
def built(
    newborn: Association,
    tmp_path_factory: pytest.TempPathFactory,
    database_url: Callable[..., AbstractContextManager[str]],
) -> Iterator[Callable[..., Association]]:
    """A new association, filled `first` where asked, in which commands were typed: made once a run for each."""
    known: dict[object, Association] = {}
    with ExitStack() as stack:

        def made(
            *commands: str, first: Callable[[Settings], None] = lambda _settings: None, stdin: str = ""
        ) -> Association:
            key = first, commands
            if key not in known:
                folder = tmp_path_factory.mktemp("built") / "var"
                shutil.copytree(newborn.folder, folder)
                where = Association(folder, stack.enter_context(database_url(newborn.url)))
                first(read_settings(var=folder, database_url=where.url))
                type_in(where, commands, stdin)
                known[key] = where
            return known[key]

        yield made


@pytest.fixture
def stand_in(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    database_url: Callable[..., AbstractContextManager[str]],
) -> Iterator[Callable[[Association], Terminal]]:
    """A terminal in a copy of an association."""
    with ExitStack() as stack:

        def copied(where: Association) -> Terminal:
            shutil.copytree(where.folder, terminal.folder)
            if url := stack.enter_context(database_url(where.url)):
                monkeypatch.setenv("ESSAIM_DATABASE_URL", url)
            return terminal

        yield copied


@pytest.fixture
def demo(stand_in: Callable[[Association], Terminal], demonstration: Association) -> Terminal:
    """A terminal in a demonstration association of its own."""
    return stand_in(demonstration)


@pytest.fixture
def small(stand_in: Callable[[Association], Terminal], newborn: Association) -> Terminal:
    """A terminal in an association that has just been created."""
    return stand_in(newborn)


def three_homes(settings: Settings) -> None:
    """Three members: L0001 a tunnel on `vpn`, L0002 and L0003 copper on `lns`."""
    act, store = Act("machine:test", datetime.now(UTC)), open_store(settings)
    with transaction(store) as session:
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
    store.engine.dispose()


@pytest.fixture
def homes(stand_in: Callable[[Association], Terminal], built: Callable[..., Association]) -> Terminal:
    """A terminal in an association of three members: L0001 a tunnel on `vpn`, L0002 and L0003 copper on `lns`."""
    return stand_in(built(first=three_homes))


def values_of(session: EssaimSession) -> set[bytes]:
    """Everything that the database keeps, value by value."""
    rows = (row for table in Base.metadata.sorted_tables for row in session.execute(select(table)))
    return {value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row}


@pytest.fixture
def pg_store(postgresql: Callable[..., str], empty_postgresql: str, tmp_path: Path) -> Iterator[Store]:
    """A fresh association of nobody, on PostgreSQL."""
    engine = engine_of(postgresql(empty_postgresql))
    yield Store(engine, Vault.create(tmp_path / "pg-vault.key"))
    engine.dispose()
