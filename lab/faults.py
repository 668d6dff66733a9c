"""Faults on demand, and their mending: a cable pulled, a daemon killed, a long way, a full disk."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from lab import wiring
from lab.delay import Delay
from lab.house import House
from lab.machines import Host

_GONE: Final = 5.0
"""Seconds in which a process that was killed is gone."""
_DISK: Final = "/var/lib/essaim"
"""What provisioning writes on a machine before anything else."""
# The folder's own content on a disk of its own size, and what was left of that taken.
_FILL: Final = f"""
set -e
mountpoint -q {_DISK} && exit 0
mkdir -p {_DISK}
rm -rf /run/essaim-disk
cp -a {_DISK} /run/essaim-disk
mount -t tmpfs -o size=$(($(du -sk {_DISK} | cut -f1) + 64))k tmpfs {_DISK}
cp -a /run/essaim-disk/. {_DISK}
dd if=/dev/zero of={_DISK}/ballast bs=4k 2>/dev/null || true
"""
_EMPTY: Final = f"rm -f {_DISK}/ballast && mount -o remount,size=50% {_DISK}"


class Faults:
    """What is broken in one house, each with the way to mend it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._mending: list[tuple[str, Callable[[], None]]] = []

    def pull(self, machine: str, port: str) -> None:
        """Pull the cable of a port. Raises LookupError."""
        self._plug(machine, port, plugged=False)
        self._mending.append((f"{machine} {port}", lambda: self._plug(machine, port, plugged=True)))

    def kill(self, daemon: str) -> list[str]:
        """Kill a unit's processes, or the processes of that name, at once: the machines where it ran.

        Raises LookupError where it runs nowhere.
        """
        struck = {name: self._kill(host, daemon) for name, host in self._house.hosts.items() if host.machine.ours}
        found = [name for name, count in struck.items() if count]
        if not found:
            raise LookupError(daemon)
        return found

    def slow(self, machine: str, port: str, seconds: float) -> None:
        """Make the cable of a port that long, each way. Raises LookupError."""
        topology, namespaces = self._house.topology, self._house.places.namespaces
        with wiring.lengthened(topology, namespaces, machine, port) as ends:
            delay = Delay(*ends, seconds)

        def shorten() -> None:
            delay.end()
            wiring.shorten(topology, namespaces, machine, port)

        self._mending.append((f"{machine} {port}", shorten))

    def fill(self, machine: str) -> None:
        """Leave no room on the disk where releases are written. Raises LookupError, OSError."""
        host = self._house.host(machine)
        _shell(host, _FILL)
        self._mending.append((machine, lambda: _shell(host, _EMPTY)))

    def mend(self) -> list[str]:
        """Undo every fault, the latest first: what was mended."""
        mended = []
        while self._mending:
            name, undo = self._mending.pop()
            undo()
            mended.append(name)
        return mended

    def forget(self) -> None:
        """The house is built anew: nothing is broken any more."""
        with suppress(OSError):
            self.mend()
        self._mending.clear()

    def _plug(self, machine: str, port: str, *, plugged: bool) -> None:
        wiring.pull(self._house.topology, self._house.places.namespaces, machine, port, plugged=plugged)

    def _kill(self, host: Host, daemon: str) -> int:
        init = self._house.inits[host.machine.name]
        before = init.running()
        hit = set(before.get(daemon, [])) | {pid for pid in host.processes() if _name(pid) == daemon}
        for pid in hit:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + _GONE
        # A kernel with much to do takes its time: whoever asks afterwards finds them dead.
        while any(hit.intersection(pids) for pids in init.running().values()) and time.monotonic() < until:
            time.sleep(0.01)
        for unit, pids in before.items():
            if hit.intersection(pids):
                restart = partial(_restart, self._house, host, unit)
                self._mending.append((f"{host.machine.name} {unit}", restart))
        return len(hit)


def _restart(house: House, host: Host, unit: str) -> None:
    told = house.inits[host.machine.name].tell("restart", unit)
    if told.status:
        raise OSError(told.stderr.strip())


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _shell(host: Host, script: str) -> None:
    ran = host.run(["sh", "-c", script])
    if ran.status:
        raise OSError(ran.stderr.strip() or f"status {ran.status}")
