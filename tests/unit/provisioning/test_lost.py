"""A connection that breaks during a change: whether the machine undoes it, or we do, is said as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.reach import Machine, MachineUnreachable
from foundation.settings import read_settings
from provisioning import commit
from provisioning.artifact import Target
from provisioning.artifacts.wireguard import WIREGUARD
from provisioning.drivers.console import ConsoleDriver
from provisioning.drivers.protocol import ConnectionLost, ConnectionLostUnwatched
from provisioning.texts import digest

TARGET = Target(Machine("vpn", "192.0.2.4"), WIREGUARD)


class Breaking(ConsoleDriver):
    """A switch that we keep ourselves, on a road that breaks before the change is confirmed."""

    def confirm(self, target: Target, wanted: str) -> None:
        """The road breaks."""
        raise MachineUnreachable(machine=target.machine.name, reason="Connection timed out")


def test_where_we_keep_the_switch_nobody_is_told_that_the_machine_undoes_it(tmp_path: Path) -> None:
    settings = read_settings(var=tmp_path, driver="console", confirm_seconds=60)
    with pytest.raises(ConnectionLostUnwatched) as lost:
        commit.commit(settings, Breaking(settings), TARGET, {"a": "b\n"}, digest({}), (), lambda _: None)
    assert isinstance(lost.value, ConnectionLost)
    assert "ne le défait pas d'elle-même" in lost.value.sentence("fr")
    assert "aucune réponse dans le délai" in lost.value.sentence("fr")
    assert "Essaim undoes it" in lost.value.sentence("en")
