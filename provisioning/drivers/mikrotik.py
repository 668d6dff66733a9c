"""RouterOS 7 through NAPALM (napalm-ros): what differs is imported under a scheduled restore of the whole machine.

RouterOS has no commit of its own. Before anything is typed, a backup is saved and a job scheduled that loads it, which
takes a reboot; the confirmation takes the job away. When we ask for the way back ourselves, rows are typed back, and
the backup is loaded only where these do not lead there.

The API is met over TLS alone, and its certificate is one that we know: `<var>/ssh/known_certificates`, a line for each
machine, address and `sha256:…`. The password is sent after that.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from socket import socket
from typing import Any, Final

from librouteros.exceptions import ConnectionClosed, LibRouterosError, MultiTrapError, TrapError
from napalm.base.exceptions import (
    CommandErrorException,
    CommitConfirmException,
    CommitError,
    ConnectionException,
    MergeConfigException,
)
from napalm_ros.ros import ROSDriver

from foundation.reach import CommandFailed, MachineUnreachable
from provisioning import routeros
from provisioning.artifact import Target
from provisioning.drivers.timed import Broken, Refusal, TimedDriver

PORT: Final = 8729
"""API over TLS."""
SECONDS: Final = 30
KNOWN: Final = "known_certificates"

_SAID_NO: Final = (CommandErrorException, CommitError, CommitConfirmException, TrapError, MultiTrapError)
_FAILURES: Final = (ConnectionException, LibRouterosError, EOFError, OSError)


class RouterOsDriver(TimedDriver):
    """MikroTik's routers with RouterOS 7.20 or newer."""

    platform = "routeros"
    file = "routeros.rsc"

    @contextmanager
    def _opened(self, target: Target) -> Iterator[Any]:
        machine = target.machine
        wrapper = _wrapping(self._means.known_hosts.with_name(KNOWN), machine.host)
        options = {"ssl_wrapper": wrapper, "port": PORT if machine.port == 22 else machine.port}
        router = ROSDriver(machine.host, machine.user, machine.password, SECONDS, options)
        try:
            router.open()
            yield router
        except (*_SAID_NO, routeros.Illegible) as failed:
            raise CommandFailed(machine=machine.name, command="RouterOS", reason=_one_line(failed)) from failed
        except _FAILURES as lost:
            raise MachineUnreachable(machine=machine.name, reason=_one_line(lost)) from lost
        finally:
            with suppress(*_FAILURES):  # it may be gone already
                router.close()

    def _running(self, router: Any) -> str:
        return str(router.get_config(retrieve="running", full=True)["running"])

    def _established(self, router: Any) -> frozenset[str]:
        # NAPALM's own getter finds no session whose connection names its neighbour with a length, as ours do.
        return routeros.established(router.api("/routing/bgp/session/print"))

    def _ours(self, running: str, desired: str) -> str:
        return routeros.told(routeros.ours(routeros.read(running), routeros.read(desired)))

    def _typed(self, running: str, desired: str) -> str:
        return routeros.written(routeros.remediation(routeros.read(running), routeros.read(desired, strict=True)))

    def _leads(self, running: str, desired: str) -> bool:
        now, wanted = routeros.read(running), routeros.read(desired)
        try:
            then = routeros.applied(now, routeros.remediation(now, wanted))
        except routeros.Illegible:
            return False
        return not routeros.remediation(then, wanted)

    def _waits(self, router: Any) -> bool:
        return bool(router.has_pending_commit())

    def _commit(self, router: Any, typed: str) -> None:
        router.load_merge_candidate(config=typed)
        try:
            router.commit_config(revert_in=self._seconds)
        except (MergeConfigException, *_SAID_NO) as refused:
            raise Refusal(_one_line(refused)) from refused
        except _FAILURES as lost:
            raise Broken(_one_line(lost)) from lost

    def _keep_it(self, router: Any) -> None:
        router.confirm_commit()

    def _undo(self, router: Any, before: str, after: str) -> bool:
        """Type back what differs; where that does not lead there, load the backup, which takes a reboot."""
        try:
            now, former = routeros.read(self._running(router)), routeros.read(before)
            back = routeros.written(routeros.remediation(_under_our_mark(now, after), former))
            if back:
                router.api.config().apply(back)
            left = routeros.remediation(_under_our_mark(routeros.read(self._running(router)), after), former)
        except _SAID_NO:
            left = [routeros.Row("", "")]
        except _FAILURES as lost:
            raise Broken(_one_line(lost)) from lost
        try:
            if left:
                with suppress(ConnectionClosed):  # it boots
                    router.rollback()
            else:
                router.confirm_commit()  # the job that would reboot goes, and the backup with it
            return not left
        except _SAID_NO as refused:
            raise Refusal(_one_line(refused)) from refused
        except _FAILURES as lost:
            raise Broken(_one_line(lost)) from lost


def _under_our_mark(now: list[routeros.Row], after: str) -> list[routeros.Row]:
    """What runs, in what the change stated: what it did not state was not its to change."""
    return routeros.ours(now, routeros.read(after))


def _wrapping(known: Path, host: str) -> Callable[[socket], socket]:
    """TLS towards the one certificate that we know for this address, whoever signed it."""

    def wrap(plain: socket) -> socket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        met = context.wrap_socket(plain)
        shown = sha256(met.getpeercert(binary_form=True) or b"").hexdigest()
        if shown not in _certificates(known, host):
            met.close()
            raise ConnectionRefusedError(f"sha256:{shown} is not in {known.name}")
        return met

    return wrap


def _certificates(known: Path, host: str) -> frozenset[str]:
    """The SHA-256 of those that we know for an address, written with colons or without."""
    try:
        rows = [row.split() for row in known.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return frozenset()
    told = (row[1].lower() for row in rows if len(row) == 2 and row[0] == host)
    return frozenset(one.removeprefix("sha256:").replace(":", "") for one in told)


def _one_line(error: Exception) -> str:
    return " / ".join(row.strip() for row in str(error).splitlines() if row.strip()) or type(error).__name__
