"""Who votes at the general meeting, and for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from foundation.acts import Act
from foundation.database import EssaimSession
from inventory import contacts, kinds, members, memberships, rules, voting
from inventory.models.people import Member
from inventory.rights import NotMandated
from inventory.voting import MeetingOver, NoProxy, NoVote, OwnProxy, ProxyGiven, ProxyHeld, TooManyProxies

MEETING = date(2026, 12, 5)


@pytest.fixture
def people(session: EssaimSession, act: Act) -> list[Member]:
    """Five who may vote, and an affiliate."""
    names = ("Ada", "Béa", "Cléo", "Dan", "Eve")
    voters = [members.add_member(session, act, name, since=date(2020, 1, 1)) for name in names]
    return [*voters, members.add_member(session, act, "Fée", status="affiliate", since=date(2020, 1, 1))]


def numbers(session: EssaimSession, day: date = MEETING) -> list[str]:
    return [one.number for one in voting.roll(session, day).voters]


def test_members_whose_kind_votes_on_the_day_may_vote(session: EssaimSession, act: Act, people: list[Member]) -> None:
    ada, bea, *_, fee = people
    members.leave(session, act, ada)
    memberships.become(session, act, bea, "affiliate", since=MEETING)
    memberships.become(session, act, fee, "adherent", since=MEETING)
    members.add_member(session, act, "Gil", status="applicant")
    assert numbers(session) == ["M0003", "M0004", "M0005", "M0006"]
    assert numbers(session, MEETING - timedelta(days=1)) == ["M0002", "M0003", "M0004", "M0005"]
    assert numbers(session, date(2025, 1, 1)) == ["M0001", "M0002", "M0003", "M0004", "M0005"]
    assert numbers(session, date(2019, 12, 31)) == []


def test_the_association_says_which_kinds_vote(session: EssaimSession, act: Act, people: list[Member]) -> None:
    kinds.change_kind(session, act, kinds.find_kind(session, "affiliate"), votes=True)
    roll = voting.roll(session, MEETING)
    assert (roll.base, roll.voters[-1].number, roll.voters[-1].kind) == (6, "M0006", "affiliate")


def test_a_proxy_gives_ones_vote_to_another(session: EssaimSession, act: Act, people: list[Member]) -> None:
    ada, bea, cleo, *_ = people
    voting.give_proxy(session, act, ada, cleo, MEETING)
    voting.give_proxy(session, act, bea, cleo, MEETING)
    roll = voting.roll(session, MEETING)
    assert [(one.number, one.proxy_to, one.votes) for one in roll.voters[:3]] == [
        ("M0001", "M0003", 0),
        ("M0002", "M0003", 0),
        ("M0003", None, 3),
    ]
    assert (roll.base, roll.proxies) == (5, 2)
    voting.cancel_proxy(session, act, ada, MEETING)
    assert [one.votes for one in voting.roll(session, MEETING).voters] == [1, 0, 2, 1, 1]
    assert voting.roll(session, MEETING + timedelta(days=1)).proxies == 0


def test_a_proxy_of_whoever_may_no_longer_vote_counts_no_more(
    session: EssaimSession, act: Act, people: list[Member]
) -> None:
    ada, bea, cleo, dan, _, _ = people
    voting.give_proxy(session, act, ada, bea, MEETING)
    voting.give_proxy(session, act, cleo, dan, MEETING)
    members.leave(session, act, ada)
    members.leave(session, act, dan)
    assert [(one.number, one.proxy_to, one.votes) for one in voting.roll(session, MEETING).voters] == [
        ("M0002", None, 1),
        ("M0003", None, 1),
        ("M0005", None, 1),
    ]


def test_one_carries_as_many_as_the_association_says(session: EssaimSession, act: Act, people: list[Member]) -> None:
    ada, bea, cleo, dan, eve, _ = people
    for giver in (ada, bea):
        voting.give_proxy(session, act, giver, eve, MEETING)
    with pytest.raises(TooManyProxies) as refused:
        voting.give_proxy(session, act, cleo, eve, MEETING)
    assert "2 au plus" in refused.value.sentence("fr")
    rules.set_rule(session, act, "votes.proxies", "3")
    voting.give_proxy(session, act, cleo, eve, MEETING)
    rules.set_rule(session, act, "votes.proxies", "0")
    with pytest.raises(TooManyProxies):
        voting.give_proxy(session, act, dan, eve, MEETING)


def test_votes_are_given_once_and_not_passed_on(session: EssaimSession, act: Act, people: list[Member]) -> None:
    ada, bea, cleo, *_, fee = people
    voting.give_proxy(session, act, ada, bea, MEETING)
    for giver, holder, refusal in (
        (ada, cleo, ProxyGiven),
        (cleo, ada, ProxyGiven),
        (bea, cleo, ProxyHeld),
        (cleo, cleo, OwnProxy),
        (cleo, fee, NoVote),
        (fee, cleo, NoVote),
    ):
        with pytest.raises(refusal):
            voting.give_proxy(session, act, giver, holder, MEETING)
    with pytest.raises(NoProxy):
        voting.cancel_proxy(session, act, cleo, MEETING)
    voting.give_proxy(session, act, ada, cleo, MEETING + timedelta(days=1))


def test_nothing_is_given_once_the_day_is_past(session: EssaimSession, act: Act, people: list[Member]) -> None:
    ada, bea, *_ = people
    voting.give_proxy(session, act, ada, bea, date(2026, 11, 22))
    tomorrow = replace(act, at=act.at + timedelta(days=1))
    with pytest.raises(MeetingOver):
        voting.give_proxy(session, tomorrow, bea, ada, date(2026, 11, 22))
    with pytest.raises(MeetingOver):
        voting.cancel_proxy(session, tomorrow, ada, date(2026, 11, 22))


def test_an_organisation_votes_through_whoever_represents_it(
    session: EssaimSession, act: Act, people: list[Member]
) -> None:
    club, shop = (members.add_member(session, act, name, organisation=True) for name in ("Club", "Shop"))
    contacts.add_referent(session, act, club, name="Zoé", role="technical")
    contacts.add_referent(session, act, club, people[0])
    contacts.add_referent(session, act, shop, name="Max", since=MEETING + timedelta(days=1))
    roll = voting.roll(session, MEETING)
    assert [(one.number, one.represented_by) for one in roll.voters if one.organisation] == [
        (str(club), "Ada"),
        (str(shop), ""),
    ]
    assert (roll.base, roll.unnamed) == (7, (str(shop),))


def test_one_gives_ones_own_proxy_and_nobody_elses(session: EssaimSession, act: Act, people: list[Member]) -> None:
    ada, bea, *_ = people
    own = Act("M0001", act.at)
    voting.give_proxy(session, own, ada, bea, MEETING)
    voting.cancel_proxy(session, own, ada, MEETING)
    with pytest.raises(NotMandated):
        voting.give_proxy(session, own, bea, ada, MEETING)
