"""What other packages bring by entry points: an artifact for a platform of theirs, and the driver that speaks to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foundation.settings import Settings
from inventory import devices
from provisioning import targets
from provisioning.targets import Drivers, NoDriver

THEIRS = """\
import re

class Artifact:
    name, role, platform = "edge-sros", "router", "sros"
    secrets, observation = re.compile("secret (?P<secret>.+)"), None

    def desired(self, session, device, at):
        return {"sros.cfg": f"configure system name {device.name}\\n"}

class Driver:
    def __init__(self, settings):
        self.settings = settings

ARTIFACT = Artifact()
"""
ENTRIES = """\
[essaim.artifacts]
sros = essaim_sros:ARTIFACT
[essaim.drivers]
sros = essaim_sros:Driver
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of somebody's, as pip leaves it."""
    (tmp_path / "essaim_sros.py").write_text(THEIRS)
    about = tmp_path / "essaim_sros-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: essaim-sros\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    targets.artifacts.cache_clear()
    yield about
    targets.artifacts.cache_clear()
    sys.modules.pop("essaim_sros", None)


def test_a_package_that_is_installed_brings_a_platform(installed: Path, association: Any, tmp_path: Path) -> None:
    devices.change_device(association.session, association.act, association.edge, devices.Facts(platform="sros"))
    found = {str(target): (device, target) for device, target in targets.every_target(association.session)}
    device, target = found["edge/edge-sros"]
    wanted = targets.wanted(association.session, device, target, association.later)
    assert wanted.desired == {"sros.cfg": "configure system name edge\n"}
    drivers = Drivers(Settings(var=tmp_path))
    assert type(drivers.of(target)).__module__ == "essaim_sros"
    assert drivers.of(target) is drivers.of(target)


def test_a_platform_that_nothing_here_speaks_to_is_said_so(installed: Path, association: Any, tmp_path: Path) -> None:
    (installed / "entry_points.txt").write_text(ENTRIES.partition("[essaim.drivers]")[0])
    devices.change_device(association.session, association.act, association.edge, devices.Facts(platform="sros"))
    (target,) = [one for _, one in targets.every_target(association.session) if one.machine.name == "edge"]
    with pytest.raises(NoDriver, match="sros"):
        Drivers(Settings(var=tmp_path)).of(target)
