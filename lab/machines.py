"""A machine that lives: its namespaces, and the programs that run in them.

Programs are entered into the machine by nsenter(1), which then becomes them: the process number that
we keep is the program's own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, TypeVar

from lab import furniture, kernel, wiring
from lab.attach import Ran
from lab.topology import Machine

PATIENCE_SECONDS: Final = 3.0
"""How long a program that was told to end may take before it is killed."""
GOODBYE_SECONDS: Final = 0.5
LONGEST_ANSWER: Final = 1 << 20

_ENVIRONMENT: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are in the lab's folder."""

    root: Path

    @property
    def namespaces(self) -> Path:
        """Network namespaces by name."""
        return self.root / "netns"

    def machine(self, name: str) -> Path:
        """What lies over Debian's folders inside a machine."""
        return self.root / "machines" / name

    def log(self, machine: str, name: str) -> Path:
        """What a program or a unit of a machine says."""
        return self.root / "logs" / f"{machine}-{name}.log"

    def host_key(self, machine: str) -> Path:
        """The private host key of a machine, made once for the life of the lab."""
        return self.root / "keys" / machine


@dataclass(slots=True)
class Host:
    """A machine and its namespaces, held open by descriptors until `switch_off`."""

    machine: Machine
    places: Places
    mounts: int | None
    """None for the network operation centre, which lives in the keeper's own namespaces."""
    names: int | None
    programs: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def network(self) -> int:
        """A new descriptor of its network namespace, the caller's to close."""
        return os.open(self.places.namespaces / self.machine.name, os.O_RDONLY)

    def spawn(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        stdin: int | IO[str] = subprocess.DEVNULL,
        stdout: int | IO[str] = subprocess.DEVNULL,
        stderr: int | IO[str] = subprocess.STDOUT,
    ) -> subprocess.Popen[str]:
        """Start a program inside and do not wait for it. Raises OSError."""
        return subprocess.Popen(
            [*self._way_in(), *argv],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={**_ENVIRONMENT, **furniture.environment(self.machine), **(environment or {})},
            start_new_session=True,
            text=True,
            errors="replace",
        )

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        timeout: float = 30,
    ) -> Ran:
        """Run a program inside to its end, or kill it after `timeout` seconds (status -9)."""
        pipe = subprocess.PIPE
        started = self.spawn(argv, environment=environment, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            stdout, stderr = started.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            stdout, stderr = _cut_short(started)
        return Ran(started.returncode, stdout[:LONGEST_ANSWER], stderr[:LONGEST_ANSWER])

    def start(self, name: str, argv: Sequence[str], stdin: str, environment: Mapping[str, str]) -> Path:
        """Start a program under a name; what it says goes to the log whose path is given back.

        Raises ValueError when a program of that name still runs.
        """
        with self.lock:
            if name in self.programs and self.programs[name].poll() is None:
                raise ValueError(f"{name} already runs on {self.machine.name}")
            log = self.log(name)
            with log.open("w") as said:
                started = self.spawn(argv, environment=environment, stdin=subprocess.PIPE, stdout=said)
            self.programs[name] = started
        if started.stdin is not None:
            with suppress(BrokenPipeError), started.stdin as heard:
                heard.write(stdin)
        return log

    def stop(self, name: str, patience: float = PATIENCE_SECONDS) -> int:
        """End a program started under a name and give its status. Raises LookupError when unknown."""
        with self.lock:
            program = self.programs.pop(name)
            return ended(program, patience)

    def log(self, name: str) -> Path:
        """Where a program or a unit of this machine writes what it says."""
        return self.places.log(self.machine.name, name)

    @property
    def folder(self) -> Path:
        """What lies over Debian's folders inside."""
        return self.places.machine(self.machine.name)

    def holds(self, pid: int) -> bool:
        """Whether a process is inside this machine: a number alone may have passed to another."""
        if self.mounts is None:
            return False
        try:
            return Path(f"/proc/{pid}/ns/mnt").stat().st_ino == os.fstat(self.mounts).st_ino
        except OSError:
            return False

    def processes(self) -> list[int]:
        """The numbers of all processes inside, whoever started them."""
        numbers = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
        return [pid for pid in numbers if self.holds(pid)]

    def hang_up(self) -> None:
        """Ask every program started under a name to end, and wait a little for those that say goodbye."""
        for program in self.programs.values():
            with suppress(ProcessLookupError):
                program.terminate()
        deadline = time.monotonic() + GOODBYE_SECONDS
        while any(each.poll() is None for each in self.programs.values()) and time.monotonic() < deadline:
            time.sleep(0.01)

    def cut_power(self) -> None:
        """Kill what runs inside, at once."""
        while pids := self.processes():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
        for program in self.programs.values():
            program.wait()
        self.programs.clear()

    def forget_memory(self) -> None:
        """What a machine keeps in memory alone goes: `/run` and `/tmp`, but for the socket of the lab's systemctl."""
        for name in ("run", "tmp"):
            for each in (self.folder / name).glob("*"):
                if each.is_dir() and not each.is_symlink():
                    shutil.rmtree(each)
                elif not each.is_socket():
                    each.unlink()

    def switch_off(self) -> None:
        """Kill what runs inside, and let the namespaces go."""
        self.hang_up()
        self.cut_power()
        for descriptor in (self.mounts, self.names):
            if descriptor is not None:
                os.close(descriptor)
        wiring.forget_namespace(self.places.namespaces / self.machine.name)

    def _way_in(self) -> list[str]:
        if self.mounts is None:
            return []
        held = f"/proc/{os.getpid()}/fd"
        return [
            "nsenter",
            f"--net={self.places.namespaces / self.machine.name}",
            f"--mount={held}/{self.mounts}",
            f"--uts={held}/{self.names}",
            "--",
        ]


def switch_on(machine: Machine, places: Places) -> Host:
    """Make the namespaces of a machine whose folder is furnished. Its cables come later."""

    def make() -> Host:
        if machine.kind == "noc":
            wiring.name_namespace(places.namespaces / machine.name)
            wiring.settle(machine)
            return Host(machine, places, None, None)
        kernel.leave(kernel.NEW_NETWORK)
        wiring.name_namespace(places.namespaces / machine.name)
        wiring.settle(machine)
        kernel.leave(kernel.NEW_MOUNTS | kernel.NEW_HOSTNAME)
        kernel.keep_mounts_private()
        kernel.unmount(places.namespaces)
        kernel.mount("sysfs", Path("/sys"))
        kernel.name_host(machine.name)
        furniture.overlay(places.machine(machine.name))
        kernel.freeze(Path("/"))
        mounts = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY)
        return Host(machine, places, mounts, os.open("/proc/thread-self/ns/uts", os.O_RDONLY))

    return apart(make)


def apart(work: Callable[[], _Result]) -> _Result:
    """Do `work` in a thread of its own, which may leave its namespaces and then ends."""
    done: list[_Result] = []
    failed: list[BaseException] = []

    def body() -> None:
        try:
            done.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def _cut_short(program: subprocess.Popen[str]) -> tuple[str, str]:
    """Kill a program and its group, and give what it had said.

    A daemon that it left in another session may hold the pipes for ever: what it had said is then lost.
    """
    os.killpg(program.pid, signal.SIGKILL)
    try:
        return program.communicate(timeout=1)
    except subprocess.TimeoutExpired:
        for pipe in (program.stdin, program.stdout, program.stderr):
            if pipe is not None:
                pipe.close()
        program.wait()
        return "", ""


def ended(program: subprocess.Popen[str], patience: float = PATIENCE_SECONDS) -> int:
    """Ask a program to end, kill it when it does not, and give its status."""
    with suppress(ProcessLookupError):
        program.terminate()
    try:
        return program.wait(patience)
    except subprocess.TimeoutExpired:
        program.kill()
        return program.wait()
