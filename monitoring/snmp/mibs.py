"""The standard MIBs that pysnmp carries, compiled: what their objects are called. Nothing is fetched.

What it has not (IF-MIB, HOST-RESOURCES-MIB, makers' own) is known by its subtree alone (`explain.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pysnmp.smi.builder import MibBuilder

from monitoring.snmp.answers import Oid, Value

_OWN: Final = "PYSNMP-"
"""The library's own modules, which say nothing about a machine."""
_UNREADABLE: Final = frozenset({"not-accessible", "accessible-for-notify"})
_GROUPS: Final = {4: "ip", 5: "icmp", 6: "tcp", 7: "udp"}
"""What RFC 1213 calls the groups of which the library has the objects and not the name."""
_MOST: Final = 60


@dataclass(frozen=True, slots=True)
class Standard:
    """An object of a MIB: a column of the table that `group` names, or one of the single objects below a node.

    `root` is the name of that table or node in numbers; `names` are those that numbers stand for (`up(1)`).
    """

    name: str
    oid: Oid
    mib: str
    group: str
    root: Oid
    column: bool
    names: Mapping[int, str]

    def written(self, value: Value | None) -> str:
        """A value of it, in one short row."""
        if isinstance(value, int):
            return self.names.get(value, str(value))
        if isinstance(value, bytes):
            text = value.decode("ascii", "replace").strip("\0")
            value = " ".join(text.split()) if "\ufffd" not in text and text.isprintable() else value.hex(" ")
        said = "" if value is None else str(value)
        return said if len(said) <= _MOST else f"{said[: _MOST - 1]}…"


@cache
def carried() -> tuple[Standard, ...]:
    """Every object that may be read, in the order of their names; of two MIBs that define it, the newer one's."""
    # Those that this one replaced (RFC 1213, RFC 1158) come last, and add what only they have.
    names = sorted(
        (file.name.removesuffix(".py") for file in files("pysnmp.smi.mibs").iterdir() if _is_mib(file.name)),
        key=lambda name: (name.startswith("RFC"), name if not name.startswith("RFC") else -int(name[3:7])),
    )
    builder = MibBuilder()
    builder.load_modules(*names)
    node, scalar, column = builder.import_symbols("SNMPv2-SMI", "MibNode", "MibScalar", "MibTableColumn")
    found: dict[tuple[int, ...], Standard] = {}
    nodes: dict[tuple[int, ...], str] = {(1, 3, 6, 1, 2, 1, arc): name for arc, name in _GROUPS.items()}
    for mib in names:
        for name, symbol in builder.mibSymbols[mib].items():
            if isinstance(symbol, node):
                nodes.setdefault(tuple(symbol.name), str(name))
    for mib in names:
        for symbol in builder.mibSymbols[mib].values():
            if isinstance(symbol, scalar) and symbol.getMaxAccess() not in _UNREADABLE:
                _put(found, nodes, mib, symbol, is_column=isinstance(symbol, column))
    return tuple(found[oid] for oid in sorted(found))


def _is_mib(file: str) -> bool:
    return file.endswith("-MIB.py") and not file.startswith(_OWN)


def _put(
    found: dict[tuple[int, ...], Standard],
    nodes: Mapping[tuple[int, ...], str],
    mib: str,
    symbol: Any,
    *,
    is_column: bool,
) -> None:
    oid = tuple(symbol.name)
    # A column is below its table's entry.
    root = oid[:-2] if is_column else oid[:-1]
    told = Standard(
        name=str(symbol.label),
        oid=_dotted(oid),
        mib=mib,
        group=nodes.get(root, mib),
        root=_dotted(root),
        column=is_column,
        names={int(number): str(name) for name, number in getattr(symbol.syntax, "namedValues", {}).items()},
    )
    found.setdefault(oid, told)


def _dotted(oid: tuple[int, ...]) -> Oid:
    return ".".join(map(str, oid))
