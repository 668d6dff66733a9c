"""Whatever happens to money, in whatever order, its books balance, and what they said once they say for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.balance import balance
from billing.books import fec, ledger
from billing.books.chart import Chart
from billing.books.keeping import set_vat
from billing.books.ledger import Ledger
from billing.books.years import years
from billing.dues import charge, correct, issue, regularise
from billing.merging import take_over
from billing.models import (
    BankAccount,
    BankEntry,
    BankFile,
    Due,
    Filing,
    Holding,
    Means,
    Payment,
    Per,
    Regime,
    Reversal,
)
from billing.payments import record_gift, record_payment, refund, reverse
from billing.tariffs import set_tariff
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, transaction
from foundation.errors import EssaimError
from foundation.money import Euros
from inventory.members import add_member, find_member
from inventory.models.lines import Line, LineEvent, LineState, Offer, Share, Technology

LONG_AGO = Act("machine:test", datetime(2024, 3, 5, 12, tzinfo=UTC))
BEGUN = datetime(2026, 12, 31, 8, tzinfo=UTC)
LAST = date(2026, 12, 31)

DAYS = st.dates(date(2025, 10, 1), LAST)
MONTHS = st.sampled_from([Month(2025, 11), Month(2025, 12), Month(2026, 1), Month(2026, 2)])
WHO = st.integers(1, 4)
AMOUNTS = st.integers(1, 6000).map(Euros)
MEANS = st.sampled_from(sorted(Means))
RANKS = st.integers(0, 30)

Deed = Callable[..., Any]


@pytest.fixture(scope="module")
def association(
    new_store: Callable[[Path], AbstractContextManager[Store]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Four members, of whom two share a line; a bank account and one at HelloAsso."""
    with new_store(tmp_path_factory.mktemp("books")) as store:
        with transaction(store) as session:
            _furnish(session)
        yield store


def _furnish(session: Session) -> None:
    offer = Offer(name="adsl", title="ADSL", technology=Technology.ADSL, delivery="l2tp", mtu=1460)
    people = [add_member(session, LONG_AGO, name) for name in ("Ada", "Basile", "Chloé", "Chloé, de nouveau")]
    session.add(offer)
    session.flush()
    line = Line(number=1, offer_id=offer.id, state=LineState.ACTIVE)
    session.add(line)
    session.flush()
    session.add(LineEvent(line_id=line.id, state=LineState.ACTIVE, at=LONG_AGO.at))
    session.add_all(Share(line_id=line.id, member_id=one.id, since=date(2024, 3, 5)) for one in people[:2])
    since = date(2024, 1, 1)
    set_tariff(session, LONG_AGO, offer, Euros(3333), per=Per.MONTH, label="ADSL", since=since)
    set_tariff(session, LONG_AGO, "adherent", Euros(201), per=Per.MONTH, label="cotisation", since=since)
    for name, kind in (("credit", Holding.BANK), ("ha", Holding.HELLOASSO)):
        account = BankAccount(name=name, kind=kind, iban=f"X{name}", since=since)
        session.add(account)
        session.flush()
        session.add(BankFile(account_id=account.id, name="r", digest=b"-" * 32, read_at=BEGUN))


def nth(session: Session, table: Any, rank: int) -> Any:
    rows = session.scalars(select(table).order_by(table.id)).all()
    if not rows:
        raise EssaimError
    return rows[rank % len(rows)]


def arrives(session: Session, act: Act, cents: int, day: date, account: int) -> BankEntry:
    """A movement of a file that is read at that instant."""
    file = BankFile(account_id=account, name="r", digest=b"-" * 32, read_at=act.at)
    session.add(file)
    session.flush()
    number = (session.scalar(select(func.max(BankEntry.number))) or 0) + 1
    entry = BankEntry(
        number=number,
        account_id=account,
        file_id=file.id,
        key=str(number),
        day=day,
        cents=Euros(cents),
        label="VIR DE ADA",
    )
    session.add(entry)
    session.flush()
    return entry


def pays_by_transfer(session: Session, act: Act, who: int, cents: Euros, day: date) -> None:
    entry = arrives(session, act, cents, day, 1)
    record_payment(session, act, member(session, who), cents, date=day, means=Means.TRANSFER, entry=entry)


def arrives_and_is_filed(session: Session, act: Act, cents: int, day: date, account: str) -> None:
    arrives(session, act, cents, day, 1)
    files(session, act, -1, account)


def files(session: Session, act: Act, rank: int, account: str) -> None:
    entry = nth(session, BankEntry, rank)
    taken = select(Filing.id).where(Filing.entry_id == entry.id, Filing.undone.is_(None))
    paid = select(Payment.id).where(Payment.entry_id == entry.id)
    if session.scalars(taken).first() is None and session.scalars(paid).first() is None:
        session.add(Filing(entry_id=entry.id, account=account, cents=entry.cents, words="", day=entry.day, at=act.at))
        session.flush()


def unfiles(session: Session, act: Act, rank: int) -> None:
    filing = nth(session, Filing, rank)
    if filing.undone is None:
        filing.undone, filing.undone_day = act.at, LAST
        session.flush()


def merges(session: Session, act: Act) -> None:
    take_over(session, act, member(session, 4), member(session, 3))


def member(session: Session, number: int) -> Any:
    return find_member(session, f"M{number:04d}")


def taxed(session: Session, act: Act, since: date, rate: int) -> None:
    set_vat(session, act, Regime.TAXED if rate else Regime.NONE, since=since, rate=rate)


DEEDS: dict[Deed, tuple[st.SearchStrategy[Any], ...]] = {
    lambda s, a, month: issue(s, a, month): (MONTHS,),
    lambda s, a, month: regularise(s, a, month, "régularisation"): (MONTHS,),
    lambda s, a, who, cents: charge(s, a, member(s, who), cents, "visite"): (WHO, AMOUNTS),
    lambda s, a, rank, cents: correct(s, a, nth(s, Due, rank), cents, "geste"): (
        RANKS, st.integers(-3333, 99).map(Euros),
    ),
    lambda s, a, who, cents, day, means: record_payment(
        s, a, member(s, who), cents, date=day, means=Means(means)
    ): (WHO, AMOUNTS, DAYS, MEANS),
    lambda s, a, who, cents, day: record_gift(s, a, member(s, who), cents, date=day, means=Means.CASH): (
        WHO, AMOUNTS, DAYS,
    ),
    pays_by_transfer: (WHO, AMOUNTS, DAYS),
    lambda s, a, rank: reverse(s, a, nth(s, Payment, rank), "rejetée"): (RANKS,),
    lambda s, a, who, cents: refund(s, a, member(s, who), cents): (WHO, AMOUNTS),
    lambda s, a, who, cents: refund(s, a, member(s, who), cents, entry=arrives(s, a, -cents, LAST, 1)): (WHO, AMOUNTS),
    arrives: (st.integers(-900, 900).filter(bool), DAYS, st.sampled_from([1, 2])),
    files: (RANKS, st.sampled_from(["fees", "6061", "cash", "helloasso", "740"])),
    arrives_and_is_filed: (st.integers(-900, 900).filter(bool), DAYS, st.sampled_from(["fees", "6061"])),
    unfiles: (RANKS,),
    merges: (),
    taxed: (DAYS, st.sampled_from([0, 550, 2000])),
}  # fmt: skip
SEQUENCES = st.lists(
    st.one_of(*(st.tuples(st.just(deed), *arguments) for deed, arguments in DEEDS.items())), min_size=6, max_size=16
)


def books_of(session: Session, year: str) -> Ledger:
    known = years(session, 1)
    return ledger.read(session, known.named(year), known, Chart()).checked()


# What fails is long to make smaller: it is shown as it was found.
@settings(max_examples=50, phases=[Phase.explicit, Phase.generate])
@given(SEQUENCES, st.integers(1, 15))
def test_the_books_balance_agree_with_the_members_and_only_grow(
    association: Store, deeds: list[tuple[Any, ...]], pause: int
) -> None:
    with transaction(association) as session:
        halfway: list[Ledger] = []
        for rank, (deed, *values) in enumerate(deeds):
            act = Act("machine:test", BEGUN + timedelta(minutes=rank))
            try:
                with session.begin_nested():
                    deed(session, act, *values)
            except EssaimError:
                session.expire_all()
            if rank == pause:
                halfway = [books_of(session, name) for name in ("2025", "2026")]
        whole = [books_of(session, name) for name in ("2025", "2026")]
        for before, after in zip(halfway, whole, strict=False):
            assert after.entries[: len(before.entries)] == before.entries
        for found in whole:
            numbered = Counter(entry.draft.book for entry in found.entries)
            for book, count in numbered.items():
                assert [one.number for one in found.entries if one.draft.book == book] == list(range(1, count + 1))
        agree_with_the_members(session, whole[1])
        agree_with_the_inbox(session, whole[1])
        the_fec_adds_up(whole[1])
        session.rollback()


def agree_with_the_members(session: Session, found: Ledger) -> None:
    owed = found.of_members()
    for number in (1, 2, 3, 4):
        assert owed.get(number, 0) == -balance(session, member_row(session, number), LAST).amount


def member_row(session: Session, number: int) -> Any:
    from inventory.models.people import Member

    return session.scalars(select(Member).where(Member.number == number)).one()


def agree_with_the_inbox(session: Session, found: Ledger) -> None:
    """Account 471 is what nobody has said what it is: neither a payment that stands, nor a refund, nor filed."""

    def total(column: Any, *conditions: Any) -> int:
        return int(session.scalar(select(func.coalesce(func.sum(column), 0)).where(*conditions)) or 0)

    stands = Payment.id.not_in(select(Reversal.payment_id))
    explained = (
        total(Payment.cents, Payment.entry_id.is_not(None), stands)
        - total(Due.cents, Due.entry_id.is_not(None))
        + total(Filing.cents, Filing.undone.is_(None))
    )
    waiting = sum(line.closing for line in found.balance() if line.account.code == "471")
    assert -waiting == total(BankEntry.cents) - explained


def the_fec_adds_up(found: Ledger) -> None:
    rows = [row.split("\t") for row in fec.text(found).splitlines()[1:]]
    assert all(len(row) == len(fec.COLUMNS) for row in rows)
    assert sum(int(row[11].replace(",", "")) - int(row[12].replace(",", "")) for row in rows) == 0
