"""Routers, through NAPALM: load the whole configuration, compare, commit, or leave all as it was.

The driver for FRR is ours (`frr.py`), as NAPALM has none. The one place that knows NAPALM's errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from napalm.base.exceptions import (
    CommandErrorException,
    CommitError,
    ConnectionClosedException,
    ConnectionException,
    ReplaceConfigException,
)

from foundation import reach
from foundation.settings import Settings
from provisioning import texts
from provisioning.artifact import Target
from provisioning.drivers import switch
from provisioning.drivers.frr import FrrDriver
from provisioning.drivers.protocol import ConfigurationRefused, ConnectionLost, NotWhole, Seen, Stale, Standing
from provisioning.texts import Texts

SECONDS: Final = 60
_UNSURE: Final = "may not be in force"


class NapalmDriver:
    """Looks and applies by NAPALM's vocabulary."""

    def __init__(self, settings: Settings) -> None:
        self._means = settings.means()
        self._seconds = settings.confirm_seconds

    def look(self, target: Target, desired: Texts) -> Seen:
        """What the router runs now, against `desired`; the diff is the router's own.

        Raises MachineUnreachable, CommandFailed, ConfigurationRefused when it cannot read what is desired.
        """
        with self._session(target) as router:
            return self._seen(router, desired)

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Commit `desired` until it is confirmed or its time is over.

        Raises Stale, Unsettled, ConfigurationRefused, ConnectionLost, MachineUnreachable, CommandFailed, NotWhole.
        """
        with self._session(target) as router:
            if texts.digest(self._seen(router, desired).texts) != expected:
                raise Stale(target=str(target))
            switch.check_free(self._means, target)
            try:
                router.commit_config(message=texts.digest(desired), revert_in=self._seconds)
            except ConnectionClosedException as lost:
                raise ConnectionLost(target=str(target), reason=_one_line(lost), seconds=self._seconds) from lost

    def confirm(self, target: Target, wanted: str) -> None:
        """Keep the configuration. Raises Undone, MachineUnreachable, CommandFailed."""
        switch.confirm(self._means, target, wanted)

    def revert(self, target: Target, wanted: str) -> None:
        """The configuration before it comes back, now. Raises NotWhole, MachineUnreachable, CommandFailed."""
        switch.revert(self._means, target, wanted)

    def standing(self, target: Target) -> Standing:
        """Where the last commit stands. Raises MachineUnreachable, CommandFailed."""
        return switch.standing(self._means, target)

    def _seen(self, router: FrrDriver, desired: Texts) -> Seen:
        ((name, text),) = desired.items()
        running = router.get_config(retrieve="running")["running"]
        router.load_replace_candidate(config=text)
        return Seen({name: running}, router.compare_config())

    @contextmanager
    def _session(self, target: Target) -> Iterator[FrrDriver]:
        machine = target.machine
        options = {
            "key_file": self._means.key_file,
            "known_hosts": self._means.known_hosts,
            "port": machine.port,
        }
        router = FrrDriver(machine.host, machine.user, timeout=SECONDS, optional_args=options)
        with reach.network(self._means), _translated(target):
            try:
                router.open()
                yield router
            finally:
                router.close()


@contextmanager
def _translated(target: Target) -> Iterator[None]:
    machine = target.machine.name
    try:
        yield
    except ConnectionException as lost:
        raise reach.MachineUnreachable(machine=machine, reason=_one_line(lost)) from lost
    except CommandErrorException as failed:
        raise reach.CommandFailed(machine=machine, command="vtysh", reason=_one_line(failed)) from failed
    except (ReplaceConfigException, CommitError) as refused:
        reason = _one_line(refused)
        if _UNSURE in reason:
            raise NotWhole(target=str(target), reason=reason) from refused
        raise ConfigurationRefused(target=str(target), reason=reason) from refused


def _one_line(error: Exception) -> str:
    rows = [row.strip(" .") for row in str(error).splitlines()]
    return " / ".join(row for row in rows if row).removeprefix("refused, the former configuration is in force: ")
