"""Round after round of the machines, as long as someone wants: what a service runs."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

from desk import alerting, polling
from foundation import clock
from foundation.database import Store
from foundation.settings import Settings
from monitoring.poll import Report
from monitoring.snmp.engine import Poller

SPREAD: Final = 0.7
"""How much of an interval the starts take: the last device asked is to have answered before it is over."""

_SELDOM: Final = (100_000, 20, 100)

Told = Callable[[Report, float], bool]
"""Called after each round with its report and by how many seconds it began after its turn; whether to go on."""


def keep_polling(store: Store, settings: Settings, every: float, told: Told, *, poller: Poller | None = None) -> None:
    """Poll and watch for alerts every so many seconds, until `told` says no or Ctrl-C.

    A round never overlaps the next: one that takes too long makes the next begin late, and the turns that it missed are
    left out. Lateness is counted from the first of these, and is written down with the round. What is learned of
    devices is kept from round to round, in the `poller` where one is given.

    Raises what a round raises.
    """
    poller = poller or Poller()
    due = turn = time.monotonic()
    with suppress(KeyboardInterrupt), collecting_seldom():
        while True:
            late = time.monotonic() - due
            at = clock.now()
            report = polling.poll(store, settings, at, poller=poller, interval=every * SPREAD)
            alerting.watch(store, settings, at, report, late=timedelta(seconds=late))
            if not told(report, late):
                return
            due, turn = turn + every, following(turn, every, time.monotonic())
            time.sleep(max(0.0, turn - time.monotonic()))


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Inside, Python seldom looks for what only refers to itself.

    A round makes millions of plain values, which refer to nothing. Left to itself, it looks at them again and again,
    for a quarter of the processor time of a round.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def following(turn: float, every: float, now: float) -> float:
    """When the next round is to begin: on the beat, or at once where the beat was missed."""
    beat = turn + every
    return beat if now <= beat else now - (now - beat) % every
