"""What the integration tests share: a terminal, the demonstration's association, a PostgreSQL of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL

from cli import door
from cli.main import essaim
from desk import association
from foundation.database import Store, engine_of
from foundation.settings import read_settings
from foundation.vault import Vault
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
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
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

    return Terminal(folder, run)


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's association, made once a run: tests copy it."""
    folder = tmp_path_factory.mktemp("demo") / "var"
    association.create_demo(read_settings(var=folder))
    return folder


@pytest.fixture
def demo(terminal: Terminal, demo_folder: Path) -> Terminal:
    """A terminal in a demonstration association of its own."""
    shutil.copytree(demo_folder, terminal.folder)
    return terminal


@pytest.fixture
def small(terminal: Terminal) -> Terminal:
    """A terminal in an association that has just been created."""
    terminal("init")
    return terminal


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
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c timezone=Europe/Paris"
    try:
        ours(f"{tools}/pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
        numbers = count(1)

        def fresh(template: str = "template1") -> str:
            name = f"essaim{next(numbers)}"
            ours(f"{tools}/createdb", "-h", str(folder), "-T", template, name)
            url = URL.create("postgresql+psycopg", owner.pw_name, query={"host": str(folder)}, database=name)
            return url.render_as_string(hide_password=False)

        yield fresh
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            ours(f"{tools}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def pg_store(postgresql: Callable[..., str], tmp_path: Path) -> Iterator[Store]:
    """A fresh association of nobody, on PostgreSQL."""
    engine = engine_of(postgresql())
    upgrade(engine)
    yield Store(engine, Vault.create(tmp_path / "pg-vault.key"))
    engine.dispose()
