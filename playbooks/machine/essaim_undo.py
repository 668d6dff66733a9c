#!/usr/bin/python3
"""The dead man's switch of a machine: a change that nobody confirms in time is undone, whoever has died meanwhile.

    /var/lib/essaim/<artifact>/pending/       a change in force that waits for its confirmation
        marker                                what it is, and when it is undone (JSON)
        undo                                  the program that puts back what was there, `now` or at `boot`
    /var/lib/essaim/<artifact>/last           how the last one ended: confirmed or undone (JSON)

Whoever changes the machine takes the artifact's lock, prepares the undo, arms the switch, acts, and sets the
time running (`begun`). From there on `undo` alone puts back: at the end of the time, when the daemon refuses, when
someone asks, when the machine boots. It runs once for each change: the lock, the marker's number and `last` see to
that; a confirmation that comes too late is told so.

Essaim ships this file as /usr/local/sbin/essaim-undo. It needs Debian's Python and nothing else.

    essaim-undo state ARTIFACT              what waits, and how the last one ended
    essaim-undo confirm ARTIFACT WANTED     keep it
    essaim-undo now ARTIFACT WANTED WHY     undo it at once
    essaim-undo wait ARTIFACT ID            undo it when its time is over (started by `arm`)
    essaim-undo boot                        undo whatever was not confirmed before the machine stopped
    essaim-undo install                     have `boot` run at boot, where systemd is
    essaim-undo arm ARTIFACT WANTED SECONDS FOLDER, begun ARTIFACT SECONDS, back ARTIFACT WHY
                                            for programs that hold the artifact's lock
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = Path("/usr/local/sbin/essaim-undo")
FOLDER = Path("/var/lib/essaim")
SYSTEMD = Path("/run/systemd/system")
LOCK_SECONDS = 300.0
UNDO_SECONDS = 600.0
LOOKED_SECONDS = 1.0
"""How soon whoever waits notices that the change was confirmed, and ends."""
SAID_LINES = 3

UNIT = Path("/etc/systemd/system/essaim-undo.service")
UNIT_TEXT = f"""\
[Unit]
Description=Undo changes that nobody confirmed before this machine stopped
DefaultDependencies=no
RequiresMountsFor={FOLDER} {PROGRAM}
After=local-fs.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
Wants=network-pre.target
ConditionPathExistsGlob={FOLDER}/*/pending

[Service]
Type=oneshot
ExecStart={PROGRAM} boot

[Install]
WantedBy=multi-user.target
"""


class Waiting(Exception):
    """Another change of the artifact waits for its confirmation."""


class Switch:
    """The switch of one artifact. What a method does not lock itself, its caller must hold (`alone`)."""

    def __init__(self, artifact: str) -> None:
        if not artifact or "/" in artifact or artifact.startswith("."):
            raise ValueError(f"not an artifact: {artifact!r}")
        self.artifact = artifact
        self.home = FOLDER / artifact
        self.pending = self.home / "pending"

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, nobody else changes the artifact, confirms it or undoes it. Raises TimeoutError."""
        FOLDER.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.home.mkdir(mode=0o750, exist_ok=True)
        lock = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            end = time.monotonic() + LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise TimeoutError(f"{self.artifact}: another change is under way") from None
                    time.sleep(0.05)
            yield
        finally:
            os.close(lock)

    def arm(self, wanted: str, seconds: float, prepared: Path) -> None:
        """From now on the change is undone, unless it is confirmed. `prepared` holds `undo`, and becomes ours.

        Raises Waiting when one waits already, and throws `prepared` away.
        """
        if self.pending.exists():
            shutil.rmtree(prepared)
            raise Waiting(f"{self.artifact}: a change waits for its confirmation")
        for left in (*self.home.glob("undo-*"), *self.home.glob("ended-*")):
            if left != prepared:
                shutil.rmtree(left)  # whoever made it was killed: we hold the lock
        marker = {"id": secrets.token_hex(8), "wanted": wanted, **_until(seconds)}
        (prepared / "undo").chmod(0o700)
        prepared.chmod(0o700)
        write(prepared / "marker", marker)
        for each in (*prepared.iterdir(), prepared):
            _sync(each)
        prepared.rename(self.pending)
        (self.home / "last").unlink(missing_ok=True)
        _sync(self.home)
        _watch(self.artifact, marker["id"])

    def begun(self, seconds: float) -> None:
        """The change is in force: its time runs from now, however long it took."""
        write(self.pending / "marker", {**self.marker(), **_until(seconds)})

    def confirm(self, wanted: str) -> dict[str, Any]:
        """Keep the change: gives how it ended, which is `undone` where that came first."""
        with self.alone():
            marker = self.marker()
            if marker.get("wanted") == wanted and not self._undone(marker):
                if _overdue(marker):
                    self.undo("nobody confirmed it in time")
                else:
                    self._end(marker, {"end": "confirmed"})
            return self.last()

    def now(self, wanted: str, why: str) -> dict[str, Any]:
        """Undo that change if it waits still; gives how the last one ended."""
        with self.alone():
            if self.marker().get("wanted") == wanted:
                self.undo(why)
            return self.last()

    def wait(self, number: str) -> None:
        """Return when that change has ended, having undone it if its time was over."""
        while (marker := self.marker()).get("id") == number:
            if _overdue(marker):
                # Whoever holds the lock too long is waited for again: it may be what must be undone.
                with contextlib.suppress(TimeoutError), self.alone():
                    marker = self.marker()
                    if marker.get("id") == number and _overdue(marker):
                        self.undo("nobody confirmed it in time")
            else:
                time.sleep(min(LOOKED_SECONDS, max(0.01, _left(marker))))

    def undo(self, why: str, when: str = "now") -> bool:
        """Put back what was there, once; whether all of it came back."""
        marker = self.marker()
        if self._undone(marker):
            shutil.rmtree(self.pending)
            return True
        try:
            done = subprocess.run(
                [self.pending / "undo", when],
                cwd=self.pending,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=UNDO_SECONDS,
                check=False,
            )
            status, said = done.returncode, done.stdout.decode(errors="replace")
        except (OSError, subprocess.TimeoutExpired) as failed:
            status, said = 1, str(failed)
        ending: dict[str, Any] = {"end": "undone", "why": why, "whole": status == 0}
        if status:
            ending["said"] = " / ".join(said.strip().splitlines()[-SAID_LINES:])
        self._end(marker, ending)
        return status == 0

    def marker(self) -> dict[str, Any]:
        """What waits; empty when nothing does."""
        return read(self.pending / "marker")

    def last(self) -> dict[str, Any]:
        """How the last change ended; empty when none did since the switch was last armed."""
        return read(self.home / "last")

    def state(self) -> dict[str, Any]:
        """What waits, with the seconds that are left to it, and how the last one ended."""
        marker = self.marker()
        return {"pending": {**marker, "left": round(_left(marker), 1)} if marker else {}, "last": self.last()}

    def _undone(self, marker: dict[str, Any]) -> bool:
        # Cut short between the undoing and the removing of its marker, it is done all the same.
        return self.last().get("id", "") == marker.get("id")

    def _end(self, marker: dict[str, Any], ending: dict[str, Any]) -> None:
        write(self.home / "last", {"id": marker.get("id"), "wanted": marker.get("wanted"), "at": time.time(), **ending})
        _sync(self.home)
        gone = self.home / f"ended-{secrets.token_hex(4)}"
        self.pending.rename(gone)
        shutil.rmtree(gone)


def boot() -> None:
    """Undo whatever waits, before the daemons start: they begin with what was there."""
    for marker in sorted(FOLDER.glob("*/pending/marker")):
        switch = Switch(marker.parent.parent.name)
        with switch.alone():
            if switch.marker():
                switch.undo("the machine stopped before anyone confirmed it", "boot")


def install() -> None:
    """Have `boot` run at boot. Without systemd it is for whoever starts the machine's daemons to run it first."""
    if SYSTEMD.is_dir() and (not UNIT.exists() or UNIT.read_text() != UNIT_TEXT):
        UNIT.write_text(UNIT_TEXT)
        for verb in (["daemon-reload"], ["enable", "--quiet", UNIT.name]):
            subprocess.run(["systemctl", *verb], check=True)


def ship(source: str) -> None:
    """Put this program where it is run from, in one step, if it is not there already."""
    if PROGRAM.exists() and PROGRAM.read_text() == source:
        return
    beside = PROGRAM.with_name(f".{PROGRAM.name}-{os.getpid()}")
    beside.write_text(source)
    beside.chmod(0o755)
    beside.rename(PROGRAM)
    install()


def read(path: Path) -> dict[str, Any]:
    """A small JSON file; empty when it is not there."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return found


def write(path: Path, values: dict[str, Any]) -> None:
    """A small JSON file in one step: whoever reads sees the old one or the new, after a power cut too."""
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.write_text(json.dumps(values))
    beside.chmod(0o600)
    _sync(beside)
    beside.rename(path)


def _until(seconds: float) -> dict[str, Any]:
    # A clock that is set meanwhile would be late or early: this one counts from the boot that it names.
    return {"boot": _boot(), "deadline": time.clock_gettime(time.CLOCK_BOOTTIME) + seconds}


def _left(marker: dict[str, Any]) -> float:
    if marker["boot"] != _boot():
        return 0.0
    return max(0.0, float(marker["deadline"]) - time.clock_gettime(time.CLOCK_BOOTTIME))


def _overdue(marker: dict[str, Any]) -> bool:
    return _left(marker) <= 0


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _watch(artifact: str, number: str) -> None:
    """Leave someone behind who waits: systemd's own child where it is, else a process that belongs to nobody."""
    command = [str(PROGRAM), "wait", artifact, number]
    if SYSTEMD.is_dir():
        command = ["systemd-run", "--quiet", "--collect", "--property=Restart=on-failure", *command]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        return
    nowhere = subprocess.DEVNULL
    subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, cwd="/", start_new_session=True)


def main(verb: str, *words: str) -> int:
    """Do the verb; 75 where another change waits, 66 where not all came back."""
    match verb, *words:
        case "wait", artifact, number:
            Switch(artifact).wait(number)
        case ("boot",):
            boot()
        case ("install",):
            install()
        case (("state" | "confirm" | "now"), artifact, *rest):
            sys.stdout.write(json.dumps(getattr(Switch(artifact), verb)(*rest)) + "\n")
        case (("arm" | "begun" | "back"), artifact, *rest):
            return _held(Switch(artifact), verb, rest)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


def _held(switch: Switch, verb: str, words: list[str]) -> int:
    """The verbs of a program that holds the lock."""
    match verb, *words:
        case "arm", wanted, seconds, folder:
            try:
                switch.arm(wanted, float(seconds), Path(folder))
            except Waiting:
                return 75
        case "begun", seconds:
            switch.begun(float(seconds))
        case "back", why:
            return 0 if switch.undo(why) else 66
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["help"])))
