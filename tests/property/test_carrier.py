"""The carrier on a model of the kernel: it ends where it should from wherever it begins, and touches nobody else's.

Its program runs on machines (`playbooks/machine/essaim_carrier.py`); a real kernel has it in tests/lab/test_carrier.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_interface
from typing import Any

import pytest
from essaim_carrier_document import Address, Class, Mark, Queue, Route, Rule, State, read, written
from essaim_carrier_plan import Absent, Held, Refused, Step, converge
from hypothesis import given
from hypothesis import strategies as st

INTERFACES = ("core0", "wg0", "eth1")
ADDRESSES = ("192.0.2.4/28", "192.0.2.5/28", "192.0.2.4/27", "2001:db8::4/64", "2001:db8::4/48", "198.51.100.1/32")
NETWORKS = ("198.51.100.0/24", "203.0.113.0/24", "2001:db8:100::/40")
PREFIXES = ("198.51.100.2/32", "198.51.100.8/29", "2001:db8:100:200::/56", "2001:db8:100:300::/56")


class Killed(Exception):
    """The program, in the midst of a step."""


class Model:
    """A kernel with what is ours and what is others', and the program's own memory of addresses."""

    def __init__(self, ours: State, others: State, stale: Iterable[Address], up: frozenset[str], lacks: str) -> None:
        self.ours, self.others = ours, others
        self.memory = frozenset(ours.addresses) | frozenset(stale)
        self.up, self.lacks = set(up), lacks
        self.left: int | None = None

    def held(self) -> Held:
        every = self.ours.addresses | self.others.addresses
        ours = replace(self.ours, addresses=every & self.memory)
        every_port, busy = frozenset(INTERFACES), frozenset(one.interface for one in self.others.queues)
        return Held(
            ours, every - self.memory, every_port, every_port - self.up, busy, frozenset({self.lacks}) & {"nft"}
        )

    def remember(self, addresses: Iterable[Address]) -> None:
        self._breathe()
        self.memory = frozenset(addresses)
        self._breathe()

    def remembered(self) -> frozenset[Address]:
        return self.memory

    def do(self, step: Step) -> None:
        self._breathe()
        match step.verb, step.item:
            case "raise", str(name):
                self.up.add(name)
            case "mark", frozenset() as marks:
                assert not self.lacks, "there is nothing to do it with"
                self.ours = replace(self.ours, marks=marks)
            case verb, item:
                self._change(verb, item)
        self._breathe()

    def _change(self, verb: str, item: Any) -> None:
        name = {Address: "addresses", Route: "routes", Rule: "rules", Queue: "queues", Class: "classes"}[type(item)]
        mine, others = getattr(self.ours, name), getattr(self.others, name)
        if isinstance(item, Queue) and self.lacks == "htb":
            raise Absent("htb")
        places = {place(one) for one in mine}
        if verb == "add" and (place(item) in places or place(item) in {place(one) for one in others}):
            raise Refused("somebody else holds it")
        if verb in ("change", "replace"):
            assert place(item) in places, "what is not ours is never replaced"
        if verb == "remove":
            assert item in mine, "what is not ours is never taken away"
            left = mine - {item}
        else:
            left = frozenset(one for one in mine if place(one) != place(item)) | {item}
        self.ours = replace(self.ours, **{name: left})
        if verb == "remove" and isinstance(item, Queue):
            gone = frozenset(one for one in self.ours.classes if one.interface != item.interface)
            self.ours = replace(self.ours, classes=gone)
        if verb == "remove" and isinstance(item, Address):
            self._unplug(item.interface)

    def _unplug(self, interface: str) -> None:
        """With its last address an interface loses the routes that lead there."""
        if not any(one.interface == interface for one in self.ours.addresses | self.others.addresses):
            here = frozenset(one for one in self.ours.routes if one.interface != interface)
            self.ours = replace(self.ours, routes=here)

    def _breathe(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


def place(item: Any) -> Any:
    """What the kernel has one of."""
    match item:
        case Address():
            here = ip_interface(item.address)
            return item.interface, (here if here.version == 4 else here.ip)
        case Route():
            return item.key
        case Class():
            return item.interface, item.line
    return item


def unlike(items: Iterable[Any]) -> frozenset[Any]:
    """One for each place."""
    return frozenset({place(one): one for one in items}.values())


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[frozenset[Any]]:
    return st.lists(strategy, max_size=5).map(unlike)


addresses = st.builds(Address, st.sampled_from(INTERFACES), st.sampled_from(ADDRESSES))
dark = st.builds(
    Route,
    st.sampled_from(NETWORKS),
    st.sampled_from(("blackhole", "unreachable")),
    st.just(254),
    st.sampled_from((10, 20)),
)
lit = st.builds(
    Route, st.sampled_from(("0.0.0.0/0", "198.51.100.0/24")), st.just("unicast"), st.sampled_from((254, 22900)),
    st.sampled_from((10, 20)), st.sampled_from(("192.0.2.1", "192.0.2.2")), st.sampled_from(INTERFACES),
)  # fmt: skip
rules = st.builds(Rule, st.sampled_from((22900, 22901)), st.sampled_from(NETWORKS), st.just(254), st.booleans())


@st.composite
def states(draw: st.DrawFn, routes: st.SearchStrategy[Any] = dark | lit) -> State:
    """What a document could say."""
    marks = draw(st.dictionaries(st.sampled_from(PREFIXES), st.tuples(st.sampled_from(INTERFACES), st.integers(1, 3))))
    held = frozenset(Mark(where, "source", prefix, f"L{line:04d}") for prefix, (where, line) in marks.items())
    kbit = st.sampled_from((800, 20_000))
    return State(
        draw(some(addresses)),
        draw(some(routes)),
        draw(some(rules)),
        frozenset(Queue(one.interface) for one in held),
        frozenset(Class(*one, draw(kbit)) for one in sorted({(mark.interface, mark.line) for mark in held})),
        held,
    )


@st.composite
def models(draw: st.DrawFn, lacks: st.SearchStrategy[str] = st.sampled_from(("", "htb", "nft"))) -> Model:  # noqa: B008
    """A kernel that may hold anything of ours, from whatever release, and anything of others'."""
    others = draw(states(dark))
    queues = frozenset(draw(st.sets(st.sampled_from([Queue(one) for one in INTERFACES]), max_size=1)))
    others = replace(others, queues=queues, classes=frozenset(), marks=frozenset())
    ours = draw(states())
    theirs = {kind: {place(one) for one in getattr(others, kind)} for kind in ("addresses", "routes", "rules")}
    ours = replace(
        ours,
        queues=ours.queues - others.queues,
        classes=frozenset(one for one in ours.classes if Queue(one.interface) not in others.queues),
        **{
            kind: frozenset(one for one in getattr(ours, kind) if place(one) not in taken)
            for kind, taken in theirs.items()
        },
    )
    stale = draw(some(addresses)) - others.addresses
    up = draw(st.frozensets(st.sampled_from(INTERFACES)))
    lacking = draw(lacks)
    if lacking:
        ours = replace(ours, queues=frozenset(), classes=frozenset(), marks=frozenset())
    return Model(ours, others, stale, up, lacking)


def reachable(wanted: State, model: Model) -> State:
    """What can be had where others hold theirs, and where the kernel knows no rates."""
    busy = {one.interface for one in model.others.queues} if not model.lacks else set(INTERFACES)
    return replace(
        wanted,
        **{kind: frozenset(free(kind, wanted, model)) for kind in ("addresses", "routes", "rules")},
        **{
            kind: frozenset(one for one in getattr(wanted, kind) if one.interface not in busy)
            for kind in ("queues", "classes", "marks")
        },
    )


def free(kind: str, wanted: State, model: Model) -> list[Any]:
    taken = {place(one) for one in getattr(model.others, kind)}
    return [one for one in getattr(wanted, kind) if place(one) not in taken]


@given(model=models(), wanted=states())
def test_it_ends_with_what_is_wanted_and_touches_nothing_of_others(model: Model, wanted: State) -> None:
    others, there = model.others, reachable(wanted, model)
    report = converge(model, wanted)
    assert model.others == others
    assert {one.interface for one in wanted.addresses} <= model.up
    assert model.ours == there
    assert model.memory == there.addresses, "what is ours is known as ours, and nothing else is"
    contested = [
        one for kind in ("addresses", "routes", "rules") for one in getattr(wanted, kind)
        if one not in getattr(there, kind) and one not in others.addresses
    ]  # fmt: skip
    assert bool(report.refused) == bool(contested or wanted.queues & others.queues)


@given(model=models(), wanted=states())
def test_done_again_it_does_nothing(model: Model, wanted: State) -> None:
    converge(model, wanted)
    before = model.ours, model.others, model.memory
    assert converge(model, wanted).did == []
    assert (model.ours, model.others, model.memory) == before


@given(model=models(st.just("")), wanted=states(), after=st.integers(0, 60))
def test_killed_anywhere_and_done_again_it_ends_where_it_would_have(model: Model, wanted: State, after: int) -> None:
    whole = Model(model.ours, model.others, model.memory, frozenset(model.up), model.lacks)
    converge(whole, wanted)
    model.left = after
    try:
        converge(model, wanted)
    except Killed:
        model.left = None
        converge(model, wanted)
    assert (model.ours, model.others, model.memory) == (whole.ours, whole.others, whole.memory)


@given(states())
def test_a_document_says_what_was_put_into_it(state: State) -> None:
    said = json.loads(written(state))
    assert said.pop("absent") == []
    assert read(json.dumps(said)) == state


@pytest.mark.parametrize(
    "wrong",
    [
        "[]",
        "{}",
        '{"version": 2}',
        '{"version": 1, "tunnels": []}',
        '{"version": 1, "routes": {}}',
        '{"version": 1, "addresses": [{"interface": "core0; reboot", "address": "192.0.2.4/28"}]}',
        '{"version": 1, "addresses": [{"interface": "../../etc", "address": "192.0.2.4/28"}]}',
        '{"version": 1, "addresses": [{"interface": "core0", "address": "192.0.2.4/99"}]}',
        '{"version": 1, "addresses": [{"interface": "core0", "address": "fe80::1%core0/64"}]}',
        '{"version": 1, "addresses": [{"interface": "core0", "address": "192.0.2.4/28", "label": "x"}]}',
        '{"version": 1, "routes": [{"to": "198.51.100.1/24", "kind": "unreachable", "table": 254, "metric": 1}]}',
        '{"version": 1, "routes": [{"to": "198.51.100.0/24", "kind": "unicast", "table": 254, "metric": 1}]}',
        '{"version": 1, "routes": [{"to": "198.51.100.0/24", "kind": "throw", "table": 254, "metric": 1}]}',
        '{"version": 1, "routes": [{"to": "198.51.100.0/24", "kind": "unicast", "table": 254, "metric": 1, '
        '"via": "2001:db8::1", "interface": "core0"}]}',
        '{"version": 1, "rules": [{"priority": 0, "source": "198.51.100.0/24", "table": 254, "but_default": true}]}',
        '{"version": 1, "rules": [{"priority": 1, "source": "198.51.100.0/24", "table": 254, "but_default": 1}]}',
        '{"version": 1, "rates": [{"interface": "core0", "line": "L0042", "kbit": 1, "match": "source", '
        '"prefixes": ["198.51.100.2 : e5:1 } ; }"]}]}',
        '{"version": 1, "rates": [{"interface": "core0", "line": "Camille", "kbit": 1, "match": "source", '
        '"prefixes": ["198.51.100.2/32"]}]}',
        '{"version": 1, "rates": [{"interface": "core0", "line": "L99999", "kbit": 1, "match": "source", '
        '"prefixes": ["198.51.100.2/32"]}]}',
        '{"version": 1, "rates": [{"interface": "core0", "line": "L0042", "kbit": 1, "match": "source", '
        '"prefixes": ["198.51.100.0/29", "198.51.100.2/32"]}]}',
    ],
)
def test_a_document_that_says_anything_else_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read(wrong)


@given(st.text(max_size=40), st.text(max_size=20))
def test_no_text_of_anybodys_gets_past_the_reading(name: str, prefix: str) -> None:
    """What reaches the kernel and nft is a name or an address, and spelled as we do."""
    for said in (
        {"addresses": [{"interface": name, "address": prefix}]},
        {"rates": [{"interface": name, "line": "L0042", "kbit": 1, "match": "source", "prefixes": [prefix]}]},
        {"rates": [{"interface": "core0", "line": name, "kbit": 1, "match": prefix, "prefixes": ["198.51.100.2/32"]}]},
    ):
        with pytest.raises(ValueError, match=r"\S"):
            read(json.dumps({"version": 1, **said}))
