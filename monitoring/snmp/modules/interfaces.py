"""Interfaces (IF-MIB, RFC 2863): 64-bit counters of `ifXTable` where there are, else those of `ifTable`.

Interfaces go by their name: an index is given to another one when cards are moved or the agent starts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Instances, Module, Quantity, columns_of, measures_of, named_by, oids

_TABLE: Final = "1.3.6.1.2.1.2.2.1"
_MORE: Final = "1.3.6.1.2.1.31.1.1.1"
IF_DESCR: Final = f"{_TABLE}.2"
IF_NAME: Final = f"{_MORE}.1"
IF_HC_IN_OCTETS: Final = f"{_MORE}.6"
IF_HIGH_SPEED: Final = f"{_MORE}.15"
IF_IN_OCTETS: Final = f"{_TABLE}.10"
IF_TABLE_LAST_CHANGE: Final = "1.3.6.1.2.1.31.1.5.0"

WIDE: Final = (
    Quantity("ifHCInOctets", IF_HC_IN_OCTETS, "octets"),
    Quantity("ifHCInUcastPkts", f"{_MORE}.7", "packets"),
    Quantity("ifHCOutOctets", f"{_MORE}.10", "octets"),
    Quantity("ifHCOutUcastPkts", f"{_MORE}.11", "packets"),
    # When any counter of the interface was last reset, in hundredths of a second of sysUpTime.
    Quantity("ifCounterDiscontinuityTime", f"{_MORE}.19", "hundredths"),
)
NARROW: Final = (
    Quantity("ifInOctets", IF_IN_OCTETS, "octets"),
    Quantity("ifInUcastPkts", f"{_TABLE}.11", "packets"),
    Quantity("ifOutOctets", f"{_TABLE}.16", "octets"),
    Quantity("ifOutUcastPkts", f"{_TABLE}.17", "packets"),
)
BOTH: Final = (
    Quantity("ifInDiscards", f"{_TABLE}.13", "packets"),
    Quantity("ifInErrors", f"{_TABLE}.14", "packets"),
    Quantity("ifOutDiscards", f"{_TABLE}.19", "packets"),
    Quantity("ifOutErrors", f"{_TABLE}.20", "packets"),
    Quantity("ifAdminStatus", f"{_TABLE}.7", "state"),
    Quantity("ifOperStatus", f"{_TABLE}.8", "state"),
)
_named = named_by(IF_NAME, IF_DESCR)


def read_wide(answers: Answers) -> Sequence[Measure]:
    """What each interface counts, in 64 bits, and its speed."""
    return _read(answers, (*WIDE, *BOTH))


def read_narrow(answers: Answers) -> Sequence[Measure]:
    """What each interface counts, in 32 bits, and its speed: for agents that have no more."""
    return _read(answers, (*NARROW, *BOTH))


def _read(answers: Answers, quantities: Sequence[Quantity]) -> Sequence[Measure]:
    found: list[Measure] = []
    instances, columns = Instances(), columns_of(answers, quantities)
    for row in answers.rows(quantities[0].oid, f"{_TABLE}.8"):
        instance = instances.name(_named(answers, row), row)
        speed = answers.number(IF_HIGH_SPEED, row)
        if speed is not None and speed < 10**9:
            found.append(Measure("ifHighSpeed", instance, "bit/s", speed * 1_000_000))
        found.extend(measures_of(row, instance, columns))
    return found


INTERFACES = Module(
    name="interfaces",
    phrase=Phrase("ses interfaces, comptées sur 64 bits", "its interfaces, counted in 64 bits"),
    probe=IF_HC_IN_OCTETS,
    columns=oids(*WIDE, *BOTH),
    still=(IF_NAME, IF_DESCR, IF_HIGH_SPEED),
    stamp=IF_TABLE_LAST_CHANGE,
    read=read_wide,
)
INTERFACES_32 = Module(
    name="interfaces-32",
    phrase=Phrase("ses interfaces, comptées sur 32 bits", "its interfaces, counted in 32 bits"),
    probe=IF_IN_OCTETS,
    unless=IF_HC_IN_OCTETS,
    columns=oids(*NARROW, *BOTH),
    still=(IF_NAME, IF_DESCR, IF_HIGH_SPEED),
    stamp=IF_TABLE_LAST_CHANGE,
    read=read_narrow,
)
