"""The lab's fixtures, here too: the suite holds real machines to the same promises as the console."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_PATH = Path(__file__).parents[1] / "lab" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("essaim_lab_fixtures", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
_FIXTURES = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = _FIXTURES
_SPEC.loader.exec_module(_FIXTURES)

ssh_key, standing_lab = _FIXTURES.ssh_key, _FIXTURES.standing_lab
