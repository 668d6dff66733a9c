"""Commands that are killed, or given twice at once: what comes after works, and says what is true."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

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


def said(folder: Path, *argv: str, status: int = 0) -> str:
    done = begun(folder, *argv)
    out, err = done.communicate(timeout=60)
    assert done.returncode == status, out + err
    return out + err


def killed(folder: Path, *argv: str, after: float) -> None:
    command = begun(folder, *argv)
    time.sleep(after)
    command.kill()
    command.communicate()


def test_of_two_who_create_at_once_in_one_folder_one_does_and_nothing_of_theirs_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    both = [begun(folder, "init") for _ in range(2)]
    ends = [(one.communicate(timeout=60), one.returncode) for one in both]
    assert sorted(status for _, status in ends) == [0, 1], ends
    assert sum("contient déjà une association" in err for (_, err), _ in ends) == 1
    assert "M0001" in said(folder, "member", "add", "Camille Faure")


@pytest.mark.parametrize("argv", [("init",), ("init", "--demo")], ids=" ".join)
def test_an_association_whose_creation_was_killed_is_created_by_the_next_try(
    tmp_path: Path, argv: tuple[str, ...]
) -> None:
    draw = random.Random(2026)
    for number in range(3):
        folder = tmp_path / str(number)
        killed(folder, *argv, after=draw.uniform(0.3, 1.2))
        if (folder / ".essaim-unfinished").exists() or not (folder / "essaim.sqlite").exists():
            assert "Pas encore d'association" in said(folder, "member", "list", status=1)
            said(folder, *argv)
        said(folder, "member", "list")
        assert not (folder / ".essaim-unfinished").exists()


def test_half_an_association_is_none_and_gives_way(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    said(folder, "init")
    said(folder, "member", "add", "Camille Faure")
    (folder / ".essaim-unfinished").touch()
    assert "Pas encore d'association" in said(folder, "member", "list", status=1)
    said(folder, "init")
    assert "Camille" not in said(folder, "member", "list")


def test_a_restore_that_was_killed_leaves_nothing_beside_the_folder_and_the_next_one_works(tmp_path: Path) -> None:
    here, there, file = tmp_path / "here" / "var", tmp_path / "there" / "var", tmp_path / "essaim.tar"
    said(here, "init")
    said(here, "member", "add", "Camille Faure")
    said(here, "backup", str(file))
    argv = ("restore", str(file), "--key", str(here / "vault.key"))
    said(there, *argv)
    whole = sorted(path.name for path in there.iterdir())
    for one in there.iterdir():  # as one that was killed just before its end leaves it
        if one.is_file() and one.name != "essaim.sqlite":
            one.unlink()
    (there / ".essaim-unfinished").touch()
    assert "Pas encore d'association" in said(there, "member", "list", status=1)
    said(there, *argv)
    assert sorted(path.name for path in there.iterdir()) == whole
    assert [path.name for path in there.parent.iterdir()] == ["var"]
    assert "Camille Faure" in said(there, "member", "list")


def test_what_a_backup_that_was_killed_left_goes_with_the_next_one(tmp_path: Path) -> None:
    folder, file = tmp_path / "var", tmp_path / "saved" / "essaim.tar"
    said(folder, "init")
    file.parent.mkdir()
    ended = begun(folder, "--help")
    ended.communicate()
    (file.parent / f".essaim.tar.essaim-{ended.pid}").write_text("half")
    alive = file.parent / f".essaim.tar.essaim-{os.getpid()}"
    alive.write_text("another's, who is still at it")
    said(folder, "backup", str(file))
    assert sorted(file.parent.iterdir()) == [alive, file]


@pytest.mark.parametrize("name", ["", ".", "file/essaim.tar", "n" * 300])
def test_a_backup_to_where_no_file_can_be_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    said(tmp_path / "var", "init")
    (tmp_path / "file").touch()
    wanted = str(tmp_path / name) if name not in ("", ".") else name
    assert "Aucune sauvegarde n'a été faite" in said(tmp_path / "var", "backup", wanted, status=1)
