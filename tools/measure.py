"""Measure what docs/measured.md says, five times, as rows of its table. Needs a machine that can hold a lab."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from desk import association, homes, laboratory, sample_life, visit  # noqa: E402 - the checkout is put on the path first
from foundation import clock  # noqa: E402
from foundation.acts import Act  # noqa: E402
from foundation.database import Store, open_store, transaction  # noqa: E402
from foundation.settings import Settings, read_settings  # noqa: E402
from lab import traffic  # noqa: E402
from provisioning import apply as applying  # noqa: E402
from provisioning import changes  # noqa: E402
from provisioning import plan as planning  # noqa: E402

ROUNDS = 5
FIGURES: dict[str, list[float]] = {}


def main() -> int:
    """Print one row a figure: what, median, least, most, in seconds."""
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder) / "var")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    print(f"{os.cpu_count()} cores, {memory} GiB, Python {platform.python_version()}, {ROUNDS} rounds")
    for what, taken in FIGURES.items():
        print(f"| {what} | {statistics.median(taken):.2f} | {min(taken):.2f} | {max(taken):.2f} |")
    return 0


def measure(folder: Path) -> None:
    """One round, in a fresh association."""
    with timed("`essaim --help`"):
        subprocess.run([sys.executable, "-c", "from cli.main import run; run()", "--help"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    with timed("`essaim init --demo`"):
        association.create_demo(read_settings(var=folder))
    settings = read_settings(var=folder)
    store = open_store(settings)
    try:
        with timed("lab up"):
            laboratory.up(store, settings, act(), lambda _: None)
        with timed("first plan of the whole association"):
            found = plan(store, settings)
        with timed("first apply of the whole association"):
            apply(store, settings, found)
        with timed("a plan that finds nothing"):
            plan(store, settings)
        with timed("from `line order` to first byte"):
            line = visit.order_tunnel(store, settings, act())
            apply(store, settings, plan(store, settings))
            first_byte(store, settings, line)
    finally:
        with timed("lab down"):
            laboratory.down(settings)


def first_byte(store: Store, settings: Settings, line: str) -> None:
    """The new member's home connects and gets its first octet from the Internet host."""
    at_home = homes.access(store, settings, line)
    with laboratory.connected(settings, at_home) as running:
        there = running.namespace(at_home.home)
        try:
            traffic.exchange(there, laboratory.INTERNET[0], 1)
        finally:
            os.close(there)


def plan(store: Store, settings: Settings) -> list[planning.Planned]:
    """A plan; every machine must have been seen."""
    found = planning.plan(store, settings, act(), lambda _: None)
    problem = planning.worst(found)
    if problem is not None:
        raise problem
    return found


def apply(store: Store, settings: Settings, found: list[planning.Planned]) -> None:
    """Approve and apply a plan; every change must succeed."""
    numbers = [one.change for one in found if one.change]
    with transaction(store) as session:
        for number in numbers:
            changes.approve(session, act(), changes.find_change(session, number))
    for done in applying.apply(store, settings, act(), numbers, lambda _: None):
        if done.problem is not None:
            raise done.problem


def act() -> Act:
    """Who may do all of it in the demonstration."""
    return Act(sample_life.FIRST, clock.now())


@contextmanager
def timed(what: str, now: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Keep how long something took."""
    began = now()
    yield
    FIGURES.setdefault(what, []).append(now() - began)


if __name__ == "__main__":
    sys.exit(main())
