"""Traps are listened for: what a machine says of itself makes us ask it at once, and nothing more.

A trap is never believed. It costs one look at the device that it seems to come from, at most one in `BETWEEN_SECONDS`,
whoever sent it; an alert is made of what that look finds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from desk import alerting, polling
from foundation import clock, reach
from foundation.database import Store, reading, transaction
from foundation.errors import Refused
from foundation.settings import Settings
from foundation.speech import Phrase
from monitoring import poll
from monitoring.alerts import hints
from monitoring.models import open_samples
from monitoring.poll import Report
from monitoring.snmp.agents import Agent
from monitoring.snmp.traps import Ear, Hint, listening

BETWEEN_SECONDS: Final = 30.0
"""A device is asked because of traps once in so long a while."""
GATHER_SECONDS: Final = 1.0
"""After a trap others are waited for: a switch that comes back says so forty-eight times."""
KNOWN_SECONDS: Final = 60.0
"""How often the inventory is asked whom to listen to, and what was counted written down."""


class TrapsOff(Refused):
    """No address is set where traps are listened for."""

    kind = "traps-off"
    phrase = Phrase(
        "Les traps ne sont écoutés nulle part : dites où par ESSAIM_TRAPS, par exemple 0.0.0.0:162. Rien n'a été fait.",
        "Traps are listened for nowhere: say where by ESSAIM_TRAPS, for example 0.0.0.0:162. Nothing was done.",
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """Devices that were asked because of what they said of themselves, and what came of it."""

    hints: tuple[Hint, ...]
    report: Report


Told = Callable[[Looked | None], bool]
"""Called once traps are listened for, with nothing, and after each look; whether to go on."""


@dataclass(slots=True)
class _Waiting:
    """Hints that wait for their device's turn, and when each device was asked because of one."""

    hints: dict[str, dict[Hint, None]] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    since: float | None = None

    def add(self, found: Sequence[Hint], now: float) -> None:
        for one in found:
            self.hints.setdefault(one.device, {})[one] = None
        if found and self.since is None:
            self.since = now

    def due(self, now: float) -> list[str]:
        """Whose turn it is; nobody's while others may still come."""
        if self.since is None or now - self.since < GATHER_SECONDS:
            return []
        return [one for one in self.hints if now - self.asked.get(one, -BETWEEN_SECONDS) >= BETWEEN_SECONDS]

    def take(self, devices: Sequence[str], now: float) -> list[Hint]:
        """Their hints, which wait no longer."""
        taken = [hint for one in devices for hint in self.hints.pop(one)]
        self.asked = {one: at for one, at in self.asked.items() if now - at < BETWEEN_SECONDS}
        self.asked.update(dict.fromkeys(devices, now))
        if not self.hints:
            self.since = None
        return taken


def keep_listening(store: Store, settings: Settings, told: Told) -> None:
    """Listen for traps until `told` says no or Ctrl-C, and look at whoever sent one.

    Raises TrapsOff, CannotListen, LabDown, DatabaseBusy, DatabaseUnreadable.
    """
    if not settings.traps:
        raise TrapsOff
    with ExitStack() as opened:
        with reach.network(settings.means()):
            ear = opened.enter_context(listening(settings.traps))
        try:
            _listen(store, settings, ear, told)
        except KeyboardInterrupt:
            pass
        finally:
            _count(settings, ear)


def _listen(store: Store, settings: Settings, ear: Ear, told: Told) -> None:
    waiting, known, refreshed = _Waiting(), dict[str, Agent](), -KNOWN_SECONDS
    begun = False
    while True:
        now = time.monotonic()
        if now - refreshed >= KNOWN_SECONDS:
            known, refreshed = _known(store), now
            ear.knows(known.values())
            _count(settings, ear)
        if not begun and not told(None):
            return
        begun = True
        waiting.add(ear.listen(GATHER_SECONDS / 2), time.monotonic())
        due = waiting.due(time.monotonic())
        if due:
            taken = waiting.take(due, time.monotonic())
            looked = _look(store, settings, known, taken)
            if not told(looked):
                return


def _known(store: Store) -> dict[str, Agent]:
    with reading(store) as session:
        return {one.device: one for one in polling.snmp_agents(session)}


def _look(store: Store, settings: Settings, known: Mapping[str, Agent], taken: Sequence[Hint]) -> Looked:
    """Ask those devices, side by side, and judge what they say."""
    at = clock.now()
    samples = open_samples(settings)
    try:
        with transaction(samples) as session:
            for one in taken:
                if one.name:
                    hints.note(session, one.device, one.name, one.part, at)
    finally:
        samples.engine.dispose()
    agents = [known[one] for one in dict.fromkeys(hint.device for hint in taken) if one in known]
    report, said = poll.look(settings.means(), agents, at)
    alerting.look(store, settings, at, report, said)
    return Looked(tuple(taken), report)


def _count(settings: Settings, ear: Ear) -> None:
    outcomes: Counter[str] = Counter({str(name): count for name, count in ear.outcomes.items()})
    if not outcomes:
        return
    samples = open_samples(settings)
    try:
        with transaction(samples) as session:
            hints.count(session, outcomes)
    finally:
        samples.engine.dispose()
    ear.outcomes.clear()
