"""Platforms that undo an unconfirmed commit by themselves (`revert_in`), spoken to in NAPALM's vocabulary.

The machine keeps the clock: whoever dies meanwhile, it goes back. Which change it was it does not remember: that we
keep beside, sealed, with the texts before and after it, and what became of it is told by what the machine runs.

<var>/<platform>/<machine>/<artifact>       the last change: what was there before, what it brought, until when
"""

from __future__ import annotations

import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from foundation import reach
from foundation.reach import MachineUnreachable
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Sealed, Vault
from provisioning import texts
from provisioning.artifact import Target
from provisioning.drivers.kept_switch import ASKED, LATE
from provisioning.drivers.protocol import (
    ConfigurationRefused,
    ConnectionLost,
    NotWhole,
    Seen,
    Stale,
    Stand,
    Standing,
    Undone,
    Unsettled,
)
from provisioning.texts import Texts

Kept: TypeAlias = dict[str, Any]
"""`stand`, `wanted`, `until`, `name`; `before` and `after` (texts) while it waits; `reason` of one undone."""

_ELSEWHERE: Final = Phrase("ce qui serait tapé n'y mènerait pas", "what would be typed would not lead there")


class Broken(Exception):
    """The connection broke in the middle."""


class Refusal(Exception):
    """The machine's software will not have it; whether anything of it is in force is to be looked at."""


class TimedDriver(ABC):
    """Looks, types what differs under the machine's own clock, and keeps it or lets it go."""

    platform: str
    file: str
    """How a text of the platform is called."""

    def __init__(self, settings: Settings) -> None:
        self._means = settings.means()
        self._folder = settings.var.absolute() / self.platform
        self._key = settings.vault_key
        self._seconds = settings.confirm_seconds

    def look(self, target: Target, desired: Texts) -> Seen:
        """What of the running configuration is ours; the diff is what would be typed.

        Raises MachineUnreachable, CommandFailed.
        """
        ((name, text),) = desired.items()
        with self._session(target) as router:
            running = self._running(router)
        return Seen({name: self._ours(running, text)}, self._typed(running, text))

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Type what differs, in force until it is confirmed or its time is over.

        Raises Stale, Unsettled, ConfigurationRefused, ConnectionLost, NotWhole, MachineUnreachable, CommandFailed.
        """
        ((name, text),) = desired.items()
        with self._session(target) as router:
            running = self._running(router)
            if texts.digest({name: self._ours(running, text)}) != expected:
                raise Stale(target=str(target))
            if self._waits(router):
                raise Unsettled(target=str(target), seconds=round(self._left(self._kept(target))))
            typed = self._typed(running, text)
            if not self._leads(running, text):
                raise ConfigurationRefused(target=str(target), reason=_ELSEWHERE)
            self._keep(target, self._waiting(desired, self._ours(running, text)))
            try:
                self._commit(router, typed)
            except Broken as lost:
                raise ConnectionLost(target=str(target), reason=str(lost), seconds=self._seconds) from lost
            except Refusal as refused:
                try:
                    self._take_back(target, router, Phrase.said(str(refused), str(refused)))
                except Broken as lost:
                    raise NotWhole(target=str(target), reason=str(lost)) from lost
                raise ConfigurationRefused(target=str(target), reason=str(refused)) from refused

    def confirm(self, target: Target, wanted: str) -> None:
        """Keep the change. Raises Undone, MachineUnreachable, CommandFailed."""
        kept = self._kept(target)
        if kept.get("wanted") != wanted or kept["stand"] == Stand.CONFIRMED:
            return
        if kept["stand"] == Stand.WAITING:
            with self._session(target) as router:
                if self._waits(router):
                    self._keep_it(router)
                kept = self._settled(target, router, kept)
        if kept["stand"] == Stand.UNDONE:
            raise Undone(target=str(target), reason=Phrase.said(*kept["reason"]))

    def revert(self, target: Target, wanted: str) -> None:
        """What was before comes back, if the change waits still. Raises NotWhole, MachineUnreachable, CommandFailed."""
        kept = self._kept(target)
        if kept.get("wanted") != wanted or kept["stand"] != Stand.WAITING:
            return
        with self._session(target) as router:
            if self._waits(router):
                try:
                    self._take_back(target, router, ASKED)
                except Broken as lost:  # the machine's own clock goes on
                    raise MachineUnreachable(machine=target.machine.name, reason=str(lost)) from lost
            else:
                self._settled(target, router, kept)

    def standing(self, target: Target) -> Standing:
        """Where the last change stands. Raises MachineUnreachable, CommandFailed."""
        kept = self._kept(target)
        with self._session(target) as router:
            if self._waits(router):
                return Standing(Stand.WAITING, kept.get("wanted", ""), self._left(kept))
            if kept.get("stand") == Stand.WAITING:
                kept = self._settled(target, router, kept)
        reason = Phrase.said(*kept.get("reason", ("", "")))
        return Standing(Stand(kept.get("stand", Stand.NONE)), kept.get("wanted", ""), reason=reason)

    def shown(self, target: Target) -> Texts:
        """The whole running configuration, by the name of its file. Raises MachineUnreachable, CommandFailed."""
        with self._session(target) as router:
            return {self.file: self._running(router)}

    def neighbours(self, target: Target) -> frozenset[str]:
        """The BGP neighbours whose sessions are up. Raises MachineUnreachable, CommandFailed."""
        with self._session(target) as router:
            return self._established(router)

    def _settled(self, target: Target, router: Any, kept: Kept) -> Kept:
        """What became of a change that waits no more: it is in force, or it is not."""
        running = self._running(router)
        if self._typed(running, kept["after"]) == "":
            ended = {"stand": Stand.CONFIRMED, "wanted": kept["wanted"]}
        else:
            ended = {"stand": Stand.UNDONE, "wanted": kept["wanted"], "reason": [LATE.fr, LATE.en]}
        self._keep(target, ended)
        return ended

    def _take_back(self, target: Target, router: Any, why: Phrase) -> None:
        """Bring back what was before. Raises Broken, and NotWhole where it does not wholly come."""
        kept = self._kept(target)
        try:
            answers = self._undo(router, kept["before"], kept["after"])
            whole = not answers or self._ours(self._running(router), kept["after"]) == kept["before"]
        except Refusal as failed:
            raise NotWhole(target=str(target), reason=str(failed)) from failed
        self._keep(target, {"stand": Stand.UNDONE, "wanted": kept["wanted"], "reason": [why.fr, why.en]})
        if not whole:
            raise NotWhole(target=str(target), reason=why)

    def _waiting(self, desired: Texts, before: str) -> Kept:
        (after,) = desired.values()
        until = time.time() + self._lasts()
        wanted = texts.digest(desired)
        return {"stand": Stand.WAITING, "wanted": wanted, "until": until, "before": before, "after": after}

    def _left(self, kept: Kept) -> float:
        return max(0.0, float(kept.get("until", time.time() + self._lasts())) - time.time())

    def _lasts(self) -> float:
        """Seconds that a change waits, as the platform counts them."""
        return float(self._seconds)

    def _kept(self, target: Target) -> Kept:
        try:
            sealed = (self._folder / str(target)).read_bytes()
        except FileNotFoundError:
            return {}
        found: Kept = json.loads(Vault.read(self._key).open(Sealed(sealed)))
        return found

    def _keep(self, target: Target, kept: Kept) -> None:
        path = self._folder / str(target)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Vault.read(self._key).seal(json.dumps(kept)).token)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    @contextmanager
    def _session(self, target: Target) -> Iterator[Any]:
        """A NAPALM driver, open. Raises MachineUnreachable, CommandFailed."""
        with reach.network(self._means), self._opened(target) as router:
            yield router

    @abstractmethod
    def _opened(self, target: Target) -> Any:
        """A context in which NAPALM's driver of the platform is open, and its errors are ours."""

    @abstractmethod
    def _running(self, router: Any) -> str:
        """The running configuration, whole."""

    @abstractmethod
    def _established(self, router: Any) -> frozenset[str]:
        """The addresses of BGP neighbours whose sessions are up, in one spelling."""

    @abstractmethod
    def _ours(self, running: str, desired: str) -> str:
        """What of it is ours."""

    @abstractmethod
    def _typed(self, running: str, desired: str) -> str:
        """What would be typed; empty if and only if the machine agrees."""

    @abstractmethod
    def _leads(self, running: str, desired: str) -> bool:
        """Whether what would be typed leads to what is desired, on paper."""

    @abstractmethod
    def _waits(self, router: Any) -> bool:
        """Whether a commit waits for its confirmation."""

    @abstractmethod
    def _commit(self, router: Any, typed: str) -> None:
        """Type it under the machine's clock. Raises Broken, Refusal."""

    @abstractmethod
    def _keep_it(self, router: Any) -> None:
        """Confirm what waits, and have it survive a reboot."""

    @abstractmethod
    def _undo(self, router: Any, before: str, after: str) -> bool:
        """Go back at once; False where the machine reboots for it. Raises Broken, Refusal."""
