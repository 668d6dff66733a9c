"""A few pollers killed while they append; `make soak` kills hundreds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

APPENDING = Path(__file__).parents[1] / "soak" / "appending.py"


def test_when_a_poller_is_killed_every_finished_cycle_is_there(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(APPENDING), str(tmp_path / "var"), "3"], check=True, timeout=100)
