"""For SECONDS seconds: the tour is killed at random moments, and the next one always works and leaves nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import why_not

SECONDS = int(os.environ.get("SECONDS", "300"))
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    impossible = why_not()
    if impossible is not None:
        pytest.skip(f"no lab here: {impossible.say('en')}")
    return tmp_path / "var"


def tour(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", "demo", "--check"],
        cwd=ROOT,
        env={**os.environ, "ESSAIM_VAR": str(folder), "ESSAIM_LISTEN": "127.0.0.1:18642"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def of_lab(folder: Path) -> list[str]:
    """Processes that were started for this association's lab and are still there."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder) in process.read_text(errors="replace"):
                found.append(process.parent.name)
        except OSError:
            continue  # it ended meanwhile
    return found


def test_a_tour_that_is_killed_leaves_nothing_and_the_next_one_works(folder: Path) -> None:
    draw, until, rounds = random.Random(), time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        killed = tour(folder)
        time.sleep(draw.uniform(0.5, 40))
        if killed.poll() is None:
            os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
        deadline = time.monotonic() + 10
        while of_lab(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert of_lab(folder) == []
        whole = tour(folder)
        said, _ = whole.communicate(timeout=300)
        assert whole.returncode == 0, said.decode()
        rounds += 1
    assert rounds > 0
