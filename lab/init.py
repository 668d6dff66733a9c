"""What systemd does on a real machine: starts, stops and reloads the units of one machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from lab import kernel
from lab.attach import Ran
from lab.daemons.units import STARTED, UNITS, Argv, Unit
from lab.machines import Host, ended

START_SECONDS: Final = 15.0
BOOT: Final = ("/usr/local/sbin/essaim-undo", "boot")
"""What `essaim-undo.service` does at boot where systemd is, before the daemons."""
BOOT_SECONDS: Final = 60.0
_STEP_SECONDS: Final = 0.01
_NO_SUCH_UNIT: Final = 5
_NOT_RUNNING: Final = 3


class UnitFailed(Exception):
    """A unit did not start or reload; the text is what its command said."""


class Init:
    """The units of one machine. Verbs and statuses are systemctl(1)'s."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._units = {unit.name: unit for unit in UNITS[host.machine.kind]}
        self._names = {name: unit.name for unit in self._units.values() for name in (unit.name, *unit.aliases)}
        self._daemons: dict[str, subprocess.Popen[str]] = {}
        self._done: set[str] = set()

    def baseline(self) -> list[str]:
        """The units that run before Essaim pushes anything."""
        return [name for name in self._units if name in STARTED]

    def start_baseline(self) -> None:
        """Start them. Raises UnitFailed."""
        for name in self.baseline():
            self._start(self._units[name])

    def boot(self, names: Collection[str]) -> None:
        """What a machine that starts again does: what must be undone first, then these units, in their order.

        A unit that fails leaves the others to start, as it does elsewhere; its log says why.
        """
        for daemon in self._daemons.values():
            daemon.wait()
        self._daemons.clear()
        self._done.clear()
        if (self._host.folder / BOOT[0].lstrip("/")).exists():
            self._host.run(BOOT, timeout=BOOT_SECONDS)
        for unit in self._units.values():
            if unit.name in names:
                with suppress(UnitFailed):
                    self._start(unit)

    def tell(self, verb: str, name: str) -> Ran:
        """Do a verb of systemctl to a unit, and say what systemctl would say."""
        if name not in self._names:
            return Ran(_NO_SUCH_UNIT, "", f"Unit {name}.service not found.\n")
        unit = self._units[self._names[name]]
        with self._host.lock:
            try:
                return self._tell(verb, unit)
            except UnitFailed as failure:
                return Ran(1, "", f"Job for {unit.name}.service failed.\n{failure}\n")

    def running(self) -> dict[str, list[int]]:
        """The units that are active, with the process numbers of their daemons."""
        with self._host.lock:
            return {name: self._pids(unit) for name, unit in self._units.items() if self._active(unit)}

    def _tell(self, verb: str, unit: Unit) -> Ran:
        active = self._active(unit)
        match verb:
            case "is-active" | "status":
                return Ran(0 if active else _NOT_RUNNING, "active\n" if active else "inactive\n", "")
            case "show":
                return Ran(0, self._shown(unit, active), "")
            case "stop":
                self._stop(unit)
            case "start":
                self._start(unit)
            case "restart":
                self._stop(unit)
                self._start(unit)
            case "reload" if not active:
                raise UnitFailed(f"{unit.name}.service is not active, cannot reload.")
            case "reload-or-restart" if not active:
                self._start(unit)
            case "reload" | "reload-or-restart" | "try-reload-or-restart" if active:
                self._reload(unit)
            case "try-restart" if active:
                self._stop(unit)
                self._start(unit)
        return Ran(0, "", "")

    def _start(self, unit: Unit) -> None:
        if self._active(unit):
            return
        self._make_runtime_folder(unit)
        *before, last = unit.start
        for command in before:
            self._step(unit, command)
        match unit.sort:
            case "forking" | "oneshot":
                self._step(unit, last)
                self._done.add(unit.name)
            case "simple":
                self._daemons[unit.name] = self._spawn(unit, last, {})
            case "notify":
                self._await_notice(unit, last)

    def _stop(self, unit: Unit) -> None:
        if unit.name in self._done:
            self._done.discard(unit.name)
            for command in unit.stop:
                self._step(unit, command)
        for pid in reversed(self._living(unit)):
            _end(pid)
        daemon = self._daemons.pop(unit.name, None)
        if daemon is not None:
            ended(daemon)

    def _reload(self, unit: Unit) -> None:
        for command in unit.reload:
            self._step(unit, command)
        if unit.hangup:
            self._daemons[unit.name].send_signal(signal.SIGHUP)

    def _active(self, unit: Unit) -> bool:
        if unit.sort == "forking":
            return len(self._living(unit)) == len(unit.pid_files)
        if unit.sort == "oneshot":
            return unit.name in self._done
        return unit.name in self._daemons and self._daemons[unit.name].poll() is None

    def _pids(self, unit: Unit) -> list[int]:
        if unit.name in self._daemons:
            return [self._daemons[unit.name].pid]
        return self._living(unit)

    def _living(self, unit: Unit) -> list[int]:
        found = []
        for path in unit.pid_files:
            with suppress(OSError, ValueError):
                pid = int((self._host.folder / path.lstrip("/")).read_text())
                if self._host.holds(pid):
                    found.append(pid)
        return found

    def _shown(self, unit: Unit, active: bool) -> str:
        main = next(iter(self._pids(unit)), 0) if active else 0
        return (
            f"Id={unit.name}.service\nLoadState=loaded\nActiveState={'active' if active else 'inactive'}\n"
            f"SubState={'running' if active else 'dead'}\nMainPID={main}\nUnitFileState=enabled\n"
        )

    def _step(self, unit: Unit, command: Argv) -> None:
        ran = self._host.run(command, environment=unit.environment, timeout=START_SECONDS)
        if ran.status:
            with self._host.log(unit.name).open("a") as log:
                log.write(ran.stdout + ran.stderr)
            said = (ran.stderr.strip() or ran.stdout.strip()).splitlines()[-5:]
            raise UnitFailed("\n".join((f"{' '.join(command)}: status {ran.status}", *said)))

    def _spawn(self, unit: Unit, command: Argv, more: dict[str, str]) -> subprocess.Popen[str]:
        environment = {**unit.environment, **more}
        if unit.says_secrets:
            return self._host.spawn(command, environment=environment)
        with self._host.log(unit.name).open("a") as log:
            return self._host.spawn(command, environment=environment, stdout=log)

    def _await_notice(self, unit: Unit, command: Argv) -> None:
        """Start a daemon and wait until it says READY=1 (sd_notify(3))."""
        path = self._host.folder / "run" / f"essaim-notify-{unit.name}"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            kernel.bind_socket(notices, path)
            path.chmod(0o666)
            notices.settimeout(0.1)
            daemon = self._spawn(unit, command, {"NOTIFY_SOCKET": f"/run/{path.name}"})
            deadline = time.monotonic() + START_SECONDS
            while not _heard_ready(notices):
                if daemon.poll() is not None or time.monotonic() > deadline:
                    ended(daemon)
                    last = self._host.log(unit.name).read_text(errors="replace").splitlines()[-5:]
                    raise UnitFailed("\n".join((f"{' '.join(command)}: never ready", *last)))
        path.unlink()
        self._daemons[unit.name] = daemon

    def _make_runtime_folder(self, unit: Unit) -> None:
        if unit.runtime_folder is not None:
            path, owner = unit.runtime_folder
            user, group = owner.split(":")
            self._step(unit, ("install", "-d", "-o", user, "-g", group, "-m", "755", path))


def _heard_ready(notices: socket.socket) -> bool:
    try:
        return b"READY=1" in notices.recv(4096).split(b"\n")
    except TimeoutError:
        return False


def _end(pid: int) -> None:
    """End a daemon that is not our child: another process reaps it."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(_STEP_SECONDS)
        os.kill(pid, signal.SIGKILL)
