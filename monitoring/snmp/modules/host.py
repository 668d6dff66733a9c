"""Processors, memory, disks (HOST-RESOURCES-MIB, RFC 2790) and the load of a Linux machine (UCD-SNMP-MIB)."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.models import LARGEST
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, number, oid, rows, words

HR_SYSTEM_UPTIME = oid("1.3.6.1.2.1.25.1.1.0")
HR_STORAGE_DESCR = oid("1.3.6.1.2.1.25.2.3.1.3")
HR_STORAGE_UNITS = oid("1.3.6.1.2.1.25.2.3.1.4")
HR_STORAGE_SIZE = oid("1.3.6.1.2.1.25.2.3.1.5")
HR_STORAGE_USED = oid("1.3.6.1.2.1.25.2.3.1.6")
HR_PROCESSOR_LOAD = oid("1.3.6.1.2.1.25.3.3.1.2")
LA_LOAD_INT = oid("1.3.6.1.4.1.2021.10.1.5")
_LOADS = {1: "load1", 2: "load5", 3: "load15"}


def read(answers: Answers) -> Sequence[Measure]:
    """Seconds since it booted, load in hundredths, each processor in percent, each storage in octets."""
    found = []
    ticks = number(answers, HR_SYSTEM_UPTIME)
    if ticks is not None:
        found.append(Measure("hrSystemUptime", "", "seconds", ticks // 100))
    for span, metric in _LOADS.items():
        load = number(answers, (*LA_LOAD_INT, span))
        if load is not None:
            found.append(Measure(metric, "", "hundredths", load))
    for rank, row in enumerate(rows(answers, HR_PROCESSOR_LOAD)):
        percent = number(answers, HR_PROCESSOR_LOAD + row)
        if percent is not None and percent <= 100:
            found.append(Measure("hrProcessorLoad", str(rank), "percent", percent))
    for row in rows(answers, HR_STORAGE_DESCR):
        instance = words(answers, HR_STORAGE_DESCR + row, 128)
        unit = number(answers, HR_STORAGE_UNITS + row)
        for metric, column in (("hrStorageSize", HR_STORAGE_SIZE), ("hrStorageUsed", HR_STORAGE_USED)):
            octets = _octets(answers.get(column + row), unit)
            if instance and octets is not None:
                found.append(Measure(metric, instance, "octets", octets))
    return found


def _octets(blocks: object, unit: int | None) -> int | None:
    """Octets of so many blocks. A disk of over 2^31 blocks wraps below zero in Integer32: brought back."""
    if not isinstance(blocks, int) or unit is None:
        return None
    octets = blocks % 2**32 * unit
    return octets if octets <= LARGEST else None


HOST = Module(
    gets=(HR_SYSTEM_UPTIME,),
    walks=(
        LA_LOAD_INT,
        HR_PROCESSOR_LOAD,
        HR_STORAGE_DESCR,
        HR_STORAGE_UNITS,
        HR_STORAGE_SIZE,
        HR_STORAGE_USED,
    ),
    read=read,
)
