"""A long cable: what enters at one end comes out at the other some time later.

The kernels we meet may lack netem. Frames go with their virtio header (packet(7), PACKET_VNET_HDR): what a network
card would still cut up or sum is handed on as it came.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Final

_SOL_PACKET: Final = 263
_VNET_HDR: Final = 15
_ALL: Final = socket.htons(0x0003)
_OURS: Final = 4
"""A packet that left by this very interface (PACKET_OUTGOING): it is not on its way in."""
_LARGEST: Final = 65_550 + 10
_HELD: Final = 4096
"""Frames on the way in one direction; what comes when it is full is lost, as in any queue."""


class Delay:
    """Carries frames both ways between two interfaces of the caller's network namespace, until `end`."""

    def __init__(self, one: str, other: str, seconds: float) -> None:
        self._ends = _opened(one), _opened(other)
        self._seconds = seconds
        self._over, self._told = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Carry nothing any more."""
        os.write(self._told, b".")
        self._thread.join()
        for each in self._ends:
            each.close()
        os.close(self._over)
        os.close(self._told)

    def _carry(self) -> None:
        waiting: deque[tuple[float, socket.socket, bytes]] = deque()
        with selectors.DefaultSelector() as heard:
            heard.register(self._over, selectors.EVENT_READ)
            for here, there in (self._ends, self._ends[::-1]):
                heard.register(here, selectors.EVENT_READ, there)
            while True:
                patience = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
                for key, _ in heard.select(patience):
                    if key.data is None:
                        return
                    _take_in(key.fileobj, key.data, time.monotonic() + self._seconds, waiting)
                while waiting and waiting[0][0] <= time.monotonic():
                    _, there, frame = waiting.popleft()
                    with suppress(OSError):  # a cable that was pulled meanwhile carries nothing
                        there.send(frame)


def _take_in(
    here: object, there: socket.socket, due: float, waiting: deque[tuple[float, socket.socket, bytes]]
) -> None:
    assert isinstance(here, socket.socket)
    with suppress(OSError):  # nothing more has come, or the cable was pulled
        while True:
            frame, (_, _, sort, *_) = here.recvfrom(_LARGEST)
            if sort != _OURS and len(waiting) < _HELD:
                waiting.append((due, there, frame))


def _opened(interface: str) -> socket.socket:
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, _ALL)
    opened.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
    opened.bind((interface, 0))
    opened.setblocking(False)
    return opened
