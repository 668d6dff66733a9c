"""What is decided of dues and payments beside the months: merged files, gifts of another day, choices of an entry."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing import choices
from billing.balance import balance
from billing.dues import correct, differences, issue, net, regularise
from billing.models import Asked, Correction, Due, DueKind, Means, Per
from billing.payments import record_gift, record_payment
from billing.tariffs import NothingToPrice, TwoOfThatName, priced, set_tariff
from desk import merging
from foundation.acts import Act
from foundation.clock import Month
from foundation.money import Euros
from inventory import kinds, lines, members, moving, offers
from inventory.lines import Ordering
from inventory.models.lines import LineState
from inventory.models.people import Member

NOVEMBER = Month(2026, 11)


def on(day: int, month: int = 11) -> Act:
    return Act("machine:test", datetime(2026, month, day, 12, tzinfo=UTC), "essai")


@pytest.fixture
def twice(session: Session) -> tuple[Member, Member]:
    """One person with two files, who owes a membership and an entry by each."""
    since = date(2020, 1, 1)
    set_tariff(session, on(1, 1), "adherent", Euros(1500), per=Per.YEAR, label="Cotisation", since=since)
    set_tariff(session, on(1, 1), "adherent", Euros(1000), per=Per.ONCE, asked=Asked.ENTRY, label="Entrée", since=since)
    ada, again = (members.add_member(session, on(2), name) for name in ("Ada", "Ada, de nouveau"))
    issue(session, on(3), NOVEMBER)
    return ada, again


def owed(session: Session, member: Member) -> dict[str, int]:
    dues = session.scalars(select(Due).where(Due.member_id == member.id))
    found: dict[str, int] = {}
    for due in dues:
        found[due.kind] = found.get(due.kind, 0) + net(session, due)
    return found


def test_one_person_owes_one_membership_and_one_entry_however_many_files_they_had(
    session: Session, twice: tuple[Member, Member]
) -> None:
    ada, again = twice
    record_payment(session, on(4), again, Euros(2500), date=date(2026, 11, 4), means=Means.CASH)
    assert merging.merge(session, on(5), again, ada).money.struck == 2500
    assert owed(session, ada) == {"membership": 1500, "entry": 1000}
    assert balance(session, ada, date(2026, 11, 5)).amount == 0


def test_a_month_of_merged_files_has_nothing_to_regularise(session: Session, twice: tuple[Member, Member]) -> None:
    ada, again = twice
    correct(
        session, on(4), session.scalars(select(Due).where(Due.member_id == again.id)).all()[0], Euros(-300), "geste"
    )
    merging.merge(session, on(5), again, ada)
    assert differences(session, on(6), NOVEMBER) == []
    assert issue(session, on(6), NOVEMBER).count == 0


def test_what_two_merged_files_owed_for_one_line_is_corrected_over_both_dues(session: Session) -> None:
    offer = offers.add_offer(session, on(1, 1), "adsl", "ADSL", "adsl")
    set_tariff(session, on(1, 1), offer, Euros(3000), per=Per.MONTH, label="ADSL", since=date(2020, 1, 1))
    ada, again = (members.add_member(session, on(1, 1), name) for name in ("Ada", "Ada, de nouveau"))
    line = lines.order_line(session, on(1, 1), ada, offer, Ordering())
    for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
        lines.move(session, on(1, 1), line, state)
    lines.add_share(session, on(1, 1), line, again, offer)
    issue(session, on(1), NOVEMBER)
    lines.end_share(session, on(2), line, again, day=date(2026, 1, 1))
    merging.merge(session, on(5), again, ada)
    choices.pause(session, on(6), ada, str(line), since=date(2026, 11, 1), until=date(2026, 12, 1))
    assert sum(one.cents for one in regularise(session, on(7), NOVEMBER, "pause")) == -3000
    assert owed(session, ada) == {"line": 0}
    assert regularise(session, on(8), NOVEMBER, "encore") == []


def test_what_someone_decided_stays_where_a_month_is_regularised(
    session: Session, twice: tuple[Member, Member]
) -> None:
    ada, _ = twice
    due = session.scalars(select(Due).where(Due.member_id == ada.id, Due.kind == DueKind.MEMBERSHIP)).one()
    correct(session, on(4), due, Euros(-500), "geste")
    assert regularise(session, on(5), NOVEMBER, "rien") == []
    choices.pause(session, on(6), ada, "membership", since=date(2026, 11, 1), until=date(2026, 12, 1))
    (one,) = regularise(session, on(7), NOVEMBER, "pause")
    assert (one.cents, net(session, due)) == (-1000, 0)
    causes = session.scalars(select(Correction.cause).where(Correction.due_id == due.id).order_by(Correction.id)).all()
    assert causes == ["decision", "facts"]


def test_a_gift_is_of_the_day_it_was_made_not_of_the_day_it_was_noted(session: Session) -> None:
    ada = members.add_member(session, on(1), "Ada")
    record_gift(session, on(22), ada, Euros(500), date=date(2025, 12, 31), means=Means.CHEQUE)
    gift = session.scalars(select(Due)).one()
    assert (gift.kind, gift.day, gift.period) == (DueKind.GIFT, date(2025, 12, 31), date(2025, 12, 31))
    for day in (date(2025, 12, 30), date(2025, 12, 31), date(2026, 11, 22)):
        assert balance(session, ada, day).credit == 0


def test_an_entry_that_was_chosen_after_joining_holds_though_the_month_is_over(session: Session) -> None:
    set_tariff(session, on(1, 1), "adherent", Euros(1000), per=Per.ONCE, asked=Asked.ENTRY, label="Entrée",
               since=date(2020, 1, 1), floor=Euros(0))  # fmt: skip
    ada = members.add_member(session, on(20), "Ada")
    choices.choose(session, on(1, 12), ada, "entry", Euros(100), since=date(2026, 12, 1))
    issue(session, on(2, 12), NOVEMBER)
    assert owed(session, ada) == {"entry": 100}
    with pytest.raises(choices.NothingToChoose):
        choices.choose(session, on(3, 12), ada, "entry", Euros(0), since=date(2026, 12, 3))


def test_whoever_joined_long_ago_has_no_entry_to_choose(session: Session) -> None:
    set_tariff(session, on(1, 1), "adherent", Euros(1000), per=Per.ONCE, asked=Asked.ENTRY, label="Entrée",
               since=date(2020, 1, 1), floor=Euros(0))  # fmt: skip
    ada = members.add_member(session, on(1, 1), "Ada")
    with pytest.raises(choices.NothingToChoose):
        choices.choose(session, on(3, 12), ada, "entry", Euros(0), since=date(2026, 12, 3))


def test_what_was_chosen_for_one_offer_does_not_hold_for_another(session: Session) -> None:
    adsl, fibre = (offers.add_offer(session, on(1, 1), name, name, "adsl") for name in ("adsl", "fibre"))
    for offer, cents in ((adsl, 3000), (fibre, 6000)):
        set_tariff(session, on(1, 1), offer, Euros(cents), per=Per.MONTH, label=offer.title, since=date(2020, 1, 1),
                   floor=Euros(0))  # fmt: skip
    ada = members.add_member(session, on(1, 1), "Ada")
    line = lines.order_line(session, on(1, 1), ada, adsl, Ordering())
    for state in (LineState.ORDERED, LineState.DELIVERED, LineState.ACTIVE):
        lines.move(session, on(1, 1), line, state)
    choices.choose(session, on(1, 1), ada, str(line), Euros(300), since=date(2026, 1, 1))
    moving.migrate_line(session, on(5), line, fibre, Ordering())
    moving.complete_migration(session, on(16), line)
    (choice,) = choices.choosable(session, ada, date(2026, 11, 20))
    assert choice.given_cents == 6000
    issue(session, on(30), NOVEMBER)
    assert owed(session, ada) == {"line": 150 + 3000}


def test_an_offer_and_a_membership_of_one_name_are_told_apart(session: Session) -> None:
    offer = offers.add_offer(session, on(1), "ami", "Ami", "adsl")
    kinds.add_kind(session, on(1), "ami", french="ami·e", english="friend", votes=False)
    with pytest.raises(TwoOfThatName):
        priced(session, "ami")
    assert (priced(session, "offer:ami"), priced(session, "kind:ami")) == (offer, "ami")
    with pytest.raises(NothingToPrice):
        priced(session, "offer:adherent")
