"""What a machine offers is said; rounds follow one another on the beat."""

from __future__ import annotations

import gc
import importlib.util
import io
import json
import os
import socket
import sys
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
from monitoring.snmp.mibs import carried

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


STANDARD = {
    "1.3.6.1.2.1.1.1.0": (0x04, b"A box of nobody's"),
    "1.3.6.1.2.1.1.2.0": (0x06, served.oid("1.3.6.1.4.1.32473.7")[2:]),
    "1.3.6.1.2.1.1.3.0": (0x43, b"\x10"),
    "1.3.6.1.2.1.1.5.0": (0x04, b"box"),
    "1.3.6.1.2.1.4.1.0": (0x02, b"\x01"),
    "1.3.6.1.2.1.4.2.0": (0x02, b"\x40"),
    "1.3.6.1.2.1.7.5.1.1.192.0.2.1.53": (0x40, bytes([192, 0, 2, 1])),
    "1.3.6.1.2.1.7.5.1.2.192.0.2.1.53": (0x02, b"\x35"),
    "1.3.6.1.2.1.17.1.1.0": (0x04, b"bridge"),
    "1.3.6.1.6.3.10.2.1.1.0": (0x04, bytes.fromhex("80007ed90401")),
}


def explained(agent: Any) -> Any:
    at = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
    return explain(NOWHERE, Agent("box", "127.0.0.1", Community("lecture"), agent.port), at)


def test_what_a_standard_names_is_named_object_by_object_and_the_rest_by_its_part_of_the_tree() -> None:
    table = served.Table(STANDARD)
    with served.Agent(lambda asked: served.reply(asked, table.answer(asked))) as agent:
        found = explained(agent)
        asked = agent.requests
    named = {(group.mib, group.name): {one.name: one.value for one in group.objects} for group in found.named}
    assert named == {
        ("SNMPv2-MIB", "system"): {
            "sysDescr": "A box of nobody's", "sysObjectID": "1.3.6.1.4.1.32473.7", "sysUpTime": "16", "sysName": "box"
        },
        ("RFC1213-MIB", "ip"): {"ipForwarding": "forwarding", "ipDefaultTTL": "64"},
        ("RFC1213-MIB", "udpTable"): {"udpLocalAddress": "", "udpLocalPort": ""},
        ("SNMP-FRAMEWORK-MIB", "snmpEngine"): {"snmpEngineID": "80 00 7e d9 04 01"},
    }  # fmt: skip
    read = {one.name for group in found.named for one in group.objects if one.read}
    assert read == {"sysObjectID", "sysUpTime", "sysName"}
    assert [part.name for part in found.unnamed] == ["BRIDGE-MIB"], "no compiled MIB: the part of the tree"
    assert asked < 150, "no table is read, and single objects come by twenties"


def test_a_machine_that_cannot_tell_its_standard_objects_is_explained_by_the_parts_of_its_tree() -> None:
    table = served.Table(STANDARD)

    def shy(asked: Any) -> Any:
        silent = any(name.startswith("1.3.6.1.6.3.") for name in asked.names)
        return [] if silent else served.reply(asked, table.answer(asked))

    with served.Agent(shy) as agent:
        found = explained(agent)
    assert found.named == ()
    assert [part.name for part in found.unnamed] == ["IP-MIB", "BRIDGE-MIB"]


def test_the_names_come_from_what_is_installed_and_from_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for a MIB")

    monkeypatch.setattr(socket, "getaddrinfo", reached)
    monkeypatch.setattr(socket.socket, "connect", reached)
    known = carried.__wrapped__()
    assert len({one.oid for one in known}) == len(known) > 200
    by_name = {one.name: one for one in known}
    assert by_name["sysDescr"].mib == "SNMPv2-MIB", "the newer of two that name it"
    assert by_name["tcpConnState"].group == "tcpConnTable"
    assert by_name["tcpConnState"].written(5) == "established"
    assert by_name["sysDescr"].written(b"x" * 200) == "x" * 59 + "…"
    assert not any(one.name.startswith("pysnmp") for one in known)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_terminal_names_them_in_both_languages(small: Any, monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    table = served.Table(STANDARD)
    place = f"127.84.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
    try:
        agent = served.Agent(lambda asked: served.reply(asked, table.answer(asked)), place=(place, 161))
    except OSError as taken:
        pytest.skip(f"needs to listen on SNMP's own port ({taken.strerror})")
    with agent:
        monkeypatch.setattr(sys, "stdin", io.StringIO("lecture\n"))
        said = small("poll", "explain", place, lang=lang).out
        monkeypatch.setattr(sys, "stdin", io.StringIO("lecture\n"))
        told = json.loads(small("poll", "explain", place, "--json", lang=lang).out)
    begins = "De RFC1213-MIB, ip (1.3.6.1.2.1.4) : " if lang == "fr" else "Of RFC1213-MIB, ip (1.3.6.1.2.1.4): "
    assert f"{begins}ipForwarding = forwarding, ipDefaultTTL = 64." in said
    assert "sysName = box ✓" in said
    assert "BRIDGE-MIB" in said
    assert "IP-MIB" not in said, "its objects are named"
    [ip] = [one for one in told["named"] if one["name"] == "ip"]
    assert ip["objects"][0] == {"name": "ipForwarding", "oid": "1.3.6.1.2.1.4.1", "value": "forwarding", "read": False}


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
