"""What others wrote and we carry: unchanged, of a known version, with its licence; and nothing else is beside it."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest

VENDOR = Path(str(files("api.portal") / "static" / "vendor"))
SUM = re.compile(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", re.MULTILINE)


@pytest.mark.parametrize("folder", sorted(VENDOR.iterdir()), ids=lambda folder: folder.name)
def test_what_we_carry_is_as_its_author_published_it(folder: Path) -> None:
    told = (folder / "README.md").read_text(encoding="utf-8")
    here = {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir() if one.name != "README.md"
    }
    assert dict(SUM.findall(told)) == here
    assert re.search(r"^- Version: [0-9.]+,", told, re.MULTILINE)
    assert "Permission is hereby granted" in (folder / "LICENSE").read_text(encoding="utf-8")


def test_nothing_that_we_carry_reaches_for_a_server_of_others() -> None:
    for file in VENDOR.rglob("*.*s"):
        code = file.read_text(encoding="utf-8").replace("https://github.com/leeoniya/uPlot", "", 1)
        assert not re.search(r"https?://|@import|fetch\(|XMLHttpRequest|sendBeacon", code), file.name
