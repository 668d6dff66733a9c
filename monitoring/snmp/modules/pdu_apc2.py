"""APC's metered and switched power strips since 2011 (PowerNet-MIB, rPDU2). What they do not measure they say as -1.

An outlet here is off at 1 and on at 2; in the former rPDU it is the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import (
    Answers,
    Instances,
    Module,
    Quantity,
    columns_of,
    measures_of,
    numbered_by,
    oids,
    table,
)

APC: Final = "1.3.6.1.4.1.318"
_RPDU2: Final = f"{APC}.1.1.26"
_METERED: Final = f"{_RPDU2}.9.4.3.1"
_SWITCHED: Final = f"{_RPDU2}.9.2.3.1"
_SENSOR: Final = f"{_RPDU2}.10.2.2.1"
METERED_NUMBER: Final = f"{_METERED}.4"
SWITCHED_NUMBER: Final = f"{_SWITCHED}.4"
SENSOR_NAME: Final = f"{_SENSOR}.3"

INLETS: Final = (
    Quantity("inletPower", f"{_RPDU2}.4.3.1.5", "milliwatts", 10_000),
    Quantity("inletEnergy", f"{_RPDU2}.4.3.1.9", "watthours", 100),
    Quantity("inletApparentPower", f"{_RPDU2}.4.3.1.16", "volt-amperes", 10),
    Quantity("inletPowerFactor", f"{_RPDU2}.4.3.1.17", "hundredths"),
)
PHASES: Final = (
    Quantity("phaseCurrent", f"{_RPDU2}.6.3.1.5", "milliamperes", 100),
    Quantity("phaseVoltage", f"{_RPDU2}.6.3.1.6", "millivolts", 1000),
    Quantity("phasePower", f"{_RPDU2}.6.3.1.7", "milliwatts", 10_000),
)
BANKS: Final = (Quantity("bankCurrent", f"{_RPDU2}.8.3.1.5", "milliamperes", 100),)
METERED: Final = (
    Quantity("outletCurrent", f"{_METERED}.6", "milliamperes", 100),
    Quantity("outletPower", f"{_METERED}.7", "milliwatts", 1000),
    Quantity("outletEnergy", f"{_METERED}.11", "watthours", 100),
)
SWITCHED: Final = (Quantity("outletOn", f"{_SWITCHED}.5", "state", states={1: 0, 2: 1}),)
SENSORS: Final = (
    Quantity("temperature", f"{_SENSOR}.8", "millidegrees", 100, -999),
    Quantity("humidity", f"{_SENSOR}.10", "percent"),
)
SENSOR_STATUS: Final = f"{_SENSOR}.6"
_HEARD: Final = 2


def read(answers: Answers) -> Sequence[Measure]:
    """What it draws, by phase and bank; what each outlet draws, and whether it is on; its sensors."""
    return [
        *table(answers, INLETS),
        *table(answers, PHASES),
        *table(answers, BANKS),
        *table(answers, METERED, numbered_by(METERED_NUMBER)),
        *table(answers, SWITCHED, numbered_by(SWITCHED_NUMBER)),
        *_sensors(answers),
    ]


def _sensors(answers: Answers) -> Iterator[Measure]:
    """A sensor that is not there reads -1, which is a temperature too: only its status tells."""
    instances, columns = Instances(), columns_of(answers, SENSORS)
    for row in answers.rows(SENSOR_STATUS):
        if answers.number(SENSOR_STATUS, row) == _HEARD:
            instance = instances.name(answers.words(SENSOR_NAME, row, 100), row)
            yield from measures_of(row, instance, columns)


PDU_APC_2 = Module(
    name="pdu-apc-2",
    phrase=Phrase("ses prises, comme les réglettes APC récentes", "its outlets, as APC's recent power strips"),
    probe=f"{_RPDU2}.4.3.1",
    makers=(APC,),
    columns=(*oids(*INLETS, *PHASES, *BANKS, *METERED, *SWITCHED, *SENSORS), SENSOR_STATUS),
    still=(METERED_NUMBER, SWITCHED_NUMBER, SENSOR_NAME),
    read=read,
)
