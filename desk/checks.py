"""What a member would try, and what the Internet should see: expected by the inventory, seen in the lab."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from desk import homes, laboratory, polling
from desk.homes import Access
from desk.laboratory import INTERNET
from foundation import clock, reach
from foundation.database import Store
from foundation.errors import EssaimError
from foundation.settings import Settings
from foundation.speech import Phrase, volume
from lab import traffic
from lab.attach import Lab
from monitoring.status import State
from provisioning.drivers import dns_ask

MEGABYTE: Final = traffic.MEGABYTE
DEAD_SECONDS: Final = 3.0
"""A line that works connects in a tenth of this: one that takes all of it is dead."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried: what was expected and what was seen, fit to be shown."""

    what: Phrase
    expected: object
    seen: object
    good: bool


Told = Callable[[Check], None]


def line_works(store: Store, settings: Settings, number: str, told: Told) -> list[Check]:
    """Connect the home of a line, pass traffic both ways, hang up, and see that the same then fails."""
    at_home = homes.access(store, settings, number)
    done: list[Check] = []

    def note(check: Check) -> None:
        done.append(check)
        told(check)

    try:
        with laboratory.connected(settings, at_home) as running, _namespace(running, at_home) as there:
            for host in INTERNET:
                note(_exchange(at_home, there, host))
                note(_largest(at_home, there, host))
            if at_home.asks is not None:
                note(_named(at_home, there, *at_home.asks))
            for prefix in at_home.routed:
                note(_neighbour(at_home, there, str(prefix.network_address)))
            if at_home.met:
                note(_seen_up(store, settings, at_home))
        if at_home.met:
            note(_counted(store, settings, at_home))
        with _namespace(running, at_home) as there:
            note(_dead(at_home, there))
    except EssaimError as failed:
        what = Phrase(f"{at_home.line} : la connexion", f"{at_home.line}: the connection")
        note(Check(what, Phrase("établie", "up"), _sentence(failed), good=False))
    return done


def line_is_dead(settings: Settings, at_home: Access) -> Check:
    """A line that was closed: its home, with the key it had, no longer gets through."""
    what = Phrase(f"{at_home.line} : fermée", f"{at_home.line}: closed")
    expected = Phrase("ne passe plus", "gets through no more")
    try:
        with (
            laboratory.connected(settings, at_home, DEAD_SECONDS) as running,
            _namespace(running, at_home) as there,
        ):
            seen = traffic.exchange(there, INTERNET[0], 1000)
    except EssaimError as refused:
        return Check(what, expected, _sentence(refused), good=True)
    return Check(what, expected, f"{seen.received} octets", good=False)


def _exchange(at_home: Access, there: int, host: str) -> Check:
    family = ip_address(host).version
    what = Phrase(f"{at_home.line} : 1 Mo aller et retour, IPv{family}", f"{at_home.line}: 1 MB each way, IPv{family}")
    mine = at_home.wan if family == 4 else at_home.delegated
    expected = str(mine.network_address) if family == 4 else Phrase(f"une adresse de {mine}", f"an address of {mine}")
    try:
        seen = traffic.exchange(there, host)
    except EssaimError as failed:
        return Check(what, expected, _sentence(failed), good=False)
    good = seen.seen_address in mine and seen.sent == seen.received == MEGABYTE
    return Check(what, expected, str(seen.seen_address), good)


def _largest(at_home: Access, there: int, host: str) -> Check:
    family = ip_address(host).version
    what = Phrase(
        f"{at_home.line} : plus grand paquet d'un seul tenant, IPv{family}",
        f"{at_home.line}: largest unfragmented packet, IPv{family}",
    )
    try:
        seen = traffic.largest_packet(there, host)
    except EssaimError as failed:
        return Check(what, str(at_home.mtu), _sentence(failed), good=False)
    return Check(what, str(at_home.mtu), str(seen), seen == at_home.mtu)


def _neighbour(at_home: Access, there: int, source: str) -> Check:
    what = Phrase(f"{at_home.line} : l'adresse du voisin", f"{at_home.line}: the neighbour's address")
    try:
        seen = traffic.exchange(there, INTERNET[0], 10_000, source=source)
    except EssaimError as failed:
        return Check(what, source, _sentence(failed), good=False)
    return Check(what, source, str(seen.seen_address), str(seen.seen_address) == source)


def _named(at_home: Access, there: int, server: str, name: str, address: str) -> Check:
    """The member asks our name server, as anybody on the Internet does."""
    what = Phrase(f"{at_home.line} : notre DNS, pour {name}", f"{at_home.line}: our DNS, for {name}")
    try:
        with reach.inside(there):
            seen = dns_ask.ask(server, name, "A")
    except EssaimError as silent:
        return Check(what, address, _sentence(silent), good=False)
    return Check(what, address, ", ".join(sorted(seen)), seen == {address})


def _seen_up(store: Store, settings: Settings, at_home: Access) -> Check:
    what = Phrase(f"{at_home.line} : vue par l'association", f"{at_home.line}: as the association sees it")
    at = clock.now()
    report = polling.poll(store, settings, at)
    status = polling.line_status(store, settings, at_home.line, at)
    seen = Phrase.said(status.say("fr"), status.say("en"))
    if report.unanswered:
        seen = _sentence(report.unanswered[0].error)
    good = not report.unanswered and status.state is State.UP
    return Check(what, Phrase("en service", "in service"), seen, good)


def _counted(store: Store, settings: Settings, at_home: Access) -> Check:
    # An LNS tells how much a session carried at its end, or once a minute: so this is read after hanging up.
    what = Phrase(f"{at_home.line} : trafic compté", f"{at_home.line}: traffic counted")
    polling.poll(store, settings, clock.now())
    octets = polling.octets(settings, at_home.line)
    seen = Phrase(volume(octets, "fr"), volume(octets, "en"))
    return Check(what, Phrase("plus de 4 Mo", "more than 4 MB"), seen, octets > 4 * MEGABYTE)


def _dead(at_home: Access, there: int) -> Check:
    what = Phrase(f"{at_home.line} : tunnel éteint", f"{at_home.line}: with the tunnel down")
    expected = Phrase("ne passe plus", "gets through no more")
    try:
        seen = traffic.exchange(there, INTERNET[0], 1000)
    except EssaimError as failed:
        return Check(what, expected, _sentence(failed), good=True)
    # Through someone else's network a home may still reach the Internet, but not with our address.
    good = seen.seen_address not in at_home.wan
    return Check(
        what, expected, Phrase(f"par {seen.seen_address}, sans nous", f"by {seen.seen_address}, without us"), good
    )


@contextmanager
def _namespace(running: Lab, at_home: Access) -> Iterator[int]:
    descriptor = running.namespace(at_home.home)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sentence(problem: EssaimError) -> Phrase:
    return Phrase.said(problem.sentence("fr"), problem.sentence("en"))
