"""Many homes asked for an echo, over and over, by one process and at most two sockets: who answered, and how fast.

Echoes leave one after another, evenly over each interval. What is kept of a home while it is listened to is how many
left and the time that each answer took, in microseconds: memory grows with homes, and not with time.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections import deque
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from monitoring.echo import Address, Echoes, Version

EVERY: Final = 10.0
"""Seconds between two echoes to one address."""
PATIENCE: Final = 4.0
"""Seconds after which an echo is lost: an answer that comes later is of no use to anyone who waits for it."""
_AT_ONCE: Final = 64
"""Packets read before others get their turn: a flood of forged answers must not keep echoes from leaving."""


@dataclass(frozen=True, slots=True)
class Home:
    """An address of a line that is asked."""

    line: str
    address: Address

    @property
    def version(self) -> Version:
        """Its family."""
        return self.address.version


@dataclass(slots=True)
class Echoed:
    """What became of the echoes to one home: how many left, how many could not (we have no road, no room), and the
    time that each answer took, in microseconds.
    """

    home: Home
    sent: int = 0
    unsent: int = 0
    times: array[int] = field(default_factory=lambda: array("L"))

    @property
    def lost(self) -> int:
        """How many brought no answer in time."""
        return self.sent - len(self.times)


@dataclass(frozen=True, slots=True)
class _Waiting:
    echoed: Echoed
    left: float


class _Listening:
    """One while of listening."""

    def __init__(self, sockets: Mapping[Version, Echoes], homes: Sequence[Home], patience: float) -> None:
        self.found: Final = [Echoed(home) for home in homes if home.version in sockets]
        self._sockets = sockets
        self._patience = patience
        self._waiting: dict[bytes, _Waiting] = {}
        self._leaving: deque[tuple[float, bytes]] = deque()
        self._dropped: set[str] = set()

    def leave_out(self, lines: Container[str]) -> None:
        """Ask only these lines from here on, and forget what the others answered."""
        self._dropped |= {each.home.line for each in self.found if each.home.line not in lines}

    def told(self) -> list[Echoed]:
        """What became of the echoes, of the homes that were not left out."""
        return [each for each in self.found if each.home.line not in self._dropped]

    def send(self, rank: int) -> None:
        """Send an echo to the home of that rank; forget those that were waited for long enough."""
        echoed = self.found[rank]
        if echoed.home.line in self._dropped:
            return
        left = time.monotonic()
        self._forget(left)
        try:
            mark = self._sockets[echoed.home.version].send(echoed.home.address)
        except OSError:
            echoed.unsent += 1  # it says nothing of the line
            return
        echoed.sent += 1
        self._waiting[mark] = _Waiting(echoed, left)
        self._leaving.append((left, mark))

    def read(self, echoes: Echoes) -> None:
        """Read what came, a little at a time."""
        for _ in range(_AT_ONCE):
            try:
                answer = echoes.receive(time.time())
            except OSError:  # there is no more, or the kernel says that somewhere a road ends
                return
            waiting = self._waiting.get(answer.mark) if answer is not None else None
            if answer is None or waiting is None or waiting.echoed.home.address != answer.address:
                continue
            del self._waiting[answer.mark]
            took = max(time.monotonic() - answer.waited - waiting.left, 0.0)
            if took <= self._patience:
                waiting.echoed.times.append(round(took * 1e6))

    def _forget(self, now: float) -> None:
        while self._leaving and now - self._leaving[0][0] > self._patience:
            self._waiting.pop(self._leaving.popleft()[1], None)


async def listen(
    sockets: Mapping[Version, Echoes],
    homes: Sequence[Home],
    seconds: float,
    *,
    every: float = EVERY,
    patience: float = PATIENCE,
    agreed: Callable[[], Container[str]] | None = None,
) -> list[Echoed]:
    """Ask all homes for `seconds`, each once in `every` seconds; those of a family without a socket are left out.

    The last echoes leave `patience` seconds before the end, so that all were waited for alike. `agreed` is asked once
    in `every` seconds which lines may be: one that may no longer is left out at once, with what it answered.
    """
    listening = _Listening(sockets, homes, patience)
    loop, begun = asyncio.get_running_loop(), time.monotonic()
    for echoes in sockets.values():
        loop.add_reader(echoes.socket, listening.read, echoes)
    try:
        apart = every / max(len(listening.found), 1)
        turn, last = 0, begun + seconds - patience
        while listening.found and (due := begun + turn * apart) < last:
            now = time.monotonic()
            if now < due:
                await asyncio.sleep(due - now)
            elif now - due > every:  # the machine slept: what was missed is left out, not sent all at once
                turn += ceil((now - due) / apart)
                continue
            elif not turn % _AT_ONCE:
                await asyncio.sleep(0)
            if agreed is not None and not turn % len(listening.found):
                listening.leave_out(agreed())
            listening.send(turn % len(listening.found))
            turn += 1
        await asyncio.sleep(max(begun + seconds - time.monotonic(), 0.0))
    finally:
        for echoes in sockets.values():
            loop.remove_reader(echoes.socket)
    return listening.told()
