"""What is lent: one thing is with one member at a time, and every deposit is accounted for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from foundation.acts import Act
from foundation.database import EssaimSession
from foundation.money import Euros
from inventory import equipment, members, names, numbers
from inventory.models.equipment import Equipment, Loan
from inventory.rights import owners_of
from inventory.texts import BadText
from inventory.views import equipment as views

TODAY = date(2026, 11, 22)


@pytest.fixture
def box(session: EssaimSession, act: Act) -> Equipment:
    return equipment.add_equipment(session, act, "box", "OpenWrt One", serial="A1", mac="02005E100001")


def test_things_are_numbered(session: EssaimSession, act: Act, box: Equipment) -> None:
    other = equipment.add_equipment(session, act, "ont")
    assert (str(box), str(other)) == ("Q0001", "Q0002")
    assert equipment.find_equipment(session, "q1").mac == "02:00:5e:10:00:01"
    with pytest.raises(equipment.NoSuchEquipment):
        equipment.find_equipment(session, "Q9")
    with pytest.raises(numbers.BadNumber):
        equipment.find_equipment(session, "box")


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"kind": "toaster"}, equipment.BadEquipmentKind),
        ({"kind": "box", "mac": "x"}, names.BadMac),
        ({"kind": "box", "model": "x" * 101}, BadText),
        ({"kind": "box", "serial": "a\nb"}, BadText),
        ({"kind": "box", "model": "OpenWrt One", "serial": "A1"}, equipment.EquipmentKnown),
        ({"kind": "ont", "mac": "02:00:5E:10:00:01"}, equipment.EquipmentKnown),
    ],
)
def test_a_thing_that_cannot_be_or_is_known_is_refused(
    session: EssaimSession, act: Act, box: Equipment, values: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        equipment.add_equipment(session, act, **values)


def test_things_without_a_serial_may_be_many(session: EssaimSession, act: Act) -> None:
    for _ in range(3):
        equipment.add_equipment(session, act, "antenna", "LiteBeam")
    assert len(equipment.list_equipment(session, kind="antenna")) == 3


def test_a_loan_and_its_return_with_the_deposit(session: EssaimSession, act: Act, box: Equipment, small: Any) -> None:
    equipment.lend(session, act, box, small.ada, deposit=Euros(5000))
    seen = views.view(session, box)
    assert (seen.member, seen.lent, seen.deposit_cents) == ("M0001", TODAY, 5000)
    assert owners_of(box, session) == {small.ada.id}
    assert [str(one.equipment) for one in equipment.lent_to(session, small.ada)] == ["Q0001"]
    equipment.take_back(session, act, box, refund=Euros(4000))
    (loan,) = views.view(session, box).loans
    assert (loan.until, loan.deposit_cents, loan.refund_cents, loan.refunded) == (TODAY, 5000, 4000, TODAY)
    assert list(equipment.lent_to(session, small.ada)) == []


def test_a_deposit_may_go_back_later(session: EssaimSession, act: Act, box: Equipment, small: Any) -> None:
    equipment.lend(session, act, box, small.ada, deposit=Euros(5000))
    equipment.take_back(session, act, box)
    with pytest.raises(names.TooEarly):
        equipment.refund_deposit(session, act, box, Euros(5000), on=TODAY - timedelta(days=1))
    with pytest.raises(names.OutOfRange):
        equipment.refund_deposit(session, act, box, Euros(5001))
    equipment.refund_deposit(session, act, box, Euros(5000))
    with pytest.raises(equipment.NoDepositDue):
        equipment.refund_deposit(session, act, box, Euros(1))


def test_a_thing_is_with_one_member_at_a_time(session: EssaimSession, act: Act, box: Equipment, small: Any) -> None:
    with pytest.raises(equipment.NotLent):
        equipment.take_back(session, act, box)
    equipment.lend(session, act, box, small.ada)
    with pytest.raises(equipment.AlreadyLent):
        equipment.lend(session, act, box, small.bea)
    with pytest.raises(equipment.AlreadyLent):
        equipment.retire_equipment(session, act, box)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.add(Loan(equipment_id=box.id, member_id=small.bea.id, since=TODAY))
    equipment.take_back(session, act, box)
    with pytest.raises(equipment.NoDepositDue):
        equipment.refund_deposit(session, act, box, Euros(0))
    equipment.lend(session, act, box, small.bea)
    assert [one.member for one in views.view(session, box).loans] == ["M0001", "M0002"]


def test_no_day_goes_backwards(session: EssaimSession, act: Act, box: Equipment, small: Any) -> None:
    before = TODAY - timedelta(days=1)
    with pytest.raises(names.TooEarly):
        equipment.lend(session, act, box, small.ada, since=before)
    equipment.lend(session, act, box, small.ada)
    with pytest.raises(names.TooEarly):
        equipment.take_back(session, act, box, until=before)


@pytest.mark.parametrize("cents", [-1, 1_000_001])
def test_a_deposit_that_nobody_leaves_is_refused(
    session: EssaimSession, act: Act, box: Equipment, small: Any, cents: int
) -> None:
    with pytest.raises(names.OutOfRange):
        equipment.lend(session, act, box, small.ada, deposit=Euros(cents))


@pytest.mark.parametrize("text", ["", "douze", "1,234", "1e3", "½"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(equipment.BadDeposit):
        equipment.parse_deposit(text)


def test_whoever_left_borrows_nothing(session: EssaimSession, act: Act, box: Equipment, small: Any) -> None:
    members.leave(session, act, small.ada)
    with pytest.raises(equipment.BorrowerLeft):
        equipment.lend(session, act, box, small.ada)


def test_what_is_retired_is_lent_no_more(session: EssaimSession, act: Act, box: Equipment, small: Any) -> None:
    equipment.retire_equipment(session, act, box)
    for refused in (
        lambda: equipment.lend(session, act, box, small.ada),
        lambda: equipment.retire_equipment(session, act, box),
    ):
        with pytest.raises(equipment.EquipmentRetired):
            refused()
    assert list(equipment.list_equipment(session)) == []
    assert len(equipment.list_equipment(session, retired=True)) == 1


def test_things_are_listed_by_number_a_page_at_a_time(session: EssaimSession, act: Act, small: Any) -> None:
    things = [equipment.add_equipment(session, act, "box") for _ in range(3)]
    equipment.lend(session, act, things[1], small.ada)
    assert [str(one) for one in equipment.list_equipment(session, after=1, limit=1)] == ["Q0002"]
    assert [str(one) for one in equipment.list_equipment(session, free=True)] == ["Q0001", "Q0003"]
    assert [str(one) for one in equipment.list_equipment(session, member=small.ada)] == ["Q0002"]
