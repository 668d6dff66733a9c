"""Interfaces (IF-MIB, RFC 2863): 64-bit counters of `ifXTable`, states and errors of `ifTable`."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.series import Measure
from monitoring.snmp.answers import Answers, Module, number, oid, rows, words

IF_NAME = oid("1.3.6.1.2.1.31.1.1.1.1")
IF_HIGH_SPEED = oid("1.3.6.1.2.1.31.1.1.1.15")
_COUNTED = {
    "ifHCInOctets": (oid("1.3.6.1.2.1.31.1.1.1.6"), "octets"),
    "ifHCInUcastPkts": (oid("1.3.6.1.2.1.31.1.1.1.7"), "packets"),
    "ifHCOutOctets": (oid("1.3.6.1.2.1.31.1.1.1.10"), "octets"),
    "ifHCOutUcastPkts": (oid("1.3.6.1.2.1.31.1.1.1.11"), "packets"),
    "ifInDiscards": (oid("1.3.6.1.2.1.2.2.1.13"), "packets"),
    "ifInErrors": (oid("1.3.6.1.2.1.2.2.1.14"), "packets"),
    "ifOutDiscards": (oid("1.3.6.1.2.1.2.2.1.19"), "packets"),
    "ifOutErrors": (oid("1.3.6.1.2.1.2.2.1.20"), "packets"),
    "ifOperStatus": (oid("1.3.6.1.2.1.2.2.1.8"), "state"),
}


def read(answers: Answers) -> Sequence[Measure]:
    """What each interface counts, under its name; one without a name goes by its index."""
    found = []
    names: dict[str, int] = {}
    for row in rows(answers, IF_NAME):
        index = ".".join(map(str, row))
        name = words(answers, IF_NAME + row, 100) or index
        names[name] = names.get(name, 0) + 1
        instance = name if names[name] == 1 else f"{name} ({index})"[:128]
        speed = number(answers, IF_HIGH_SPEED + row)
        if speed is not None and speed < 10**9:
            found.append(Measure("ifHighSpeed", instance, "bit/s", speed * 1_000_000))
        for metric, (column, unit) in _COUNTED.items():
            value = number(answers, column + row)
            if value is not None:
                found.append(Measure(metric, instance, unit, value))
    return found


INTERFACES = Module(
    gets=(),
    walks=(IF_NAME, IF_HIGH_SPEED, *(column for column, _ in _COUNTED.values())),
    read=read,
)
