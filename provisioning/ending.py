"""Connections that end at once: those of logins that a change takes away, or whose password it changes.

The new logins are in force first, so that nobody whose connection ends comes back with what they had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading
from foundation.errors import EssaimError, Refused, Unavailable
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import devices
from inventory.models.devices import Device
from inventory.models.lines import CredentialKind, Line
from inventory.models.mandates import Task
from inventory.rights import asks
from provisioning import dae
from provisioning.artifact import Target
from provisioning.artifacts.radius import RADIUS, ended_logins
from provisioning.dae import Lns
from provisioning.texts import Texts

NO_MACHINE: Final = "console"


class StillConnected(Unavailable):
    """The new logins are in force, but an LNS could not be told to end connections that the former ones opened."""

    kind = "still-connected"
    phrase = Phrase(
        "{reason} Les nouveaux accès sont en vigueur, mais des connexions ouvertes avec les anciens tiennent peut-être "
        "encore : {logins}. Les couper, une fois la machine revenue : essaim line disconnect {line}",
        "{reason} The new credentials are in force, but connections opened with the former ones may still stand: "
        "{logins}. To end them once the machine is back: essaim line disconnect {line}",
    )


class NothingToEnd(Refused):
    """A line that no LNS knows: nothing of it can be ended by RADIUS."""

    kind = "nothing-to-end"
    phrase = Phrase(
        "{line} ne s'ouvre pas par PPP : il n'y a pas de session à couper. Un tunnel se ferme en retirant sa clé : "
        "essaim change plan",
        "{line} is not opened by PPP: there is no session to end. A tunnel closes when its key is taken off: "
        "essaim change plan",
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """Whose connections end: logins of a line, on every LNS, for nobody can tell on which one they are."""

    logins: tuple[str, ...]
    servers: tuple[Lns, ...]
    line: str


def after(store: Store, settings: Settings, target: Target, before: Texts, desired: Texts) -> None:
    """End what a change of RADIUS takes away, once it is in force. Other artifacts end what is theirs themselves.

    Raises StillConnected: the change stays in force.
    """
    if target.artifact.name != RADIUS.name or settings.driver == NO_MACHINE:
        return
    logins = ended_logins(before, desired)
    if logins:
        changed = RADIUS.lines(before, desired)
        with reading(store) as session:
            what = Ending(logins, servers(session), changed[0] if len(changed) == 1 else "L0042")
        end(settings, what)


@asks(Task.LINES_WRITE, "line", own=True)
def of_line(session: Session, act: Act, line: Line) -> Ending:
    """Note that the connections of a line are to end, and say which: `end` ends them, with no transaction open.

    With the same password they come back. Raises NothingToEnd.
    """
    held = [one for share in line.shares for one in share.credentials if one.kind == CredentialKind.PPP]
    if not held:
        raise NothingToEnd(line=str(line))
    found = Ending(tuple(dict.fromkeys(one.name for one in held)), servers(session), str(line))
    journal.record(session, act, "line.disconnect", str(line))
    return found


def servers(session: Session) -> tuple[Lns, ...]:
    """Every LNS of ours, by name. Raises NoSuchSecret."""
    living = select(Device).where(Device.role == "lns", Device.until.is_(None)).order_by(Device.name)
    return tuple(
        Lns(one.name, devices.machine(one).host, devices.secret_of(session, one, "radius"))
        for one in session.scalars(living)
    )


def end(settings: Settings, what: Ending) -> int:
    """End the connections of logins, on every LNS: how many there were.

    One LNS that does not answer keeps no other from being told. Raises StillConnected.
    """
    ended, standing = 0, list[str]()
    problem: EssaimError | None = None
    for lns in what.servers:
        for done, login in enumerate(what.logins):
            try:
                ended += dae.disconnect(settings.means(), lns, login)
            except dae.LnsUnwilling as unwilling:
                standing.append(login)
                problem = unwilling
            except EssaimError as silent:
                # Whoever did not answer thrice will not do so for each of a hundred others.
                standing += what.logins[done:]
                problem = silent
                break
    if problem is not None:
        raise StillConnected(reason=_sentence(problem), logins=_some(standing), line=what.line)
    return ended


def _sentence(problem: EssaimError) -> Phrase:
    return Phrase.said(problem.sentence("fr"), problem.sentence("en"))


def _some(logins: Sequence[str]) -> list[str]:
    each = list(dict.fromkeys(logins))
    return [*each[:8], *(["…"] if len(each) > 8 else [])]
