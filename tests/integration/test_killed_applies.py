"""Applies that are killed, in short (in full, on the lab's machines: tests/soak)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.freeradius import database
from tests.soak.rows import killed_on_rows

KILLING = Path(__file__).parents[1] / "soak" / "killing.py"
ROUNDS, ROWS_ROUNDS = 7, 4


@pytest.mark.sqlite
@pytest.mark.timeout(300)
def test_whenever_an_apply_is_killed_the_next_plan_knows_the_truth_and_nothing_stays(demo: Any) -> None:
    argv = [sys.executable, str(KILLING), str(demo.folder), str(ROUNDS), "vpn/wireguard"]
    told = {**os.environ, "ESSAIM_DRIVER": "console", "ESSAIM_CONFIRM_SECONDS": "30"}
    done = subprocess.run(argv, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    states = {tuple(row.split()[1:3]) for row in done.stdout.splitlines() if "random" not in row}
    assert {("claimed", "failed"), ("probed", "reverted"), ("confirmed", "applied")} <= states, done.stdout


@pytest.mark.sqlite
@pytest.mark.timeout(300)
def test_whenever_an_apply_of_rows_is_killed_freeradius_lets_in_those_whom_the_next_plan_says(demo: Any) -> None:
    with database() as held:
        told = killed_on_rows(demo.folder, held, ROWS_ROUNDS)
    states = {tuple(row.split()[1:3]) for row in told.splitlines()}
    assert ("claimed", "failed") in states, told
    assert sum(int(row.split()[-2]) for row in told.splitlines()) == ROWS_ROUNDS
