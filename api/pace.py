"""How often one address may try to sign in. In this process's memory: it bounds the work, not the odds of guessing."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

from foundation.errors import Refused
from foundation.speech import Phrase

_MOST_ADDRESSES: Final = 4096


class TooOften(Refused):
    """Too many tries from one place."""

    kind = "too-often"
    http_status = 429
    phrase = Phrase(
        "Trop d'essais de connexion à la suite. Rien n'a été changé ; réessayez dans une minute.",
        "Too many attempts to sign in. Nothing was changed; try again in a minute.",
    )


class Pace:
    """At most `limit` tries each `period` from one IPv4 address or one IPv6 /64."""

    def __init__(self, limit: int = 20, period: timedelta = timedelta(minutes=1)) -> None:
        self.limit = limit
        self.period = period
        self._tries: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = Lock()

    def note(self, address: str, at: datetime) -> None:
        """Count one try. Raises TooOften."""
        place = _place(address)
        with self._lock:
            tries = self._tries.setdefault(place, deque(maxlen=self.limit))
            self._tries.move_to_end(place)
            while len(self._tries) > _MOST_ADDRESSES:
                self._tries.popitem(last=False)
            if len(tries) == self.limit and at - tries[0] < self.period:
                raise TooOften
            tries.append(at)


def _place(address: str) -> str:
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return "elsewhere"
    return str(int(known) >> 64) if isinstance(known, IPv6Address) else str(known)
