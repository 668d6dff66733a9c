"""Fixtures that every test may use: a fresh association, and who acts in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from foundation.acts import Act
from foundation.database import EssaimSession, Store, engine_of, transaction
from foundation.vault import Vault

# The machine may be shared and slow: examples are counted, not timed. In CI the same ones are tried every time.
settings.register_profile("essaim", max_examples=60, deadline=None, derandomize="CI" in os.environ)
settings.load_profile("essaim")

NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)


@pytest.fixture
def act() -> Act:
    """Someone acts on 22 November 2026 at 14:02 in Paris."""
    return Act(actor="M0001", at=NOW, why="test")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without a row, made once a run: tests copy it."""
    from migrations import upgrade

    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    engine = engine_of(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    """A fresh association of nobody, on SQLite, with a vault of its own."""
    path = tmp_path / "essaim.sqlite"
    shutil.copy(empty_database, path)
    engine = engine_of(f"sqlite:///{path}")
    yield Store(engine, Vault.create(tmp_path / "vault.key"))
    engine.dispose()


@pytest.fixture
def session(store: Store) -> Iterator[EssaimSession]:
    """A transaction on the fresh association, committed at the end of the test."""
    with transaction(store) as opened:
        yield opened
