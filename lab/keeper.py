"""The keeper: the one process that holds the lab. `python -m lab.keeper FOLDER`, topology on standard input.

It lives in process, mount and network namespaces of its own. The first process there, *init*, only
waits: when the keeper ends, even by SIGKILL, init ends too, and with it the kernel ends every daemon
and every namespace. Nothing is left outside the lab's folder. The keeper's own network namespace is
the network operation centre (`noc`).

On standard output it says how it goes, one JSON object a line: `{"progress": {"fr", "en"}}` any number
of times, then `{"ready": [endpoints]}` or `{"failed": why}`; after that it is met at `keeper.sock`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from lab import kernel
from lab.house import House
from lab.init import UnitFailed
from lab.requests import Desk, Listener, endpoints
from lab.topology import Topology


def main() -> int:
    """Leave the host's namespaces, then keep the lab until told to end."""
    root = Path(sys.argv[1])
    topology = Topology.of_plain(json.load(sys.stdin))
    os.umask(0o022)
    os.chdir(root)
    kernel.leave(kernel.NEW_PIDS | kernel.NEW_MOUNTS | kernel.NEW_NETWORK | kernel.NEW_HOSTNAME)
    kernel.name_host("noc")
    if os.fork():
        os._exit(0)
    kernel.keep_mounts_private()
    kernel.mount("proc", Path("/proc"))
    kernel.mount("sysfs", Path("/sys"))
    keeper = os.fork()
    if keeper:
        return _reap(keeper)
    return keep(topology, root)


def keep(topology: Topology, root: Path) -> int:
    """Build the lab, say so, and answer requests until `end` or SIGTERM."""
    over, told = os.pipe()
    os.set_blocking(told, False)
    # The signal may reach a thread other than the one that waits: the wake-up descriptor is written either way.
    signal.set_wakeup_fd(told)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)

    def end() -> None:
        os.write(told, b".")

    house = House(topology, root)
    desk = Desk(house, end)
    try:
        house.build(lambda phrase: _say({"progress": {"fr": phrase.fr, "en": phrase.en}}))
        desk.open()
        listener = Listener(root / "keeper.sock", desk.answer)
    except (OSError, UnitFailed, subprocess.SubprocessError) as failure:
        _say({"failed": str(failure)})
        raise
    _say({"ready": endpoints(house)})
    _let_go()
    os.read(over, 1)
    listener.close()
    desk.close()
    for host in house.hosts.values():
        host.hang_up()
    return 0


def _reap(keeper: int) -> int:
    """Be the first process of the namespace: bury orphans, and end when the keeper does."""

    def forward(number: int, _frame: FrameType | None) -> None:
        os.kill(keeper, number)

    _let_go()
    signal.signal(signal.SIGTERM, forward)
    while True:
        pid, status = os.wait()
        if pid == keeper:
            return os.waitstatus_to_exitcode(status) & 0xFF


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _let_go() -> None:
    """Close what ties us to whoever called: their pipe must end once we are ready."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


if __name__ == "__main__":
    sys.exit(main())
