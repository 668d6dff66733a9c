"""Eight programs of five hundred allocations and releases each, some killed: nothing is lost, nothing given twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from foundation.database import Store, engine_of
from foundation.vault import Vault
from migrations import upgrade

HAMMER = Path(__file__).with_name("hammer.py")
WORKERS, DEEDS = 8, 500


def test_a_hammered_pool_always_adds_up(store: Store, tmp_path: Path) -> None:
    hammered(store, tmp_path / "vault.key")


@pytest.mark.postgresql
def test_a_hammered_pool_always_adds_up_on_postgresql(postgresql: Callable[..., str], tmp_path: Path) -> None:
    engine = engine_of(postgresql())
    upgrade(engine)
    hammered(Store(engine, Vault.create(tmp_path / "vault.key")), tmp_path / "vault.key")
    engine.dispose()


def hammered(store: Store, key: Path) -> None:
    database = store.engine.url.render_as_string(hide_password=False)
    argv = [sys.executable, str(HAMMER), "lead", database, str(key), str(WORKERS), str(DEEDS)]
    subprocess.run(argv, check=True)
