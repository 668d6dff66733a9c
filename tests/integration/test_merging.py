"""Two files of one person become one: nothing that happened is lost, nothing is owed twice, both numbers are found."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select

from billing import dues
from billing.balance import balance
from billing.models import Means, Per
from billing.payments import payer, record_payment
from billing.reference import BadReference, reference_of
from billing.tariffs import set_tariff
from desk import merging
from foundation import journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.database import Store, transaction
from foundation.money import Euros
from inventory import accounts, contacts, lines, mandates, members, memberships, offers, rights, voting
from inventory.lines import Ordering
from inventory.merging import MergedBefore, NotAlike, SameFile, ShareALine
from inventory.models import Offer, Technology
from inventory.models.mandates import Task
from inventory.models.people import Member, MemberStatus
from inventory.rights import NotMandated
from inventory.views.members import view
from migrations import metadata

TODAY = date(2026, 11, 22)
NOVEMBER = Month(2026, 11)
KEYS = count(1)


class House:
    """Two files, of one person as it turns out, and an offer."""

    def __init__(self, session: Any, act: Act) -> None:
        self.session, self.act = session, act
        self.kept = members.add_member(session, act, "Ada", since=date(2022, 1, 1), email="ada@membres.example")
        self.other = members.add_member(session, act, "Ada Exemple", since=date(2020, 5, 1), email="a@membres.example")
        self.vpn = offers.add_offer(session, act, "vpn", "VPN", Technology.WIREGUARD, "tunnel", mtu=1420)

    def order(self, member: Member, offer: Offer | None = None) -> lines.Line:
        key = base64.b64encode(next(KEYS).to_bytes(32, "big")).decode()
        return lines.order_line(self.session, self.act, member, offer or self.vpn, Ordering(public_key=key))

    def merge(self, act: Act | None = None) -> merging.Merging:
        return merging.merge(self.session, act or self.act, self.other, self.kept)

    def owed(self) -> tuple[int, int, int, int]:
        held = balance(self.session, self.kept, TODAY)
        return int(held.due), int(held.paid), int(held.owed), int(held.credit)


@pytest.fixture
def house(store: Store, act: Act) -> Iterator[House]:
    with transaction(store) as session:
        yield House(session, act)


def still_named(session: Any, member: Member) -> list[str]:
    """Every column that still holds the row of a member, but the one that says where it went."""
    return [
        str(column)
        for table in metadata().sorted_tables
        for column in table.columns
        if any(key.column.table.name == "member" for key in column.foreign_keys)
        and session.scalar(select(func.count()).select_from(table).where(column == member.id))
    ]


def test_both_numbers_find_the_one_file(house: House) -> None:
    house.merge()
    found = members.find_member(house.session, "M0002")
    assert (str(found), found.id) == ("M0001", house.kept.id)
    file = view(house.session, found, TODAY)
    assert (file.former_numbers, file.email) == (("M0002",), "ada@membres.example")
    assert [one.value for one in file.contacts] == ["a@membres.example"]
    assert members.former_numbers(house.session, found) == ("M0002",)
    assert [one.number for one in members.list_members(house.session, left=True)] == [1]
    assert list(members.written_by(house.session, "a@membres.example")) == [found]


def test_a_file_that_took_one_in_may_itself_be_taken_in(house: House) -> None:
    house.merge()
    third = members.add_member(house.session, house.act, "Ada E.")
    merging.merge(house.session, house.act, house.kept, third)
    assert [str(members.find_member(house.session, number)) for number in ("M1", "M2", "M3")] == ["M0003"] * 3
    assert members.add_member(house.session, house.act, "Béa").number == 4


def test_memberships_are_joined_without_overlap_and_the_file_that_stays_is_right(house: House) -> None:
    memberships.become(house.session, house.act, house.kept, "affiliate", since=date(2026, 1, 1))
    house.merge()
    assert [(one.kind, one.since, one.until) for one in memberships.periods_of(house.session, house.kept)] == [
        ("adherent", date(2020, 5, 1), date(2022, 1, 1)),
        ("adherent", date(2022, 1, 1), date(2026, 1, 1)),
        ("affiliate", date(2026, 1, 1), None),
    ]
    assert house.kept.joined == date(2020, 5, 1)


def test_who_had_left_under_one_number_is_still_a_member_under_the_other(house: House) -> None:
    members.leave(house.session, house.act, house.kept)
    house.merge()
    assert (house.kept.status, house.kept.left) == (MemberStatus.MEMBER, None)
    assert view(house.session, house.kept, TODAY).status == "adherent"


def test_who_had_left_under_both_left_on_the_later_day(house: House) -> None:
    members.leave(house.session, house.act, house.kept)
    later = replace(house.act, at=house.act.at + timedelta(days=9), why="parti")
    members.leave(house.session, later, house.other)
    house.merge(later)
    assert (house.kept.left, house.kept.left_why) == (TODAY + timedelta(days=9), "parti")


def test_lines_with_their_closed_parts_and_addresses_move(house: House) -> None:
    closed, own = house.order(house.other), house.order(house.other)
    lines.close_line(house.session, house.act, closed)
    moved = house.merge().moves
    assert moved.lines == (str(closed), str(own))
    assert [str(line) for line in lines.lines_of(house.session, house.kept)] == [str(own)]


def test_two_who_share_a_line_now_are_not_merged(house: House) -> None:
    line = house.order(house.kept)
    lines.add_share(house.session, house.act, line, house.other, house.vpn)
    with pytest.raises(ShareALine) as refused:
        house.merge()
    assert str(line) in refused.value.sentence("fr")
    lines.end_share(house.session, house.act, line, house.other)
    house.merge()
    assert {share.member_id for share in lines.shares_of(house.session, line)} == {house.kept.id}


def test_nothing_but_the_books_names_the_absorbed_file_any_more(house: House) -> None:
    session, act = house.session, house.act
    third = members.add_member(session, act, "Béa")
    club = members.add_member(session, act, "Club", organisation=True)
    house.order(house.other)
    contacts.add_contact(session, act, house.other, "phone", "0612345678")
    contacts.add_contact(session, act, house.kept, "phone", "0612345678")
    contacts.add_contact(session, act, house.other, "phone", "0700000000")
    contacts.end_contact(session, act, house.other, "0700000000")
    contacts.add_referent(session, act, club, house.other)
    voting.give_proxy(session, act, third, house.other, date(2026, 12, 5))
    accounts.sign_in_link(session, act, house.other)
    cookie = accounts.sign_in(session, accounts.sign_in_link(session, act, house.other), act.at)
    record_payment(session, act, house.other, Euros(100), date=TODAY, means=Means.CASH)
    assert len(still_named(session, house.other)) >= 8
    seen = merging.foresee(session, house.other, house.kept, TODAY)
    assert house.merge() == seen
    assert still_named(session, house.other) == ["moved_money.absorbed_id"]  # their entries stay whose they were
    assert accounts.signed_in(session, cookie, act.at) is None
    assert [one.member for one in view(session, club, TODAY).referents] == ["M0001"]
    assert [one.value for one in view(session, house.kept, TODAY).contacts] == ["0612345678", "a@membres.example"]


def test_what_both_owed_for_one_membership_is_owed_once(house: House) -> None:
    session, act = house.session, house.act
    set_tariff(session, act, "adherent", Euros(200), per=Per.MONTH, label="Cotisation", since=date(2020, 1, 1))
    dues.issue(session, act, NOVEMBER)
    record_payment(session, act, house.other, Euros(200), date=TODAY, means=Means.CASH)
    money = house.merge().money
    assert (money.dues, money.struck, money.payments, money.paid) == (0, 200, 1, 200)
    assert house.owed() == (200, 200, 0, 0)


def test_what_both_owed_for_one_line_is_owed_by_the_file_that_stays(house: House) -> None:
    session, act = house.session, house.act
    early = replace(act, at=act.at - timedelta(days=40))
    set_tariff(session, act, house.vpn, Euros(1000), per=Per.MONTH, label="VPN", since=date(2020, 1, 1))
    key = base64.b64encode(next(KEYS).to_bytes(32, "big")).decode()
    line = lines.order_line(session, early, house.kept, house.vpn, Ordering(public_key=key))
    lines.add_share(session, early, line, house.other, house.vpn)
    dues.issue(session, act, NOVEMBER)
    record_payment(session, act, house.other, Euros(300), date=TODAY, means=Means.CASH)
    record_payment(session, act, house.kept, Euros(100), date=TODAY, means=Means.CASH)
    lines.end_share(session, act, line, house.other)
    house.merge()
    assert house.owed() == (1000, 400, 600, 0)
    assert sum(one.open for one in balance(session, house.kept, TODAY).dues) == 600
    assert not dues.differences(session, act, NOVEMBER)


def test_credit_of_one_file_settles_what_the_other_owes(house: House) -> None:
    session, act = house.session, house.act
    set_tariff(session, act, "affiliate", Euros(500), per=Per.MONTH, label="Cotisation", since=date(2020, 1, 1))
    memberships.become(session, act, house.kept, "affiliate", since=date(2026, 10, 1))
    dues.issue(session, act, NOVEMBER)
    record_payment(session, act, house.other, Euros(700), date=TODAY, means=Means.CASH)
    house.merge()
    assert house.owed() == (500, 700, 0, 200)


def test_a_payment_with_the_reference_of_the_absorbed_number_finds_its_payer(house: House) -> None:
    house.merge()
    assert payer(house.session, f" {reference_of(2).lower()} ") is members.find_member(house.session, "M0001")
    assert payer(house.session, "M0002").number == 1
    with pytest.raises(BadReference):
        payer(house.session, "RF00M0002")
    with pytest.raises(members.NoSuchMember):
        payer(house.session, reference_of(42))


def test_two_numbers_of_one_file_are_said_to_be_so(house: House) -> None:
    house.merge()
    again = members.find_member(house.session, "M0002")
    with pytest.raises(MergedBefore) as refused:
        merging.merge(house.session, house.act, house.kept, again)
    assert "déjà une seule fiche, M0001, que ses anciens numéros trouvent aussi (M0002)" in refused.value.sentence("fr")


def test_what_is_not_one_person_is_not_merged(house: House) -> None:
    session, act = house.session, house.act
    club = members.add_member(session, act, "Club", organisation=True)
    with pytest.raises(SameFile):
        merging.merge(session, act, house.kept, house.kept)
    with pytest.raises(NotAlike):
        merging.merge(session, act, club, house.kept)


def test_nobody_merges_without_the_mandate_not_even_their_own(house: House) -> None:
    with pytest.raises(NotMandated):
        house.merge(Act("M0001", house.act.at))


def test_merging_is_in_the_journal_of_the_file_that_stays(store: Store, act: Act) -> None:
    with transaction(store) as session:
        House(session, act).merge()
    with transaction(store) as session:
        verbs = [deed.verb for deed in journal.show(session, member="M0001")]
        assert verbs[:3] == ["dues.merge", "member.merged", "member.merge"]
        assert journal.verify(session)[0] > 3


def test_mandates_in_force_move_only_by_whoever_may_give_them(house: House) -> None:
    session, act = house.session, house.act
    third = members.add_member(session, act, "Béa")
    giver = Act("M0003", act.at)
    mandates.give(session, act, third, Task.MANDATES_GIVE)
    for who, task in ((house.kept, Task.MEMBERS_WRITE), (house.other, Task.RULES_SET), (third, Task.MEMBERS_WRITE)):
        mandates.give(session, giver, who, task)
    with pytest.raises(NotMandated) as refused, session.begin_nested():
        house.merge(Act("M0001", act.at))
    assert refused.value.facts["code"] == Task.MANDATES_GIVE
    assert house.merge(giver).moves.mandates_in_force == ("T0003",)
    assert rights.may(session, Act("M0001", act.at), Task.RULES_SET)
