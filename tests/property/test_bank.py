"""However files overlap and whatever is matched, filed and undone, each movement is there once, whole or waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from statement_files import IBAN, Move, camt

from billing.balance import balances
from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox
from billing.bank.accounts import find_account
from billing.bank.inbox import Part
from billing.books.chart import Chart
from billing.books.ledger import read as ledger_of
from billing.books.years import years
from billing.models import BankEntry, BankFile, Due, Filing, Payment, Reversal
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.errors import EssaimError
from foundation.money import Euros
from inventory import members

NOW = Act("machine:test", datetime(2026, 12, 1, 12, tzinfo=UTC))
LONG_AGO = Act("machine:test", datetime(2024, 3, 5, 12, tzinfo=UTC))
FIRST = date(2026, 11, 1)

moves = st.lists(
    st.builds(
        lambda rank, cents, label: (rank, cents, label),
        st.integers(0, 27),
        st.integers(-3000, 3000).filter(bool),
        st.sampled_from(["COTIS", "ADA", "RF", "DON"]),
    ),
    min_size=1,
    max_size=12,
).map(
    lambda told: [
        Move(FIRST + timedelta(day), cents, label, own=f"K{rank}")
        for rank, (day, cents, label) in enumerate(sorted(told))
    ]
)
deeds = st.lists(
    st.tuples(
        st.sampled_from(["match", "share", "gift", "rest", "file", "unfile", "unmatch", "refund", "accept"]),
        st.integers(0, 11),
        st.integers(1, 2000),
    ),
    max_size=14,
)


@pytest.fixture(scope="module")
def association(
    new_store: Callable[[Path], AbstractContextManager[Store]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    with new_store(tmp_path_factory.mktemp("bank")) as store:
        with transaction(store) as session:
            for name in ("Ada", "Basile"):
                members.add_member(session, LONG_AGO, name)
            bank.add_account(session, LONG_AGO, "courant", IBAN)
        yield store


def opening(every: list[Move], first: int) -> int:
    return 5000 + sum(one.cents for one in every[:first])


def read(session: Session, every: list[Move], first: int, last: int) -> bank_files.Read:
    data = camt(every[first:last], opening=opening(every, first))
    return bank_files.read_file(session, NOW, find_account(session), data, "x.xml")


@settings(max_examples=25)
@given(moves, st.data())
def test_files_that_overlap_leave_each_movement_once(
    association: Store, every: list[Move], data: st.DataObject
) -> None:
    with association.session() as session:
        covered: set[int] = set()
        for _ in range(3):
            first = data.draw(st.integers(0, len(every) - 1))
            while first and every[first - 1].day == every[first].day:  # exports hold whole days
                first -= 1
            last = data.draw(st.integers(first + 1, len(every)))
            found = read(session, every, first, last)
            assert found.new == len(set(range(first, last)) - covered)
            covered |= set(range(first, last))
            again = read(session, every, first, last)
            assert (again.new, again.booked) == (0, ())
        rows = session.execute(select(BankEntry.day, BankEntry.cents, BankEntry.label)).all()
        assert sorted(map(tuple, rows)) == sorted((every[at].day, every[at].cents, every[at].label) for at in covered)
        session.rollback()


def done(session: Session, deed: str, entry: BankEntry, cents: int) -> Any:
    ada, basile = (members.find_member(session, name) for name in ("M0001", "M0002"))
    match deed:
        case "match":
            return inbox.match(session, NOW, entry, [Part(ada)])
        case "share":
            return inbox.match(session, NOW, entry, [Part(ada, Euros(cents)), Part(basile)])
        case "gift":
            return inbox.match(session, NOW, entry, [Part(ada, Euros(cents), gift=True), Part(basile)])
        case "rest":
            return inbox.match(session, NOW, entry, [Part(ada, Euros(cents))], rest="gifts")
        case "file":
            return inbox.file_entry(session, NOW, entry, "fees", "divers")
        case "unfile":
            return inbox.unfile(session, NOW, entry, "non")
        case "unmatch":
            return inbox.unmatch(session, NOW, entry, "erreur")
        case "refund":
            return inbox.refund(session, NOW, entry, ada)
        case _:
            return inbox.accept(session, NOW, entry)


@settings(max_examples=25)
@given(moves, deeds)
def test_each_movement_is_whole_or_waits_whatever_is_done(
    association: Store, every: list[Move], todo: list[tuple[str, int, int]]
) -> None:
    with association.session() as session:
        read(session, every, 0, len(every))
        entries = session.scalars(select(BankEntry).order_by(BankEntry.number)).all()
        for deed, rank, cents in todo:
            with suppress(EssaimError), session.begin_nested():
                done(session, deed, entries[rank % len(entries)], cents)
        waits = {one.entry.id: one.left for one in inbox.waiting(session, NOW, limit=1000)}
        for entry in entries:
            said = _said(session, entry)
            assert waits.get(entry.id, 0) == entry.cents - said
        ledger_of(session, years(session, 1).of(FIRST), years(session, 1), Chart()).checked()
        reversed_ = set(session.scalars(select(Reversal.payment_id)))
        for member, held in balances(session, date(2026, 12, 1)):
            paid = session.scalars(select(Payment).where(Payment.member_id == member.id))
            assert held.paid == sum(one.cents for one in paid if one.id not in reversed_)
            assert held.amount == held.credit - held.owed
        session.rollback()


def _said(session: Session, entry: BankEntry) -> int:
    """What was said of a movement: payments that stand, what is filed; refunds are money that went out."""
    reversed_ = set(session.scalars(select(Reversal.payment_id)))
    paid = sum(
        one.cents
        for one in session.scalars(select(Payment).where(Payment.entry_id == entry.id))
        if one.id not in reversed_
    )
    filed = sum(session.scalars(select(Filing.cents).where(Filing.entry_id == entry.id, Filing.undone.is_(None))))
    from billing.dues import net

    refunded = sum(net(session, due) for due in session.scalars(select(Due).where(Due.entry_id == entry.id)))
    return int(paid + filed - refunded)


def test_a_file_leaves_rows_of_itself_only_where_it_brings_something(association: Store) -> None:
    with association.session() as session:
        every = [Move(FIRST, 100, "a", own="K1"), Move(FIRST, 200, "b", own="K2")]
        read(session, every, 0, 2)
        read(session, every, 0, 2)
        assert len(session.scalars(select(BankFile.id)).all()) == 1
        session.rollback()
