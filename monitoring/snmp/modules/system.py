"""The system group (SNMPv2-MIB, RFC 3418): its name, its make, and since when its agent runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from foundation.speech import Phrase
from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module

SYSTEM_GROUP: Final = "1.3.6.1.2.1.1"
SYS_DESCR: Final = f"{SYSTEM_GROUP}.1.0"
SYS_OBJECT_ID: Final = f"{SYSTEM_GROUP}.2.0"
SYS_UPTIME: Final = f"{SYSTEM_GROUP}.3.0"
SYS_NAME: Final = f"{SYSTEM_GROUP}.5.0"
GETS: Final = (SYS_UPTIME, SYS_NAME, SYS_OBJECT_ID)
"""What every device is asked, before anything else."""


def name(answers: Answers) -> str:
    """The name that the machine gives itself, or nothing."""
    return answers.words(SYS_NAME, most=64)


def read(answers: Answers) -> Sequence[Measure]:
    """Seconds since the agent started; it begins again every 497 days (TimeTicks)."""
    ticks = answers.number(SYS_UPTIME)
    return [] if ticks is None else [Measure("sysUpTime", "", "seconds", ticks // 100)]


SYSTEM = Module(
    name="system",
    phrase=Phrase("son nom, et depuis quand son agent tourne", "its name, and since when its agent runs"),
    probe=SYSTEM_GROUP,
    read=read,
)
