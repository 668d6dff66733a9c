"""How a line is, in one sentence: what the inventory has it be, and what its machine was last seen to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from foundation import clock
from foundation.database import Store, reading
from foundation.speech import Phrase
from inventory import lines
from inventory.models.lines import Delivery, Line, LineState, Technology
from inventory.models.people import Member
from monitoring.connections import last_connection
from monitoring.status import State, Status, status

_HOSTED: Final = Phrase("Hébergée et raccordée depuis le {since}.", "Hosted and connected since {since}.")
_UNSEEN: Final = Phrase(
    "En service depuis le {since} ; aucune machine ne dit qui y est connecté.",
    "In service since {since}; no machine tells who is connected to it.",
)
_PLUGGED: Final = frozenset({Technology.COLOCATION, Technology.VM})
CONNECTS: Final = frozenset({Delivery.L2TP, Delivery.PPPOE, Delivery.TUNNEL})
"""Deliveries of which a machine tells who is connected."""


def of_lines(
    samples: Store, wanted: Sequence[Line], at: datetime, *, reader: Member | None = None
) -> dict[int, Status]:
    """The status of each line, by number, as the member `reader` may know it; without one, as volunteers may.

    Where a connection comes from is told to the line's holder, not to the neighbours who share it:
    it says where someone is, and of a copper line the telephone number.
    """
    with reading(samples) as session:
        return {line.number: _status(session, line, at, reader) for line in wanted}


def line_status(samples: Store, line: Line, at: datetime) -> Status:
    """The status of one line, for a volunteer."""
    return of_lines(samples, [line], at)[line.number]


def _status(session: Session, line: Line, at: datetime, reader: Member | None) -> Status:
    active = lines.since(line, LineState.ACTIVE)
    if line.offer.delivery not in CONNECTS and line.state == LineState.ACTIVE and active is not None:
        # What is plugged in, or arrives in a VLAN, opens no connection: the inventory is all there is to say.
        sentence = _HOSTED if line.offer.technology in _PLUGGED else _UNSEEN
        return Status(State.UP, sentence, {"since": clock.today(active)})
    seen = last_connection(session, line.number)
    if seen is not None and reader is not None and lines.holder(line, clock.today(at)).member_id != reader.id:
        seen = replace(seen, remote=None)
    return status(seen, LineState(line.state), at)
