"""The system group (SNMPv2-MIB, RFC 3418): its name, and since when its agent runs."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, number, oid, words

SYS_UPTIME = oid("1.3.6.1.2.1.1.3.0")
SYS_NAME = oid("1.3.6.1.2.1.1.5.0")


def name(answers: Answers) -> str:
    """The name that the machine gives itself, or nothing."""
    return words(answers, SYS_NAME, 64)


def read(answers: Answers) -> Sequence[Measure]:
    """Seconds since the agent started; it begins again every 497 days (TimeTicks)."""
    ticks = number(answers, SYS_UPTIME)
    return [] if ticks is None else [Measure("sysUpTime", "", "seconds", ticks // 100)]


SYSTEM = Module(gets=(SYS_UPTIME, SYS_NAME), walks=(), read=read)
