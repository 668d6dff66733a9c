"""No machine at all: what each one would hold is kept in a folder, for eyes and for trials.

<var>/console/<machine>/<artifact>/    a symbolic link to a folder of texts, switched in one step
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from foundation.reach import MachineUnreachable
from foundation.settings import Settings
from foundation.speech import Phrase
from provisioning import texts
from provisioning.artifact import Target
from provisioning.drivers.protocol import ConfigurationRefused, Seen, Stale
from provisioning.texts import Texts

UNFINISHED: Final = Phrase("un texte ne finit pas par une fin de ligne", "a text does not end with an end of line")


def file_of(settings: Settings, target: str) -> Path:
    """The first text that the console keeps of a target (`vpn/wireguard`)."""
    return min((settings.var / "console" / target).iterdir())


class ConsoleDriver:
    """Keeps texts, readable by their owner alone."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.var / "console"

    def look(self, target: Target, desired: Texts) -> Seen:
        """What is kept of the target. Raises MachineUnreachable when the folder cannot be read."""
        held = self._read(target)
        return Seen(held, texts.unified(held, desired))

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Keep `desired`. Raises Stale, ConfigurationRefused for a text cut short, MachineUnreachable."""
        if texts.digest(self._read(target)) != expected:
            raise Stale(target=str(target))
        if not all(text.endswith("\n") for text in desired.values()):
            raise ConfigurationRefused(target=str(target), reason=UNFINISHED)
        try:
            self._write(target, desired)
        except OSError as closed:
            raise MachineUnreachable(machine=target.machine.name, reason=closed.strerror) from closed

    def _read(self, target: Target) -> Texts:
        try:
            held = sorted((self._folder / str(target)).iterdir())
            return {path.name: path.read_text(encoding="utf-8") for path in held}
        except FileNotFoundError:
            return {}
        except OSError as closed:
            raise MachineUnreachable(machine=target.machine.name, reason=closed.strerror) from closed

    def _write(self, target: Target, desired: Texts) -> None:
        link = self._folder / str(target)
        link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{link.name}-", dir=link.parent))
        for name, text in desired.items():
            descriptor = os.open(fresh / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        former = link.readlink() if link.is_symlink() else None
        beside = fresh.with_suffix(".link")
        beside.symlink_to(fresh.name)
        beside.replace(link)
        if former is not None:
            shutil.rmtree(link.parent / former)
