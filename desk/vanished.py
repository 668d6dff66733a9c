"""Copper lines that vanished without an order while their neighbours are well: given to somebody else by mistake?

For whoever raises alerts; one line is told by `desk.diagnosis`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.database import Store, reading
from foundation.errors import EssaimError
from foundation.reach import LabDown, Machine, Means
from inventory import beside, credentials, devices, lines, numbers
from inventory.models.lines import Delivery, Line, LineState, Technology
from monitoring.connections import last_connection
from monitoring.diagnosis import looks
from monitoring.diagnosis.bought import COPPER, vanished
from monitoring.diagnosis.others import others
from monitoring.diagnosis.seen import Refusal, Seen
from provisioning.artifacts.radius import RADIUS

MOST: Final = 1000
"""Lines of a technology, a page at a time."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """A line by its number (`L0042`), and since when it has been gone."""

    line: str
    since: datetime


def vanished_lines(session: Session, samples: Store, at: datetime) -> tuple[Vanished, ...]:
    """Copper lines in service that vanished so, by number, as the last poll saw them."""
    found = []
    with reading(samples) as seen:
        for technology in sorted(COPPER):
            for line in _every(session, technology):
                last = last_connection(seen, line.number)
                if last is None or last.until is None:
                    continue
                around = beside.beside(session, line)
                sight = Seen(
                    at, str(line), Technology(technology), Delivery(line.offer.delivery), LineState(line.state), at,
                    wholesaler=around.wholesaler, leaving=beside.leaving(session, line),
                    bought=others(seen, around.bought, at), last=last,
                )  # fmt: skip
                since = vanished(last, sight)
                if since is not None:
                    found.append(Vanished(str(line), since))
    return tuple(sorted(found, key=lambda one: (len(one.line), one.line)))


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a box that lost its line may have been refused since: the RADIUS servers, and whose each login is."""

    radius: tuple[Machine, ...]
    logins: Mapping[str, int] = field(repr=False)


def doors(session: Session) -> Doors:
    """The RADIUS servers of ours that can be asked, and every PPP login with its line's number."""
    radius = [one for one in devices.list_devices(session, role="radius") if one.platform == RADIUS.platform]
    return Doors(tuple(devices.machine(one) for one in radius), credentials.opened_by(session)["ppp"])


def unheard(means: Means, known: Doors, gone: Sequence[Vanished]) -> tuple[Vanished, ...]:
    """Those of which no box was refused since: one that is comes as far as our door, its copper is its own.

    A server that does not answer refused nobody. Raises LabDown.
    """
    if not gone:
        return ()
    told: list[tuple[Refusal, str]] = []
    for machine in known.radius:
        try:
            told += looks.refusals(means, machine, min(one.since for one in gone))
        except LabDown:
            raise
        except EssaimError:
            continue
    return tuple(one for one in gone if not _refused(one, told, known.logins))


def _refused(gone: Vanished, told: Sequence[tuple[Refusal, str]], logins: Mapping[str, int]) -> bool:
    number = numbers.parse("L", gone.line)
    own = [login for login, line in logins.items() if line == number]
    others = [login for login, line in logins.items() if line != number]
    return any(one.at > gone.since for one in looks.of_line(told, own, (), others))


def _every(session: Session, technology: str) -> list[Line]:
    """All lines of a technology that are in service."""
    found: list[Line] = []
    after = 0
    while page := lines.list_lines(session, technology=technology, state="active", after=after, limit=MOST):
        found += page
        after = page[-1].number
    return found
