"""Mandates: given by someone who may, seconded where the association says so, ended, and what they leave exposed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from foundation import clock, journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from foundation.errors import EssaimError
from inventory import (
    accounts,
    addresses,
    devices,
    emergencies,
    lines,
    mandates,
    members,
    merging,
    moving,
    offers,
    places,
    pools,
    rights,
    rules,
)
from inventory.models.mandates import Mandate, MandateState, Task
from inventory.models.people import Member
from inventory.risks import RiskKind, risks
from inventory.views.mandates import view


@pytest.fixture
def people(session: EssaimSession, act: Act) -> list[Member]:
    """Four members; nobody holds a mandate."""
    return [members.add_member(session, act, name) for name in ("Ada", "Béa", "Cléo", "Dan")]


@pytest.fixture
def founded(session: EssaimSession, act: Act, people: list[Member]) -> list[Member]:
    """M0001 and M0002 give the mandates."""
    mandates.give(session, act, people[0], Task.MANDATES_GIVE)
    mandates.give(session, by(act, 1), people[1], Task.MANDATES_GIVE)
    return people


def by(act: Act, number: int, **more: Any) -> Act:
    return replace(act, actor=f"M{number:04d}", **more)


def day(act: Act, days: int = 0) -> Any:
    return clock.today(act.at) + timedelta(days=days)


def test_the_first_mandate_is_given_by_the_machine_and_journaled_as_such(store: Store, act: Act) -> None:
    with transaction(store) as session:
        mandates.give(session, act, members.add_member(session, act, "Ada"), Task.MANDATES_GIVE, minutes="ag-2026")
    with reading(store) as session:
        deed = journal.show(session, limit=1)[0]
        assert (deed.actor, deed.verb, deed.subject) == ("machine:test", "mandate.give", "T0001")
        assert deed.facts is not None
        assert deed.facts["founding"]
        assert rights.ever_mandated(session)


@pytest.mark.parametrize("late", [0, 1])
def test_the_founding_gives_the_right_to_give_and_nothing_else(
    session: EssaimSession, act: Act, people: list[Member], late: int
) -> None:
    task = Task.MANDATES_GIVE if late else Task.LINES_WRITE
    with pytest.raises(mandates.FirstMandate):
        mandates.give(session, act, people[0], task, since=day(act, late))
    assert not rights.ever_mandated(session)


def test_once_someone_may_give_the_machine_may_do_nothing(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    with pytest.raises(rights.WhoAreYou):
        mandates.give(session, act, founded[2], Task.LINES_WRITE)
    with pytest.raises(rights.NotMandated):
        mandates.give(session, by(act, 3), founded[2], Task.LINES_WRITE)
    assert mandates.give(session, by(act, 1), founded[2], Task.LINES_WRITE).number == 3


def test_with_a_quorum_a_mandate_waits_for_someone_who_neither_gives_nor_receives(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    mandates.give(session, by(act, 1), founded[0], Task.RULES_SET)
    rules.set_rule(session, by(act, 1), "mandates.quorum", "2")
    mandates.give(session, by(act, 1), founded[2], Task.MANDATES_GIVE)
    held = mandates.give(session, by(act, 1), founded[1], Task.LINES_WRITE)
    assert held.state_on(clock.today(act.at)) == MandateState.WAITING
    assert Task.LINES_WRITE not in rights.tasks_of(session, by(act, 2))
    for number in (1, 2):
        with pytest.raises(mandates.SecondByAnother):
            mandates.second(session, by(act, number), held)
    with pytest.raises(rights.NotMandated):  # M0003 waits for a second as well
        mandates.second(session, by(act, 3), held)
    mandates.second(session, by(act, 2), mandates.find_mandate(session, "T0004"))
    mandates.second(session, by(act, 3), held)
    assert (held.seconded_by, held.seconded_at) == ("M0003", act.at)
    assert Task.LINES_WRITE in rights.tasks_of(session, by(act, 2))
    with pytest.raises(mandates.NothingToSecond):
        mandates.second(session, by(act, 3), held)


def test_a_quorum_never_locks_out_a_founding(session: EssaimSession, act: Act, people: list[Member]) -> None:
    rules.set_rule(session, act, "mandates.quorum", "2")
    assert not mandates.give(session, act, people[0], Task.MANDATES_GIVE).needs_second
    assert mandates.give(session, by(act, 1), people[0], Task.LINES_WRITE).needs_second
    assert not mandates.give(session, by(act, 1), people[1], Task.MANDATES_GIVE).needs_second
    assert mandates.give(session, by(act, 1), people[2], Task.MANDATES_GIVE).needs_second


def refused(kind: type[EssaimError], session: EssaimSession, act: Act, member: Member, task: str, **more: Any) -> None:
    count = session.query(Mandate).count()
    with pytest.raises(kind):
        mandates.give(session, by(act, 1), member, task, **more)
    assert session.query(Mandate).count() == count


def test_what_no_mandate_can_be_is_refused(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    ada, bea = founded[:2]
    refused(mandates.NoSuchTask, session, act, bea, "king")
    refused(mandates.BadScope, session, act, bea, "lines.write", scope="device:absent")
    refused(mandates.BadScope, session, act, bea, "lines.write", scope="planet:mars")
    refused(mandates.BadScope, session, act, bea, "lines.write", scope="")
    refused(mandates.BadTerm, session, act, bea, "lines.write", until=day(act))
    refused(mandates.BadTerm, session, act, bea, "lines.write", since=day(act, 9), until=day(act, 9))
    refused(mandates.BadMinutes, session, act, bea, "lines.write", minutes="x" * 301)
    refused(mandates.BadMinutes, session, act, bea, "lines.write", minutes="a\x1bb")
    refused(mandates.AlreadyHeld, session, act, ada, "mandates.give")
    founded[3].left = clock.today(act.at)
    refused(mandates.HolderLeft, session, act, founded[3], "lines.write")
    with pytest.raises(mandates.NoSuchMandate):
        mandates.find_mandate(session, "T9999")


def test_what_is_for_the_whole_association_has_no_narrower_scope(
    session: EssaimSession, act: Act, founded: list[Member], small_site: str
) -> None:
    refused(mandates.TaskIsWhole, session, act, founded[1], "members.write", scope=small_site)
    assert mandates.give(session, by(act, 1), founded[1], "devices.write", scope=small_site).scope == small_site


@pytest.fixture
def small_site(session: EssaimSession) -> str:
    from inventory.models.places import Site

    session.add(Site(name="cave"))
    session.flush()
    return "site:cave"


def test_a_mandate_ends_at_once_and_may_be_laid_down(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    held = mandates.give(session, by(act, 1), founded[2], Task.DUES_WRITE)
    assert rights.tasks_of(session, by(act, 3)) == {Task.DUES_WRITE}
    with pytest.raises(rights.NotMandated):
        mandates.end(session, by(act, 4), held)
    mandates.end(session, by(act, 3), held)
    assert rights.tasks_of(session, by(act, 3)) == frozenset()
    with pytest.raises(mandates.AlreadyEnded):
        mandates.end(session, by(act, 3), held)
    again = mandates.give(session, by(act, 1), founded[2], Task.DUES_WRITE)
    assert again.state_on(clock.today(act.at)) == MandateState.HELD


def test_the_last_mandate_to_give_stays(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    first, other = (mandates.find_mandate(session, number) for number in ("T0001", "T0002"))
    mandates.end(session, by(act, 1), first)
    with pytest.raises(mandates.LastGiver) as last:
        mandates.end(session, by(act, 2), other)
    assert "mandates.give" in last.value.sentence("fr")
    with pytest.raises(mandates.LastGiver):
        mandates.end_all(session, by(act, 2), founded[1])
    mandates.give(session, by(act, 2), founded[2], Task.MANDATES_GIVE)
    assert mandates.end_all(session, by(act, 2), founded[1]) == ["T0002"]


def test_a_giver_who_left_is_no_giver(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    founded[0].left = clock.today(act.at)
    with pytest.raises(mandates.LastGiver):
        mandates.end(session, by(act, 2), mandates.find_mandate(session, "T0002"))
    with pytest.raises(rights.NotMandated):
        mandates.give(session, by(act, 1), founded[2], Task.LINES_WRITE)


def test_mandates_are_listed_in_the_open(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    late = mandates.give(session, by(act, 1), founded[2], "lines.write", since=day(act, 10), until=day(act, 20))
    today = clock.today(act.at)
    assert [str(one) for one in mandates.list_mandates(session, on=today)] == ["T0001", "T0002", "T0003"]
    assert [str(one) for one in mandates.list_mandates(session, on=today, after=1, limit=1)] == ["T0002"]
    assert [str(one) for one in mandates.list_mandates(session, on=today, task="lines.write")] == ["T0003"]
    assert [str(one) for one in mandates.list_mandates(session, on=today, member=founded[1])] == ["T0002"]
    after = today + timedelta(days=20)
    assert [str(one) for one in mandates.list_mandates(session, on=after)] == ["T0001", "T0002"]
    assert [str(one) for one in mandates.list_mandates(session, on=after, ended=True)][-1] == "T0003"
    states = [view(late, today + timedelta(days=days)).state for days in (0, 10, 20)]
    assert states == [MandateState.TO_COME, MandateState.HELD, MandateState.ENDED]


def test_what_hangs_on_one_person_is_a_risk(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    today = clock.today(act.at)
    mandates.give(session, by(act, 1), founded[2], "lines.write", until=day(act, 60))
    mandates.give(session, by(act, 1), founded[2], "dues.write", until=day(act, 61))
    emergencies.open_emergency(session, by(act, 4, why="panne"))
    found = {(one.kind, one.subject): one for one in risks(session, today)}
    assert (RiskKind.UNHELD, "keys.keep") in found
    assert (RiskKind.UNHELD, "mandates.give") not in found
    assert (RiskKind.ALONE, "mandates.give") not in found
    assert found[RiskKind.ALONE, "lines.write"].member == "M0003"
    assert found[RiskKind.ENDS_SOON, "T0003"].until == today + timedelta(days=60)
    assert (RiskKind.ENDS_SOON, "T0004") not in found
    assert found[RiskKind.UNREVIEWED, "E0001"].member == "M0004"
    founded[1].left = today
    assert (RiskKind.ALONE, "mandates.give") in {(one.kind, one.subject) for one in risks(session, today)}


def test_an_emergency_lasts_as_long_as_the_rule_says(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    deed = by(act, 4, why="plus personne")
    emergency, new = emergencies.open_emergency(session, deed)
    assert (str(emergency), new, emergency.until - emergency.since) == ("E0001", True, timedelta(minutes=60))
    assert emergencies.open_emergency(session, replace(deed, at=act.at + timedelta(minutes=59))) == (emergency, False)
    assert rights.may(session, replace(deed, emergency=True), Task.KEYS_KEEP)
    assert not rights.may(session, deed, Task.KEYS_KEEP)
    assert not rights.may(session, by(act, 3, emergency=True), Task.KEYS_KEEP)
    over = replace(deed, at=act.at + timedelta(minutes=60), emergency=True)
    assert not rights.may(session, over, Task.KEYS_KEEP)
    assert emergencies.open_emergency(session, over)[1]


def test_an_emergency_has_its_reason(session: EssaimSession, act: Act, people: list[Member]) -> None:
    with pytest.raises(emergencies.WhyNeeded):
        emergencies.open_emergency(session, by(act, 1, why=" "))


def test_an_emergency_is_reviewed_by_someone_else_and_ends(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    emergency, _ = emergencies.open_emergency(session, by(act, 2, why="panne"))
    with pytest.raises(emergencies.ReviewByAnother):
        emergencies.review(session, by(act, 2), emergency)
    with pytest.raises(rights.NotMandated):
        emergencies.review(session, by(act, 3), emergency)
    with pytest.raises(emergencies.WhyNeeded):
        emergencies.review(session, by(act, 1, why=""), emergency)
    later = replace(by(act, 1, why="bien fait"), at=act.at + timedelta(minutes=5))
    emergencies.review(session, later, emergency)
    assert (emergency.reviewed_by, emergency.review, emergency.until) == ("M0001", "bien fait", later.at)
    assert not rights.may(session, replace(by(later, 2), emergency=True), Task.KEYS_KEEP)
    with pytest.raises(emergencies.AlreadyReviewed):
        emergencies.review(session, later, emergency)
    assert emergencies.list_emergencies(session, reviewed=False) == []
    with pytest.raises(emergencies.NoSuchEmergency):
        emergencies.find_emergency(session, "E0009")


def test_a_rule_has_its_default_until_it_is_set(session: EssaimSession, act: Act) -> None:
    assert rules.value(session, "mandates.quorum") == "1"
    rules.set_rule(session, act, "mandates.quorum", " 2 ")
    assert rules.number(session, "mandates.quorum") == 2
    assert {one.known.name: one.value for one in rules.list_rules(session)}["emergency.minutes"] == "60"
    for value in ("3", "0", "deux", "", "²", "9" * 40):
        with pytest.raises(rules.BadRuleValue):
            rules.set_rule(session, act, "mandates.quorum", value)
    with pytest.raises(rules.NoSuchRule):
        rules.set_rule(session, act, "king", "1")
    assert rules.number(session, "mandates.quorum") == 2


def test_one_person_alone_does_not_lower_the_quorum(session: EssaimSession, act: Act, founded: list[Member]) -> None:
    for member in founded[:3]:
        mandates.give(session, by(act, 1), member, Task.RULES_SET)
    rules.set_rule(session, by(act, 1), "mandates.quorum", "2")
    waiting = rules.set_rule(session, by(act, 1), "mandates.quorum", "1")
    assert (waiting.value, waiting.proposed, waiting.proposed_by) == ("2", "1", "M0001")
    with pytest.raises(rules.LowerByAnother):
        rules.set_rule(session, by(act, 1), "mandates.quorum", "1")
    assert rules.number(session, "mandates.quorum") == 2
    now = rules.set_rule(session, by(act, 2), "mandates.quorum", "1")
    assert (now.value, now.proposed, now.proposed_by) == ("1", None, None)
    assert rules.number(session, "mandates.quorum") == 1


def test_a_lower_quorum_that_waits_is_taken_back_by_setting_the_value_it_has(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    for member in founded[:2]:
        mandates.give(session, by(act, 1), member, Task.RULES_SET)
    rules.set_rule(session, by(act, 1), "mandates.quorum", "2")
    rules.set_rule(session, by(act, 1), "mandates.quorum", "1")
    assert rules.set_rule(session, by(act, 2), "mandates.quorum", "2").proposed is None
    assert rules.set_rule(session, by(act, 2), "mandates.quorum", "1").proposed_by == "M0002"
    assert rules.number(session, "mandates.quorum") == 2


def test_whoever_proposed_a_lower_quorum_and_decides_no_more_counts_no_more(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    first, *_ = [mandates.give(session, by(act, 1), member, Task.RULES_SET) for member in founded[:3]]
    rules.set_rule(session, by(act, 1), "mandates.quorum", "2")
    rules.set_rule(session, by(act, 1), "mandates.quorum", "1")
    mandates.end(session, by(act, 1), first)
    assert rules.set_rule(session, by(act, 2), "mandates.quorum", "1").proposed_by == "M0002"
    assert rules.set_rule(session, by(act, 3), "mandates.quorum", "1").value == "1"


def test_another_file_of_whoever_proposed_a_lower_quorum_is_no_second_person(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    for member in founded[:2]:
        mandates.give(session, by(act, 1), member, Task.RULES_SET)
    mandates.give(session, by(act, 1), founded[0], Task.MEMBERS_WRITE)
    rules.set_rule(session, by(act, 1), "mandates.quorum", "2")
    rules.set_rule(session, by(act, 2), "mandates.quorum", "1")
    merging.absorb(session, by(act, 1), founded[1], founded[0])
    with pytest.raises(rules.LowerByAnother):
        rules.set_rule(session, by(act, 1), "mandates.quorum", "1")


@pytest.mark.parametrize("known", rules.RULES.values(), ids=lambda known: known.name)
def test_every_rules_default_is_a_value_it_may_have(known: rules.Known) -> None:
    assert known.check.fits(known.default)


def test_nobody_seconds_or_reviews_what_another_file_of_theirs_did(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    rules_setter = mandates.give(session, by(act, 1), founded[0], Task.RULES_SET)
    mandates.give(session, by(act, 1), founded[0], Task.MEMBERS_WRITE)
    assert str(rules_setter) == "T0003"
    rules.set_rule(session, by(act, 1), "mandates.quorum", "2")
    waiting = mandates.give(session, by(act, 2), founded[3], Task.LINES_WRITE)
    emergency, _ = emergencies.open_emergency(session, by(act, 2, why="panne"))
    merging.absorb(session, by(act, 1), founded[1], founded[0])
    with pytest.raises(mandates.SecondByAnother):
        mandates.second(session, by(act, 1), waiting)
    with pytest.raises(emergencies.ReviewByAnother):
        emergencies.review(session, by(act, 1, why="bien fait"), emergency)


def test_signs_that_nobody_sees_are_no_reason(session: EssaimSession, act: Act, people: list[Member]) -> None:
    with pytest.raises(emergencies.WhyNeeded):
        emergencies.open_emergency(session, by(act, 1, why="\u200b\u2060 …"))


def test_whoever_welcomes_members_does_not_sign_in_as_one_who_holds_a_mandate(
    session: EssaimSession, act: Act, founded: list[Member]
) -> None:
    mandates.give(session, by(act, 1), founded[2], Task.MEMBERS_WRITE)
    accounts.sign_in_link(session, by(act, 3), founded[3])
    accounts.sign_in_link(session, by(act, 1), founded[0])
    with pytest.raises(rights.NotMandated):
        accounts.sign_in_link(session, by(act, 3), founded[0])
    mandates.give(session, by(act, 1), founded[2], Task.KEYS_KEEP)
    accounts.sign_in_link(session, by(act, 3), founded[0])


def test_a_mandate_for_one_machine_brings_nothing_to_another(
    session: EssaimSession, act: Act, people: list[Member]
) -> None:
    site = places.add_site(session, act, "cave")
    first, other = (devices.add_device(session, act, one, role="vpn", platform="debian", site=site)
                    for one in ("vpn", "vpn2"))  # fmt: skip
    pool = addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/24"), handed=32, device=first)
    offer = offers.add_offer(session, act, "vpn", "VPN", "wireguard", device=first, pool_v4=pool)
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    line = lines.order_line(session, act, people[1], offer, lines.Ordering(public_key=key))
    mandates.give(session, act, people[0], Task.MANDATES_GIVE)
    mandates.give(session, by(act, 1), people[2], Task.LINES_WRITE, scope="device:vpn")
    with pytest.raises(rights.NotMandated):
        moving.migrate_line(session, by(act, 3), line, offer, lines.Ordering(), device=other)
    with pytest.raises(rights.NotMandated):
        offers.change_offer(session, by(act, 3), offer, offers.Offering(device=other))


def test_a_mandate_for_one_pool_follows_its_name(session: EssaimSession, act: Act, people: list[Member]) -> None:
    pool = addresses.create_pool(session, act, "v4", ip_network("198.51.100.0/24"), handed=32)
    mandates.give(session, act, people[0], Task.MANDATES_GIVE)
    held = mandates.give(session, by(act, 1), people[2], Task.ADDRESSES_WRITE, scope="pool:v4")
    pools.change_pool(session, by(act, 3), pool, name="v4-cave")
    session.refresh(held)
    assert held.scope == "pool:v4-cave"
    pools.change_pool(session, by(act, 3), pool, note="à la cave")
