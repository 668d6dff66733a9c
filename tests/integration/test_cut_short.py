"""Commands that are killed, or given twice at once: what comes after works, and says what is true."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def begun(folder: Path, *argv: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESSAIM_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", *argv],
        cwd=ROOT,
        env={**kept, "ESSAIM_VAR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.sqlite
def test_of_two_who_create_at_once_in_one_folder_one_does_and_nothing_of_theirs_is_lost(terminal: Any) -> None:
    both = [begun(terminal.folder, "init") for _ in range(2)]
    ends = [(one.communicate(timeout=60), one.returncode) for one in both]
    assert sorted(status for _, status in ends) == [0, 1], ends
    assert sum("contient déjà une association" in err for (_, err), _ in ends) == 1
    assert "M0001" in terminal("member", "add", "Camille Faure").out


@pytest.mark.parametrize("argv", [("init",), ("init", "--demo")], ids=" ".join)
def test_an_association_whose_creation_was_killed_is_created_by_the_next_try(
    terminal: Any, argv: tuple[str, ...]
) -> None:
    command = begun(terminal.folder, *argv)
    while not (terminal.folder / "vault.key").exists():
        time.sleep(0.01)
    time.sleep(random.uniform(0, 0.3))
    command.kill()
    command.communicate()
    if (terminal.folder / ".essaim-unfinished").exists():
        assert "Pas encore d'association" in terminal("member", "list", status=1).err
        terminal(*argv)
    terminal("member", "list")
    assert not (terminal.folder / ".essaim-unfinished").exists()


@pytest.mark.sqlite
def test_half_an_association_is_none_and_gives_way(small: Any) -> None:
    small("member", "add", "Camille Faure")
    (small.folder / ".essaim-unfinished").touch()
    assert "Pas encore d'association" in small("member", "list", status=1).err
    small("init")
    assert "Aucun membre" in small("member", "list").out


@pytest.mark.sqlite
def test_a_restore_that_was_killed_gives_way_to_the_next_one(small: Any, tmp_path: Path) -> None:
    file, there = tmp_path / "essaim.tar", tmp_path / "there" / "var"
    small("member", "add", "Camille Faure")
    small("backup", str(file))
    command = begun(there, "restore", str(file), "--key", str(small.folder / "vault.key"))
    while not (there / "vault.key").exists():
        time.sleep(0.005)
    command.kill()
    command.communicate()
    assert [path.name for path in there.parent.iterdir()] == ["var"]
    key = shutil.move(small.folder / "vault.key", tmp_path)
    shutil.rmtree(small.folder)
    there.rename(small.folder)
    if (small.folder / ".essaim-unfinished").exists():
        small("restore", str(file), "--key", str(key))
    assert "Camille Faure" in small("member", "list").out


@pytest.mark.sqlite
def test_what_a_backup_that_was_killed_left_goes_with_the_next_one(small: Any, tmp_path: Path) -> None:
    file = tmp_path / "saved" / "essaim.tar"
    file.parent.mkdir()
    ended = subprocess.Popen(["true"])
    ended.wait()
    (file.parent / f".essaim.tar.essaim-{ended.pid}").write_text("half")
    alive = file.parent / ".essaim.tar.essaim-1"
    alive.write_text("another's, who is still at it")
    small("backup", str(file))
    assert sorted(file.parent.iterdir()) == [alive, file]


@pytest.mark.sqlite
def test_a_backup_to_where_no_file_can_be_is_refused_in_a_sentence(small: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("", ".", str(tmp_path), str(tmp_path / "file" / "essaim.tar"), str(tmp_path / ("n" * 300))):
        assert "Aucune sauvegarde n'a été faite" in small("backup", name, status=1).err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "var"]
