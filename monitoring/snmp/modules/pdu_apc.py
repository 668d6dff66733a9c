"""APC's metered and switched power strips, before 2011 (PowerNet-MIB, rPDU).

An outlet here is on at 1 and off at 2; in rPDU2 it is the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, Quantity, Row, numbered_by, oids, singles, table
from monitoring.snmp.modules.pdu_apc2 import APC, PDU_APC_2

_RPDU: Final = f"{APC}.1.1.12"
_PHASE: Final = f"{_RPDU}.2.3.1.1.4"
_BANK: Final = f"{_RPDU}.2.3.1.1.5"
SINGLE: Final = (Quantity("inletPower", f"{_RPDU}.1.16.0", "milliwatts", 1000),)
LOADS: Final = (Quantity("inletCurrent", f"{_RPDU}.2.3.1.1.2", "milliamperes", 100),)
OUTLETS: Final = (
    Quantity("outletOn", f"{_RPDU}.3.5.1.1.4", "state", states={1: 1, 2: 0}),
    Quantity("outletCurrent", f"{_RPDU}.3.5.1.1.7", "milliamperes", 100),
)


def read(answers: Answers) -> Sequence[Measure]:
    """What it draws, by phase and bank, and which outlets are on."""
    return [
        *singles(answers, SINGLE),
        *table(answers, LOADS, _part),
        *table(answers, OUTLETS, numbered_by()),
    ]


def _part(answers: Answers, row: Row) -> str:
    bank = answers.number(_BANK, row)
    phase = answers.number(_PHASE, row)
    return f"bank {bank}" if bank else f"phase {phase}" if phase else ""


PDU_APC = Module(
    name="pdu-apc",
    phrase=Phrase("ses prises, comme les anciennes réglettes APC", "its outlets, as APC's former power strips"),
    probe=f"{_RPDU}.1",
    makers=(APC,),
    unless=PDU_APC_2.probe,
    gets=oids(*SINGLE),
    columns=oids(*LOADS, *OUTLETS),
    still=(_PHASE, _BANK),
    read=read,
)
