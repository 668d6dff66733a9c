"""Connections that end at once: those that a change takes the login, the password or the certificate from.

What is new is in force first, so that nobody whose connection ends comes back with what they had. WireGuard has nothing
to end: a peer that is taken off is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading
from foundation.errors import EssaimError, Refused, Unavailable
from foundation.reach import Machine
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import devices
from inventory.models.addresses import Role
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind, Line
from inventory.models.mandates import Task
from inventory.rights import asks
from provisioning import dae, openvpn_sessions, targets
from provisioning.artifact import Target
from provisioning.artifacts.openvpn import OPENVPN, ended_names
from provisioning.artifacts.radius import RADIUS, ended_logins, given_addresses
from provisioning.artifacts.radius_sql import RADIUS_SQL
from provisioning.dae import Lns
from provisioning.texts import Texts

NO_MACHINE: Final = "console"
_LOGINS: Final = frozenset({RADIUS.name, RADIUS_SQL.name})


class StillConnected(Unavailable):
    """What is new is in force, but a machine could not be told to end connections that were opened before."""

    kind = "still-connected"
    phrase = Phrase(
        "{reason} Les nouveaux accès sont en vigueur, mais des connexions ouvertes avec les anciens tiennent peut-être "
        "encore : {logins}. Les couper, une fois la machine revenue : essaim line disconnect {line}",
        "{reason} The new credentials are in force, but connections opened with the former ones may still stand: "
        "{logins}. To end them once the machine is back: essaim line disconnect {line}",
    )


class NotEnded(Unavailable):
    """Connections were to end, and a machine could not be told so."""

    kind = "not-ended"
    phrase = Phrase(
        "{reason} Des connexions tiennent peut-être encore : {logins}. Réessayer, une fois la machine revenue : "
        "essaim line disconnect {line}",
        "{reason} Connections may still stand: {logins}. To try again once the machine is back: "
        "essaim line disconnect {line}",
    )


class NothingToEnd(Refused):
    """A line that neither an LNS nor an OpenVPN server knows."""

    kind = "nothing-to-end"
    phrase = Phrase(
        "{line} ne s'ouvre ni par PPP ni par OpenVPN : il n'y a pas de session à couper. Un tunnel WireGuard se ferme "
        "en retirant sa clé : essaim change plan",
        "{line} is opened neither by PPP nor by OpenVPN: there is no session to end. A WireGuard tunnel closes when "
        "its key is taken off: essaim change plan",
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """Whose connections end: logins, on every LNS, for nobody can tell on which one they are; certificates' names, on
    the OpenVPN servers that let them in. With `former`, the latter end where they began before the release in force.
    `addresses` are those that the sessions of a login may have.
    """

    logins: tuple[str, ...]
    servers: tuple[Lns, ...]
    line: str
    names: tuple[str, ...] = ()
    machines: tuple[Machine, ...] = ()
    former: bool = False
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def after(store: Store, settings: Settings, target: Target, before: Texts, desired: Texts) -> None:
    """End what a change of RADIUS or OpenVPN takes away, once it is in force. OpenVPN's machine has done so already,
    and is asked whether it is so. Other artifacts have nothing to end.

    Raises StillConnected: the change stays in force.
    """
    if settings.driver == NO_MACHINE:
        return
    if target.artifact.name in _LOGINS and (logins := ended_logins(before, desired)):
        with reading(store) as session:
            given = {name: (address,) for name, address in given_addresses(before).items() if name in logins}
            what = Ending(logins, servers(session), _line(target, before, desired), addresses=given)
        end(settings, what, StillConnected)
    elif target.artifact.name == OPENVPN.name and (names := ended_names(before, desired)):
        gone, line = tuple(sorted(names)), _line(target, before, desired)
        end(settings, Ending((), (), line, gone, (target.machine,), former=True), StillConnected)


@asks(Task.LINES_WRITE, "line", own=True)
def of_line(session: Session, act: Act, line: Line) -> Ending:
    """Note that the connections of a line are to end, and say which: `end` ends them, with no transaction open.

    With the same password they come back. Raises NothingToEnd.
    """
    logins, names = (
        tuple(dict.fromkeys(one.name for share in line.shares for one in share.credentials if one.kind == kind))
        for kind in (CredentialKind.PPP, CredentialKind.OPENVPN)
    )
    if not logins and not names:
        raise NothingToEnd(line=str(line))
    lns = servers(session) if logins else ()
    journal.record(session, act, "line.disconnect", str(line))
    held = {
        one.name: tuple(
            str(each.prefix.network_address)
            for each in share.assignments
            if (each.role, each.family, each.until) == (Role.WAN, 4, None)
        )
        for share in line.shares
        for one in share.credentials
    }
    return Ending(logins, lns, str(line), names, _serving(session, line) if names else (), addresses=held)


def servers(session: Session) -> tuple[Lns, ...]:
    """Every LNS of ours, by name. Raises NoSuchSecret."""
    living = select(Device).where(Device.role == "lns", Device.until.is_(None)).order_by(Device.name)
    return tuple(
        Lns(one.name, devices.machine(one).host, devices.secret_of(session, one, "radius"))
        for one in session.scalars(living)
    )


def end(settings: Settings, what: Ending, failed: type[StillConnected | NotEnded] = NotEnded) -> int:
    """End connections: how many there were. One machine that does not answer keeps no other from being told.

    Raises `failed`, NotEnded or StillConnected.
    """
    ended, standing = 0, list[str]()
    problem: EssaimError | None = None
    for lns in what.servers:
        for done, login in enumerate(what.logins):
            try:
                ended += dae.disconnect(settings.means(), lns, login, what.addresses.get(login, ()))
            except dae.LnsUnwilling as unwilling:
                standing.append(login)
                problem = unwilling
            except EssaimError as silent:
                # Whoever did not answer thrice will not do so for each of a hundred others.
                standing += what.logins[done:]
                problem = silent
                break
    for machine in what.machines:
        try:
            ended += openvpn_sessions.disconnect(settings.means(), machine, what.names, former=what.former)
        except EssaimError as silent:
            standing += what.names
            problem = silent
    if problem is not None:
        raise failed(reason=_sentence(problem), logins=_some(standing), line=what.line)
    return ended


def _line(target: Target, before: Texts, desired: Texts) -> str:
    """The line that a change is about, or one that stands for all of them in a command."""
    changed = target.artifact.lines(before, desired)
    return changed[0] if len(changed) == 1 else "L0042"


def _serving(session: Session, line: Line) -> tuple[Machine, ...]:
    """The OpenVPN servers that let a line in."""
    known = frozenset(targets.targets_of_line(session, line))
    every = (target for _, target in targets.every_target(session) if str(target) in known)
    return tuple(target.machine for target in every if target.artifact.name == OPENVPN.name)


def _sentence(problem: EssaimError) -> Phrase:
    return Phrase.said(problem.sentence("fr"), problem.sentence("en"))


def _some(logins: Sequence[str]) -> list[str]:
    each = list(dict.fromkeys(logins))
    return [*each[:8], *(["…"] if len(each) > 8 else [])]
