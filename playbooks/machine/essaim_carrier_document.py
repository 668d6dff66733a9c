"""What a machine's kernel is to hold, as the carrier knows it (`essaim_carrier.py`), and the JSON that says it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from ipaddress import ip_address, ip_interface, ip_network
from itertools import pairwise
from typing import Any

VERSION = 1
MOST_KBIT = 10_000_000
LAST_LINE = 0xFFFE
"""Queues are numbered as their lines are, in 16 bits."""
KINDS = {"unicast": 1, "blackhole": 6, "unreachable": 7}
"""Kinds of routes, with the numbers that the kernel gives them."""
WAYS = {"source": "saddr", "destination": "daddr"}
"""The end of a packet that says whose it is, and what nft calls it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
_LINE = re.compile(r"L\d{4,5}")


@dataclass(frozen=True, order=True)
class Address:
    """An address of an interface, with its length."""

    interface: str
    address: str


@dataclass(frozen=True, order=True)
class Route:
    """A route. The kernel holds one of each `key`; `via` and `interface` are for unicast alone."""

    to: str
    kind: str
    table: int
    metric: int
    via: str = ""
    interface: str = ""

    @property
    def key(self) -> tuple[str, int, int]:
        """What the kernel holds one route of."""
        return self.to, self.table, self.metric


@dataclass(frozen=True, order=True)
class Rule:
    """What comes from a prefix looks into a table; `but_default`: at anything there but a default route."""

    priority: int
    source: str
    table: int
    but_default: bool


@dataclass(frozen=True, order=True)
class Rate:
    """The packets from or to these prefixes (`match`) leave by the interface at so many kbit/s, as one line's."""

    interface: str
    line: str
    kbit: int
    match: str
    prefixes: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Queue:
    """The queue of an interface that holds its lines'."""

    interface: str


@dataclass(frozen=True, order=True)
class Class:
    """The queue of one line."""

    interface: str
    line: str
    kbit: int


@dataclass(frozen=True, order=True)
class Mark:
    """Which packets go to which line's queue."""

    interface: str
    match: str
    prefix: str
    line: str


@dataclass(frozen=True)
class State:
    """What there should be, or what there is of ours."""

    addresses: frozenset[Address] = frozenset()
    routes: frozenset[Route] = frozenset()
    rules: frozenset[Rule] = frozenset()
    queues: frozenset[Queue] = frozenset()
    classes: frozenset[Class] = frozenset()
    marks: frozenset[Mark] = frozenset()


def _whole(low: int, high: int) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"{value!r} is not from {low} to {high}")
        return value

    return checked


def _one_of(*known: str) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if value not in known:
            raise ValueError(f"{value!r} is not one of {', '.join(known)}")
        return value

    return checked


def _like(pattern: re.Pattern[str]) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"{value!r} is no name")
        return value

    return checked


def _spelled(kind: Callable[[Any], object]) -> Callable[[Any], Any]:
    """An address as Python spells it: there is one spelling of each, so texts can be compared."""

    def checked(value: Any) -> Any:
        if not isinstance(value, str) or "%" in value or str(kind(value)) != value:
            raise ValueError(f"{value!r} is not spelled as we do")
        return value

    return checked


def _truth(value: Any) -> Any:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _prefixes(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        raise ValueError(f"{value!r} lists nothing")
    return tuple(_spelled(ip_network)(each) for each in value)


_PREFIX, _PORT = _spelled(ip_network), _like(_NAME)
_FIELDS: Mapping[str, tuple[type, Mapping[str, Callable[[Any], Any]]]] = {
    "addresses": (Address, {"interface": _PORT, "address": _spelled(ip_interface)}),
    "routes": (
        Route,
        {
            "to": _PREFIX, "kind": _one_of(*KINDS), "table": _whole(1, 2**31), "metric": _whole(1, 2**32 - 1),
            "via": _spelled(ip_address), "interface": _PORT,
        },
    ),
    "rules": (
        Rule,
        {"priority": _whole(1, 32765), "source": _PREFIX, "table": _whole(1, 2**31), "but_default": _truth},
    ),
    "rates": (
        Rate,
        {
            "interface": _PORT, "line": _like(_LINE), "kbit": _whole(1, MOST_KBIT), "match": _one_of(*WAYS),
            "prefixes": _prefixes,
        },
    ),
}  # fmt: skip


def read(text: str) -> State:
    """The document. Raises ValueError with what is wrong in it."""
    said = json.loads(text)
    if not isinstance(said, dict) or said.get("version") != VERSION:
        raise ValueError("not a document of this version")
    if unknown := said.keys() - _FIELDS.keys() - {"version"}:
        raise ValueError(f"{min(unknown)!r} is not known")
    items = {name: [_item(name, each) for each in _listed(said, name)] for name in _FIELDS}
    _fitting(items["routes"])
    rates: list[Rate] = items["rates"]
    _once("addresses", items["addresses"])
    _once("routes", [one.key for one in items["routes"]])
    _once("rules", items["rules"])
    _once("rates", [(one.interface, one.line) for one in rates])
    _disjoint(rates)
    return State(
        frozenset(items["addresses"]),
        frozenset(items["routes"]),
        frozenset(items["rules"]),
        frozenset(Queue(one.interface) for one in rates),
        frozenset(Class(one.interface, one.line, one.kbit) for one in rates),
        frozenset(Mark(one.interface, one.match, each, one.line) for one in rates for each in one.prefixes),
    )


def written(state: State, absent: Iterable[str] = ()) -> str:
    """The reverse, as JSON: a queue that gets no packets has no prefixes there, packets without a queue no rate.

    `absent` is what the machine lacks of what was wanted.
    """
    lines: dict[tuple[str, str], list[Mark]] = defaultdict(list)
    for mark in state.marks:
        lines[mark.interface, mark.line].append(mark)
    kbit = {(one.interface, one.line): one.kbit for one in state.classes}
    rates = [
        {
            "interface": where, "line": line, "kbit": kbit.get((where, line), 0),
            "match": min((one.match for one in lines[where, line]), default=""),
            "prefixes": sorted((one.prefix for one in lines[where, line]), key=_order),
        }
        for where, line in sorted({*lines, *kbit})
    ]  # fmt: skip
    found: dict[str, Any] = {"version": VERSION}
    for name in ("addresses", "routes", "rules"):
        each = [asdict(one) for one in sorted(getattr(state, name))]
        found[name] = [{key: value for key, value in one.items() if value != ""} for one in each]
    return json.dumps({**found, "rates": rates, "absent": sorted(absent)})


def _listed(said: Mapping[str, Any], name: str) -> list[Any]:
    found = said.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is no list")
    return found


def _item(name: str, said: Any) -> Any:
    kind, checks = _FIELDS[name]
    needed = {one.name for one in fields(kind)} - ({"via", "interface"} if kind is Route else set())
    if not isinstance(said, dict) or not needed <= said.keys() <= checks.keys():
        raise ValueError(f"{name}: {said!r} has not what it takes")
    try:
        return kind(**{key: checks[key](value) for key, value in said.items()})
    except (ValueError, TypeError) as wrong:
        raise ValueError(f"{name}: {wrong}") from wrong


def _fitting(routes: Iterable[Route]) -> None:
    for one in routes:
        if (one.kind == "unicast") != bool(one.via) or bool(one.via) != bool(one.interface):
            raise ValueError(f"routes: {one.to} leads nowhere, or too far")
        if one.via and ip_address(one.via).version != ip_network(one.to).version:
            raise ValueError(f"routes: {one.to} by {one.via}")


def _once(name: str, keys: list[Any]) -> None:
    if len(set(keys)) != len(keys):
        raise ValueError(f"{name}: something stands there twice")


def _disjoint(rates: Iterable[Rate]) -> None:
    """One interface goes by one end of a packet, and each of its packets to one line at most."""
    ways: dict[str, str] = {}
    held: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for one in rates:
        if ways.setdefault(one.interface, one.match) != one.match:
            raise ValueError(f"rates: {one.interface} goes by two ends")
        if not 0 < int(one.line[1:]) <= LAST_LINE:
            raise ValueError(f"rates: {one.line} is beyond what a queue can number")
        for each in map(ip_network, one.prefixes):
            held[one.interface, each.version].append(each)
    for every in held.values():
        every.sort()
        for one, other in pairwise(every):
            if one.overlaps(other):
                raise ValueError(f"rates: {one} and {other}")


def _order(prefix: str) -> Any:
    net = ip_network(prefix)
    return net.version, net
