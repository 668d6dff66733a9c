"""Sensors of a Linux machine, as lm-sensors finds them (LM-SENSORS-MIB)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Instances, Module

_LM: Final = "1.3.6.1.4.1.2021.13.16"
TEMPERATURE_NAME, TEMPERATURE = f"{_LM}.2.1.2", f"{_LM}.2.1.3"
FAN_NAME, FAN = f"{_LM}.3.1.2", f"{_LM}.3.1.3"
VOLTAGE_NAME, VOLTAGE = f"{_LM}.4.1.2", f"{_LM}.4.1.3"
_KINDS: Final = (
    ("temperature", "millidegrees", TEMPERATURE_NAME, TEMPERATURE),
    ("fan", "rpm", FAN_NAME, FAN),
    ("voltage", "millivolts", VOLTAGE_NAME, VOLTAGE),
)


def read(answers: Answers) -> Sequence[Measure]:
    """Each temperature, fan and voltage under its name."""
    return [one for kind in _KINDS for one in _read(answers, *kind)]


def _read(answers: Answers, metric: str, unit: str, names: str, values: str) -> Iterator[Measure]:
    instances = Instances()
    for row in answers.rows(values):
        value = answers.number(values, row)
        if value is not None and value < 2**32:
            # Gauge32 knows nothing below zero: frost and negative voltages arrive from the other end.
            signed = value - 2**32 if value >= 2**31 else value
            yield Measure(metric, instances.name(answers.words(names, row, 100), row), unit, signed)


LM_SENSORS = Module(
    name="lm-sensors",
    phrase=Phrase("ses capteurs, comme Linux les lit", "its sensors, as Linux reads them"),
    probe=_LM,
    columns=(TEMPERATURE, FAN, VOLTAGE),
    still=(TEMPERATURE_NAME, FAN_NAME, VOLTAGE_NAME),
    read=read,
)
