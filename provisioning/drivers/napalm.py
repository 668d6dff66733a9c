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
    ConnectionException,
    ReplaceConfigException,
)

from foundation import reach
from foundation.errors import Unavailable
from foundation.settings import Settings
from foundation.speech import Phrase
from provisioning import texts
from provisioning.artifact import Target
from provisioning.drivers.frr import FrrDriver
from provisioning.drivers.protocol import ConfigurationRefused, Seen, Stale
from provisioning.texts import Texts

SECONDS: Final = 60
_UNSURE: Final = "may not be in force"


class HalfWay(Unavailable):
    """A router refused its configuration, and the former one too when it was put back."""

    kind = "half-way"
    permanent = True
    phrase = Phrase(
        "{target} refuse sa configuration ({reason}), et l'ancienne n'est pas revenue en entier. "
        "Voir ce qu'elle tient : essaim change plan",
        "{target} refuses its configuration ({reason}), and the former one did not wholly come back. "
        "To see what it holds: essaim change plan",
    )


class NapalmDriver:
    """Looks and applies by NAPALM's vocabulary."""

    def __init__(self, settings: Settings) -> None:
        self._means = settings.means()

    def look(self, target: Target, desired: Texts) -> Seen:
        """What the router runs now, against `desired`; the diff is the router's own.

        Raises MachineUnreachable, CommandFailed, ConfigurationRefused when it cannot read what is desired.
        """
        with self._session(target) as router:
            return self._seen(router, desired)

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Commit `desired`. Raises Stale, ConfigurationRefused, MachineUnreachable, CommandFailed, HalfWay."""
        with self._session(target) as router:
            seen = self._seen(router, desired)
            if texts.digest(seen.texts) != expected:
                raise Stale(target=str(target))
            if seen.diff:
                router.commit_config()

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
            raise HalfWay(target=str(target), reason=reason) from refused
        raise ConfigurationRefused(target=str(target), reason=reason) from refused


def _one_line(error: Exception) -> str:
    rows = [row.strip(" .") for row in str(error).splitlines()]
    return " / ".join(row for row in rows if row).removeprefix("refused, the former configuration is in force: ")
