"""The switch of a change where nothing of ours runs on the machine: kept by us, and looked at whenever the target is.

Nobody watches the clock: what was not confirmed in time is undone at the next look.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import Any, Final, TypeAlias

from foundation.speech import Phrase
from provisioning.artifact import Target
from provisioning.drivers.protocol import Stand, Standing, Undone

LATE: Final = Phrase("personne ne l'a confirmé à temps", "nobody confirmed it in time")
ASKED: Final = Phrase("Essaim l'a demandé", "Essaim asked for it")

Switch: TypeAlias = dict[str, Any]
"""`stand` and `wanted`; `until` (seconds of the epoch) of one that waits, `reason` in both languages of one undone."""


class KeptSwitch(ABC):
    """A driver whose changes wait in a switch that it keeps itself."""

    def confirm(self, target: Target, wanted: str) -> None:
        """Keep the change for good. Raises Undone, and what undoing one that is late raises."""
        self._undo_if_late(target)
        switch = self._switch(target)
        if switch.get("wanted") != wanted:
            return
        if switch["stand"] == Stand.UNDONE:
            raise Undone(target=str(target), reason=Phrase(*switch["reason"]))
        self._keep(target, switch)

    def revert(self, target: Target, wanted: str) -> None:
        """What was before comes back, if the change waits still. Raises what undoing raises."""
        switch = self._switch(target)
        if switch.get("wanted") == wanted and switch["stand"] == Stand.WAITING:
            self._undo(target, switch, ASKED)

    def standing(self, target: Target) -> Standing:
        """Where the last change stands. Raises what undoing one that is late raises."""
        self._undo_if_late(target)
        switch = self._switch(target)
        left = max(0.0, switch.get("until", 0.0) - time.time())
        reason = Phrase(*switch.get("reason", ("", "")))
        return Standing(Stand(switch.get("stand", Stand.NONE)), switch.get("wanted", ""), left, reason)

    def _undo_if_late(self, target: Target) -> None:
        switch = self._switch(target)
        if switch.get("stand") == Stand.WAITING and time.time() > switch["until"]:
            self._undo(target, switch, LATE)

    @abstractmethod
    def _switch(self, target: Target) -> Switch:
        """What is kept of the target's last change; empty where there was none."""

    @abstractmethod
    def _keep(self, target: Target, switch: Switch) -> None:
        """Note that the change is confirmed."""

    @abstractmethod
    def _undo(self, target: Target, switch: Switch, why: Phrase) -> None:
        """Bring back what was before, and note it."""
