"""What a month costs when parts of a line, or the line itself, change in the middle of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.dues import issue
from billing.models import Due, Per
from billing.tariffs import set_tariff
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import EssaimSession
from foundation.money import Euros
from inventory import handing, lines, members, moving, offers
from inventory.lines import Ordering
from inventory.models.lines import Line, LineState, Offer
from inventory.models.people import Member

JANUARY = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOVEMBER = Month(2026, 11)


def on(day: int, month: int = 11) -> Act:
    return Act("machine:test", datetime(2026, month, day, 12, tzinfo=UTC), "essai")


def copper(session: Session, price: int) -> tuple[Line, Offer, Member, Member]:
    """A copper line in service since January, held by Ada and shared with Béa."""
    act = Act("machine:test", JANUARY, "essai")
    offer = offers.add_offer(session, act, "adsl", "ADSL", "adsl")
    set_tariff(session, act, offer, Euros(price), per=Per.MONTH, label="ADSL", since=JANUARY.date())
    ada, bea = (members.add_member(session, act, name) for name in ("Ada", "Béa"))
    line = lines.order_line(session, act, ada, offer, Ordering())
    for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
        lines.move(session, act, line, state)
    lines.add_share(session, act, line, bea, offer)
    return line, offer, ada, bea


def owed(session: Session) -> dict[int, int]:
    issue(session, on(30), NOVEMBER)
    return {due.member_id: int(due.cents) for due in session.scalars(select(Due).where(Due.what == "L0001"))}


def test_a_weight_that_changes_in_the_middle_counts_from_its_day(session: EssaimSession) -> None:
    line, _, ada, bea = copper(session, 6000)
    handing.weigh_share(session, on(20), line, bea, 3, day=date(2026, 11, 16))
    # 15 days half and half, 15 days one quarter and three: 30 shares of Ada's days against 60 of Béa's.
    assert owed(session) == {ada.id: 2000, bea.id: 4000}


def test_a_line_handed_over_costs_each_their_days(session: EssaimSession) -> None:
    line, _, ada, bea = copper(session, 6000)
    handing.hand_line(session, on(16), line, bea)
    assert owed(session) == {ada.id: 2000, bea.id: 4000}  # 15 days of Ada's, 30 of Béa's


def test_a_line_that_migrates_costs_each_offer_its_days(session: EssaimSession) -> None:
    line, _, ada, bea = copper(session, 3000)
    fibre = offers.add_offer(session, on(1), "fibre", "Fibre", "ftth")
    set_tariff(session, on(1), fibre, Euros(6000), per=Per.MONTH, label="Fibre", since=date(2026, 11, 1))
    moving.migrate_line(session, on(5), line, fibre, Ordering())
    moving.complete_migration(session, on(16), line)
    assert owed(session) == {ada.id: 2250, bea.id: 2250}  # 15 days at 1 €, 15 at 2 €
    assert set(session.scalars(select(Due.label).where(Due.what == "L0001"))) == {"Fibre"}


def test_a_migration_to_a_free_offer_still_owes_the_days_before(session: EssaimSession) -> None:
    line, _, ada, bea = copper(session, 3000)
    free = offers.add_offer(session, on(1), "cadeau", "Cadeau", "ftth")
    moving.migrate_line(session, on(5), line, free, Ordering())
    moving.complete_migration(session, on(16), line)
    assert owed(session) == {ada.id: 750, bea.id: 750}


def test_a_migration_given_up_changes_nothing(session: EssaimSession) -> None:
    line, _, ada, bea = copper(session, 3000)
    moving.migrate_line(session, on(5), line, offers.add_offer(session, on(1), "x", "X", "ftth"), Ordering())
    moving.undo_migration(session, on(16), line)
    assert owed(session) == {ada.id: 1500, bea.id: 1500}
