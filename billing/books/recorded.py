"""Every row of money as a fact, in the order in which they were recorded: what the books are made of."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from billing.books.bookings import (
    BankFact,
    CorrectionFact,
    DueFact,
    Fact,
    FilingFact,
    MergeFact,
    PaymentFact,
    Rate,
    ReversalFact,
)
from billing.books.chart import Held
from billing.models import (
    BankAccount,
    BankEntry,
    BankFile,
    Correction,
    Due,
    Filing,
    MovedMoney,
    Payment,
    Reversal,
    VatRegime,
)
from inventory.models.people import Member
from inventory.numbers import shown

_DUE = (Due.number, Member.number, Due.kind, Due.what, Due.period, Due.cents, Due.day, Due.issued, Due.entry_id)
_PAYMENT = (Payment.number, Member.number, Payment.cents, Payment.means, Payment.day, Payment.at, Payment.entry_id)


def facts(session: Session, merges: Sequence[MergeFact]) -> Iterator[Fact]:
    """All facts, the first recorded first; what was recorded at one instant in an order that is always the same."""
    streams = (
        _bank(session),
        _payments(session),
        _dues(session),
        _corrections(session),
        _reversals(session),
        ((fact.at, rank, fact) for rank, fact in enumerate(merges)),
        _filings(session, undone=False),
        _filings(session, undone=True),
    )
    keyed = (_ranked(rank, stream) for rank, stream in enumerate(streams))
    for _, _, _, fact in heapq.merge(*keyed, key=lambda one: one[:3]):
        yield fact


def _ranked(rank: int, stream: Iterator[tuple[datetime, int, Fact]]) -> Iterator[tuple[datetime, int, int, Fact]]:
    for at, row, fact in stream:
        yield at, rank, row, fact


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    return iter(session.execute(query.execution_options(yield_per=2000)))


def _due(values: Sequence[Any]) -> DueFact:
    *of_row, entry = values
    return DueFact._make((*of_row, entry is not None))


def _payment(values: Sequence[Any]) -> PaymentFact:
    *of_row, entry = values
    return PaymentFact._make((*of_row, entry is not None))


def _bank(session: Session) -> Iterator[tuple[datetime, int, Fact]]:
    query = select(BankEntry.number, BankEntry.account_id, BankEntry.cents, BankEntry.day, BankFile.read_at)
    query = query.join(BankFile, BankFile.id == BankEntry.file_id).order_by(BankFile.read_at, BankEntry.number)
    for row in _read(session, query):
        fact = BankFact(*row)
        yield fact.at, fact.number, fact


def _dues(session: Session) -> Iterator[tuple[datetime, int, Fact]]:
    query = select(*_DUE).join(Member, Member.id == Due.member_id).order_by(Due.issued, Due.number)
    for row in _read(session, query):
        fact = _due(row)
        yield fact.issued, fact.number, fact


def _payments(session: Session) -> Iterator[tuple[datetime, int, Fact]]:
    query = select(*_PAYMENT).join(Member, Member.id == Payment.member_id).order_by(Payment.at, Payment.number)
    for row in _read(session, query):
        fact = _payment(row)
        yield fact.at, fact.number, fact


def _corrections(session: Session) -> Iterator[tuple[datetime, int, Fact]]:
    query = select(Correction.id, Correction.cents, Correction.day, Correction.at, *_DUE)
    query = query.join(Due, Due.id == Correction.due_id).join(Member, Member.id == Due.member_id)
    for row, cents, day, at, *due in _read(session, query.order_by(Correction.at, Correction.id)):
        yield at, row, CorrectionFact(_due(due), cents, day, at)


def _reversals(session: Session) -> Iterator[tuple[datetime, int, Fact]]:
    query = select(Reversal.id, Reversal.day, Reversal.at, *_PAYMENT)
    query = query.join(Payment, Payment.id == Reversal.payment_id).join(Member, Member.id == Payment.member_id)
    for row, day, at, *payment in _read(session, query.order_by(Reversal.at, Reversal.id)):
        yield at, row, ReversalFact(_payment(payment), day, at)


def _filings(session: Session, *, undone: bool) -> Iterator[tuple[datetime, int, Fact]]:
    at, day = (Filing.undone, Filing.undone_day) if undone else (Filing.at, Filing.day)
    query = select(Filing.id, BankEntry.number, Filing.account, Filing.cents, Filing.words, day, at)
    query = query.join(BankEntry, BankEntry.id == Filing.entry_id).where(at.is_not(None)).order_by(at, Filing.id)
    for row, *values in _read(session, query):
        fact = FilingFact._make((*values, undone))
        yield fact.at, row, fact


def merges(session: Session) -> list[MergeFact]:
    """Files that were merged, with what moved, the first one first."""
    absorbed, into = aliased(Member), aliased(Member)
    query = (
        select(MovedMoney.at, MovedMoney.day, absorbed.number, into.number, Due.number, Payment.number)
        .join(absorbed, absorbed.id == MovedMoney.absorbed_id)
        .join(into, into.id == MovedMoney.into_id)
        .outerjoin(Due, Due.id == MovedMoney.due_id)
        .outerjoin(Payment, Payment.id == MovedMoney.payment_id)
        .order_by(MovedMoney.at, MovedMoney.id)
    )
    found = []
    for (at, day, one, other), rows in groupby(session.execute(query), key=lambda row: tuple(row[:4])):
        threads = tuple(shown("P", row[5]) if row[4] is None else shown("D", row[4]) for row in rows)
        found.append(MergeFact(one, other, threads, day, at))
    return found


def first_owners(merged: Sequence[MergeFact]) -> dict[str, int]:
    """Whose each thing that moved was at first."""
    return {thread: fact.absorbed for fact in reversed(merged) for thread in fact.threads}


def rates(session: Session) -> list[Rate]:
    """Every regime of VAT that was said."""
    query = select(VatRegime.since, VatRegime.at, VatRegime.regime, VatRegime.rate).order_by(VatRegime.id)
    return [Rate(*row) for row in session.execute(query)]


def held(session: Session) -> dict[int, Held]:
    """Where the association's money lies, by row; the first account of a kind has rank 1."""
    ranks, found = Counter[str](), {}
    for row, kind, name in session.execute(
        select(BankAccount.id, BankAccount.kind, BankAccount.name).order_by(BankAccount.id)
    ):
        ranks[kind] += 1
        found[row] = Held(kind, ranks[kind], name)
    return found
