"""Pollers that are killed while they append: no cycle that was finished is lost, and none is there by half.

`appending.py VAR ROUNDS`: each round starts a program that appends cycle after cycle, ten minutes of machines' time
apart so that hours are packed all along, kills it (SIGKILL) at a random instant, and looks at what is there.
`appending.py VAR --from N` is that program: it says each cycle once its append has returned.
"""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from foundation.settings import read_settings
from foundation.vault import Vault
from monitoring.embedded import open_series
from monitoring.series import Heard, Measure, Name, Resolution, SeriesStore

SINCE = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
APART = timedelta(minutes=10)
MACHINES, INTERFACES = 12, 16
LONGEST = 0.6
"""Seconds after which, at the latest, a program is killed once it has begun."""


def value(cycle: int, machine: int, interface: int) -> int:
    """What a counter says: another number each, so that nothing can stand in for anything else."""
    return (cycle * 1_000_003 + machine * 257 + interface) * 601


def opened(var: Path) -> SeriesStore:
    """The series, none of which is old enough to be forgotten meanwhile: a fast machine appends weeks in a minute."""
    return open_series(read_settings(var=var, series_raw_days=3660))


def append(var: Path, cycle: int) -> None:
    store = opened(var)
    while True:
        store.append(
            Heard(
                f"switch{machine}",
                SINCE + cycle * APART,
                [
                    Measure("ifHCInOctets", f"eth{interface}", "octets", value(cycle, machine, interface))
                    for interface in range(INTERFACES)
                ],
            )
            for machine in range(MACHINES)
        )
        sys.stdout.write(f"{cycle}\n")
        sys.stdout.flush()
        cycle += 1


def there(var: Path, cycles: int) -> int:
    """How many cycles are there; each of them whole, and none of the first `cycles` missing."""
    store = opened(var)
    try:
        until = SINCE + (cycles + 10_000) * APART
        found = {}
        for machine in range(MACHINES):
            for interface in (0, machine % INTERFACES, INTERFACES - 1):
                name = Name(f"switch{machine}", "ifHCInOctets", f"eth{interface}")
                told = store.between(name, SINCE, until)
                assert [point.at for point in told] == [SINCE + cycle * APART for cycle in range(len(told))], name
                wanted = [value(cycle, machine, interface) for cycle in range(len(told))]
                assert [point.value for point in told] == wanted, name
                found[name] = len(told)
                rates = store.bands(name, SINCE, until, Resolution.HOUR)
                steady = value(1, 0, 0) / APART.total_seconds()
                assert all(math.isclose(band.mean, steady, rel_tol=2**-15) for band in rates), (name, rates)
        assert len(set(found.values())) == 1, f"a cycle is there by half: {found}"
        count = found.popitem()[1]
        assert count in (cycles, cycles + 1), f"{cycles} were finished, {count} are there"
        return count
    finally:
        store.close()


def killed(var: Path, cycles: int) -> int:
    """Start a program, kill it; how many cycles were finished by then."""
    program = subprocess.Popen(
        [sys.executable, __file__, str(var), "--from", str(cycles)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    try:
        assert program.stdout.readline() == f"{cycles}\n"
        time.sleep(random.random() * LONGEST)
    finally:
        program.send_signal(signal.SIGKILL)
    said = program.stdout.read().split()
    program.stdout.close()
    program.wait()
    return int(said[-1]) + 1 if said else cycles + 1


def main() -> None:
    var = Path(sys.argv[1])
    if sys.argv[2] == "--from":
        append(var, int(sys.argv[3]))
        return
    var.mkdir(parents=True, exist_ok=True)
    Vault.create(var / "vault.key")
    seed = int(os.environ.get("SEED", str(time.time_ns() % 10**6)))
    random.seed(seed)
    cycles = 0
    for _ in range(int(sys.argv[2])):
        cycles = there(var, killed(var, cycles))
    sys.stdout.write(f"{sys.argv[2]} programs killed over {cycles} cycles, seed {seed}\n")


if __name__ == "__main__":
    main()
