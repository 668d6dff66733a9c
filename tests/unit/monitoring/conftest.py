"""A samples' file of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.database import EssaimSession, Store, transaction
from foundation.settings import read_settings
from foundation.vault import Vault
from monitoring.models import open_samples


@pytest.fixture
def samples(tmp_path: Path) -> Iterator[Store]:
    """An empty samples' file."""
    Vault.create(tmp_path / "vault.key")
    opened = open_samples(read_settings(var=tmp_path))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def seen(samples: Store) -> Iterator[EssaimSession]:
    """A transaction on it."""
    with transaction(samples) as session:
        yield session
