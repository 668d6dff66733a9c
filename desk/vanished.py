"""Copper lines that vanished without an order while their neighbours are well: given to somebody else by mistake?

For whoever raises alerts; one line is told by `desk.diagnosis`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation.database import Store, reading
from inventory import beside, lines
from inventory.models.lines import Delivery, Line, LineState, Technology
from monitoring.connections import last_connection
from monitoring.diagnosis.bought import COPPER, vanished
from monitoring.diagnosis.others import others
from monitoring.diagnosis.seen import Seen

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


def _every(session: Session, technology: str) -> list[Line]:
    """All lines of a technology that are in service."""
    found: list[Line] = []
    after = 0
    while page := lines.list_lines(session, technology=technology, state="active", after=after, limit=MOST):
        found += page
        after = page[-1].number
    return found
