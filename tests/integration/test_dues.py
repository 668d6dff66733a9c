"""The dues of a month, from lines and memberships as the inventory has them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import count

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from billing.balance import balance
from billing.dues import MonthNotBegun, issue
from billing.models import Due, Means, Per
from billing.payments import record_payment
from billing.tariffs import BadLabel, BadTariff, set_tariff, tariff_on
from foundation import journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from inventory import lines, members, offers
from inventory.kinds import NoSuchKind
from inventory.lines import Ordering
from inventory.models.lines import Line, LineState, Offer, Share, Technology
from inventory.models.people import Member

NOVEMBER = Month(2026, 11)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
_KEYS = count(1)


def on(year: int, month: int, day: int) -> Act:
    return Act("machine:test", datetime(year, month, day, 12, tzinfo=UTC), "test")


@pytest.fixture
def vpn(session: Session) -> Offer:
    """A tunnel at 7,00 € a month since 2020."""
    offer = offers.add_offer(session, on(2020, 1, 1), "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420)
    set_tariff(session, on(2020, 1, 1), offer, Euros(700), per=Per.MONTH, label="VPN", since=date(2020, 1, 1))
    return offer


def join(session: Session, name: str, act: Act | None = None) -> Member:
    return members.add_member(session, act or on(2025, 3, 5), name)


def order(session: Session, act: Act, member: Member, offer: Offer) -> Line:
    key = base64.b64encode(next(_KEYS).to_bytes(32, "big")).decode()
    return lines.order_line(session, act, member, offer, Ordering(public_key=key))


def dues(session: Session, period: date = NOVEMBER.first) -> dict[tuple[str, str], int]:
    query = select(Due, Member).join(Member).where(Due.period == period)
    return {(str(member), due.what): due.cents for due, member in session.execute(query)}


def test_a_line_in_service_all_month_costs_its_tariff(session: Session, vpn: Offer) -> None:
    member = join(session, "Ada")
    line = order(session, on(2026, 1, 1), member, vpn)
    issued = issue(session, on(2026, 11, 1), NOVEMBER)
    assert (issued.count, issued.total, issued.skipped) == (1, 700, 0)
    assert dues(session) == {(str(member), str(line)): 700}


def test_issuing_twice_changes_nothing_and_says_so(session: Session, vpn: Offer) -> None:
    order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    first = issue(session, on(2026, 11, 1), NOVEMBER)
    before = dues(session)
    again = issue(session, on(2026, 11, 2), NOVEMBER)
    assert (again.count, again.total, again.skipped) == (0, 0, 1)
    assert dues(session) == before
    assert first.sentence("fr") == "Dus pour novembre 2026 : 1 émis, 7,00\u00a0€ en tout."
    assert again.sentence("fr") == "Rien à émettre pour novembre 2026 (émis auparavant, inchangés : 1)."
    assert again.sentence("en") == "Nothing to issue for November 2026 (issued before, unchanged: 1)."


def test_a_line_that_came_later_is_issued_the_next_time(session: Session, vpn: Offer) -> None:
    order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    issue(session, on(2026, 11, 1), NOVEMBER)
    late = order(session, on(2026, 11, 16), join(session, "Basile"), vpn)
    issued = issue(session, on(2026, 11, 20), NOVEMBER)
    assert (issued.count, issued.total, issued.skipped) == (1, 350, 1)
    assert dues(session)["M0002", str(late)] == 350


def test_a_neighbour_who_comes_after_the_issue_changes_nobodys_part(session: Session, vpn: Offer) -> None:
    line = order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    issue(session, on(2026, 11, 1), NOVEMBER)
    lines.add_share(session, on(2026, 11, 10), line, join(session, "Basile"), vpn)
    assert issue(session, on(2026, 11, 20), NOVEMBER).count == 0
    assert sum(dues(session).values()) == 700


def test_neighbours_share_to_the_cent(session: Session, vpn: Offer) -> None:
    set_tariff(session, on(2026, 1, 1), vpn, Euros(3500), per=Per.MONTH, label="ADSL", since=date(2026, 11, 1))
    line = order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    for name in ("Basile", "Chloé"):
        lines.add_share(session, on(2026, 1, 1), line, join(session, name), vpn)
    issue(session, on(2026, 11, 1), NOVEMBER)
    assert [dues(session)[member, str(line)] for member in ("M0001", "M0002", "M0003")] == [1167, 1167, 1166]


def shared_by_hand(cents: int, days: int, parts: list[tuple[int, int]]) -> list[int]:
    """Another way to the same split: `parts` are (weight, days present), of a month wholly in service.

    One cent at a time, to whoever is the furthest below what they would exactly owe.
    """
    units = [weight * present for weight, present in parts]
    exact = [Fraction(cents * unit, sum(units)) for unit in units]
    owed = [int(part) for part in exact]
    while sum(owed) < cents:
        behind = [part - cent for part, cent in zip(exact, owed, strict=True)]
        owed[behind.index(max(behind))] += 1
    return owed


@pytest.mark.parametrize("cents", [1, 2999, 3500, 3501, 10001])
@pytest.mark.parametrize(("weights", "arrivals"), [((1, 1), (1, 11)), ((1, 2, 3), (1, 1, 23)), ((5, 1, 1), (1, 7, 30))])
def test_shared_lines_agree_with_another_way_of_counting(
    session: Session, vpn: Offer, cents: int, weights: tuple[int, ...], arrivals: tuple[int, ...]
) -> None:
    set_tariff(session, on(2026, 1, 1), vpn, Euros(cents), per=Per.MONTH, label="ADSL", since=date(2026, 11, 1))
    line = order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    session.scalars(select(Share)).one().weight = weights[0]
    for weight, day in list(zip(weights, arrivals, strict=True))[1:]:
        lines.add_share(session, on(2026, 11, day), line, join(session, f"le {day}"), vpn, weight=weight)
    issue(session, Act("machine:test", NOW), NOVEMBER)
    expected = shared_by_hand(cents, 30, [(weight, 31 - day) for weight, day in zip(weights, arrivals, strict=True)])
    found = [dues(session).get((f"M{number:04d}", str(line)), 0) for number in range(1, len(weights) + 1)]
    assert found == expected
    assert sum(found) == cents


def test_a_line_closed_within_the_month_owes_the_days_before(session: Session, vpn: Offer) -> None:
    line = order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    lines.close_line(session, on(2026, 11, 11), line)
    issue(session, on(2026, 11, 30), NOVEMBER)
    assert list(dues(session).values()) == [233]  # 700 x 10 days of 30


def test_suspended_days_and_lines_not_delivered_are_free(session: Session, vpn: Offer) -> None:
    suspended = order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    lines.move(session, on(2026, 11, 1), suspended, LineState.SUSPENDED)
    lines.move(session, on(2026, 11, 16), suspended, LineState.ACTIVE)
    copper = offers.add_offer(session, on(2020, 1, 1), "adsl", "ADSL", Technology.ADSL, "l2tp", mtu=1460)
    set_tariff(session, on(2020, 1, 1), copper, Euros(3000), per=Per.MONTH, label="ADSL", since=date(2020, 1, 1))
    lines.order_line(session, on(2026, 1, 1), join(session, "Basile"), copper, Ordering())
    issue(session, on(2026, 11, 30), NOVEMBER)
    assert dues(session) == {("M0001", str(suspended)): 350}


def test_a_day_begins_at_midnight_in_paris(session: Session, vpn: Offer) -> None:
    late = Act("machine:test", datetime(2026, 11, 29, 23, 30, tzinfo=UTC), "00:30, le 30, à Paris")
    order(session, late, join(session, "Ada"), vpn)
    issue(session, Act("machine:test", NOW), NOVEMBER)
    assert list(dues(session).values()) == [23]  # one day of thirty


def test_a_year_of_membership_is_due_in_the_month_of_joining(session: Session) -> None:
    set_tariff(
        session, on(2020, 1, 1), "adherent", Euros(1500), per=Per.YEAR, label="cotisation", since=date(2020, 1, 1)
    )
    join(session, "Ada", on(2024, 11, 12))
    join(session, "Basile", on(2024, 10, 12))
    join(session, "Chloé", on(2026, 11, 20))
    assert issue(session, Act("machine:test", NOW), NOVEMBER).count == 2
    assert dues(session) == {("M0001", "membership"): 1500, ("M0003", "membership"): 1500}
    assert issue(session, Act("machine:test", NOW), NOVEMBER).count == 0


def test_a_monthly_membership_is_due_each_month(session: Session) -> None:
    set_tariff(session, on(2020, 1, 1), "adherent", Euros(200), per=Per.MONTH, label="adhésion", since=date(2020, 1, 1))
    left = join(session, "Ada", on(2024, 5, 12))
    members.leave(session, on(2026, 10, 3), left)
    join(session, "Basile", on(2024, 5, 12))
    issue(session, Act("machine:test", NOW), Month(2026, 10))
    issue(session, Act("machine:test", NOW), NOVEMBER)
    assert dues(session, date(2026, 10, 1)) == {("M0001", "membership"): 200, ("M0002", "membership"): 200}
    assert dues(session) == {("M0002", "membership"): 200}


def test_a_new_tariff_counts_from_its_day_and_leaves_what_was_issued(session: Session, vpn: Offer) -> None:
    order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    issue(session, on(2026, 10, 1), Month(2026, 10))
    set_tariff(session, on(2026, 10, 20), vpn, Euros(1000), per=Per.MONTH, label="VPN", since=date(2026, 11, 16))
    issue(session, Act("machine:test", NOW), NOVEMBER)
    assert list(dues(session, date(2026, 10, 1)).values()) == [700]
    assert list(dues(session).values()) == [850]  # half a month of each
    assert [
        None if found is None else found.cents
        for found in (tariff_on(session, vpn, date(2026, 11, day)) for day in (15, 16))
    ] == [700, 1000]
    assert tariff_on(session, vpn, date(2019, 12, 31)) is None


def test_a_tariff_set_again_for_the_same_day_is_corrected(session: Session, vpn: Offer) -> None:
    set_tariff(session, on(2026, 1, 1), vpn, Euros(800), per=Per.MONTH, label="VPN", since=date(2020, 1, 1))
    found = tariff_on(session, vpn, date(2026, 11, 1))
    assert found is not None
    assert found.cents == 800


def test_a_tariff_that_makes_no_sense_is_refused(session: Session, vpn: Offer) -> None:
    day = date(2026, 1, 1)
    with pytest.raises(BadTariff):
        set_tariff(session, on(2026, 1, 1), vpn, Euros(-1), per=Per.MONTH, label="VPN", since=day)
    with pytest.raises(BadLabel):
        set_tariff(session, on(2026, 1, 1), vpn, Euros(1), per=Per.MONTH, label="  ", since=day)
    with pytest.raises(NoSuchKind):
        set_tariff(session, on(2026, 1, 1), "adherant", Euros(1), per=Per.YEAR, label="x", since=day)


def test_a_month_that_has_not_begun_is_refused(session: Session) -> None:
    for month in (Month(2026, 12), Month(9999, 12)):
        with pytest.raises(MonthNotBegun):
            issue(session, Act("machine:test", NOW), month)


def test_a_free_offer_leaves_no_row(session: Session, vpn: Offer) -> None:
    set_tariff(session, on(2026, 1, 1), vpn, Euros(0), per=Per.MONTH, label="VPN", since=date(2026, 11, 1))
    order(session, on(2026, 1, 1), join(session, "Ada"), vpn)
    assert issue(session, Act("machine:test", NOW), NOVEMBER).count == 0


def test_credit_settles_the_dues_that_come(session: Session, vpn: Offer) -> None:
    member = join(session, "Ada")
    order(session, on(2026, 1, 1), member, vpn)
    record_payment(session, on(2026, 10, 2), member, Euros(1000), date=date(2026, 10, 2), means=Means.TRANSFER)
    issue(session, on(2026, 11, 1), NOVEMBER)
    found = balance(session, member, date(2026, 11, 1))
    assert (found.owed, found.credit, found.amount, found.dues) == (0, 300, 300, ())


def test_issuing_is_journaled_once(store: Store) -> None:
    with transaction(store) as session:
        offer = offers.add_offer(session, on(2020, 1, 1), "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420)
        set_tariff(session, on(2020, 1, 1), offer, Euros(700), per=Per.MONTH, label="VPN", since=date(2020, 1, 1))
        order(session, on(2026, 1, 1), join(session, "Ada"), offer)
    for _ in range(2):
        with transaction(store) as session:
            issue(session, on(2026, 11, 1), NOVEMBER)
    with reading(store) as session:
        deeds = journal.show(session, subject="2026-11")
        assert [(deed.verb, deed.facts) for deed in deeds] == [("dues.issue", {"count": 1, "total": 700})]
        journal.verify(session)


@pytest.fixture
def counted(store: Store) -> Iterator[list[str]]:
    """The statements sent to the database."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield statements
    event.remove(store.engine, "before_cursor_execute", note)


def test_a_large_association_needs_no_more_questions_than_a_small_one(
    session: Session, vpn: Offer, counted: list[str]
) -> None:
    set_tariff(
        session, on(2020, 1, 1), "adherent", Euros(1500), per=Per.YEAR, label="cotisation", since=date(2020, 1, 1)
    )
    asked = []
    for month in (10, 11):
        for number in range(20):
            order(session, on(2026, month, 1), join(session, f"Ada {number}", on(2026, month, 1)), vpn)
        session.flush()
        counted.clear()
        issue(session, Act("machine:test", NOW), Month(2026, month))
        asked.append(len(counted))
    assert asked[0] == asked[1]
    assert session.scalar(select(func.count()).select_from(Due)) == 20 + 20 + 40 + 20
