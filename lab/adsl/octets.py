"""Reading what a peer sent: every protocol of this room takes its octets from a `Reader`."""

from __future__ import annotations

from foundation.errors import Unavailable
from foundation.speech import Phrase


class Malformed(Unavailable):
    """Octets of a peer that its protocol does not allow. The only error that reading them can raise."""

    kind = "malformed"
    phrase = Phrase(
        "L'équipement d'en face a envoyé un message illisible ({what}) ; il est ignoré.",
        "The other side sent a message that cannot be read ({what}); it is ignored.",
    )


class Reader:
    """A cursor over octets in network order. Raises Malformed where there are not enough."""

    __slots__ = ("_at", "_octets", "_what")

    def __init__(self, octets: bytes, what: str) -> None:
        self._octets = octets
        self._at = 0
        self._what = what

    def __bool__(self) -> bool:
        return self._at < len(self._octets)

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        end = self._at + count
        if count < 0 or end > len(self._octets):
            raise Malformed(what=self._what)
        piece = self._octets[self._at : end]
        self._at = end
        return piece

    def number(self, width: int) -> int:
        """The next `width` octets as an unsigned integer."""
        return int.from_bytes(self.take(width), "big")

    def rest(self) -> bytes:
        """All that is left, perhaps nothing."""
        return self.take(len(self._octets) - self._at)
