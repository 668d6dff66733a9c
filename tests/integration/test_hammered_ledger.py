"""The hammer in short (in full: tests/soak): programs that allocate and release at once, some killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from foundation.database import Store

pytestmark = pytest.mark.timeout(300)
HAMMER = Path(__file__).parents[1] / "soak" / "hammer.py"
WORKERS, DEEDS = 3, 25


def test_a_hammered_pool_always_adds_up(store: Store, tmp_path: Path) -> None:
    hammered(store, tmp_path / "vault.key")


@pytest.mark.postgresql
def test_a_hammered_pool_always_adds_up_on_postgresql(pg_store: Store, tmp_path: Path) -> None:
    hammered(pg_store, tmp_path / "pg-vault.key")


def hammered(store: Store, key: Path) -> None:
    database = store.engine.url.render_as_string(hide_password=False)
    argv = [sys.executable, str(HAMMER), "lead", database, str(key), str(WORKERS), str(DEEDS)]
    assert subprocess.run(argv, check=False).returncode == 0
