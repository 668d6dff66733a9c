"""What a machine offers is said; rounds follow one another on the beat."""

from __future__ import annotations

import gc
import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from desk.rounds import following, keep_polling
from foundation.database import Store
from foundation.reach import Means
from foundation.settings import read_settings
from monitoring.poll import Report
from monitoring.snmp.agents import Agent, Community
from monitoring.snmp.explain import explain

pytestmark = pytest.mark.timeout(60)
TESTS = Path(__file__).resolve().parents[1]


def beside(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


served = beside(TESTS / "integration" / "snmp_agent.py")
recording = beside(TESTS / "unit" / "monitoring" / "recording.py")
NOWHERE = Means(key_file=Path("/nonexistent"), known_hosts=Path("/nonexistent"))


def ber(value: Any) -> tuple[int, bytes]:
    if isinstance(value, bytes):
        return 0x04, value
    if isinstance(value, str):
        return 0x06, served.parts(served.oid(value))[0][1]
    return 0x46, served.integer(value)[2:]


def test_a_machine_says_what_is_read_of_it_and_what_is_not() -> None:
    objects = {name: ber(value) for _, name, value in recording.read(TESTS / "recordings" / "pdu-apc-recent.snmprec")}
    objects["1.3.6.1.2.1.17.1.1.0"] = (0x04, b"bridge")
    table = served.Table(objects)
    with served.Agent(lambda asked: served.reply(asked, table.answer(asked))) as agent:
        at = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
        found = explain(NOWHERE, Agent("pdu2", "127.0.0.1", Community("lecture"), agent.port), at)
    assert (found.name, found.maker, found.object_id) == ("pdu2", "APC", "1.3.6.1.4.1.318.1.3.4.6")
    assert found.description == "Essaim's own recording"
    assert [one.module for one in found.read] == ["system", "pdu-apc-2"]
    assert {one.name: one.read for one in found.offered} == {"BRIDGE-MIB": False, "APC": True}


@pytest.mark.parametrize(("now", "turn"), [(130.0, 160.0), (160.0, 160.0), (165.0, 160.0), (290.0, 280.0)])
def test_a_beat_that_was_missed_is_left_out(now: float, turn: float) -> None:
    assert following(100.0, 60.0, now) == turn


def test_rounds_go_on_until_told_otherwise_and_leave_python_as_it_was(store: Store, tmp_path: Path) -> None:
    late: list[float] = []
    seldom: list[tuple[int, int, int]] = []

    def told(report: Report, behind: float) -> bool:
        assert not report.answered
        late.append(behind)
        seldom.append(gc.get_threshold())
        return len(late) < 3

    before = gc.get_threshold()
    keep_polling(store, read_settings(var=tmp_path), 0.05, told)
    assert len(late) == 3
    assert min(late) >= 0
    assert min(seldom) > before
    assert gc.get_threshold() == before
