"""SNMP: a thousand machines of forty-eight interfaces, twelve columns each, read by us and by others, and kept.

Agents are a program of ours on the loopback (`agents/agent.c`). What is measured is processor time, for a thousand
values, by turns: ours, the exporter's, pysnmp's; only the rounds with silent machines are timed by the clock.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import snmp_agents
import snmp_peers
from measured import ROUNDS, Measured, against, within

from desk import association, rounds
from foundation import clock
from foundation.acts import Act
from foundation.database import Store, open_store, transaction
from foundation.settings import Settings, read_settings
from inventory import devices, places
from monitoring.embedded import open_series
from monitoring.poll import Report
from monitoring.series import Heard
from monitoring.snmp.agents import Agent
from monitoring.snmp.answers import Module
from monitoring.snmp.engine import Poller, Said
from monitoring.snmp.modules import MODULES
from monitoring.snmp.modules.interfaces import IF_NAME, INTERFACES
from monitoring.snmp.modules.system import SYSTEM
from monitoring.snmp.refusals import Refusal

SINCE = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TWELVE = replace(INTERFACES, columns=(*INTERFACES.columns, IF_NAME), still=(), stamp="")
"""The same twelve columns at each round, as the others read them; else names are asked for once an hour."""
LEARNING = 5
"""Rounds after which it is known how many rows of each column fit a packet."""
SILENT_IN = 20
"""One machine of so many keeps silent."""
EVERY = 25
"""Seconds from one whole cycle to the next, where a service has a minute: what a cycle takes is about the same."""


@dataclass
class Rounds:
    """Rounds of some machines, a minute apart, by one poller that remembers them."""

    machines: Sequence[Agent]
    modules: Sequence[Module] = (SYSTEM, TWELVE)

    def __post_init__(self) -> None:
        self.at = SINCE
        self.poller = Poller(self.modules, seed=2026)
        self.said: list[Said] = []

    def ask(self, apart: timedelta = MINUTE) -> tuple[int, float]:
        """One more round: values that were read, seconds of processor that it took."""
        self.at += apart
        self.said = []
        began = time.process_time()
        self.poller.ask(self.machines, self.at, self._listen, patient=True)
        taken = time.process_time() - began
        return sum(len(each.answers) for each in self.said), taken

    def read(self) -> float:
        """What the latest round said, as measures: seconds of processor."""
        began = time.process_time()
        for said in self.said:
            for module in said.fitting:
                module.read(said.answers)
        return time.process_time() - began

    def _listen(self, _: Agent, said: Said | Refusal) -> None:
        if isinstance(said, Said):
            self.said.append(said)


def measure(folder: Path, size: int) -> Iterator[Measured]:
    """Values read, side by side; silent machines; and a whole cycle of machines, kept and judged."""
    folder.mkdir(parents=True)
    program = snmp_agents.built(folder)
    if isinstance(program, str):
        sys.stderr.write(f"SNMP: left out, {program}\n")
        return
    many = max(size // 100, 10)
    with snmp_agents.serving(program), rounds.collecting_seldom():
        yield from _side_by_side(folder, many)
        yield from _silent(many)
    try:
        with snmp_agents.serving(program, port=161):
            yield from _cycles(folder / "association", many)
    except snmp_agents.NotServed:
        sys.stderr.write("SNMP: whole cycles left out, port 161 is not ours to listen on\n")


def _side_by_side(folder: Path, many: int) -> Iterator[Measured]:
    plain, secret = (Rounds(snmp_agents.agents(many, credential)) for credential in (snmp_agents.V2C, snmp_agents.V3))
    for _ in range(LEARNING):
        plain.ask()
        secret.ask()
    columns, rows, some = INTERFACES.columns, snmp_agents.INTERFACES + 1, plain.machines[: max(many // 5, 10)]
    with ExitStack() as running:
        program = snmp_peers.exporter()
        exporter = program and running.enter_context(snmp_peers.exporting(program, folder, columns, rows))
        deeds: dict[str, Callable[[], tuple[int, float]]] = {
            "v2c": plain.ask,
            "read": lambda: (sum(len(each.answers) for each in plain.said), plain.read()),
            "v3": secret.ask,
            "pysnmp": lambda: snmp_peers.read_with_pysnmp(some[:10], TWELVE.columns, rows),
        }
        if exporter:
            deeds["exporter"] = lambda: exporter.scrape(some)
            exporter.scrape(some)  # once for nothing, as ours learned
        taken = _by_turns(deeds)
    whole = taken["v2c"] + taken["read"]
    what = f"SNMP: processor, 1,000 values of {many:,} switches"
    if exporter:
        yield against(f"{what}, as measures, peer prometheus-snmp-exporter", whole, taken["exporter"], 1 / 3)
    else:
        sys.stderr.write("SNMP: prometheus-snmp-exporter cannot be had, left out\n")
    yield against(f"{what}, as measures, peer pysnmp", whole, taken["pysnmp"], 1 / 30)
    yield against(f"{what}, decoded alone, by SNMPv3, peer SNMPv2c", taken["v3"], taken["v2c"], 1.5)


def _by_turns(deeds: dict[str, Callable[[], tuple[int, float]]]) -> dict[str, float]:
    """Milliseconds of processor for 1,000 values of each: the median of the rounds, in which they take turns."""
    found: dict[str, list[float]] = {name: [] for name in deeds}
    for _ in range(ROUNDS):
        for name, deed in deeds.items():
            values, seconds = deed()
            found[name].append(seconds * 1e6 / values)
    return {name: statistics.median(each) for name, each in found.items()}


def _silent(many: int) -> Iterator[Measured]:
    """A quarter of an hour of rounds, with silent machines and without, by turns, once silence was learned."""
    silent = range(1, many + 1, SILENT_IN)
    all_of_them = snmp_agents.agents(many, silent=silent)
    talking = [one for rank, one in enumerate(all_of_them, 1) if rank not in silent]
    both = Rounds(all_of_them), Rounds(talking)
    for each in both:
        for _ in range(LEARNING):
            each.ask(apart=20 * MINUTE)
    seconds = [0.0, 0.0]
    for _ in range(15):
        for place, each in enumerate(both):
            began = time.perf_counter()
            each.ask()
            seconds[place] += time.perf_counter() - began
    ours, theirs = (each / 15 * 1000 for each in seconds)
    yield against(
        f"SNMP: a round of {many:,} switches, one in {SILENT_IN} silent, peer the others alone", ours, theirs, 1.1
    )


def _cycles(folder: Path, many: int) -> Iterator[Measured]:
    """`essaim poll --every`, as a service runs it: machines of an inventory, asked, kept and judged."""
    settings = read_settings(var=folder)
    store = _association(settings, many)
    poller, ends, late = Poller(), [time.process_time()], list[float]()
    for _ in range(LEARNING):
        poller.ask(_asked(many), clock.now(), lambda *_: None)

    def told(report: Report, behind: float) -> bool:
        assert len(report.answered) >= many * 0.99, report.unanswered[:1]
        ends.append(time.process_time())
        late.append(behind)
        return len(late) <= ROUNDS

    try:
        rounds.keep_polling(store, settings, EVERY, told, poller=poller)
    finally:
        store.engine.dispose()
    taken = [after - before for before, after in pairwise(ends[1:])]
    cycle, packed = statistics.median(taken), _packed(settings, many)
    what = f"SNMP: {many:,} switches each minute, asked, kept and judged"
    yield within(f"{what}, processor a cycle", (cycle + packed) * 1000, 6000 * many / 1000)
    yield Measured(f"{what}, of which hours packed", round(packed * 1000, 3), "ms", None, None)
    yield within(f"{what}, the latest beginning of a cycle", max(late) * 1000, 1000)


def _association(settings: Settings, many: int) -> Store:
    association.create(settings).engine.dispose()
    store = open_store(settings)
    act = Act("machine:bench", clock.now(), "bench")
    with transaction(store) as session:
        site = places.add_site(session, act, "bench", "bench")
        for rank in range(1, many + 1):
            device = devices.add_device(
                session, act, snmp_agents.named(rank), role="switch", platform="debian", site=site,
                management=snmp_agents.address(rank),
            )  # fmt: skip
            devices.set_secret(session, act, device, "snmp", snmp_agents.V2C.text)
    return store


def _asked(many: int) -> list[Agent]:
    return [replace(one, port=161) for one in snmp_agents.agents(many)]


def _packed(settings: Settings, many: int) -> float:
    """Seconds of processor a cycle for a sixtieth of the hour before, which those few cycles had not to pack.

    Packed is the second hour of which anything is known: in the first, the first rate of all is missing.
    """
    some, told = Rounds(_asked(20), MODULES), list[Heard]()
    for minute in range(-1, 60):
        some.ask()
        for rank, said in enumerate(some.said):
            measures = [one for module in said.fitting for one in module.read(said.answers)]
            told.append(Heard(f"packed{rank}", SINCE + minute * MINUTE, measures))
    with closing(open_series(settings)) as series:
        series.append(told)
        series.pack(SINCE)
        began = time.process_time()
        series.pack(SINCE + HOUR)
        return (time.process_time() - began) / len(some.machines) * many / 60
