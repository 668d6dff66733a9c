"""What an import would do: everything that was read, weighed against the inventory. Nothing is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from inventory.exchange.access import known_access, weigh_lines
from inventory.exchange.history import weigh_addresses
from inventory.exchange.network import known_network, weigh_network
from inventory.exchange.people import known_people, weigh_members
from inventory.exchange.plans import Draft, Plan
from inventory.exchange.records import Noun, Reading

_NETWORK: Final = (Noun.SITE, Noun.DEVICE, Noun.POOL, Noun.OFFER)


def plan(session: Session, reading: Reading, at: datetime) -> Plan:
    """What `reading` would change, line by line, as of `at`; where there are problems, nothing may be applied."""
    draft = Draft(Reading(reading.source, [], list(reading.problems), list(reading.remarks)), at)
    told: dict[Noun, list[Any]] = {noun: [] for noun in Noun}
    for record in reading.records:
        told[record.noun].append(record)
    people = known_people(session, reading.source)
    weigh_members(draft, people, told[Noun.MEMBER] + told[Noun.MEMBERSHIP])
    network = known_network(session)
    weigh_network(draft, network, people, [one for noun in _NETWORK for one in told[noun]])
    if told[Noun.LINE] or told[Noun.ADDRESS]:
        access = known_access(session, reading.source)
        every = told[Noun.LINE] + told[Noun.SHARE] + told[Noun.CREDENTIAL]
        weigh_lines(draft, access, network, people, every)
        weigh_addresses(session, draft, network, access, people, told[Noun.ADDRESS])
    draft.steps.sort(key=lambda step: step.place)
    return draft.done()
