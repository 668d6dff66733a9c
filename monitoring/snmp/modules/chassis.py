"""What Cisco's switches and Juniper's routers say of their own temperature, fans and load, in MIBs of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, Quantity, named_by, oids, table
from monitoring.snmp.modules.entity_sensors import VALUE

_ENVIRONMENT: Final = "1.3.6.1.4.1.9.9.13.1"
"""CISCO-ENVMON-MIB: temperatures, fans and supplies, each with a description and a state (normal is 1)."""

TEMPERATURES: Final = (Quantity("temperature", f"{_ENVIRONMENT}.3.1.3", "millidegrees", 1000),)
FANS: Final = (Quantity("fanState", f"{_ENVIRONMENT}.4.1.3", "state", 1, 1),)
SUPPLIES: Final = (Quantity("supplyState", f"{_ENVIRONMENT}.5.1.3", "state", 1, 1),)
_DESCRIPTIONS: Final = tuple(f"{_ENVIRONMENT}.{part}.1.2" for part in (3, 4, 5))

_OPERATING: Final = "1.3.6.1.4.1.2636.3.1.13.1"
"""JUNIPER-MIB, jnxOperatingTable: a row for each part of the chassis, 0 where there is nothing to say."""

PARTS: Final = (
    Quantity("temperature", f"{_OPERATING}.7", "millidegrees", 1000, 1),
    Quantity("cpu", f"{_OPERATING}.8", "percent", 1, 1),
    Quantity("memoryUsed", f"{_OPERATING}.11", "percent", 1, 1),
    # Running is 2, ready 3, reset 4, full speed 5, down 6, standby 7; unknown is 1.
    Quantity("partState", f"{_OPERATING}.6", "state", 1, 2),
)
PART_NAME: Final = f"{_OPERATING}.5"


def read_cisco(answers: Answers) -> Sequence[Measure]:
    """Each temperature, fan and supply, under its description."""
    return [
        one
        for kind, description in zip((TEMPERATURES, FANS, SUPPLIES), _DESCRIPTIONS, strict=True)
        for one in table(answers, kind, named_by(description))
    ]


def read_juniper(answers: Answers) -> Sequence[Measure]:
    """Each part of the chassis: how warm, how busy, and whether it runs."""
    return list(table(answers, PARTS, named_by(PART_NAME)))


CISCO: Final = Module(
    name="cisco",
    phrase=Phrase("ses températures et ventilateurs (Cisco)", "its temperatures and fans (Cisco)"),
    probe=f"{_ENVIRONMENT}.3.1.3",
    makers=("1.3.6.1.4.1.9",),
    # What has sensors by the standard says them there.
    unless=VALUE,
    columns=oids(*TEMPERATURES, *FANS, *SUPPLIES),
    still=_DESCRIPTIONS,
    read=read_cisco,
)
JUNIPER: Final = Module(
    name="juniper",
    phrase=Phrase("les parties de son châssis (Juniper)", "the parts of its chassis (Juniper)"),
    probe=PARTS[0].oid,
    makers=("1.3.6.1.4.1.2636",),
    columns=oids(*PARTS),
    still=(PART_NAME,),
    read=read_juniper,
)
