"""What every door shows of wholesalers' invoices and of what is amiss with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from billing.invoices.facts import Billed, Statement
from billing.invoices.findings import Fault, Finding
from billing.models import WholesaleInvoice, WholesaleInvoiceLine
from foundation.speech import Language


@dataclass(frozen=True, slots=True)
class BilledView:
    """One line: where it stood in the file, how it names our line, what it is for, from which day to which (the second
    is no longer in it), cents without tax, tax. `agreed_cents` a month; `once` for what is no subscription; what it is
    said to be, in our words.
    """

    rank: int
    reference: str
    item: str
    label: str
    since: date
    until: date
    cents: int
    vat_cents: int
    agreed_cents: int | None
    once: bool
    common: bool
    offer: str
    technology: str
    guarantee: str
    rate: str


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice: our number, whose, the number that it bears, its day, the period that it is mostly for, cents without
    tax and tax, when it was read, its lines.
    """

    number: str
    wholesaler: str
    reference: str
    day: date
    since: date
    until: date
    cents: int
    vat_cents: int
    read: datetime
    lines: tuple[BilledView, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """What is amiss: which fault, the row of the file, our line, the cents at stake where known, the sentence."""

    fault: Fault
    rank: int | None
    line: str | None
    cents: int | None
    sentence: str


def view(invoice: WholesaleInvoice) -> InvoiceView:
    """An invoice as it is seen."""
    return InvoiceView(
        str(invoice),
        invoice.wholesaler.name,
        invoice.reference,
        invoice.day,
        invoice.since,
        invoice.until,
        int(invoice.cents),
        int(invoice.vat),
        invoice.read_at,
        tuple(_line(one) for one in invoice.lines),
    )


def view_lines(statement: Statement) -> tuple[BilledView, ...]:
    """The lines of an invoice that is not kept."""
    return tuple(_line(one) for one in statement.lines)


def view_finding(one: Finding, language: Language) -> FindingView:
    """What is amiss, in the reader's language."""
    cents = None if one.cents is None else int(one.cents)
    return FindingView(one.fault, one.rank, one.line or None, cents, one.sentence(language))


def _line(one: Billed | WholesaleInvoiceLine) -> BilledView:
    agreed = None if one.agreed is None else int(one.agreed)
    return BilledView(
        one.rank, one.reference, one.item, one.label, one.since, one.until, int(one.cents), int(one.vat), agreed,
        one.once, one.common, one.offer, one.technology, one.guarantee, one.rate,
    )  # fmt: skip
