"""Files that someone looked at and has not confirmed yet. In memory alone: a statement stays on no disk unasked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from threading import Lock
from typing import Final

from foundation.errors import Refused
from foundation.speech import Phrase

LIFE: Final = timedelta(minutes=15)
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all files together: the oldest give way."""


class PreviewOver(Refused):
    """What was looked at is not held any more, or was read already."""

    kind = "preview-over"
    phrase = Phrase(
        "Cet aperçu n'est plus là : il a plus d'un quart d'heure, ou il a déjà été confirmé. Choisissez le fichier de "
        "nouveau : ce qui est déjà connu ne sera pas enregistré deux fois.",
        "This preview is gone: it is older than a quarter of an hour, or was confirmed already. Choose the file again: "
        "what is known already will not be recorded twice.",
    )


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, whose it is, and into which account it is to be read."""

    who: str
    account: str
    name: str
    data: bytes
    at: datetime


class Uploads:
    """What waits to be confirmed. Several threads may ask at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[str, Upload] = {}

    def keep(self, upload: Upload) -> str:
        """Hold a file for a while, under a name that nobody guesses."""
        name = token_urlsafe(24)
        with self._lock:
            self._forget(upload.at)
            self._held[name] = upload
            while len(self._held) > 1 and sum(len(one.data) for one in self._held.values()) > MOST_BYTES:
                del self._held[next(iter(self._held))]
        return name

    def held(self, name: str, who: str, at: datetime) -> Upload:
        """The file of that name, if this person brought it. Raises PreviewOver."""
        with self._lock:
            self._forget(at)
            found = self._held.get(name)
        if found is None or found.who != who:
            raise PreviewOver
        return found

    def drop(self, name: str) -> None:
        """It was read, or is not wanted."""
        with self._lock:
            self._held.pop(name, None)

    def _forget(self, at: datetime) -> None:
        for name in [name for name, one in self._held.items() if one.at < at - LIFE]:
            del self._held[name]
