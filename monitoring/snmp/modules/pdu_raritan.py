"""Raritan's power strips (PDU2-MIB): each reading has a unit and a number of decimals of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Instances, Module, Oid, Quantity, Row, numbered_by, table

RARITAN: Final = "1.3.6.1.4.1.13742"
_PDU2: Final = f"{RARITAN}.6"
OUTLET_DIGITS: Final = f"{_PDU2}.3.5.4.1.7"
OUTLET_VALUE: Final = f"{_PDU2}.5.4.3.1.4"
OUTLET_AVAILABLE: Final = f"{_PDU2}.5.4.3.1.2"
INLET_DIGITS: Final = f"{_PDU2}.3.3.4.1.7"
INLET_VALUE: Final = f"{_PDU2}.5.2.3.1.4"
SENSOR_TYPE: Final = f"{_PDU2}.3.6.3.1.2"
SENSOR_NAME: Final = f"{_PDU2}.3.6.3.1.4"
SENSOR_DIGITS: Final = f"{_PDU2}.3.6.3.1.17"
SENSOR_VALUE: Final = f"{_PDU2}.5.5.3.1.4"
SWITCHED: Final = (Quantity("outletOn", f"{_PDU2}.4.1.2.1.3", "state", states={7: 1, 8: 0}),)

_READINGS: Final[Mapping[int, tuple[str, str, int]]] = {
    1: ("Current", "milliamperes", 3),
    4: ("Voltage", "millivolts", 3),
    5: ("Power", "milliwatts", 3),
    6: ("ApparentPower", "volt-amperes", 0),
    7: ("PowerFactor", "hundredths", 2),
    8: ("Energy", "watthours", 0),
    23: ("Frequency", "millihertz", 3),
}
"""SensorTypeEnumeration: what is measured, our unit, and its decimals."""

_SENSORS: Final[Mapping[int, tuple[str, str, int]]] = {
    10: ("temperature", "millidegrees", 3),
    11: ("humidity", "percent", 0),
}


def read(answers: Answers) -> Sequence[Measure]:
    """What each inlet and outlet draws, which outlets are on, and what its sensors say."""
    return [
        *_parts(answers, "inlet", INLET_VALUE, INLET_DIGITS),
        *_parts(answers, "outlet", OUTLET_VALUE, OUTLET_DIGITS),
        *table(answers, SWITCHED, numbered_by()),
        *_sensors(answers),
    ]


def _parts(answers: Answers, part: str, values: Oid, digits: Oid) -> Iterator[Measure]:
    instances = Instances()
    known: dict[Row, str] = {}
    for row in answers.rows(values):
        owner, _, kind = row.rpartition(".")
        reading = _READINGS.get(int(kind))
        value = _scaled(answers.number(values, row), answers.number(digits, row), reading[2] if reading else 0)
        if reading is None or value is None or answers.number(OUTLET_AVAILABLE, row) == 2:
            continue
        if owner not in known:
            known[owner] = instances.name(owner.rpartition(".")[2], owner)
        yield Measure(f"{part}{reading[0]}", known[owner], reading[1], value)


def _sensors(answers: Answers) -> Iterator[Measure]:
    instances = Instances()
    for row in answers.rows(SENSOR_VALUE):
        sensor = _SENSORS.get(answers.number(SENSOR_TYPE, row) or 0)
        if sensor is None:
            continue
        value = _scaled(answers.signed(SENSOR_VALUE, row), answers.number(SENSOR_DIGITS, row), sensor[2])
        if value is not None:
            instance = instances.name(answers.words(SENSOR_NAME, row, 100), row)
            yield Measure(sensor[0], instance, sensor[1], value)


def _scaled(value: int | None, digits: int | None, wanted: int) -> int | None:
    """A reading of so many decimals, with as many as wanted: rounded half to even where it has more."""
    if value is None or digits is None or digits > 12:
        return None
    return round(value * Fraction(10) ** (wanted - digits))


PDU_RARITAN = Module(
    name="pdu-raritan",
    phrase=Phrase("ses prises, comme les réglettes Raritan", "its outlets, as Raritan's power strips"),
    probe=f"{_PDU2}.3",
    makers=(RARITAN,),
    columns=(INLET_VALUE, OUTLET_AVAILABLE, OUTLET_VALUE, SWITCHED[0].oid, SENSOR_VALUE),
    still=(INLET_DIGITS, OUTLET_DIGITS, SENSOR_TYPE, SENSOR_NAME, SENSOR_DIGITS),
    read=read,
)
