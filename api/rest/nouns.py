"""Every noun at the REST door, in the order in which the document tells them."""

from __future__ import annotations

from typing import Any, Final

from api.rest.addresses import ADDRESSES, DELEGATIONS, REVERSE_NAMES
from api.rest.bank import BANK_ACCOUNTS, BANK_ENTRIES
from api.rest.changes import CHANGES
from api.rest.credentials import CREDENTIALS
from api.rest.debits import COLLECTIONS, DEBIT_MANDATES
from api.rest.devices import DEVICES
from api.rest.dues import BALANCES, DUES
from api.rest.equipment import EQUIPMENT
from api.rest.invoices import INVOICES
from api.rest.kinds import KINDS
from api.rest.lines import LINES
from api.rest.mandates import EMERGENCIES, MANDATES
from api.rest.members import MEMBERS
from api.rest.noun import Noun
from api.rest.offers import OFFERS
from api.rest.payments import PAYMENTS
from api.rest.places import FEEDS, RACKS, SITES
from api.rest.pools import POOLS
from api.rest.rules import RULES
from api.rest.suggestions import SUGGESTIONS
from api.rest.tariffs import TARIFFS
from api.rest.tokens import TOKENS
from api.rest.wholesale import ORDERS, TICKETS, WHOLESALERS
from api.rest.works import INCIDENTS, WORKS

ALL: Final[tuple[Noun[Any, Any], ...]] = (
    MEMBERS,
    KINDS,
    MANDATES,
    EMERGENCIES,
    RULES,
    TOKENS,
    CREDENTIALS,
    OFFERS,
    LINES,
    POOLS,
    ADDRESSES,
    REVERSE_NAMES,
    DELEGATIONS,
    WHOLESALERS,
    ORDERS,
    TICKETS,
    INVOICES,
    WORKS,
    INCIDENTS,
    SITES,
    RACKS,
    FEEDS,
    DEVICES,
    EQUIPMENT,
    TARIFFS,
    BALANCES,
    DUES,
    PAYMENTS,
    DEBIT_MANDATES,
    COLLECTIONS,
    BANK_ACCOUNTS,
    BANK_ENTRIES,
    SUGGESTIONS,
    CHANGES,
)
