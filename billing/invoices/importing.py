"""Verbs on wholesalers' invoices: weighed, kept, struck out, weighed again. What is kept is never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from billing.invoices.checking import Other, check
from billing.invoices.facts import Billed, Period, Statement
from billing.invoices.findings import Finding
from billing.invoices.stock import stock
from billing.models import WholesaleInvoice, WholesaleInvoiceLine
from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import numbers, texts
from inventory.models.mandates import Task
from inventory.models.wholesale import Wholesaler
from inventory.rights import asks

LOOKED_BACK: Final = timedelta(days=800)
"""Invoices older than that say nothing of a price or of what was billed twice."""


class NoSuchInvoice(NotFound):
    """No invoice of that number."""

    kind = "no-such-invoice"
    phrase = Phrase(
        "Aucune facture {invoice}. Les trouver : essaim invoice list",
        "There is no invoice {invoice}. To find them: essaim invoice list",
    )


class InvoiceCorrected(Refused):
    """An invoice of that number was kept, and said something else."""

    kind = "invoice-corrected"
    phrase = Phrase(
        "La facture « {reference} » de {wholesaler} est déjà là ({invoice}), et elle disait autre chose. Rien n'a été "
        "changé. Les comparer : essaim invoice show {invoice} ; si la nouvelle la remplace : essaim invoice strike "
        '{invoice} --why "remplacée", puis la relire. Un avoir porte son propre numéro.',
        "Invoice “{reference}” of {wholesaler} is there already ({invoice}), and said something else. Nothing was "
        "changed. To compare them: essaim invoice show {invoice}; if the new one replaces it: essaim invoice strike "
        '{invoice} --why "replaced", then read it again. A credit note bears a number of its own.',
    )


class StrikeWhy(Invalid):
    """Someone strikes an invoice out without a word of why."""

    kind = "invoice-strike-why"
    phrase = Phrase(
        'Dites pourquoi {invoice} est retirée : --why "…". Rien n\'a été changé.',
        'Say why {invoice} is struck out: --why "…". Nothing was changed.',
    )


@dataclass(frozen=True, slots=True)
class Weighed:
    """What an invoice says and what is amiss; `kept` is the one that is kept of it, `new` where it just was."""

    statement: Statement
    findings: tuple[Finding, ...]
    kept: WholesaleInvoice | None = None
    new: bool = False


@asks(Task.DUES_READ)
def weigh(session: Session, act: Act, wholesaler: Wholesaler, statement: Statement) -> Weighed:  # noqa: ARG001
    """What is amiss with an invoice, before anything is kept of it.

    Raises BadText, InvoiceCorrected where one of that number says something else.
    """
    there = _there(session, wholesaler, statement)
    return Weighed(statement, _check(session, wholesaler, statement, there), there)


@asks(Task.DUES_WRITE)
def keep(session: Session, act: Act, wholesaler: Wholesaler, statement: Statement) -> Weighed:
    """Keep an invoice. One that is there already, and says the same, changes nothing.

    Raises BadText, InvoiceCorrected where one of that number says something else.
    """
    number = numbers.following(session, WholesaleInvoice.number)  # others who read the same one wait here
    there = _there(session, wholesaler, statement)
    findings = _check(session, wholesaler, statement, there)
    if there is not None:
        return Weighed(statement, findings, there)
    invoice = WholesaleInvoice(
        number=number,
        wholesaler=wholesaler,
        reference=texts.checked(statement.reference, 64),
        day=statement.day,
        since=statement.period.since,
        until=statement.period.until,
        cents=statement.cents,
        vat=statement.vat,
        digest=statement.digest,
        read_at=act.at,
        lines=[WholesaleInvoiceLine(**{name: getattr(one, name) for name in _SAID}) for one in statement.lines],
    )
    session.add(invoice)
    session.flush()
    journal.record(
        session, act, "invoice.keep", str(invoice), wholesaler=wholesaler.name, reference=invoice.reference,
        cents=int(invoice.cents), vat=int(invoice.vat), lines=len(statement.lines), findings=len(findings),
    )  # fmt: skip
    return Weighed(statement, findings, invoice, new=True)


@asks(Task.DUES_WRITE)
def strike(session: Session, act: Act, invoice: WholesaleInvoice) -> None:
    """Take an invoice out that should not have been kept: the journal tells what it was. Raises StrikeWhy."""
    if not act.why.strip():
        raise StrikeWhy(invoice=str(invoice))
    journal.record(
        session, act, "invoice.strike", str(invoice), wholesaler=invoice.wholesaler.name, reference=invoice.reference,
        cents=int(invoice.cents), vat=int(invoice.vat), lines=len(invoice.lines), digest=invoice.digest.hex(),
    )  # fmt: skip
    session.delete(invoice)
    session.flush()


@asks(Task.DUES_READ)
def recheck(session: Session, act: Act, invoice: WholesaleInvoice) -> tuple[Finding, ...]:  # noqa: ARG001
    """What is amiss with an invoice that is kept, by what the inventory says today."""
    return _check(session, invoice.wholesaler, statement_of(invoice), invoice)


@asks(Task.DUES_READ)
def look(
    session: Session,
    act: Act,  # noqa: ARG001
    *,
    wholesaler: Wholesaler | None = None,
    after: int = 0,
    limit: int = 100,
) -> Sequence[WholesaleInvoice]:
    """Invoices by number, a page at a time, for whoever may see them."""
    return list_invoices(session, wholesaler=wholesaler, after=after, limit=limit)


@asks(Task.DUES_READ)
def open_invoice(session: Session, act: Act, text: str) -> WholesaleInvoice:  # noqa: ARG001
    """The invoice of that number, for whoever may see it. Raises BadNumber, NoSuchInvoice."""
    return find_invoice(session, text)


def find_invoice(session: Session, text: str) -> WholesaleInvoice:
    """The invoice of that number (`F0001`), with its lines. Raises BadNumber, NoSuchInvoice."""
    number = numbers.parse("F", text)
    found = session.scalar(_whole().where(WholesaleInvoice.number == number))
    if found is None:
        raise NoSuchInvoice(invoice=numbers.shown("F", number))
    return found


def list_invoices(
    session: Session, *, wholesaler: Wholesaler | None = None, after: int = 0, limit: int = 100
) -> Sequence[WholesaleInvoice]:
    """Invoices by number with their lines, a page at a time."""
    query = _whole().where(WholesaleInvoice.number > after).order_by(WholesaleInvoice.number).limit(limit)
    if wholesaler is not None:
        query = query.where(WholesaleInvoice.wholesaler_id == wholesaler.id)
    return session.scalars(query).all()


def statement_of(invoice: WholesaleInvoice) -> Statement:
    """What an invoice that is kept says."""
    lines = tuple(_billed(one) for one in invoice.lines)
    period = Period(invoice.since, invoice.until)
    return Statement(invoice.reference, invoice.day, period, invoice.cents, invoice.vat, lines)


_SAID: Final = tuple(each.name for each in fields(Billed))


def _billed(one: WholesaleInvoiceLine) -> Billed:
    return Billed(**{name: getattr(one, name) for name in _SAID})


def _whole() -> Select[WholesaleInvoice]:
    return select(WholesaleInvoice).options(
        joinedload(WholesaleInvoice.wholesaler), selectinload(WholesaleInvoice.lines)
    )


def _there(session: Session, wholesaler: Wholesaler, statement: Statement) -> WholesaleInvoice | None:
    """The invoice of that number of that wholesaler, where it was kept. Raises BadText, InvoiceCorrected."""
    reference = texts.checked(statement.reference, 64)
    found = session.scalar(
        _whole().where(WholesaleInvoice.wholesaler_id == wholesaler.id, WholesaleInvoice.reference == reference)
    )
    if found is not None and found.digest != statement.digest:
        raise InvoiceCorrected(reference=reference, wholesaler=wholesaler.name, invoice=str(found))
    return found


def _check(
    session: Session, wholesaler: Wholesaler, statement: Statement, itself: WholesaleInvoice | None
) -> tuple[Finding, ...]:
    """Weigh it against the inventory and the other invoices of that wholesaler, the first first."""
    first = min((one.since for one in statement.lines), default=statement.day)
    query = (
        select(WholesaleInvoiceLine, WholesaleInvoice.number, WholesaleInvoice.day)
        .join(WholesaleInvoice)
        .where(WholesaleInvoice.wholesaler_id == wholesaler.id, WholesaleInvoiceLine.until > first - LOOKED_BACK)
        .order_by(WholesaleInvoice.day, WholesaleInvoice.number, WholesaleInvoiceLine.rank)
    )
    others = [
        Other(
            numbers.shown("F", number),
            _billed(one),
            first=itself is None or number < itself.number,
            earlier=(day, number) < (statement.day, itself.number) if itself is not None else day <= statement.day,
        )
        for one, number, day in session.execute(query)
        if itself is None or number != itself.number
    ]
    return check(statement, stock(session, wholesaler), others)
