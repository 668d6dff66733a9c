"""Whatever is issued and paid, in whatever order, the rows add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations import Open, pair
from billing.balance import balance, balances
from billing.dues import issue
from billing.models import Allocation, Due, Means, Payment, Per
from billing.payments import record_payment
from billing.reckoning import Presence, days_of, line_parts, rounded
from billing.tariffs import set_tariff
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, transaction
from foundation.money import Euros
from inventory.members import add_member
from inventory.models.lines import Line, LineEvent, LineState, Offer, Share, Technology
from inventory.models.people import Member

LONG_AGO = Act("machine:test", datetime(2024, 3, 5, 12, tzinfo=UTC))
NOW = Act("machine:test", datetime(2026, 12, 31, 12, tzinfo=UTC))
LAST = date(2026, 12, 31)

cents = st.integers(1, 2000).map(Euros)
opens = st.lists(st.builds(Open, id=st.integers(1, 10**6), member=st.integers(1, 3), cents=cents), max_size=12)


def numbered(rows: list[Open]) -> list[Open]:
    return [row._replace(id=number) for number, row in enumerate(rows)]


@given(opens.map(numbered), opens.map(numbered))
def test_pairs_stay_within_what_is_open_and_leave_nothing_that_fits(payments: list[Open], dues: list[Open]) -> None:
    given_by, settled = Counter[int](), Counter[int]()
    for one in pair(payments, dues):
        assert one.cents > 0
        assert payments[one.payment].member == dues[one.due].member
        given_by[one.payment] += one.cents
        settled[one.due] += one.cents
    assert all(given_by[row.id] <= row.cents for row in payments)
    assert all(settled[row.id] <= row.cents for row in dues)
    for member in (1, 2, 3):
        paid = sum(row.cents for row in payments if row.member == member)
        owed = sum(row.cents for row in dues if row.member == member)
        assert sum(settled[row.id] for row in dues if row.member == member) == min(paid, owed)


@given(opens.map(numbered), opens.map(numbered))
def test_a_later_due_waits_for_the_earlier(payments: list[Open], dues: list[Open]) -> None:
    settled = Counter[int]()
    for one in pair(payments, dues):
        settled[one.due] += one.cents
    for member in (1, 2, 3):
        open_yet = [row.cents - settled[row.id] for row in dues if row.member == member]
        begun = [place for place, row in enumerate(r for r in dues if r.member == member) if settled[row.id]]
        assert not any(open_yet[: max(begun)]) if begun else True


NOVEMBER = Month(2026, 11)
month_days = st.integers(1, 31).map(lambda number: date(2026, 11, number) if number < 31 else date(2026, 12, 1))
presences = st.lists(
    st.builds(Presence, st.integers(1, 4), st.integers(1, 5), month_days, st.none() | month_days), max_size=6
)


@given(cents, st.sets(st.sampled_from(days_of(NOVEMBER))), presences)
def test_the_parts_of_a_line_add_up_to_the_days_somebody_had_it(
    price: Euros, served: set[date], parts: list[Presence]
) -> None:
    prices = {day: Fraction(price, 30) for day in sorted(served)}
    owed = line_parts(prices, parts)
    counted = [day for day in served if any(part.on(day) for part in parts)]
    assert sum(owed.values()) == rounded(Fraction(price * len(counted), 30))
    assert all(amount >= 0 for amount in owed.values())
    assert set(owed) == {part.member for part in parts if any(part.on(day) for day in served)}


@pytest.fixture(scope="module")
def association(
    new_store: Callable[[Path], AbstractContextManager[Store]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Three members; two share one line, the third has another."""
    with new_store(tmp_path_factory.mktemp("dues")) as store:
        _furnish(store)
        yield store


def _furnish(store: Store) -> None:
    with transaction(store) as session:
        offer = Offer(name="adsl", title="ADSL", technology=Technology.ADSL, delivery="l2tp", mtu=1460)
        session.add(offer)
        people = [add_member(session, LONG_AGO, name) for name in ("Ada", "Basile", "Chloé")]
        for number, sharers in enumerate((people[:2], people[2:]), start=1):
            line = Line(number=number, offer_id=offer.id, state=LineState.ACTIVE)
            session.add(line)
            session.flush()
            session.add(LineEvent(line_id=line.id, state=LineState.ACTIVE, at=LONG_AGO.at))
            session.add_all(Share(line_id=line.id, member_id=one.id, since=date(2024, 3, 5)) for one in sharers)
        set_tariff(session, LONG_AGO, offer, Euros(3333), per=Per.MONTH, label="ADSL", since=date(2024, 1, 1))
        set_tariff(session, LONG_AGO, "adherent", Euros(1501), per=Per.YEAR, label="cotisation", since=date(2024, 1, 1))


issuing = st.builds(Month, st.just(2026), st.integers(1, 12))
paying = st.tuples(st.integers(1, 3), st.integers(1, 6000).map(Euros), st.dates(date(2026, 1, 1), LAST))


@settings(max_examples=25, deadline=None)
@given(st.lists(issuing | paying, max_size=12))
def test_any_sequence_of_issuing_and_paying_adds_up(
    association: Store, deeds: list[Month | tuple[int, Euros, date]]
) -> None:
    with association.session() as session:
        for deed in deeds:
            if isinstance(deed, Month):
                issue(session, NOW, deed)
            else:
                number, amount, day = deed
                member = session.scalars(select(Member).where(Member.number == number)).one()
                record_payment(session, NOW, member, amount, date=day, means=Means.TRANSFER)
            rows_add_up(session)
        issued = {deed for deed in deeds if isinstance(deed, Month)}
        owed = sum(session.scalars(select(Due.cents)))
        assert owed == len(issued) * 2 * 3333 + 3 * 1501 * (Month(2026, 3) in issued)
        session.rollback()


def rows_add_up(session: Session) -> None:
    used, settled = Counter[int](), Counter[int]()
    for row in session.scalars(select(Allocation)):
        used[row.payment_id] += row.cents
        settled[row.due_id] += row.cents
    payments, dues = session.scalars(select(Payment)).all(), session.scalars(select(Due)).all()
    assert all(used[payment.id] <= payment.cents for payment in payments)
    assert all(settled[due.id] <= due.cents for due in dues)
    for member, found in balances(session, LAST):
        assert found.paid == sum(row.cents for row in payments if row.member_id == member.id)
        assert found.due == sum(row.cents for row in dues if row.member_id == member.id)
        assert found.amount == found.paid - found.due == found.credit - found.owed
        assert found.owed == sum(row.open for row in found.dues)
        assert min(found.owed, found.credit) == 0
        assert found == balance(session, member, LAST)
