"""One hand at a time on a target: a file lock that the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from foundation.errors import Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from provisioning.artifact import Target


class TargetBusy(Refused):
    """Someone else has the target in hand."""

    kind = "target-busy"
    phrase = Phrase(
        "Quelqu'un d'autre travaille déjà sur {target}. Rien n'a été changé.",
        "Someone else is already at work on {target}. Nothing was changed.",
    )


@contextmanager
def locked(settings: Settings, target: Target) -> Iterator[None]:
    """Hold the target. Raises TargetBusy at once when another process or thread holds it."""
    folder = settings.var / "locks"
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / str(target).replace("/", ".")).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise TargetBusy(target=str(target)) from held
        try:
            yield
        finally:
            # Said, not left to the closing: a program that another thread is just starting may hold a copy of it still.
            fcntl.flock(file, fcntl.LOCK_UN)
