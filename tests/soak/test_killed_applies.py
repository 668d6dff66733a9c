"""ROUNDS applies killed on real machines, at each named step and at random instants, and what became of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from desk import association
from foundation import reach
from foundation.settings import read_settings
from tests.contract.freeradius import database
from tests.soak.rows import killed_on_rows

KILLING = Path(__file__).with_name("killing.py")
ROUNDS = os.environ.get("ROUNDS", "200")


def test_whenever_an_apply_is_killed_the_next_plan_knows_the_truth(standing_lab: Any, tmp_path: Path) -> None:
    var = tmp_path / "var"
    association.create_demo(read_settings(var=var))
    settings = read_settings(var=var)
    settings.lab_folder.symlink_to(standing_lab.folder)
    for ending in ("", ".pub"):
        shutil.copy(f"{standing_lab.means.key_file}{ending}", f"{settings.means().key_file}{ending}")
    reach.trust(settings.means(), standing_lab.keeper.endpoints().host_keys())
    told = {**os.environ, "ESSAIM_CONFIRM_SECONDS": "15"}
    argv = [sys.executable, str(KILLING), str(var), ROUNDS, "vpn/antispoofing+vpn/wireguard", "edge/router"]
    try:
        subprocess.run(argv, env=told, check=True)
    finally:
        standing_lab.keeper.restore()


def test_whenever_an_apply_of_rows_is_killed_freeradius_lets_in_those_whom_the_next_plan_says(tmp_path: Path) -> None:
    var = tmp_path / "var"
    association.create_demo(read_settings(var=var))
    with database() as held:
        print(killed_on_rows(var, held, int(ROUNDS)))  # noqa: T201 - what became of them
