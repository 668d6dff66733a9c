"""Wholesalers' invoices, as they were kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.rest.noun import Noun
from billing.invoices import importing
from billing.invoices.views import InvoiceView, view
from billing.models import WholesaleInvoice
from inventory import wholesalers
from inventory.models.mandates import Task


def listed(
    session: Session, *, wholesaler: str | None = None, after: int = 0, limit: int = 100
) -> Sequence[WholesaleInvoice]:
    """Invoices by number, of all wholesalers or of one."""
    whose = wholesalers.find_wholesaler(session, wholesaler) if wholesaler is not None else None
    return importing.list_invoices(session, wholesaler=whose, after=after, limit=limit)


_LINE = {
    "rank": 2,
    "reference": "SRV-0042",
    "item": "ACC-ADSL",
    "label": "Accès ADSL",
    "since": "2026-11-01",
    "until": "2026-12-01",
    "cents": 1800,
    "vat_cents": 360,
    "agreed_cents": 1800,
    "once": False,
    "common": False,
    "offer": "adsl",
    "technology": "adsl",
    "guarantee": "",
    "rate": "",
}

INVOICES = Noun(
    path="invoices",
    about="Wholesalers' invoices, by number",
    view=InvoiceView,
    views=lambda _session, _act, rows: [view(one) for one in rows],
    find=importing.find_invoice,
    listed=listed,
    readers=frozenset({Task.DUES_READ}),
    example={
        "number": "F0001",
        "wholesaler": "exemple-gros",
        "reference": "2026-11-0042",
        "day": "2026-11-30",
        "since": "2026-11-01",
        "until": "2026-12-01",
        "cents": 1800,
        "vat_cents": 360,
        "read": "2026-12-02T18:30:00+00:00",
        "lines": [_LINE],
    },
)
