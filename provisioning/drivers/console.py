"""No machine at all: what each one would hold is kept in a folder, for eyes and for trials.

<var>/console/<machine>/<artifact>/           a symbolic link to a folder of texts, switched in one step
<var>/console/<machine>/.<artifact>-switch    a change that waits, or how the last one ended
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from foundation.reach import MachineUnreachable
from foundation.settings import Settings
from foundation.speech import Phrase
from provisioning import texts
from provisioning.artifact import Target
from provisioning.drivers.kept_switch import KeptSwitch, Switch
from provisioning.drivers.protocol import ConfigurationRefused, Seen, Stale, Stand, Unsettled
from provisioning.texts import Texts

UNFINISHED: Final = Phrase("un texte ne finit pas par une fin de ligne", "a text does not end with an end of line")


def file_of(settings: Settings, target: str) -> Path:
    """The first text that the console keeps of a target (`vpn/wireguard`)."""
    return min((settings.var / "console" / target).iterdir())


class ConsoleDriver(KeptSwitch):
    """Keeps texts, readable by their owner alone."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.var / "console"
        self._seconds = settings.confirm_seconds

    def look(self, target: Target, desired: Texts) -> Seen:
        """What is kept of the target. Raises MachineUnreachable when the folder cannot be read."""
        self._undo_if_late(target)
        held = self._read(target)
        return Seen(held, texts.unified(held, desired))

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Keep `desired` until it is confirmed or its time is over.

        Raises Stale, Unsettled, ConfigurationRefused for a text cut short, MachineUnreachable.
        """
        waiting = self.standing(target)
        if texts.digest(self._read(target)) != expected:
            raise Stale(target=str(target))
        if waiting.stand is Stand.WAITING:
            raise Unsettled(target=str(target), seconds=round(waiting.seconds))
        if not all(text.endswith("\n") for text in desired.values()):
            raise ConfigurationRefused(target=str(target), reason=UNFINISHED)
        try:
            self._write(target, desired)
        except OSError as closed:
            raise MachineUnreachable(machine=target.machine.name, reason=closed.strerror) from closed

    def _keep(self, target: Target, switch: Switch) -> None:
        self._set(target, {"stand": Stand.CONFIRMED, "wanted": switch["wanted"]})
        self._sweep(target)

    def _undo(self, target: Target, switch: Switch, why: Phrase) -> None:
        link = self._folder / str(target)
        if switch["former"] is None:
            link.unlink(missing_ok=True)
        else:
            _point(link, switch["former"])
        self._set(target, {"stand": Stand.UNDONE, "wanted": switch["wanted"], "reason": [why.fr, why.en]})
        self._sweep(target)

    def _read(self, target: Target) -> Texts:
        try:
            folder = (self._folder / str(target)).resolve(strict=True)
            held = [path for path in sorted(folder.rglob("*")) if path.is_file()]
            return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in held}
        except FileNotFoundError:
            return {}
        except OSError as closed:
            raise MachineUnreachable(machine=target.machine.name, reason=closed.strerror) from closed

    def _write(self, target: Target, desired: Texts) -> None:
        link = self._folder / str(target)
        link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{link.name}-texts-", dir=link.parent))
        for name, text in desired.items():
            (fresh / name).parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(fresh / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        former = str(link.readlink()) if link.is_symlink() else None
        wanted, until = texts.digest(desired), time.time() + self._seconds
        self._set(target, {"stand": Stand.WAITING, "wanted": wanted, "former": former, "until": until})
        _point(link, fresh.name)

    def _sweep(self, target: Target) -> None:
        """Texts that nothing refers to any more go, with what a program that was killed left."""
        link = self._folder / str(target)
        kept = str(link.readlink()) if link.is_symlink() else None
        for left in link.parent.glob(f".{link.name}-texts-*"):
            if left.is_symlink():
                left.unlink()
            elif left.name != kept:
                shutil.rmtree(left)

    def _switch(self, target: Target) -> Switch:
        try:
            found: Switch = json.loads(self._marker(target).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as closed:
            raise MachineUnreachable(machine=target.machine.name, reason=closed.strerror) from closed
        return found

    def _set(self, target: Target, switch: Switch) -> None:
        marker = self._marker(target)
        beside = marker.with_name(f"{marker.name}.new")
        beside.write_text(json.dumps(switch), encoding="utf-8")
        beside.replace(marker)

    def _marker(self, target: Target) -> Path:
        link = self._folder / str(target)
        return link.with_name(f".{link.name}-switch")


def _point(link: Path, name: str) -> None:
    """Have the link name a folder beside it, in one step."""
    beside = link.with_name(f".{link.name}-texts-link")
    beside.unlink(missing_ok=True)
    beside.symlink_to(name)
    beside.replace(link)
