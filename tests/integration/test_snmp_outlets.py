"""An outlet is told what to be in the numbers of its make, once."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from foundation.reach import Means
from monitoring.snmp import outlets
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.modules import MODULES
from monitoring.snmp.outlets import STRIPS, NotSwitched, Switch, set_outlet
from monitoring.snmp.refusals import NoAnswer

pytestmark = pytest.mark.timeout(60)

_spec = importlib.util.spec_from_file_location("snmp_agent", Path(__file__).with_name("snmp_agent.py"))
assert _spec is not None
assert _spec.loader is not None
served: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(served)

NOWHERE = Means(key_file=Path("/nonexistent"), known_hosts=Path("/nonexistent"))
SET = 0xA3


def told(port: int) -> Agent:
    return Agent("pdu1", "127.0.0.1", Community("ecriture"), port)


@pytest.mark.parametrize(
    ("module", "switch", "name", "value"),
    [
        ("pdu-apc", Switch.ON, "1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.7", 1),
        ("pdu-apc", Switch.REBOOT, "1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.7", 3),
        ("pdu-apc-2", Switch.OFF, "1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.7", 2),
        ("pdu-raritan", Switch.OFF, "1.3.6.1.4.1.13742.6.4.1.2.1.2.1.7", 0),
        ("pdu-raritan", Switch.REBOOT, "1.3.6.1.4.1.13742.6.4.1.2.1.2.1.7", 2),
    ],
)
def test_an_outlet_is_told_in_the_numbers_of_its_make(module: str, switch: Switch, name: str, value: int) -> None:
    with served.Agent(lambda asked: served.reply(asked, [(asked.names[0], (0x02, bytes([value])))])) as agent:
        set_outlet(NOWHERE, told(agent.port), module, 7, switch)
    [asked] = agent.seen
    assert (asked.kind, asked.names, asked.values, asked.community) == (SET, [name], [bytes([value])], b"ecriture")


def test_a_strip_that_refuses_is_said() -> None:
    with (
        served.Agent(lambda asked: served.reply(asked, [(asked.names[0], (0x02, b"\x01"))], error=17)) as agent,
        pytest.raises(NotSwitched, match="pdu1 did not obey about outlet 7"),
    ):
        set_outlet(NOWHERE, told(agent.port), "pdu-apc", 7, Switch.ON)


def test_a_reboot_whose_reply_is_lost_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "REPLY_SECONDS", 0.3)
    with served.Agent(lambda asked: []) as agent, pytest.raises(NoAnswer):
        set_outlet(NOWHERE, told(agent.port), "pdu-apc-2", 7, Switch.REBOOT)
    assert agent.requests == 1


def test_every_strip_is_read_by_a_module() -> None:
    assert set(STRIPS) <= {module.name for module in MODULES}
    assert all(set(strip.commands) == set(Switch) for strip in STRIPS.values())
