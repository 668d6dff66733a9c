"""How members come, go and come back, and of what kind they are meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from foundation import clock
from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import kinds, members, memberships
from inventory.models.people import Member, Membership, MemberStatus
from inventory.views.members import view

Stay = tuple[str, date, date | None]


def stays(session: EssaimSession, member: Member) -> list[Stay]:
    return [(one.kind, one.since, one.until) for one in memberships.periods_of(session, member)]


def later(act: Act, days: int) -> Act:
    return replace(act, at=act.at + timedelta(days=days))


TODAY = date(2026, 11, 22)


def test_an_applicant_is_admitted_with_the_first_kind_from_a_day_of_the_past(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada", status=MemberStatus.APPLICANT)
    assert view(session, ada, TODAY).status == "applicant"
    memberships.admit(session, act, ada, since=date(2026, 11, 1))
    assert (ada.status, ada.joined) == (MemberStatus.MEMBER, date(2026, 11, 1))
    assert stays(session, ada) == [("adherent", date(2026, 11, 1), None)]
    with pytest.raises(memberships.NotAnApplicant):
        memberships.admit(session, act, ada)


def test_who_comes_back_has_a_gap_in_their_file(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada", since=date(2020, 1, 1))
    with pytest.raises(memberships.NotAway):
        memberships.rejoin(session, act, ada)
    members.leave(session, replace(act, why="déménage"), ada)
    assert view(session, ada, TODAY).status == "left"
    with pytest.raises(memberships.PeriodTaken):
        memberships.rejoin(session, later(act, 30), ada, since=date(2026, 1, 1))
    memberships.rejoin(session, later(act, 30), ada, "affiliate")
    assert stays(session, ada) == [
        ("adherent", date(2020, 1, 1), TODAY),
        ("affiliate", date(2026, 12, 22), None),
    ]
    assert (ada.status, ada.left, ada.left_why, ada.joined) == (MemberStatus.MEMBER, None, "", date(2020, 1, 1))
    assert [one.why for one in memberships.periods_of(session, ada)] == ["déménage", ""]


def test_who_comes_back_on_the_day_they_left_never_did(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada")
    members.leave(session, act, ada)
    assert stays(session, ada) == [("adherent", TODAY, TODAY)]
    memberships.rejoin(session, act, ada, "affiliate")
    assert stays(session, ada) == [("affiliate", TODAY, None)]


def test_a_kind_changes_from_a_day_that_may_be_to_come(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada", since=date(2020, 1, 1))
    memberships.become(session, act, ada, "affiliate", since=date(2027, 1, 1))
    memberships.become(session, act, ada, "benefactor", since=date(2026, 12, 1))
    assert stays(session, ada) == [
        ("adherent", date(2020, 1, 1), date(2026, 12, 1)),
        ("benefactor", date(2026, 12, 1), date(2027, 1, 1)),
        ("affiliate", date(2027, 1, 1), None),
    ]
    assert [view(session, ada, day).status for day in (TODAY, date(2026, 12, 1), date(2027, 1, 1))] == [
        "adherent", "benefactor", "affiliate",
    ]  # fmt: skip
    members.leave(session, act, ada)
    assert stays(session, ada) == [("adherent", date(2020, 1, 1), TODAY)]


def test_a_kind_changed_on_its_first_day_is_corrected(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada")
    memberships.become(session, act, ada, "affiliate")
    assert stays(session, ada) == [("affiliate", TODAY, None)]


def test_what_makes_no_change_of_kind_is_refused(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada")
    with pytest.raises(memberships.SameKind):
        memberships.become(session, act, ada, "adherent")
    with pytest.raises(kinds.NoSuchKind):
        memberships.become(session, act, ada, "king")
    with pytest.raises(memberships.NoMembership):
        memberships.become(session, act, ada, "affiliate", since=date(2020, 1, 1))


def test_history_comes_with_its_days(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(
        session, act, "Ada", status="affiliate", since=date(2018, 1, 1), until=date(2020, 1, 1), left_why="partie"
    )
    assert (ada.status, ada.left, ada.left_why) == (MemberStatus.LEFT, date(2020, 1, 1), "partie")
    memberships.add_period(session, act, ada, "adherent", since=date(2012, 5, 1), until=date(2018, 1, 1), why="x")
    assert stays(session, ada) == [
        ("adherent", date(2012, 5, 1), date(2018, 1, 1)),
        ("affiliate", date(2018, 1, 1), date(2020, 1, 1)),
    ]
    assert ada.joined == date(2012, 5, 1)
    memberships.strike_period(session, act, ada, date(2012, 5, 1))
    assert stays(session, ada) == [("affiliate", date(2018, 1, 1), date(2020, 1, 1))]
    assert ada.joined == date(2018, 1, 1)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (date(2027, 1, 1), None),
        (date(1979, 12, 31), None),
        (date(2020, 1, 1), date(2020, 1, 1)),
        (date(2020, 1, 1), date(2019, 1, 1)),
        (date(2020, 1, 1), date(2027, 1, 1)),
    ],
)
def test_days_between_which_nobody_was_a_member_are_refused(
    session: EssaimSession, act: Act, since: date, until: date | None
) -> None:
    with pytest.raises(memberships.BadPeriod):
        members.add_member(session, act, "Ada", since=since, until=until)


def test_a_period_of_the_past_is_over_and_overlaps_no_other(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada", since=date(2020, 1, 1))
    with pytest.raises(memberships.BadPeriod):
        memberships.add_period(session, act, ada, "adherent", since=date(2019, 1, 1), until=date(2027, 1, 1))
    with pytest.raises(memberships.PeriodTaken) as refused:
        memberships.add_period(session, act, ada, "adherent", since=date(2019, 1, 1), until=date(2020, 1, 2))
    assert "était déjà membre (adhérent·e) du 1er janv. 2020" in refused.value.sentence("fr")
    with pytest.raises(memberships.StillRunning):
        memberships.strike_period(session, act, ada, date(2020, 1, 1))
    with pytest.raises(memberships.NoSuchPeriod):
        memberships.strike_period(session, act, ada, date(2020, 1, 2))


def test_whoever_has_left_is_not_admitted_nor_leaves_again(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada")
    members.leave(session, act, ada)
    with pytest.raises(members.AlreadyLeft):
        members.leave(session, act, ada)
    with pytest.raises(memberships.NotAnApplicant):
        memberships.admit(session, act, ada)


def test_an_applicant_may_go_without_ever_having_been_a_member(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada", status="applicant")
    members.leave(session, act, ada)
    assert (ada.status, stays(session, ada)) == (MemberStatus.LEFT, [])


@pytest.mark.parametrize(
    ("since", "until", "kind"),
    [
        (date(2019, 1, 1), date(2020, 1, 2), "adherent"),
        (date(2020, 6, 1), date(2020, 7, 1), "adherent"),
        (date(2019, 1, 1), None, "adherent"),
        (date(2019, 1, 1), date(2018, 1, 1), "adherent"),
        (date(2019, 1, 1), date(2019, 2, 1), "king"),
    ],
)
def test_the_database_itself_refuses_overlaps_and_unknown_kinds(
    session: EssaimSession, act: Act, since: date, until: date | None, kind: str
) -> None:
    ada = members.add_member(session, act, "Ada", since=date(2020, 1, 1))
    row = {"member_id": ada.id, "kind": kind, "since": since, "until": until}
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(insert(Membership), row)
    assert stays(session, ada) == [("adherent", date(2020, 1, 1), None)]


def test_a_period_without_a_length_stands_in_nobodys_way(session: EssaimSession, act: Act) -> None:
    ada = members.add_member(session, act, "Ada")
    members.leave(session, act, ada)
    memberships.add_period(session, later(act, 10), ada, "adherent", since=date(2026, 1, 1), until=date(2026, 11, 30))
    assert len(stays(session, ada)) == 2


def test_the_day_is_paris_own(session: EssaimSession, act: Act) -> None:
    late = replace(act, at=clock.midnight(date(2026, 11, 23)))
    assert members.add_member(session, late, "Ada").joined == date(2026, 11, 23)
