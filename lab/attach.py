"""Meeting a lab that is up: what it is made of, programs on its machines, its cables."""

from __future__ import annotations

import json
import os
import select
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from foundation.errors import Refused
from foundation.reach import LabDown, connect_unix, namespace_of
from foundation.speech import Phrase

SOCKET_NAME: Final = "keeper.sock"
_ANSWER_SECONDS: Final = 90.0


class LabRefused(Refused):
    """The keeper understood, and said no."""

    kind = "lab-refused"
    phrase = Phrase(
        "Le labo a refusé : {reason}. Rien n'y a été changé.",
        "The lab refused: {reason}. Nothing was changed in it.",
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a machine of ours is met from the operation centre, and the SSH host key it shows."""

    name: str
    address: str
    host_key: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What comes out of `up`: the machines of ours, and the keeper's socket (for `reach.Means.lab_socket`)."""

    machines: tuple[Endpoint, ...]
    keeper: Path

    def machine(self, name: str) -> Endpoint:
        """The machine of that name. Raises LookupError when it is not one of ours."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise LookupError(name)

    def host_keys(self) -> list[tuple[str, str]]:
        """(address, key) of each machine, as `reach.trust` takes them."""
        return [(machine.address, machine.host_key) for machine in self.machines]


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ran to its end: status (negative: the signal that ended it), and what it said."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program started under a name: its status is None while it runs (negative: a signal ended it)."""

    pid: int
    status: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """What runs on one machine: active units, programs by name; process numbers are the lab's own."""

    units: dict[str, list[int]]
    programs: dict[str, Program]
    processes: list[int]


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab that is up. Every verb raises LabDown when its keeper does not answer, LabRefused when it says no."""

    keeper: Path

    @property
    def pid(self) -> int:
        """The keeper's process number, as seen from here."""
        with self._connection() as asked:
            raw = asked.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", raw)[0])

    def endpoints(self) -> Endpoints:
        """The machines of ours."""
        return read_endpoints(self._ask(do="endpoints")["endpoints"], self.keeper)

    def namespace(self, machine: str) -> int:
        """An open descriptor of a machine's network namespace, the caller's to close."""
        return namespace_of(self.keeper, machine)

    def run(
        self,
        machine: str,
        argv: Sequence[str],
        *,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        timeout: float = 30,
    ) -> Ran:
        """Run a program inside a machine to its end; killed after `timeout` seconds (status -9)."""
        answer = self._ask(
            patience=timeout + 10,
            do="run",
            machine=machine,
            argv=list(argv),
            stdin=stdin,
            environment=dict(environment or {}),
            timeout=timeout,
        )
        return Ran(answer["status"], answer["stdout"], answer["stderr"])

    def start(
        self,
        machine: str,
        name: str,
        argv: Sequence[str],
        *,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> Path:
        """Start a program inside a machine under a name; gives the file where what it says is read.

        `stdin` is written to the program and closed: the way for secrets.
        """
        answer = self._ask(
            do="start",
            machine=machine,
            name=name,
            argv=list(argv),
            stdin=stdin,
            environment=dict(environment or {}),
        )
        return Path(answer["log"])

    def stop(self, machine: str, name: str) -> int:
        """End a program started under a name (SIGTERM, then SIGKILL) and give its status."""
        return int(self._ask(do="stop", machine=machine, name=name)["status"])

    def link(self, machine: str, interface: str, *, up: bool) -> None:
        """Pull the cable of an interface, or plug it in again. The machine sees its carrier go."""
        self._ask(do="link", machine=machine, interface=interface, up=up)

    def reboot(self, machine: str) -> None:
        """Cut a machine's power and let it start again: its disk is as it was, its memory is gone."""
        self._ask(do="reboot", machine=machine)

    def pull(self, machine: str, interface: str) -> None:
        """Pull the cable of an interface until `mend`."""
        self._ask(do="fault", kind="pull", machine=machine, interface=interface)

    def slow(self, machine: str, interface: str, seconds: float) -> None:
        """Make the cable of an interface that long, each way, until `mend`."""
        self._ask(do="fault", kind="slow", machine=machine, interface=interface, seconds=float(seconds))

    def fill(self, machine: str) -> None:
        """Leave no room where releases are written on a machine, until `mend`."""
        self._ask(do="fault", kind="fill", machine=machine)

    def kill(self, daemon: str) -> list[str]:
        """Kill a unit, or the processes of that name, wherever it runs; `mend` starts the units again."""
        return list(self._ask(do="fault", kind="kill", daemon=daemon)["machines"])

    def mend(self) -> list[str]:
        """Undo every fault, the latest first: what was mended."""
        return list(self._ask(do="mend")["mended"])

    def state(self) -> dict[str, Running]:
        """What runs on each machine."""
        return {name: _running(values) for name, values in self._ask(do="state")["machines"].items()}

    def restore(self) -> None:
        """Put everything back as it was after `up`: new machines, same addresses and host keys."""
        self._ask(do="restore")

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside, the lab lives no longer than this program: its death by any cause ends the lab."""
        with self._connection() as held:
            held.sendall(b'{"do": "hold"}\n')
            if not held.recv(4096):
                raise LabDown
            yield

    def end(self) -> None:
        """End the lab, and return when its last process is gone."""
        with suppress(ProcessLookupError):
            init = _parent(self.pid)
            watched = os.pidfd_open(init)
            try:
                self._ask(do="end")
                select.select([watched], [], [], _ANSWER_SECONDS)
            finally:
                os.close(watched)

    def _ask(self, *, patience: float = _ANSWER_SECONDS, **request: Any) -> dict[str, Any]:
        with self._connection() as asked:
            asked.settimeout(patience)
            try:
                asked.sendall(json.dumps(request).encode() + b"\n")
                with asked.makefile("rb") as lines:
                    line = lines.readline()
            except OSError as dead:
                raise LabDown from dead
        if not line:
            raise LabDown
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise LabRefused(reason=answer["error"])
        return answer

    def _connection(self) -> socket.socket:
        asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            asked.settimeout(_ANSWER_SECONDS)
            connect_unix(asked, self.keeper)
        except OSError as dead:
            asked.close()
            raise LabDown from dead
        return asked


def attach(folder: Path) -> Lab:
    """The lab that is up in `folder`. Raises LabDown when none is."""
    lab = Lab(folder.absolute() / SOCKET_NAME)
    lab.endpoints()
    return lab


def read_endpoints(values: Sequence[Mapping[str, str]], keeper: Path) -> Endpoints:
    """Endpoints as the keeper says them in JSON."""
    return Endpoints(tuple(Endpoint(**each) for each in values), keeper)


def _running(values: Mapping[str, Any]) -> Running:
    programs = {name: Program(**each) for name, each in values["programs"].items()}
    return Running(values["units"], programs, values["processes"])


def _parent(pid: int) -> int:
    """The process that waits for the keeper. Raises ProcessLookupError when the keeper is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError as gone:
        raise ProcessLookupError(pid) from gone
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
