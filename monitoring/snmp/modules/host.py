"""Processors, memory and disks (HOST-RESOURCES-MIB, RFC 2790), and the load of a Linux machine (UCD-SNMP-MIB)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.models import LARGEST
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Instances, Module, Quantity, oids, singles

HR_SYSTEM_UPTIME: Final = "1.3.6.1.2.1.25.1.1.0"
_STORAGE: Final = "1.3.6.1.2.1.25.2.3.1"
HR_STORAGE_DESCR: Final = f"{_STORAGE}.3"
HR_STORAGE_UNITS: Final = f"{_STORAGE}.4"
HR_STORAGE_SIZE: Final = f"{_STORAGE}.5"
HR_STORAGE_USED: Final = f"{_STORAGE}.6"
HR_PROCESSOR_LOAD: Final = "1.3.6.1.2.1.25.3.3.1.2"

_UCD: Final = "1.3.6.1.4.1.2021"
LOADS: Final = tuple(
    Quantity(metric, f"{_UCD}.10.1.5.{row}", "hundredths") for row, metric in enumerate(("load1", "load5", "load15"), 1)
)
MEMORY: Final = (
    Quantity("memTotalSwap", f"{_UCD}.4.3.0", "octets", 1024),
    Quantity("memAvailSwap", f"{_UCD}.4.4.0", "octets", 1024),
    Quantity("memTotalReal", f"{_UCD}.4.5.0", "octets", 1024),
    Quantity("memAvailReal", f"{_UCD}.4.6.0", "octets", 1024),
    Quantity("memBuffer", f"{_UCD}.4.14.0", "octets", 1024),
    Quantity("memCached", f"{_UCD}.4.15.0", "octets", 1024),
)


def read(answers: Answers) -> Sequence[Measure]:
    """Seconds since it booted, each processor in percent, each storage in octets."""
    found = []
    ticks = answers.number(HR_SYSTEM_UPTIME)
    if ticks is not None:
        found.append(Measure("hrSystemUptime", "", "seconds", ticks // 100))
    for rank, row in enumerate(answers.rows(HR_PROCESSOR_LOAD)):
        percent = answers.number(HR_PROCESSOR_LOAD, row)
        if percent is not None and percent <= 100:
            found.append(Measure("hrProcessorLoad", str(rank), "percent", percent))
    instances = Instances()
    for row in answers.rows(HR_STORAGE_SIZE, HR_STORAGE_USED):
        instance = instances.name(answers.words(HR_STORAGE_DESCR, row), row)
        unit = answers.number(HR_STORAGE_UNITS, row)
        for metric, column in (("hrStorageSize", HR_STORAGE_SIZE), ("hrStorageUsed", HR_STORAGE_USED)):
            octets = _octets(answers.signed(column, row), unit)
            if octets is not None:
                found.append(Measure(metric, instance, "octets", octets))
    return found


def read_linux(answers: Answers) -> Sequence[Measure]:
    """Load in hundredths, memory in octets."""
    return list(singles(answers, (*LOADS, *MEMORY)))


def _octets(blocks: int | None, unit: int | None) -> int | None:
    """Octets of so many blocks. A disk of over 2^31 blocks wraps below zero in Integer32: brought back."""
    if blocks is None or unit is None:
        return None
    octets = blocks % 2**32 * unit
    return octets if octets <= LARGEST else None


HOST = Module(
    name="host",
    phrase=Phrase("ses processeurs, sa mémoire et ses disques", "its processors, memory and disks"),
    probe="1.3.6.1.2.1.25.1",
    gets=(HR_SYSTEM_UPTIME,),
    columns=(HR_PROCESSOR_LOAD, HR_STORAGE_SIZE, HR_STORAGE_USED),
    still=(HR_STORAGE_DESCR, HR_STORAGE_UNITS),
    read=read,
)
LINUX = Module(
    name="linux",
    phrase=Phrase("sa charge et sa mémoire, comme Linux les compte", "its load and memory, as Linux counts them"),
    probe=f"{_UCD}.10.1.5",
    gets=oids(*LOADS, *MEMORY),
    read=read_linux,
)
