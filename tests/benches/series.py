"""Series: a thousand machines of forty-eight interfaces, eight counters each, polled every minute for an hour and more.

Four interfaces in ten are idle; the others carry what is usual of lines, a lognormal share of a steady rate and noise.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measured import Measured, alternating, within

from desk.rounds import collecting_seldom
from foundation.settings import read_settings
from foundation.vault import Vault
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.series import Heard, Measure, Name, Resolution

SINCE = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INTERFACES = 48
COUNTED = (
    ("ifHCInOctets", "octets"),
    ("ifHCInUcastPkts", "packets"),
    ("ifHCOutOctets", "octets"),
    ("ifHCOutUcastPkts", "packets"),
    ("ifInDiscards", "packets"),
    ("ifInErrors", "packets"),
    ("ifOutDiscards", "packets"),
    ("ifOutErrors", "packets"),
)
SERIES = INTERFACES * len(COUNTED)


class Machines:
    """So many machines, whose counters go on minute by minute."""

    def __init__(self, count: int) -> None:
        draw = self._draw = random.Random(2026)
        self._names = [(metric, f"Gi1/0/{port}", unit) for port in range(INTERFACES) for metric, unit in COUNTED]
        self._values = [[draw.randrange(10**6, 10**13) for _ in range(SERIES)] for _ in range(count)]
        self._rates = [
            [0 if draw.random() < 0.4 else int(draw.lognormvariate(12, 2.5)) * 60 for _ in range(SERIES)]
            for _ in range(count)
        ]

    def say(self, at: datetime) -> list[Heard]:
        """What all of them say at an instant, a minute after what they said before."""
        noise, told = self._draw.random, []
        for rank, (values, rates) in enumerate(zip(self._values, self._rates, strict=True)):
            for place, rate in enumerate(rates):
                if rate:
                    values[place] += int(rate * (0.6 + 0.8 * noise()))
            measures = [Measure(*name, value) for name, value in zip(self._names, values, strict=True)]
            told.append(Heard(f"switch{rank:04d}", at, measures))
        return told


def measure(folder: Path, size: int) -> Iterator[Measured]:
    """Cycles appended for over an hour, octets of a sample, a day of one line read."""
    machines = max(size // 100, 10)
    series = machines * SERIES
    folder.mkdir(parents=True)
    Vault.create(folder / "vault.key")
    store = open_series(read_settings(var=folder))
    try:
        with collecting_seldom():
            taken, worked = _appended(store, Machines(machines), cycles=90)
        yield within(f"Series: append {series:,} of one cycle", statistics.median(taken) * 1000, 2000)
        yield within(f"Series: append {series:,}, the slowest of {len(taken)} cycles", max(taken) * 1000, 2000)
        yield within(f"Series: append {series:,}, processor of the slowest of {len(taken)}", max(worked) * 1000, 2000)
        began = time.perf_counter()
        store.pack(SINCE + HOUR)
        left = time.perf_counter() - began
        yield within("Series: octets of a sample after an hour", _octets(folder) / (series * 60), 4, "octets")
        yield Measured("Series: what was left to pack half an hour later", round(left * 1000, 3), "ms", None, None)
    finally:
        store.close()
    yield from _read(folder / "day")


def _appended(store: EmbeddedStore, machines: Machines, cycles: int) -> tuple[Sequence[float], Sequence[float]]:
    """Seconds that each cycle took, and those of processor among them."""
    taken, worked = [], []
    for cycle in range(cycles):
        heard = machines.say(SINCE + cycle * MINUTE)
        began, before = time.perf_counter(), time.process_time()
        store.append(heard)
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - before)
    return taken, worked


def _octets(folder: Path) -> int:
    """What is packed: pages that the journal left free are written over by its next hour."""
    import sqlite3

    with sqlite3.connect(folder / "series.sqlite") as file:
        tables = ("chunk", "five_minutes", "hourly")
        found = [file.execute(f"SELECT sum(length(body) + 16) FROM {table}").fetchone()[0] for table in tables]
    file.close()
    return int(sum(found))


def _read(folder: Path) -> Iterator[Measured]:
    """One line's port, over a day: as a graph has it, and sample by sample."""
    folder.mkdir()
    Vault.create(folder / "vault.key")
    store = open_series(read_settings(var=folder))
    try:
        machine = Machines(1)
        for hour in range(24):
            store.append(one for minute in range(60) for one in machine.say(SINCE + hour * HOUR + minute * MINUTE))
        name = Name("switch0000", "ifHCInOctets", "Gi1/0/17")
        fives, samples = alternating(
            20,
            lambda _: store.bands(name, SINCE, SINCE + DAY, Resolution.FIVE_MINUTES),
            lambda _: store.between(name, SINCE, SINCE + DAY),
        )
        assert len(store.between(name, SINCE, SINCE + DAY)) == 24 * 60
        yield within("Series: a line's day by five minutes, read", fives, 20)
        yield within("Series: a line's day, every sample, read", samples, 20)
    finally:
        store.close()
