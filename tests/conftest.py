"""Fixtures that every test may use: a fresh association, who acts in it, and the one lab of the run.

`lab` gives the lab as it was after `up`, and puts it back after each test that used it;
`standing_lab` gives it as the last test left it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL, Engine, create_engine, event, make_url

from foundation import database, escrow, reach
from foundation.acts import Act
from foundation.database import EssaimSession, Store, engine_of, transaction
from foundation.vault import Vault
from migrations import upgrade

# The machine may be shared and slow: examples are counted, not timed. In CI the same ones are tried every time.
settings.register_profile("essaim", max_examples=60, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("essaim")

COMMUNITY = "lecture-des-essais"
NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    """On which engine associations live in this run."""
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, leave out what is about SQLite's own file."""
    if config.getoption("--engine") == "postgresql":
        left_out = [item for item in items if item.get_closest_marker("sqlite")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture
def act() -> Act:
    """The machine's own account acts, on 22 November 2026 at 14:02 in Paris: nobody holds a mandate yet."""
    return Act(actor="machine:test", at=NOW, why="test")


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """A statement is compiled once a run for each kind of database: a program opens one, tests open thousands.

    What SQLite writes need not outlive the machine either.
    """
    known: dict[str, tuple[Any, Any]] = {}
    prepared = database._prepare_sqlite

    def created(url: str, **options: Any) -> Engine:
        engine = create_engine(url, query_cache_size=4000, **options)
        name = engine.dialect.name
        if name in known:
            engine.dialect, engine._compiled_cache = known[name]
        else:  # serves the others once it has met its database
            event.listen(
                engine, "first_connect", lambda *_: known.setdefault(name, (engine.dialect, engine._compiled_cache))
            )
        return engine

    def hasty(connection: Any, record: Any) -> None:
        prepared(connection, record)
        connection.execute("PRAGMA synchronous=OFF")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", created)
        patch.setattr(database, "_prepare_sqlite", hasty)
        yield


@pytest.fixture(scope="session", autouse=True)
def cost_of_a_guess() -> Iterator[int]:
    """What scrypt costs in earnest (the exponent of its N); in tests it is the least that is understood."""
    earnest = escrow._COST
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escrow, "_COST", escrow._COSTS[0])
        yield earnest


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database without a row, made once a run: tests copy it."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    engine = engine_of(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[..., str]]:
    """A private PostgreSQL: each call gives the URL of a new database on it, a copy of another where asked."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("needs postgresql (initdb, pg_ctl)")
    if os.getuid() == 0 and "postgres" not in {one.pw_name for one in pwd.getpwall()}:
        pytest.skip("needs the user postgres: its programs refuse to run as root")
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    folder, tools = Path(tempfile.mkdtemp(prefix="essaim-pg-")), programs[-1].parent
    os.chown(folder, owner.pw_uid, owner.pw_gid)

    def ours(*argv: str) -> None:
        subprocess.run(argv, check=True, cwd=folder, user=owner.pw_uid, group=owner.pw_gid, extra_groups=[],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    ours(f"{tools}/initdb", "-D", f"{folder}/data", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    # Its files need not outlive the machine: nothing is written twice so that they might.
    hasty = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
    said = ("listen_addresses=''", f"unix_socket_directories={folder}", "timezone=Europe/Paris", *hasty)
    options = " ".join(f"-c {one}" for one in said)
    try:
        ours(f"{tools}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        numbers = count(1)
        with psycopg.connect(host=str(folder), user=owner.pw_name, dbname="postgres", autocommit=True) as server:

            def fresh(template: str = "template1") -> str:
                name = f"essaim{next(numbers)}"
                server.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
                url = URL.create("postgresql+psycopg", owner.pw_name, query={"host": str(folder)}, database=name)
                return url.render_as_string(hide_password=False)

            yield fresh
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            ours(f"{tools}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_url(
    request: pytest.FixtureRequest,
) -> Callable[..., AbstractContextManager[str]]:
    """What `ESSAIM_DATABASE_URL` is in this run: nothing on SQLite; a new database on PostgreSQL, dropped afterwards.

    With the URL of another database, a copy of that one.
    """
    if request.config.getoption("--engine") == "sqlite":
        return lambda _copied="": nullcontext("")
    create = request.getfixturevalue("postgresql")

    @contextmanager
    def new(copied: str = "") -> Iterator[str]:
        url = create(str(make_url(copied).database)) if copied else create()
        yield url
        made = make_url(url)
        there = {"host": str(made.query["host"]), "user": made.username, "dbname": "postgres"}
        with psycopg.connect(**there, autocommit=True) as server:
            server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(str(made.database))))

    return new


@pytest.fixture(scope="session")
def empty_postgresql(postgresql: Callable[..., str]) -> str:
    """The name of a migrated PostgreSQL database without a row, made once a run: tests copy it."""
    engine = engine_of(postgresql())
    upgrade(engine)
    engine.dispose()
    return str(engine.url.database)


@pytest.fixture(scope="session")
def new_store(
    request: pytest.FixtureRequest,
    empty_database: Path,
    database_url: Callable[..., AbstractContextManager[str]],
) -> Callable[..., AbstractContextManager[Store]]:
    """Make a fresh association in a folder, on the engine of this run (`--engine`).

    It is of nobody, or as the one `copied`, that was made so in its own folder and is closed.
    """
    on_server = request.config.getoption("--engine") == "postgresql"

    @contextmanager
    def made(folder: Path, copied: tuple[Path, Store] | None = None) -> Iterator[Store]:
        like = str(copied[1].engine.url.database) if copied else ""
        if on_server:
            like = like or request.getfixturevalue("empty_postgresql")
        with database_url(f"postgresql:///{like}") as url:
            if not url:
                shutil.copy(like or empty_database, folder / "essaim.sqlite")
            engine = engine_of(url or f"sqlite:///{folder / 'essaim.sqlite'}")
            if copied:
                shutil.copy(copied[0] / "vault.key", folder / "vault.key")
            yield Store(engine, Vault.read(folder / "vault.key") if copied else Vault.create(folder / "vault.key"))
            engine.dispose()

    return made


@pytest.fixture
def store(new_store: Callable[..., AbstractContextManager[Store]], tmp_path: Path) -> Iterator[Store]:
    """A fresh association of nobody, with a vault of its own."""
    with new_store(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def sample_association(
    new_store: Callable[..., AbstractContextManager[Store]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, Store]]:
    """The demonstration's members, lines and machines, made once a run: tests copy them (`sampled`)."""
    from desk import sample

    folder = tmp_path_factory.mktemp("sample")
    with new_store(folder) as made:
        with transaction(made) as opened:
            sample.populate(opened)
        made.engine.dispose()
        yield folder, made


@pytest.fixture
def sampled(
    new_store: Callable[..., AbstractContextManager[Store]], sample_association: tuple[Path, Store], tmp_path: Path
) -> Iterator[Store]:
    """An association of the demonstration's members, lines and machines, that the test may change."""
    with new_store(tmp_path, sample_association) as made:
        yield made


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
