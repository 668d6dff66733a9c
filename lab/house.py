"""All machines of the lab together: built, put back as they were, asked for by name."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from foundation.reach import inside
from foundation.speech import Phrase
from lab import furniture, kernel, wiring
from lab.init import Init
from lab.machines import Host, Places, apart, switch_on
from lab.topology import Machine, Topology
from lab.traffic import PORT

Progress = Callable[[Phrase], None]

LISTEN_SECONDS: Final = 5.0

_CABLES: Final = Phrase("Machines et câbles…", "Machines and cables…")
_DAEMONS: Final = Phrase("Démons : {units}…", "Daemons: {units}…")


class House:
    """The machines of one topology, alive between `build` and `clear`."""

    def __init__(self, topology: Topology, root: Path) -> None:
        self.topology = topology
        self.places = Places(root)
        self.hosts: dict[str, Host] = {}
        self.inits: dict[str, Init] = {}

    def build(self, progress: Progress) -> None:
        """Make every machine, run the cables, start the daemons of the baseline.

        Raises OSError or UnitFailed; what was made until then is for `clear`, or for the keeper's end.
        """
        progress(_CABLES)
        self._furnish()
        self._open_switches()
        for machine in self.topology.machines:
            self.hosts[machine.name] = switch_on(machine, self.places)
        wiring.connect(self.topology, self.places.namespaces)
        self.inits = {name: Init(host) for name, host in self.hosts.items()}
        started = sorted({unit for init in self.inits.values() for unit in init.baseline()})
        progress(Phrase(_DAEMONS.say("fr", units=started), _DAEMONS.say("en", units=started)))
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(Init.start_baseline, self.inits.values()))
        self._serve_traffic()

    def clear(self) -> None:
        """Switch everything off and throw away what the machines wrote."""
        for host in self.hosts.values():
            host.switch_off()
        wiring.disconnect(self.topology)
        self.hosts.clear()
        self.inits.clear()
        wiring.forget_namespace(self.places.namespaces / wiring.SWITCHES)
        shutil.rmtree(self.places.root / "machines")

    def reboot(self, name: str) -> None:
        """Cut a machine's power, then let it start with what its disk holds. Raises LookupError."""
        host, init = self.hosts[name], self.inits[name]
        with host.lock:
            units = init.running()
            host.cut_power()
            host.forget_memory()
            wiring.readdress(self.topology, self.places.namespaces, name)
        init.boot(units)

    def host(self, name: str) -> Host:
        """The living machine of that name. Raises LookupError."""
        return self.hosts[name]

    def host_keys(self) -> dict[str, str]:
        """The public SSH host key of each machine of ours (`ssh-ed25519 AAAA…`)."""
        return {
            machine.name: " ".join(self.places.host_key(machine.name).with_suffix(".pub").read_text().split()[:2])
            for machine in self.topology.machines
            if machine.ours
        }

    def _furnish(self) -> None:
        for folder in ("keys", "logs", "netns", "machines"):
            (self.places.root / folder).mkdir(exist_ok=True, mode=0o700)
        for machine in self.topology.machines:
            if machine.kind == "noc":
                continue
            key = self._key(machine) if machine.ours else None
            furniture.furnish(self.topology, machine, self.places.machine(machine.name), key)

    def _key(self, machine: Machine) -> Path:
        path = self.places.host_key(machine.name)
        if not path.exists():
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", machine.name, "-f", os.fspath(path)],
                check=True,
                capture_output=True,
            )
        return path

    def _open_switches(self) -> None:
        def make() -> None:
            kernel.leave(kernel.NEW_NETWORK)
            wiring.name_namespace(self.places.namespaces / wiring.SWITCHES)
            wiring.furnish_switches(self.topology.lans)

        apart(make)

    def _serve_traffic(self) -> None:
        for host in self.hosts.values():
            if host.machine.kind == "internet":
                host.start("traffic", [sys.executable, "-m", "lab.traffic", "serve", str(PORT)], "", {})
                _await_listener(host, PORT)


def _await_listener(host: Host, port: int) -> None:
    """Return once a program inside listens on a TCP port. Raises OSError when it does not in time."""
    network = host.network()
    deadline = time.monotonic() + LISTEN_SECONDS
    try:
        with inside(network):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                except ConnectionRefusedError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
                else:
                    return
    finally:
        os.close(network)
