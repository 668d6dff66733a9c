"""Direct debits, to read: mandates without their IBANs, and collections; they are worked on at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.rest.dues import READERS
from api.rest.noun import Noun
from billing.debit import collections as debit_collections
from billing.debit import mandates as debit_mandates
from billing.debit.views import CollectionView, DebitMandateView, collection_view, mandate_view
from billing.models import Collection, DebitMandate
from inventory import members


def mandates(
    session: Session, *, member: str | None = None, living: bool = False, after: str = "", limit: int = 100
) -> Sequence[DebitMandate]:
    """Mandates by reference; with `living` without those that have ended."""
    who = members.find_member(session, member) if member is not None else None
    return debit_mandates.list_mandates(session, member=who, living=living, after=after, limit=limit)


def collections(session: Session, *, after: int = 0, limit: int = 100) -> Sequence[Collection]:
    """Collections by number."""
    return debit_collections.list_collections(session, after=after, limit=limit)


DEBIT_MANDATES = Noun(
    path="debit-mandates",
    about="Mandates of direct debit, by reference, without their IBANs",
    view=DebitMandateView,
    views=lambda _session, _act, rows: [mandate_view(one) for one in rows],
    find=debit_mandates.find_mandate,
    listed=mandates,
    readers=READERS,
    slashed=True,
    example={
        "rum": "M0042-1",
        "member": "M0042",
        "holder": "Camille Exemple",
        "account": "0189",
        "signed": "2026-11-20",
        "ended": None,
        "last_collected": "2026-12-15",
        "lapses": "2029-12-15",
    },
)

COLLECTIONS = Noun(
    path="collections",
    about="Collections of direct debits, by number, with what became of each",
    view=CollectionView,
    views=lambda _session, _act, rows: [collection_view(one) for one in rows],
    find=debit_collections.find_collection,
    listed=collections,
    readers=READERS,
    example={
        "number": "V0001",
        "day": "2026-12-15",
        "created": "2026-11-22T13:02:00+00:00",
        "message_id": "V0001-20261122T130200",
        "written": None,
        "count": 1,
        "cents": 1500,
        "debits": [
            {
                "number": "V0001-M0042",
                "member": "M0042",
                "rum": "M0042-1",
                "cents": 1500,
                "sequence": "FRST",
                "state": "planned",
                "announced": "2026-11-22",
                "code": "",
                "payment": None,
            }
        ],
    },
)
