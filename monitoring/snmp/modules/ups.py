"""Uninterruptible power supplies, by the standard UPS-MIB (RFC 1628)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, Quantity, oids, singles, table

_UPS: Final = "1.3.6.1.2.1.33.1"
SINGLE: Final = (
    # Unknown is 1, normal 2, low 3, depleted 4.
    Quantity("upsBatteryStatus", f"{_UPS}.2.1.0", "state", 1, 1),
    Quantity("upsSecondsOnBattery", f"{_UPS}.2.2.0", "seconds"),
    Quantity("upsTimeRemaining", f"{_UPS}.2.3.0", "seconds", 60),
    Quantity("upsCharge", f"{_UPS}.2.4.0", "percent"),
    Quantity("upsBatteryVoltage", f"{_UPS}.2.5.0", "millivolts", 100),
    Quantity("upsBatteryCurrent", f"{_UPS}.2.6.0", "milliamperes", 100, -(2**31)),
    Quantity("upsBatteryTemperature", f"{_UPS}.2.7.0", "millidegrees", 1000, -273),
    # Other is 1, none 2, normal 3, bypass 4, battery 5, booster 6, reducer 7.
    Quantity("upsOutputSource", f"{_UPS}.4.1.0", "state", 1, 1),
    Quantity("upsOutputFrequency", f"{_UPS}.4.2.0", "millihertz", 100),
    Quantity("upsAlarmsPresent", f"{_UPS}.6.1.0", "count"),
)
INPUT: Final = (
    Quantity("upsInputFrequency", f"{_UPS}.3.3.1.2", "millihertz", 100),
    Quantity("upsInputVoltage", f"{_UPS}.3.3.1.3", "millivolts", 1000),
    Quantity("upsInputCurrent", f"{_UPS}.3.3.1.4", "milliamperes", 100),
    Quantity("upsInputPower", f"{_UPS}.3.3.1.5", "milliwatts", 1000),
)
OUTPUT: Final = (
    Quantity("upsOutputVoltage", f"{_UPS}.4.4.1.2", "millivolts", 1000),
    Quantity("upsOutputCurrent", f"{_UPS}.4.4.1.3", "milliamperes", 100),
    Quantity("upsOutputPower", f"{_UPS}.4.4.1.4", "milliwatts", 1000),
    Quantity("upsOutputLoad", f"{_UPS}.4.4.1.5", "percent"),
)


def read(answers: Answers) -> Sequence[Measure]:
    """The battery, and each phase that goes in and out, under its number."""
    return [*singles(answers, SINGLE), *table(answers, INPUT), *table(answers, OUTPUT)]


UPS = Module(
    name="ups",
    phrase=Phrase("son onduleur : batterie, entrée et sortie", "its UPS: battery, input and output"),
    probe=f"{_UPS}.2",
    gets=oids(*SINGLE),
    columns=oids(*INPUT, *OUTPUT),
    read=read,
)
