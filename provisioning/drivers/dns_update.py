"""A name server that is somebody else's machine, or takes its zones over the wire: RFC 2136 updates, signed.

We sign in on no such machine, so no dead man's switch can live there: this driver keeps it, sealed, in the
association's folder, and undoes what nobody confirmed in time when the target is next looked at. Names are not the
way by which we reach anything: a wrong one waits, and cuts nobody off from mending it.

<var>/dns-update/<machine>/<artifact>       a change that waits, or how the last one ended; and the texts in force

A server keeps records and neither their order nor whose they are: the texts that we last brought say these.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from foundation import reach
from foundation.reach import CommandFailed, MachineUnreachable
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Sealed, Vault
from provisioning import texts
from provisioning.artifact import Target
from provisioning.artifacts.dns import ACCESS
from provisioning.drivers import dns_wire
from provisioning.drivers.dns_wire import Server, Zone
from provisioning.drivers.kept_switch import KeptSwitch, Switch
from provisioning.drivers.protocol import (
    ConfigurationRefused,
    ConnectionLostUnwatched,
    NotWhole,
    Seen,
    Stale,
    Stand,
    Unsettled,
)
from provisioning.texts import Texts

_ZONE: Final = ".zone"
_ACCESS: Final = re.compile(r"^port (\d+)\nkey (\S+)$", re.MULTILINE)
_LEFT_OUT: Final = "the server left out: "
SHOWN: Final = 3


class DnsUpdateDriver(KeptSwitch):
    """Looks by zone transfer, applies by update."""

    def __init__(self, settings: Settings) -> None:
        self._means = settings.means()
        self._folder = settings.var.absolute() / "dns-update"
        self._key = settings.vault_key
        self._seconds = settings.confirm_seconds

    def look(self, target: Target, desired: Texts) -> Seen:
        """What the server says of each zone, against `desired`.

        Raises MachineUnreachable, CommandFailed where it refuses to say.
        """
        self._undo_if_late(target)
        served = self._served(target, desired)
        return Seen(served, texts.unified(served, desired))

    def apply(self, target: Target, desired: Texts, expected: str) -> None:
        """Update each zone, whole or not at all, until it is confirmed or its time is over.

        Raises Stale, Unsettled, ConfigurationRefused, ConnectionLostUnwatched, MachineUnreachable, CommandFailed,
        NotWhole.
        """
        waiting = self.standing(target)
        running = self._served(target, desired)
        if texts.digest(running) != expected:
            raise Stale(target=str(target))
        if waiting.stand is Stand.WAITING:
            raise Unsettled(target=str(target), seconds=round(waiting.seconds))
        try:
            _zones(desired)
        except ValueError as wrong:
            raise ConfigurationRefused(target=str(target), reason=str(wrong)) from wrong
        until = time.time() + self._seconds
        former = {**running, ACCESS: desired[ACCESS]}
        wanted = texts.digest(desired)
        self._set(
            target,
            {"stand": Stand.WAITING, "wanted": wanted, "former": former, "until": until, "texts": dict(desired)},
        )
        self._put(target, desired)

    def _keep(self, target: Target, switch: Switch) -> None:
        self._set(target, {"stand": Stand.CONFIRMED, "wanted": switch["wanted"], "texts": switch["texts"]})

    def _put(self, target: Target, desired: Texts) -> None:
        try:
            self._bring(target, desired)
        except (dns_wire.Refused, dns_wire.Changed) as refused:
            self._undo(target, self._switch(target), Phrase(str(refused), str(refused)))
            if isinstance(refused, dns_wire.Changed):
                raise Stale(target=str(target)) from refused
            raise ConfigurationRefused(target=str(target), reason=str(refused)) from refused
        except dns_wire.NotAnswered as silent:
            raise ConnectionLostUnwatched(target=str(target), reason=str(silent), seconds=self._seconds) from silent

    def _bring(self, target: Target, desired: Texts) -> None:
        """Make the server say what is desired. Raises what `dns_wire` raises."""
        with reach.network(self._means):
            server = _server(target, desired)
            for wanted, _ in _zones(desired).values():
                seen = dns_wire.transfer(server, wanted.origin)
                if not dns_wire.difference(seen, wanted):
                    continue
                dns_wire.bring(server, seen, wanted)
                # A server is silent on what it leaves out (RFC 2136, 3.4.2): it is asked.
                left = dns_wire.difference(dns_wire.transfer(server, wanted.origin), wanted)
                if left:
                    shown = (dns_wire.row(one, dns_wire.TTL, wanted.origin) for one in left[:SHOWN])
                    raise dns_wire.Refused(f"{wanted.origin}: {_LEFT_OUT}{', '.join(shown)}")

    def _served(self, target: Target, desired: Texts) -> Texts:
        """The zones as they are served, in the rows of what we last brought, or of `desired` before we ever did.

        Whoever answers has the key.
        """
        found = {ACCESS: desired[ACCESS]}
        known: Texts = self._switch(target).get("texts", desired)
        with reach.network(self._means), _translated(target):
            server = _server(target, desired)
            for name, text in desired.items():
                if not name.endswith(_ZONE):
                    continue
                try:
                    wanted, rows = dns_wire.read(name.removesuffix(_ZONE), known.get(name, text))
                except ValueError:  # it is refused when it is applied
                    wanted, rows = dns_wire.read(name.removesuffix(_ZONE), "")
                found[name] = _written(dns_wire.transfer(server, wanted.origin), rows, text)
        return found

    def _undo(self, target: Target, switch: Switch, why: Phrase) -> None:
        try:
            self._bring(target, switch["former"])
        except (dns_wire.Refused, dns_wire.Changed) as wrong:
            raise NotWhole(target=str(target), reason=str(wrong)) from wrong
        except dns_wire.NotAnswered as silent:
            raise MachineUnreachable(machine=target.machine.name, reason=str(silent)) from silent
        ended = {"stand": Stand.UNDONE, "wanted": switch["wanted"], "reason": [why.fr, why.en]}
        self._set(target, {**ended, "texts": switch["former"]})

    def _switch(self, target: Target) -> Switch:
        """Sealed, since what was there before comes with the key."""
        try:
            sealed = (self._folder / str(target)).read_bytes()
        except FileNotFoundError:
            return {}
        found: dict[str, Any] = json.loads(Vault.read(self._key).open(Sealed(sealed)))
        return found

    def _set(self, target: Target, switch: Switch) -> None:
        path = self._folder / str(target)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(Vault.read(self._key).seal(json.dumps(switch)).token)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def _server(target: Target, held: Texts) -> Server:
    found = _ACCESS.search(held[ACCESS])
    if found is None:
        raise ValueError(f"{target}: {ACCESS} cannot be read")
    return dns_wire.server(target.machine.host, int(found.group(1)), found.group(2))


def _zones(held: Texts) -> Mapping[str, tuple[Zone, Mapping[dns_wire.Record, str]]]:
    """Raises ValueError."""
    named = {name.removesuffix(_ZONE): text for name, text in held.items() if name.endswith(_ZONE)}
    return {name: dns_wire.read(name, text) for name, text in named.items()}


def _written(served: Zone, rows: Mapping[dns_wire.Record, str], desired: str) -> str:
    """A served zone as our texts write it: the rows that agree in their order, then what is there beside."""
    heads = [row for row in desired.splitlines() if row.startswith("$")]
    agreeing = {record for record, ttl in served.records.items() if ttl == dns_wire.TTL and record in rows}
    others = sorted(
        dns_wire.row(record, ttl, served.origin) for record, ttl in served.records.items() if record not in agreeing
    )
    return "".join(f"{row}\n" for row in (*heads, *(rows[one] for one in rows if one in agreeing), *others))


@contextmanager
def _translated(target: Target) -> Iterator[None]:
    try:
        yield
    except dns_wire.NotAnswered as silent:
        raise MachineUnreachable(machine=target.machine.name, reason=str(silent)) from silent
    except dns_wire.Refused as refused:
        raise CommandFailed(machine=target.machine.name, command="AXFR", reason=str(refused)) from refused
