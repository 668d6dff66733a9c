"""Measure what the inventory promises, and say it: a JSON line a bench, and the table of docs/measured.md.

`make bench` runs all of it. Medians of five rounds; a peer is measured in the same rounds, call by call in turn.
`--quick` measures a tenth of the data, to see that the benches work, and leaves the document alone.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import association
import changing
import door
import dues
import machines
import matching
import postgres
import series
import snmp
import table
from association import Large
from measured import ROUNDS, Measured, against, alternating, within

from desk import association as desk
from foundation import clock, journal
from foundation.acts import Act
from foundation.database import reading, transaction
from foundation.settings import Settings, read_settings
from inventory import addresses, holders, pools, search
from inventory.exchange import applying, ours, planning
from inventory.models.addresses import Role

LINE = "/api/v1/addresses/allocate"
PARTS: dict[str, tuple[Callable[[Path, int], Iterator[Measured]], int]] = {
    "changes": (changing.measure, 10),
    "machines": (machines.measure, 10),
    "series": (series.measure, 10),
    "snmp": (snmp.measure, 10),
    "dues": (dues.measure, 1),
    "matching": (matching.measure, 1),
}
"""What may be measured alone, each by an option of its own; and on how many tenths of the data."""


def _over_http(name: str, made: Sequence[Large]) -> Iterator[Measured]:
    """What programs feel: associations with few assignments, with many, and with ten times as many."""
    draw, few, many = random.Random(2026), made[0], made[1]

    def body(large: Large, pool: str, role: str) -> dict[str, Any]:
        return {"pool": pool, "role": role, "line": f"L{draw.randint(1, large.lines):04d}"}

    with ExitStack() as open_doors:
        floor = open_doors.enter_context(door.served(door.floor(many.store), many.token))
        small, large = (
            open_doors.enter_context(door.served(door.ours(one.settings), one.token)) for one in (few, many)
        )
        for pool, role, what in (("v4", "wan", "an IPv4 address"), ("v6", "delegated", "a /56")):
            ours, least, there = alternating(
                40,
                lambda _, pool=pool, role=role: large.post(LINE, body(many, pool, role)),
                lambda _: floor.post("/floor", {"pool": "v4"}),
                lambda _, pool=pool, role=role: small.post(LINE, body(few, pool, role)),
            )
            yield against(f"{name}: allocate {what} over HTTP, peer the floor", ours, least, 2)
            yield against(f"{name}: allocate {what}, many assigned, peer few assigned", ours, there, 1.2)
        if len(made) > 2:
            most = made[2]
            huge = open_doors.enter_context(door.served(door.ours(most.settings), most.token))
            ours, there = alternating(
                40,
                lambda _: huge.post(LINE, body(most, "v4", "wan")),
                lambda _: small.post(LINE, body(few, "v4", "wan")),
            )
            yield against(f"{name}: allocate an IPv4 address, ten times as many, peer few assigned", ours, there, 1.2)
        bulk = {**body(many, "v4", "routed"), "count": 1000}
        yield within(
            f"{name}: allocate 1,000 in one call over HTTP", alternating(1, lambda _: large.post(LINE, bulk))[0], 500
        )
        for _ in range(20):  # a door that serves was asked before: PostgreSQL plans a statement's first ten askings
            large.get("/api/v1/addresses?limit=1000")
        page = alternating(5, lambda _: large.get("/api/v1/addresses?limit=1000"))[0]
        yield within(f"{name}: list 1,000 addresses over HTTP", page, 20)


def _thousand(large: Large) -> None:
    with transaction(large.store) as session:
        pool, holder = pools.find_pool(session, "v4"), holders.on_line(session, "L0001")
        addresses.allocate_many(session, Act("M0001", clock.now()), pool, holder, Role.ROUTED, 1000)


def _asked(name: str, large: Large) -> Iterator[Measured]:
    """Who had an address, among all that are assigned."""
    draw = random.Random(2026)
    half = large.held // 2
    at = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
    with reading(large.store) as session:
        for first, step, what in ((ip_address("100.64.0.0"), 1, "IPv4"), (ip_address("3fff::"), 1 << 72, "IPv6")):
            value = alternating(
                200,
                lambda _, first=first, step=step: addresses.who_had(session, first + draw.randrange(half) * step, at),
            )[0]
            yield within(f"{name}: who-had of {what} among {large.held:,}, in process", value, 1)


def _searched(name: str, large: Large) -> Iterator[Measured]:
    words = ("Exemple77", "membre4242@", "M0042", "100.64.0.77", "camille", "L0042", "inconnu")
    with reading(large.store) as session:
        value = max(alternating(3, *(lambda _, word=word: search.search(session, word) for word in words)))
    yield within(f"{name}: search, the slowest of {len(words)} words", value, 100)


def _verified(name: str, large: Large) -> Iterator[Measured]:
    with reading(large.store) as session:
        value = alternating(1, lambda _: journal.verify(session))[0]
        entries = journal.verify(session)[0]
    yield within(f"{name}: verify the journal, per 100,000 entries", value * 100_000 / entries, 2000)


def _imported(name: str, folder: Path, people: int, new: Callable[[], str]) -> Iterator[Measured]:
    """A file of members, read, planned and applied, each time in an association that is new."""
    rows = "".join(f"Camille Exemple{rank};membre{rank}@membres.example;2024-01-01\n" for rank in range(people))
    data = f"nom;courriel;adhésion\n{rows}".encode()
    taken = []
    for rank in range(ROUNDS):
        store = desk.create(_settings(folder / f"import{rank}", new()))
        act = Act("machine:bench", clock.now())
        began = time.perf_counter()
        with transaction(store) as session:
            applying.apply(session, act, planning.plan(session, ours.read("members.csv", data, "members"), act.at))
        taken.append(time.perf_counter() - began)
        store.engine.dispose()
    yield within(f"{name}: import {people:,} members", statistics.median(taken) * 1000, 20_000)


def _settings(folder: Path, database: str) -> Settings:
    return read_settings(var=folder, **({"database_url": database} if database else {}))


def of_engine(name: str, folder: Path, new: Callable[[], str], size: int, tenfold: bool) -> Iterator[Measured]:
    """Every bench of one engine; `new` gives the URL of a new database, or nothing for a file in the folder."""
    made = []
    for held in (100, size, *((size * 10,) if tenfold else ())):
        people, lines = (10, 12) if held == 100 else (held // 10, held * 12 // 100)
        began = time.monotonic()
        made.append(association.build(_settings(folder / str(held), new()), people=people, lines=lines, held=held))
        sys.stderr.write(f"{name}: {held:,} assignments made in {time.monotonic() - began:.0f} s\n")
    yield from _over_http(name, made)
    yield within(
        f"{name}: allocate 1,000 in one call, in process", alternating(1, lambda _: _thousand(made[1]))[0], 500
    )
    yield from _asked(name, made[-1])
    yield from _searched(name, made[1])
    yield from _verified(name, made[1])
    yield from _imported(name, folder, size // 10, new)


def _all(options: argparse.Namespace, folder: Path, size: int) -> Iterator[Measured]:
    """What was asked for, bench by bench."""
    whole = not any(getattr(options, part) for part in PARTS)
    if whole:
        with postgres.server() as fresh:
            engines: dict[str, Callable[[], str]] = {"SQLite": str}
            if fresh is None:
                sys.stderr.write("PostgreSQL is not installed: left out\n")
            else:
                engines["PostgreSQL"] = fresh
            for name, new in engines.items():
                if options.engine in (None, name):
                    yield from of_engine(name, folder / name, new, size, tenfold=name == "SQLite")
    for part, (measure, tenths) in PARTS.items():
        if getattr(options, part) or (whole and options.engine is None):
            yield from measure(folder / part, size * tenths // 10)


def main() -> int:
    """Measure, print, and write the table. 0 where every goal is met."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="a tenth of the data, no document")
    asked.add_argument("--engine", choices=("SQLite", "PostgreSQL"), help="one engine alone, no document")
    asked.add_argument("--changes", action="store_true", help="what is written on machines alone, no document")
    asked.add_argument("--machines", action="store_true", help="many machines over SSH alone, no document")
    asked.add_argument("--series", action="store_true", help="what machines say, kept, alone, no document")
    asked.add_argument("--snmp", action="store_true", help="machines asked over SNMP alone, no document")
    asked.add_argument("--dues", action="store_true", help="a month's dues and a balance alone, no document")
    asked.add_argument("--matching", action="store_true", help="transfers read and suggested alone, no document")
    options = asked.parse_args()
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="essaim-bench-") as folder:
        for one in _all(options, Path(folder), 10_000 if options.quick else 100_000):
            sys.stdout.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
            sys.stdout.flush()
            found.append(one)
    if not (options.quick or options.engine or any(getattr(options, part) for part in PARTS)):
        table.write([asdict(one) for one in found], ROUNDS)
    return int(any(one.meets is False for one in found))


if __name__ == "__main__":
    sys.exit(main())
