"""ROUNDS pollers killed while they append, and what is there afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

APPENDING = Path(__file__).with_name("appending.py")
ROUNDS = os.environ.get("ROUNDS", "200")


@pytest.mark.timeout(3600)
def test_whenever_a_poller_is_killed_every_finished_cycle_is_there(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(APPENDING), str(tmp_path / "var"), ROUNDS], check=True)
