"""What members paid, and what they still owe."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.balance import balance, balances
from billing.dues import issue
from billing.models import Allocation, Due, Means, Payment, Per
from billing.payments import BadAmount, BadPaymentDay, BadPaymentReference, record_payment
from billing.reference import reference_of
from billing.tariffs import MOST, set_tariff
from foundation import journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, reading, transaction
from foundation.errors import Invalid
from foundation.money import Euros
from inventory import members
from inventory.models.people import Member

NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ACT = Act("machine:test", NOW, "test")


def join(session: Session, name: str = "Ada") -> Member:
    """Someone who owes 2,00 € a month of membership."""
    old = Act("machine:test", datetime(2024, 11, 12, tzinfo=UTC), "test")
    set_tariff(session, old, "adherent", Euros(200), per=Per.MONTH, label="cotisation", since=date(2020, 1, 1))
    return members.add_member(session, old, name)


def issue_months(session: Session, *numbers: int) -> None:
    for number in numbers:
        issue(session, ACT, Month(2026, number))


def pay(session: Session, member: Member, cents: int, day: date = TODAY, reference: str = "") -> Payment:
    return record_payment(session, ACT, member, Euros(cents), date=day, means=Means.TRANSFER, reference=reference)


def test_the_oldest_due_is_settled_first(session: Session) -> None:
    member = join(session)
    issue_months(session, 11, 9, 10)
    pay(session, member, 300)
    found = balance(session, member, TODAY)
    assert [(due.period.month, due.cents, due.open) for due in found.dues] == [(10, 200, 100), (11, 200, 200)]
    assert (found.due, found.paid, found.owed, found.credit, found.amount) == (600, 300, 300, 0, -300)


def test_what_is_paid_too_much_stays_as_credit(session: Session) -> None:
    member = join(session)
    issue_months(session, 11)
    pay(session, member, 500)
    found = balance(session, member, TODAY)
    assert (found.owed, found.credit, found.amount, found.dues) == (0, 300, 300, ())
    assert found.sentence("fr") == "Vous êtes à jour, avec 3,00\u00a0€ d'avance."


def test_two_payments_settle_one_due(session: Session) -> None:
    member = join(session)
    issue_months(session, 11)
    pay(session, member, 50)
    pay(session, member, 150)
    assert balance(session, member, TODAY).amount == 0
    assert session.scalars(select(Allocation.cents).order_by(Allocation.id)).all() == [50, 150]


def test_a_payment_settles_nobody_elses_dues(session: Session) -> None:
    ada, basile = join(session), join(session, "Basile")
    issue_months(session, 11)
    pay(session, ada, 1000)
    assert balance(session, basile, TODAY).owed == 200


def test_the_sentence_says_how_much_for_what_and_how_to_pay(session: Session) -> None:
    member = join(session)
    issue_months(session, 10, 11)
    found = balance(session, member, TODAY)
    assert found.sentence("fr") == (
        "Vous devez 4,00\u00a0€ (cotisation octobre 2026, cotisation novembre 2026). "
        f"Pour payer : un virement avec la référence {reference_of(1)}."
    )
    assert found.sentence("en").startswith("You owe €4.00 (cotisation October 2026, ")


def test_a_long_debt_is_said_in_a_short_sentence(session: Session) -> None:
    member = join(session)
    issue_months(session, 7, 8, 9, 10, 11)
    assert "septembre 2026 et 2 de plus)" in balance(session, member, TODAY).sentence("fr")


def test_someone_who_owes_nothing_reads_that(session: Session) -> None:
    assert balance(session, join(session), TODAY).sentence("en") == "You owe nothing."


def test_a_balance_is_that_of_its_day(session: Session) -> None:
    member = join(session)
    issue_months(session, 10, 11)
    pay(session, member, 200, date(2026, 10, 15))
    pay(session, member, 200, date(2026, 11, 15))
    amounts = [
        balance(session, member, day).amount
        for day in (date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 15), date(2026, 11, 1), TODAY)
    ]
    assert amounts == [0, -200, 0, -200, 0]


@pytest.mark.parametrize("cents", [0, -1, -500, MOST + 1, 10**18])
def test_an_amount_that_makes_no_sense_is_refused(session: Session, cents: int) -> None:
    member = join(session)
    with pytest.raises(BadAmount):
        pay(session, member, cents)
    assert balance(session, member, TODAY).paid == 0


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(9999, 12, 31), date(206, 11, 1)])
def test_a_payment_of_the_future_or_of_another_age_is_refused(session: Session, day: date) -> None:
    with pytest.raises(BadPaymentDay):
        pay(session, join(session), 100, day)


@pytest.mark.parametrize("reference", ["x" * 141, "a\x00b", "a\nb"])
def test_a_reference_that_cannot_be_kept_is_refused(session: Session, reference: str) -> None:
    with pytest.raises(BadPaymentReference):
        pay(session, join(session), 100, reference=reference)


@pytest.mark.parametrize("cents", [0, 10**18])
def test_a_refusal_is_said_in_both_languages(session: Session, cents: int) -> None:
    with pytest.raises(Invalid) as refused:
        pay(session, join(session), cents)
    assert "Rien n'a été enregistré." in refused.value.sentence("fr")
    assert "Nothing was recorded." in refused.value.sentence("en")


def test_today_ends_at_midnight_in_paris(session: Session) -> None:
    act = Act("machine:test", datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "00:30 à Paris")
    member = join(session)
    paid = record_payment(session, act, member, Euros(1), date=date(2026, 11, 23), means=Means.CASH)
    assert paid.day == date(2026, 11, 23)
    with pytest.raises(BadPaymentDay):
        record_payment(session, act, member, Euros(1), date=date(2026, 11, 24), means=Means.CASH)


def test_a_payment_is_in_its_members_journal(store: Store) -> None:
    with transaction(store) as session:
        member = join(session)
        issue_months(session, 11)
        payment = pay(session, member, 500, reference="RF merci")
        assert str(payment) == "P0001"
    with reading(store) as session:
        deed = journal.show(session, member="M0001")[0]
        assert (deed.verb, deed.subject, deed.actor) == ("payment.record", "P0001", "machine:test")
        assert deed.facts == {
            "cents": 500,
            "day": "2026-11-22",
            "means": "transfer",
            "reference": "RF merci",
            "settled": 200,
        }
        journal.verify(session)


def test_balances_of_everyone_come_by_number_a_page_at_a_time(session: Session) -> None:
    ada, basile, chloe = (join(session, name) for name in ("Ada", "Basile", "Chloé"))
    issue_months(session, 11)
    pay(session, basile, 500)
    first = balances(session, TODAY, limit=2)
    assert [(member, found.amount) for member, found in first] == [(ada, -200), (basile, 300)]
    assert [member for member, _ in balances(session, TODAY, after=basile.number)] == [chloe]
    assert dict(first)[basile] == balance(session, basile, TODAY)


@pytest.mark.parametrize(("payer", "cents"), [("Ada", 201), ("Ada", 101), ("Basile", 1)])
def test_the_database_refuses_to_allocate_what_is_not_there(session: Session, payer: str, cents: int) -> None:
    ada, basile = join(session), join(session, "Basile")
    issue_months(session, 11)
    due = session.scalars(select(Due).where(Due.member_id == ada.id)).one()
    payment = Payment(
        number=1,
        member_id=ada.id if payer == "Ada" else basile.id,
        day=TODAY,
        cents=Euros(100 if cents == 101 else 900),
        means=Means.CASH,
        source="hand",
        at=ACT.at,
    )
    session.add(payment)
    session.flush()
    with pytest.raises(IntegrityError, match="within its payment"), session.begin_nested():
        session.execute(insert(Allocation), [{"payment_id": payment.id, "due_id": due.id, "cents": Euros(cents)}])
