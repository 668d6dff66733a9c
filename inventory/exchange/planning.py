"""What an import would do: everything that was read, weighed against the inventory. Nothing is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from inventory.exchange import announcing, belonging, buying, electricity, lending, standing
from inventory.exchange.access import known_access, weigh_lines
from inventory.exchange.history import weigh_addresses
from inventory.exchange.network import known_network, weigh_network
from inventory.exchange.people import known_people, weigh_members
from inventory.exchange.plans import Draft, Plan
from inventory.exchange.records import Noun, Reading

_NETWORK: Final = (Noun.SITE, Noun.DEVICE, Noun.POOL, Noun.OFFER)
_ON_LINES: Final = (Noun.LINE, Noun.ADDRESS, Noun.ORDER, Noun.ORDER_EVENT, Noun.WORKS, Noun.WORKS_NOTE)


def plan(session: Session, reading: Reading, at: datetime) -> Plan:
    """What `reading` would change, line by line, as of `at`; where there are problems, nothing may be applied."""
    draft = Draft(Reading(reading.source, [], list(reading.problems), list(reading.remarks)), at)
    told: dict[Noun, list[Any]] = {noun: [] for noun in Noun}
    for record in reading.records:
        told[record.noun].append(record)

    def of(*nouns: Noun) -> list[Any]:
        return [one for noun in nouns for one in told[noun]]

    people = known_people(session, reading.source)
    belonging.weigh_kinds(draft, session, people, of(Noun.KIND))
    weigh_members(draft, people, of(Noun.MEMBER, Noun.MEMBERSHIP))
    belonging.weigh_referents(draft, session, people, of(Noun.REFERENT))
    network = known_network(session)
    network.wholesalers = buying.weigh_wholesalers(draft, session, of(Noun.WHOLESALER))
    weigh_network(draft, network, people, of(*_NETWORK))
    rooms = standing.weigh_places(draft, session, network, of(Noun.ROOM, Noun.RACK, Noun.PLACEMENT))
    electricity.weigh_power(draft, session, network, rooms, of(Noun.FEED, Noun.OUTLET, Noun.PLUG))
    lending.weigh_lending(draft, session, people, of(Noun.EQUIPMENT, Noun.LOAN))
    if of(*_ON_LINES):
        access = known_access(session, reading.source)
        weigh_lines(draft, access, network, people, of(Noun.LINE, Noun.SHARE, Noun.CREDENTIAL))
        weigh_addresses(session, draft, network, access, people, of(Noun.ADDRESS))
        buying.weigh_orders(draft, session, access, network.wholesalers, of(Noun.ORDER, Noun.ORDER_EVENT))
        announcing.weigh_works(draft, session, network, access, of(Noun.WORKS, Noun.WORKS_NOTE))
    announcing.leave_mandates(draft, of(Noun.MANDATE))
    draft.steps.sort(key=lambda step: step.place)
    return draft.done()
