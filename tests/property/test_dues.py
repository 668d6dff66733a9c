"""Whatever is issued, paid, corrected, chosen, left or merged, in whatever order, the rows add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations import Open, net_of_due, pair
from billing.balance import balance, balances
from billing.choices import choose, pause
from billing.dues import charge, correct, issue, regularise
from billing.history import Step, history
from billing.models import Allocation, Asked, Correction, Due, Means, Payment, Per, Reversal
from billing.payments import record_gift, record_payment, refund, reverse
from billing.reckoning import Presence, days_of, line_parts, rounded
from billing.tariffs import set_tariff
from desk import merging
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, transaction
from foundation.errors import EssaimError, NotFound, Refused
from foundation.money import Euros
from inventory import members
from inventory.members import add_member
from inventory.models.lines import Line, LineEvent, LineState, Offer, Share, Technology
from inventory.models.people import Member

LONG_AGO = Act("machine:test", datetime(2024, 3, 5, 12, tzinfo=UTC))
NOW = Act("machine:test", datetime(2026, 12, 31, 12, tzinfo=UTC))
NEW_YEAR = Act("machine:test", datetime(2026, 1, 1, 12, tzinfo=UTC))
LAST = date(2026, 12, 31)

Row = TypeVar("Row", Due, Payment, Share)

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
    """Three members; two share one line, the third has another and a second file."""
    with new_store(tmp_path_factory.mktemp("dues")) as store:
        _furnish(store)
        yield store


def _furnish(store: Store) -> None:
    with transaction(store) as session:
        offer = Offer(name="adsl", title="ADSL", technology=Technology.ADSL, delivery="l2tp", mtu=1460)
        session.add(offer)
        people = [add_member(session, LONG_AGO, name) for name in ("Ada", "Basile", "Chloé")]
        add_member(session, LONG_AGO, "Chloé, de nouveau")
        for number, sharers in enumerate((people[:2], people[2:]), start=1):
            line = Line(number=number, offer_id=offer.id, state=LineState.ACTIVE)
            session.add(line)
            session.flush()
            session.add(LineEvent(line_id=line.id, state=LineState.ACTIVE, at=LONG_AGO.at))
            session.add_all(Share(line_id=line.id, member_id=one.id, since=date(2024, 3, 5)) for one in sharers)
        since = date(2024, 1, 1)
        set_tariff(
            session, LONG_AGO, offer, Euros(3333), per=Per.MONTH, label="ADSL", since=since, floor=Euros(1000),
            solidarity=Euros(500),
        )  # fmt: skip
        set_tariff(session, LONG_AGO, "adherent", Euros(1501), per=Per.YEAR, label="cotisation", since=since)
        set_tariff(
            session, LONG_AGO, "adherent", Euros(700), per=Per.ONCE, asked=Asked.ENTRY, label="entrée", since=since
        )


DAYS = st.dates(date(2026, 1, 1), LAST)
MONTHS = st.builds(Month, st.just(2026), st.integers(1, 12))
WHO = st.integers(1, 4)
WHAT = st.sampled_from(["membership", "entry", "L0001", "L0002"])
AMOUNTS = st.integers(1, 6000).map(Euros)
RANKS = st.integers(0, 30)


def who(session: Session, number: int) -> Member:
    return members.find_member(session, f"M{number:04d}")


def one_of(session: Session, table: type[Row], rank: int) -> Row:
    """One of the rows there are, or none such."""
    rows = session.scalars(select(table).order_by(table.id)).all()
    if not rows:
        raise NotFound
    return rows[rank % len(rows)]


def arrive(session: Session, number: int, line: int, day: date, weight: int) -> None:
    """A part of a line from that day on; nobody has two of one line at once."""
    member, of = who(session, number), _line(session, line)
    own = session.scalars(select(Share).where(Share.line_id == of, Share.member_id == member.id))
    if any(one.until is None or day < one.until for one in own):
        raise Refused
    session.add(Share(line_id=of, member_id=member.id, since=day, weight=weight))


def leave(session: Session, rank: int, day: date) -> None:
    share = one_of(session, Share, rank)
    if share.until is not None:
        raise Refused
    share.until = max(day, share.since)


def _line(session: Session, number: int) -> int:
    return session.scalars(select(Line.id).where(Line.number == number)).one()


def merge(session: Session, number: int, into: int) -> None:
    merging.merge(session, NOW, who(session, number), who(session, into))


def regularise_twice(session: Session, month: Month) -> None:
    regularise(session, NOW, month, "régularisation")
    assert regularise(session, NOW, month, "encore") == []


def paid(deed: Callable[..., Payment], session: Session, number: int, amount: Euros, day: date) -> None:
    deed(session, NOW, who(session, number), amount, date=day, means=Means.TRANSFER)


def deeds_of(*sorts: Callable[..., object]) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    arguments: dict[Callable[..., object], tuple[st.SearchStrategy[Any], ...]] = {
        issue: (MONTHS,),
        regularise_twice: (MONTHS,),
        record_payment: (WHO, AMOUNTS, DAYS),
        record_gift: (WHO, AMOUNTS, DAYS),
        reverse: (RANKS,),
        refund: (WHO, AMOUNTS),
        correct: (RANKS, st.integers(-4000, 4000).map(Euros)),
        charge: (WHO, AMOUNTS),
        choose: (WHO, WHAT, st.none() | st.sampled_from([500, 1000, 1501, 3333, 5000]).map(Euros)),
        pause: (WHO, WHAT, DAYS, st.integers(1, 90)),
        arrive: (WHO, st.integers(1, 2), DAYS, st.integers(1, 3)),
        leave: (RANKS, DAYS),
        merge: (st.just(4), st.just(3)),
    }
    return st.lists(st.one_of(*(st.tuples(st.just(one), *arguments[one]) for one in sorts)), min_size=4, max_size=14)


def done(session: Session, deed: Any, *with_: Any) -> None:
    match deed:
        case _ if deed is issue:
            issue(session, NOW, *with_)
        case _ if deed in (record_payment, record_gift):
            paid(deed, session, *with_)
        case _ if deed is reverse:
            reverse(session, NOW, one_of(session, Payment, *with_), "rejetée")
        case _ if deed is refund:
            refund(session, NOW, who(session, with_[0]), with_[1])
        case _ if deed is correct:
            correct(session, NOW, one_of(session, Due, with_[0]), with_[1], "geste")
        case _ if deed is charge:
            charge(session, NOW, who(session, with_[0]), with_[1], "déplacement")
        case _ if deed is choose:
            # As of the first of January: what was chosen then for the year that is counted.
            choose(session, NEW_YEAR, who(session, with_[0]), with_[1], with_[2], since=date(2026, 1, 1))
        case _ if deed is pause:
            since = with_[2]
            pause(session, NOW, who(session, with_[0]), with_[1], since=since, until=since + timedelta(with_[3]))
        case _:
            deed(session, *with_)


EVERY = (
    issue, regularise_twice, record_payment, record_gift, reverse, refund, correct, charge, choose, pause, arrive,
    leave, merge,
)  # fmt: skip


@settings(max_examples=20)
@given(deeds_of(*EVERY))
def test_any_sequence_of_deeds_keeps_each_account_balanced(association: Store, deeds: list[tuple[Any, ...]]) -> None:
    with association.session() as session:
        for deed in deeds:
            with suppress(EssaimError), session.begin_nested():
                done(session, *deed)
        rows_add_up(session)
        session.rollback()


@settings(max_examples=12)
@given(deeds_of(issue, record_payment, record_gift, reverse, refund, correct, charge))
def test_after_each_deed_of_money_the_rows_add_up(association: Store, deeds: list[tuple[Any, ...]]) -> None:
    with association.session() as session:
        for deed in deeds:
            with suppress(EssaimError), session.begin_nested():
                done(session, *deed)
            rows_add_up(session)
        session.rollback()


@settings(max_examples=15)
@given(deeds_of(issue, regularise_twice, arrive, leave))
def test_the_parts_of_a_shared_line_are_its_amount_over_arrivals_and_departures(
    association: Store, deeds: list[tuple[Any, ...]]
) -> None:
    with association.session() as session:
        for deed in deeds:
            with suppress(EssaimError), session.begin_nested():
                done(session, *deed)
        for month in {deed[1] for deed in deeds if deed[0] in (issue, regularise_twice)}:
            issue(session, NOW, month)
            regularise(session, NOW, month, "fin")
            for number in (1, 2):
                owed = select(net_of_due()).where(Due.what == f"L{number:04d}", Due.period == month.first)
                assert sum(session.scalars(owed)) == line_amount(session, number, month)
        session.rollback()


def line_amount(session: Session, number: int, month: Month) -> int:
    """What a line at 33,33 € a month costs for the days on which somebody had it, half a cent up."""
    shares = session.scalars(select(Share).where(Share.line_id == _line(session, number))).all()
    days = [month.first + timedelta(rank) for rank in range((month.after - month.first).days)]
    had = sum(any(one.since <= day and (one.until is None or day < one.until) for one in shares) for day in days)
    return (2 * 3333 * had + len(days)) // (2 * len(days))


def rows_add_up(session: Session) -> None:
    session.expire_all()
    used, settled, corrected = Counter[int](), Counter[int](), Counter[int]()
    payments = {row.id: row for row in session.scalars(select(Payment))}
    dues = {row.id: row for row in session.scalars(select(Due))}
    reversed_ = set(session.scalars(select(Reversal.payment_id)))
    for counter in session.scalars(select(Correction)):
        corrected[counter.due_id] += counter.cents
    for row in session.scalars(select(Allocation)):
        used[row.payment_id] += row.cents
        settled[row.due_id] += row.cents
        assert payments[row.payment_id].member_id == dues[row.due_id].member_id
    assert all(used[row.id] <= (0 if row.id in reversed_ else row.cents) for row in payments.values())
    assert all(0 <= row.cents + corrected[row.id] >= settled[row.id] for row in dues.values())
    for member, found in balances(session, LAST):
        standing = (row for row in payments.values() if row.id not in reversed_)
        owed = (row.cents + corrected[row.id] for row in dues.values() if row.member_id == member.id)
        assert found.paid == sum(row.cents for row in standing if row.member_id == member.id)
        assert found.due == sum(owed)
        assert found.amount == found.paid - found.due == found.credit - found.owed
        assert found.owed == sum(row.open for row in found.dues)
        assert min(found.owed, found.credit) == 0
        assert found == balance(session, member, LAST)
        rows = history(session, member)
        assert rows[-1].after == found.amount
        opened = Counter({step: sum(row.open_cents or 0 for row in rows if row.step == step) for step in Step})
        assert (opened[Step.DUE], opened[Step.PAYMENT]) == (found.owed, found.credit)
