"""Sensors of routers and switches (ENTITY-SENSOR-MIB, RFC 3433), under their names (ENTITY-MIB, RFC 6933)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Instances, Module, Row, named_by

_SENSOR: Final = "1.3.6.1.2.1.99.1.1.1"
TYPE, SCALE, PRECISION, VALUE, STATUS = (f"{_SENSOR}.{column}" for column in range(1, 6))
_ENTITY: Final = "1.3.6.1.2.1.47.1.1.1.1"
ENTITY_DESCR: Final = f"{_ENTITY}.2"
ENTITY_NAME: Final = f"{_ENTITY}.7"

KINDS: Final[Mapping[int, tuple[str, str, int]]] = {
    3: ("voltage", "millivolts", 1000),
    4: ("voltage", "millivolts", 1000),
    5: ("current", "milliamperes", 1000),
    6: ("power", "milliwatts", 1000),
    7: ("frequency", "millihertz", 1000),
    8: ("temperature", "millidegrees", 1000),
    9: ("humidity", "percent", 1),
    10: ("fan", "rpm", 1),
}
"""EntitySensorDataType: what is measured, our unit, and how many of ours make one of theirs."""

_UNITS: Final = 9
"""EntitySensorDataScale: yocto is 1, units 9, yotta 17, a thousand from one to the next."""


def read(answers: Answers) -> Sequence[Measure]:
    """Each sensor that works, in whole thousandths of its unit."""
    found = []
    instances = Instances()
    named = named_by(ENTITY_NAME, ENTITY_DESCR)
    for row in answers.rows(VALUE):
        kind = KINDS.get(answers.number(TYPE, row) or 0)
        value = scaled(answers, row, kind[2]) if kind else None
        if kind is not None and value is not None and answers.number(STATUS, row) in (None, 1):
            found.append(Measure(kind[0], instances.name(named(answers, row), row), kind[1], value))
    return found


def scaled(answers: Answers, row: Row, ours: int) -> int | None:
    """A sensor's value in our unit, of which so many make one of its own."""
    value = answers.signed(VALUE, row)
    scale, precision = answers.number(SCALE, row), answers.signed(PRECISION, row)
    # The ends of the range say that it is below or above what can be measured.
    if value is None or scale is None or not 1 <= scale <= 17 or abs(value) >= 10**9:
        return None
    decimals = precision if precision is not None and -8 <= precision <= 9 else 0
    exact = value * ours * Fraction(1000) ** (scale - _UNITS) / Fraction(10) ** decimals
    return round(exact) if abs(exact) < 2**62 else None


ENTITY_SENSORS = Module(
    name="entity-sensors",
    phrase=Phrase("ses capteurs : température, tension, ventilateurs…", "its sensors: temperature, voltage, fans…"),
    probe=VALUE,
    columns=(VALUE, STATUS),
    still=(TYPE, SCALE, PRECISION, ENTITY_NAME, ENTITY_DESCR),
    read=read,
)
