"""Cisco IOS through NAPALM: what differs is copied there, merged, and reverted by its own timer unless confirmed.

`configure terminal revert timer` goes back to the archive that IOS takes at that moment; the start-up configuration is
written at the confirmation and not before, so that a router that reloads meanwhile comes up as it was.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from napalm.base.exceptions import (
    CommandErrorException,
    CommitConfirmException,
    ConnectionClosedException,
    ConnectionException,
    MergeConfigException,
    ReplaceConfigException,
)
from napalm.ios.ios import IOSDriver
from netmiko.exceptions import NetmikoBaseException, SSHException

from foundation.reach import CONNECT_SECONDS, CommandFailed, MachineUnreachable
from provisioning import ios
from provisioning.artifact import Target
from provisioning.drivers.timed import Broken, Refusal, TimedDriver

SECONDS: Final = 60
FILES: Final = {"merge_cfg": "essaim-typed.cfg", "rollback_cfg": "essaim-before.cfg"}
"""What NAPALM puts on the router's flash: what is merged, and the whole configuration before it."""
_MINUTE: Final = 60
_LONGEST: Final = 120
"""Minutes that IOS waits at most."""
_FAILURES: Final = (NetmikoBaseException, SSHException, EOFError, OSError)


class IosDriver(TimedDriver):
    """Routers of Cisco's with IOS or IOS XE."""

    platform = "ios"
    file = "ios.cfg"
    patience = 1.0
    """How long netmiko lets a router think before it looks again, as it counts it."""

    @contextmanager
    def _opened(self, target: Target) -> Iterator[Any]:
        machine = target.machine
        options = {
            "port": machine.port,
            "key_file": str(self._means.key_file),
            "use_keys": False,  # it would also try the keys of whoever runs us
            "allow_agent": False,
            "ssh_strict": True,
            "system_host_keys": False,
            "alt_host_keys": True,
            "alt_key_file": str(self._means.known_hosts),
            "conn_timeout": CONNECT_SECONDS,
            "global_delay_factor": self.patience,
            "secret": machine.password,
            # NAPALM would set it, and a revert would then bring it back: the router has it, or we are told so.
            "auto_file_prompt": False,
            **FILES,
        }
        if machine.password:
            # IOS takes no Ed25519 key from us: where it knows us by a password, no key is offered.
            options["key_file"] = None
        router = IOSDriver(machine.host, machine.user, machine.password, SECONDS, options)
        try:
            router.open()
            yield router
        except (CommandErrorException, CommitConfirmException) as failed:
            raise CommandFailed(machine=machine.name, command="IOS", reason=_one_line(failed)) from failed
        except (ConnectionException, ConnectionClosedException, *_FAILURES) as lost:
            raise MachineUnreachable(machine=machine.name, reason=_one_line(lost)) from lost
        finally:
            _close(router)

    def _running(self, router: Any) -> str:
        return str(router.get_config(retrieve="running")["running"])

    def _established(self, router: Any) -> frozenset[str]:
        return ios.established(router.device.send_command("show bgp all summary"))

    def _ours(self, running: str, desired: str) -> str:
        return ios.written(ios.ours(ios.read(running), ios.read(desired)))

    def _typed(self, running: str, desired: str) -> str:
        return ios.written(ios.remediation(ios.read(running), ios.read(desired)))

    def _leads(self, running: str, desired: str) -> bool:
        now, wanted = ios.read(running), ios.read(desired)
        return not ios.remediation(ios.applied(now, ios.remediation(now, wanted)), wanted).children

    def _waits(self, router: Any) -> bool:
        return bool(router.has_pending_commit())

    def _commit(self, router: Any, typed: str) -> None:
        try:
            with _nameless(f"{typed}end\n") as path:
                router.load_merge_candidate(filename=path)
            router.commit_config(revert_in=int(self._lasts()))
        except (MergeConfigException, ReplaceConfigException) as refused:
            raise Refusal(_one_line(refused)) from refused
        except (ConnectionClosedException, *_FAILURES) as lost:
            raise Broken(_one_line(lost)) from lost

    def _keep_it(self, router: Any) -> None:
        router.confirm_commit()
        _forget(router)

    def _undo(self, router: Any, before: str, after: str) -> bool:  # noqa: ARG002 - the router knows what was before
        try:
            if router.has_pending_commit():
                router.rollback()
            _forget(router)
            return True
        except (MergeConfigException, ReplaceConfigException, CommitConfirmException) as refused:
            raise Refusal(_one_line(refused)) from refused
        except (ConnectionClosedException, *_FAILURES) as lost:
            raise Broken(_one_line(lost)) from lost

    def _lasts(self) -> float:
        """IOS counts whole minutes, one to 120."""
        return float(min(_LONGEST, max(1, math.ceil(self._seconds / _MINUTE))) * _MINUTE)


@contextmanager
def _nameless(text: str) -> Iterator[str]:
    """A file of this text that has no name on any disk, by a path that this process can open."""
    with os.fdopen(os.memfd_create("essaim", os.MFD_CLOEXEC), "w+b") as file:
        file.write(text.encode())
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _forget(router: Any) -> None:
    """Take what NAPALM left on the flash: secrets may stand in it."""
    for name in FILES.values():
        router.device.send_command(f"delete /force {router.dest_file_system}/{name}")


def _close(router: Any) -> None:
    with suppress(*_FAILURES):  # it may be gone already
        router.close()


def _one_line(error: Exception) -> str:
    rows = [row.strip() for row in str(error).splitlines() if row.strip()]
    return " / ".join(rows[:4]) or type(error).__name__
