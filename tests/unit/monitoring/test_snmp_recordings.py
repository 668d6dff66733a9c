"""Recorded devices, asked as living ones: each gives what it has, in the right units and with the right signs."""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.snmp.conversation import Bulk, Get, Known
from monitoring.snmp.modules import MODULES, system

HERE = Path(__file__)
OURS = HERE.parents[2] / "recordings"
OTHERS = Path(os.environ.get("ESSAIM_RECORDINGS", HERE.parents[4] / "shared" / "data" / "snmp"))

_spec = importlib.util.spec_from_file_location("recording", HERE.with_name("recording.py"))
assert _spec is not None
assert _spec.loader is not None
recording: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(recording)

EXPECTED = {
    OURS / "ups.snmprec": {
        ("upsOutputSource", ""): ("state", 5),
        ("upsSecondsOnBattery", ""): ("seconds", 37),
        ("upsTimeRemaining", ""): ("seconds", 2520),
        ("upsCharge", ""): ("percent", 96),
        ("upsBatteryVoltage", ""): ("millivolts", 27_300),
        ("upsBatteryCurrent", ""): ("milliamperes", -1200),
        ("upsBatteryTemperature", ""): ("millidegrees", 31_000),
        ("upsInputFrequency", "1"): ("millihertz", 49_900),
        ("upsInputVoltage", "1"): ("millivolts", 231_000),
        ("upsInputCurrent", "1"): ("milliamperes", 1400),
        ("upsOutputPower", "1"): ("milliwatts", 299_000),
        ("upsOutputLoad", "1"): ("percent", 24),
    },
    OURS / "pdu-apc-former.snmprec": {
        ("inletPower", ""): ("milliwatts", 345_000),
        ("inletCurrent", "phase 1"): ("milliamperes", 1500),
        ("outletOn", "1"): ("state", 1),
        ("outletOn", "2"): ("state", 0),
        ("outletOn", "3"): ("state", 1),
    },
    OURS / "pdu-apc-recent.snmprec": {
        ("inletPower", "1"): ("milliwatts", 340_000),
        ("inletEnergy", "1"): ("watthours", 1_234_500),
        ("inletApparentPower", "1"): None,
        ("outletOn", "1"): ("state", 1),
        ("outletOn", "2"): ("state", 0),
        ("outletPower", "1"): ("milliwatts", 152_000),
        ("outletEnergy", "1"): ("watthours", 802_100),
        ("temperature", "porte"): ("millidegrees", -5200),
        ("humidity", "porte"): ("percent", 41),
        ("temperature", "2"): None,
    },
    OURS / "pdu-raritan.snmprec": {
        ("inletCurrent", "1"): ("milliamperes", 1432),
        ("inletVoltage", "1"): ("millivolts", 231_000),
        ("inletPower", "1"): ("milliwatts", 330_000),
        ("inletEnergy", "1"): ("watthours", 987_654),
        ("outletCurrent", "1"): ("milliamperes", 652),
        ("outletPower", "1"): ("milliwatts", 3500),
        ("outletEnergy", "1"): ("watthours", 4321),
        ("outletPower", "2"): None,
        ("outletOn", "1"): ("state", 1),
        ("outletOn", "2"): ("state", 0),
        ("temperature", "fond de baie"): ("millidegrees", -1500),
        ("humidity", "1.2"): ("percent", 38),
    },
    OURS / "router.snmprec": {
        ("temperature", "CPU"): ("millidegrees", 41_000),
        ("temperature", "Entrée d'air"): ("millidegrees", -12_500),
        ("voltage", "3V3"): ("millivolts", 3312),
        ("current", "Optique"): ("milliamperes", 457),
        ("power", "Alimentation"): ("milliwatts", 1985),
        ("fan", "Ventilateur"): ("rpm", 5400),
        ("temperature", "Absent"): None,
        ("temperature", "En panne"): None,
        ("frequency", "Capteur 18"): ("millihertz", 50_012_000),
        ("ifHCInOctets", "eth0"): ("octets", 18_446_744_073_709_551_610),
        ("ifCounterDiscontinuityTime", "eth1"): ("hundredths", 4100),
        ("ifHighSpeed", "eth1"): ("bit/s", 10_000_000_000),
        ("ifOperStatus", "eth1"): ("state", 2),
        ("ifInErrors", "eth0"): ("packets", 4_294_967_295),
        ("bgpPeerState", "192.0.2.1"): ("state", 6),
        ("bgpPeerState", "198.51.100.9"): ("state", 3),
        ("bgpPeerEstablishedTime", "192.0.2.1"): ("seconds", 86_400),
    },
    OURS / "linux-sensors.snmprec": {
        ("temperature", "Core 0"): ("millidegrees", 48_500),
        ("temperature", "dehors"): ("millidegrees", -6000),
        ("fan", "fan1"): ("rpm", 1180),
        ("voltage", "+12V"): ("millivolts", 12_096),
        ("voltage", "-12V"): ("millivolts", -12_000),
    },
    OTHERS / "apc-8641.snmprec": {
        ("inletPower", "1"): ("milliwatts", 1_210_000),
        ("inletEnergy", "1"): ("watthours", 1_951_600),
        ("phaseCurrent", "1"): ("milliamperes", 6500),
        ("phaseVoltage", "1"): ("millivolts", 201_000),
        ("outletPower", "1"): ("milliwatts", 163_000),
        ("outletEnergy", "1"): ("watthours", 304_600),
        ("outletOn", "1"): ("state", 1),
        ("temperature", "1"): None,
        ("ifOperStatus", "LOOPBACK"): ("state", 1),
    },
    OTHERS / "cisco-c3560.snmprec": {
        ("temperature", "SW#1, Sensor#1, YELLOW"): ("millidegrees", 61_000),
        ("fanState", "Switch#1, Fan#1"): ("state", 1),
        ("ifHighSpeed", "Vl1"): ("bit/s", 1_000_000_000),
    },
    OTHERS / "eaton-9px-partial.snmprec": {
        ("upsTimeRemaining", ""): ("seconds", 17_218),
        ("upsCharge", ""): ("percent", 100),
        ("upsBatteryVoltage", ""): ("millivolts", 78_000),
        ("upsInputFrequency", ""): ("millihertz", 50_000),
        ("upsInputVoltage", "1"): ("millivolts", 243_000),
        ("upsOutputPower", "1"): ("milliwatts", 50_000),
        ("temperature", ""): ("millidegrees", 24_000),
        ("upsOutputSource", ""): ("state", 3),
    },
    OTHERS / "juniper-mx960-12-3r6-6.snmprec": {
        ("temperature", "PEM 0"): ("millidegrees", 35_000),
        ("cpu", "FPC: MPC Type 2 3D @ 0/*/*"): ("percent", 13),
        ("hrSystemUptime", ""): ("seconds", 8_649_880),
        ("ifOperStatus", "fxp0"): ("state", 2),
    },
    OTHERS / "slackware.snmprec": {
        ("ifHCInOctets", "lo"): ("octets", 763_065_745),
        ("load1", ""): ("hundredths", 46),
        ("memTotalReal", ""): ("octets", 1_046_503_424),
        ("hrProcessorLoad", "0"): ("percent", 13),
    },
    OTHERS / "ubiquiti-m5.snmprec": {("ifInOctets", "lo"): ("octets", 217_556)},
    OTHERS / "unknown-001.snmprec": {("ifHCInOctets", "lo"): ("octets", 76_887_210_328)},
    OTHERS / "unknown-002.snmprec": {
        ("load15", ""): ("hundredths", 42),
        ("ifHCInOctets", "lo"): ("octets", 10_059_030_328),
    },
}
UNITS = {
    "octets", "packets", "percent", "seconds", "hundredths", "bit/s", "state", "count", "messages", "number", "rpm",
    "millidegrees", "millivolts", "milliamperes", "milliwatts", "millihertz", "watthours", "volt-amperes",
}  # fmt: skip


def recorded(path: Path) -> Any:
    if not path.exists():
        pytest.skip(f"no recording {path.name}: ESSAIM_RECORDINGS names their folder")
    return recording.Recorded(path)


def measured(conversation: Any) -> dict[tuple[str, str], tuple[str, int]]:
    found = [one for module in conversation.fitting for one in module.read(conversation.answers)]
    twice = [name for name, times in Counter((one.metric, one.instance) for one in found).items() if times > 1]
    assert twice == []
    return {(one.metric, one.instance): (one.unit, one.value) for one in found}


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.stem)
def test_each_device_gives_what_it_has(path: Path) -> None:
    found = measured(recorded(path).round())
    wrong = {name: (found.get(name), told) for name, told in EXPECTED[path].items() if found.get(name) != told}
    assert wrong == {}
    assert {unit for unit, _ in found.values()} <= UNITS


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.stem)
def test_a_second_round_says_the_same_and_asks_less(path: Path) -> None:
    device, known = recorded(path), Known()
    first = measured(device.round(known))
    asked, device.asked = len(device.asked), []
    assert measured(device.round(known, recording.AT + timedelta(minutes=1))) == first
    roots = {one.root for one in device.asked if isinstance(one, Bulk)}
    columns = {name for module in MODULES for name in module.columns}
    assert roots <= columns, "neither names nor which modules fit are asked for again"
    assert len(device.asked) < asked


def test_names_are_asked_again_after_an_hour_and_when_the_agent_began_again() -> None:
    device, known = recorded(OURS / "router.snmprec"), Known()
    names = "1.3.6.1.2.1.31.1.1.1.1"

    def asked_for_names(minutes: int) -> bool:
        device.asked.clear()
        device.round(known, recording.AT + timedelta(minutes=minutes))
        return any(isinstance(one, Bulk) and one.root == names for one in device.asked)

    assert asked_for_names(0)
    assert not asked_for_names(59)
    assert asked_for_names(60)
    device.values[system.SYS_UPTIME] = 7
    assert asked_for_names(61)
    device.values["1.3.6.1.2.1.31.1.5.0"] = 5
    assert asked_for_names(62), "the interfaces were numbered anew"


def test_an_interface_keeps_its_name_when_its_number_is_given_to_another() -> None:
    device, known = recorded(OURS / "router.snmprec"), Known()
    before = measured(device.round(known))
    device.objects = [
        (name, {b"eth0": b"eth1", b"eth1": b"eth0"}.get(value, value) if isinstance(value, bytes) else value)
        for name, value in device.objects
    ]
    device.values["1.3.6.1.2.1.31.1.5.0"] = 4300
    after = measured(device.round(known, recording.AT + timedelta(minutes=1)))
    assert after["ifHCInOctets", "eth1"] == before["ifHCInOctets", "eth0"]


def test_what_is_asked_of_a_known_device_at_once_fits_one_packet() -> None:
    device = recorded(OURS / "linux-sensors.snmprec")
    device.round()
    assert all(len(one.names) <= 21 for one in device.asked if isinstance(one, Get))
