"""Eaton's and Powerware's uninterruptible power supplies (XUPS-MIB), where the standard UPS-MIB is not offered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, Quantity, oids, singles, table
from monitoring.snmp.modules.ups import UPS

_XUPS: Final = "1.3.6.1.4.1.534.1"
SINGLE: Final = (
    Quantity("upsTimeRemaining", f"{_XUPS}.2.1.0", "seconds"),
    Quantity("upsBatteryVoltage", f"{_XUPS}.2.2.0", "millivolts", 1000),
    Quantity("upsBatteryCurrent", f"{_XUPS}.2.3.0", "milliamperes", 1000, -(2**31)),
    Quantity("upsCharge", f"{_XUPS}.2.4.0", "percent"),
    Quantity("upsInputFrequency", f"{_XUPS}.3.1.0", "millihertz", 100),
    Quantity("upsOutputLoad", f"{_XUPS}.4.1.0", "percent"),
    Quantity("upsOutputFrequency", f"{_XUPS}.4.2.0", "millihertz", 100),
    # As the standard numbers them up to 7; what follows are kinds of normal.
    Quantity("upsOutputSource", f"{_XUPS}.4.5.0", "state", states={**{n: n for n in range(1, 8)}, 8: 3, 9: 3, 10: 3}),
    Quantity("temperature", f"{_XUPS}.6.1.0", "millidegrees", 1000, -273),
    Quantity("upsAlarmsPresent", f"{_XUPS}.7.1.0", "count"),
)
INPUT: Final = (
    Quantity("upsInputVoltage", f"{_XUPS}.3.4.1.2", "millivolts", 1000),
    Quantity("upsInputCurrent", f"{_XUPS}.3.4.1.3", "milliamperes", 1000),
    Quantity("upsInputPower", f"{_XUPS}.3.4.1.4", "milliwatts", 1000),
)
OUTPUT: Final = (
    Quantity("upsOutputVoltage", f"{_XUPS}.4.4.1.2", "millivolts", 1000),
    Quantity("upsOutputCurrent", f"{_XUPS}.4.4.1.3", "milliamperes", 1000),
    Quantity("upsOutputPower", f"{_XUPS}.4.4.1.4", "milliwatts", 1000),
)


def read(answers: Answers) -> Sequence[Measure]:
    """The battery, and each phase that goes in and out, under its number."""
    return [*singles(answers, SINGLE), *table(answers, INPUT), *table(answers, OUTPUT)]


UPS_EATON = Module(
    name="ups-eaton",
    phrase=Phrase("son onduleur, comme Eaton le décrit", "its UPS, as Eaton describes it"),
    probe=f"{_XUPS}.2",
    unless=UPS.probe,
    gets=oids(*SINGLE),
    columns=oids(*INPUT, *OUTPUT),
    read=read,
)
