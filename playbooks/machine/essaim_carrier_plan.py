"""From what a kernel has to what is wanted: which steps, in which order, whatever can do them (`essaim_carrier.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from ipaddress import ip_interface
from typing import Any, Protocol

from essaim_carrier_document import Address, Class, Mark, Queue, Route, Rule, State

ROUNDS = 6
"""Addresses that go may take others and routes along, which are put back in the next round."""
RATES = frozenset({"htb", "nft"})
"""What it takes for rates."""


@dataclass(frozen=True)
class Held:
    """What the kernel has: of ours, the addresses that others put there, and its interfaces.

    Some of these are down, some have a queue of somebody else's (`busy`). `lacks` is what rates take and there is not.
    """

    ours: State
    others: frozenset[Address] = frozenset()
    interfaces: frozenset[str] = frozenset()
    down: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """One thing to do. An interface (a text) is brought up; of marks, all of them are set at once."""

    verb: str
    item: Address | Route | Rule | Queue | Class | frozenset[Mark] | str

    def __str__(self) -> str:
        if isinstance(self.item, str):
            return f"{self.verb} {self.item}"
        if isinstance(self.item, frozenset):
            return f"{self.verb} {len(self.item)} prefixes of lines"
        said = " ".join(str(value) for value in asdict(self.item).values() if value not in ("", False))
        return f"{self.verb} {type(self.item).__name__.lower()} {said}"


class Absent(Exception):
    """This kernel, or this machine, has not what it takes."""


class Refused(Exception):
    """The kernel will not: somebody else holds it, or it makes no sense there."""


class Network(Protocol):
    """What can be done: by the kernel, or in a test by a model of one."""

    def held(self) -> Held:
        """What there is."""
        ...

    def do(self, step: Step) -> None:
        """One thing. Raises Absent, Refused."""
        ...

    def remember(self, addresses: Iterable[Address]) -> None:
        """Those that are ours, from now until the machine stops."""
        ...

    def remembered(self) -> frozenset[Address]:
        """Those that are."""
        ...


@dataclass
class Report:
    """What was done, what could not be for want of something, what was refused."""

    did: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def plan(held: Held, wanted: State) -> list[Step]:
    """What brings the kernel from what it has to what is wanted: what comes first, what goes last."""
    ours = held.ours
    come, go = wanted.addresses - ours.addresses - held.others, ours.addresses - wanted.addresses
    before = {one for one in go if any(_in_the_way(one, other) for other in come)}
    keys = {one.key for one in wanted.routes}
    return [
        *(Step("raise", one) for one in sorted({one.interface for one in wanted.addresses} & held.down)),
        *_each("remove", before),
        *_each("add", come),
        *_routes(ours.routes, wanted.routes),
        *_each("add", wanted.rules - ours.rules),
        *_rates(ours, wanted),
        *_each("remove", ours.rules - wanted.rules),
        *_each("remove", (one for one in ours.routes if one.key not in keys)),
        *_each("remove", go - before),
    ]


def _each(verb: str, items: Iterable[Any]) -> list[Step]:
    return [Step(verb, one) for one in sorted(items)]


def _routes(ours: frozenset[Route], wanted: frozenset[Route]) -> list[Step]:
    keys = {one.key for one in ours}
    come = wanted - ours
    return _each("replace", (one for one in come if one.key in keys)) + _each(
        "add", (one for one in come if one.key not in keys)
    )


def _rates(ours: State, wanted: State) -> list[Step]:
    """Lines come before packets are sent to them, and go after."""
    old, new = ({(one.interface, one.line) for one in each.classes} for each in (ours, wanted))
    come = wanted.classes - ours.classes
    # A queue that goes takes its lines' along.
    gone = (
        one for one in ours.classes if (one.interface, one.line) not in new and Queue(one.interface) in wanted.queues
    )
    return [
        *_each("add", wanted.queues - ours.queues),
        *_each("change", (one for one in come if (one.interface, one.line) in old)),
        *_each("add", (one for one in come if (one.interface, one.line) not in old)),
        *([Step("mark", wanted.marks)] if ours.marks != wanted.marks else []),
        *_each("remove", gone),
        *_each("remove", ours.queues - wanted.queues),
    ]


def _in_the_way(old: Address, new: Address) -> bool:
    """Of an IPv6 address the kernel has one on an interface, whatever its length."""
    one, other = ip_interface(old.address), ip_interface(new.address)
    return old.interface == new.interface and one.version == 6 and one.ip == other.ip


def converge(network: Network, wanted: State) -> Report:
    """Bring it there, as far as this machine can."""
    report, lacking, failed = Report(), set[str](), set[Step]()
    for _ in range(ROUNDS):
        held = network.held()
        lacking |= held.lacks & RATES if wanted.queues else set()
        steps = [one for one in plan(held, possible(wanted, held, lacking)) if one not in failed]
        bereft = False
        for step in steps:
            leaves = step.verb == "remove" and isinstance(step.item, Address)
            if bereft and not leaves:
                break  # with its last address an interface loses its routes: what follows may be there no more
            try:
                _do(network, step)
                report.did.append(str(step))
                bereft = bereft or leaves
            except Absent as absent:
                lacking.add(str(absent))
                break  # what goes with it is wanted no more
            except Refused as refused:
                report.refused.append(f"{step}: {refused}")
                failed.add(step)
        if not steps:
            break
    else:
        report.refused.append("it does not come to rest")
    report.refused += [f"{one} has another queue" for one in sorted(busy(wanted, held))]
    network.remember(network.remembered() & network.held().ours.addresses)
    report.absent = sorted(lacking | missing(wanted, held))
    return report


def possible(wanted: State, held: Held, lacking: Iterable[str]) -> State:
    """What can be had here: nothing where there is no interface, no rates where others or the kernel let none be."""
    free = replace(held, interfaces=held.interfaces - held.busy)
    here = replace(
        wanted,
        addresses=_here(wanted.addresses, held),
        routes=frozenset(one for one in wanted.routes if not one.interface or one.interface in held.interfaces),
        queues=_here(wanted.queues, free),
        classes=_here(wanted.classes, free),
        marks=_here(wanted.marks, free),
    )
    return replace(here, queues=frozenset(), classes=frozenset(), marks=frozenset()) if {*lacking} & RATES else here


def missing(wanted: State, held: Held) -> set[str]:
    """Interfaces that are wanted, and that there are not."""
    named = {one.interface for one in wanted.addresses} | {one.interface for one in wanted.queues}
    named |= {one.interface for one in wanted.routes if one.interface}
    return {f"interface {one}" for one in named - held.interfaces}


def busy(wanted: State, held: Held) -> set[str]:
    """Interfaces whose lines are to have rates, and that others have given a queue."""
    return {one.interface for one in wanted.queues} & held.busy


def _here(items: Iterable[Any], held: Held) -> frozenset[Any]:
    return frozenset(one for one in items if one.interface in held.interfaces)


def _do(network: Network, step: Step) -> None:
    """What we put there is noted before, and forgotten after: killed between, we know it as ours all the same."""
    if not isinstance(step.item, Address):
        return network.do(step)
    before = network.remembered()
    if step.verb == "add":
        network.remember(before | {step.item})
    try:
        network.do(step)
    except Refused:
        network.remember(before)
        raise
    if step.verb == "remove":
        network.remember(before - {step.item})
    return None
