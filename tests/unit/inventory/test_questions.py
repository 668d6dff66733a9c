"""Who had an address: what is answered, and the register of those who asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from foundation import clock, journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from inventory import addresses, lines, mandates, members, offers, questions, rights
from inventory.models.addresses import Question
from inventory.models.lines import Technology
from inventory.questions import BadPort, NobodyHad, ask, list_questions, who_had

ADDRESS = ip_address("198.51.100.0")


def at(act: Act, moment: str) -> Act:
    return Act(act.actor, clock.parse(moment), act.why)


def test_an_answer_names_member_line_share_and_row(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    number, held = ask(session, act, ADDRESS, act.at, 443)
    assert number == "X0001"
    assert held is not None
    assert (held.members, held.line, held.pool) == (("M0001",), str(line), "v4")
    assert held.candidates[0].since == clock.today(act.at)
    assert held.proof == f"assignment {held.prefix} {held.since.isoformat()}/.."


def test_every_question_is_kept_even_twice_even_without_an_answer(
    session: EssaimSession, act: Act, small: Any, order: Any
) -> None:
    order(small.ada)
    for port in (443, None):
        ask(session, act, ADDRESS, act.at, port)
    nobody = ip_address("2001:db8:ffff::1")
    assert ask(session, act, nobody, act.at) == ("X0003", None)
    kept = list_questions(session, act)
    assert [(one.number, one.address, one.moment, one.port, one.members) for one in kept] == [
        ("X0001", "198.51.100.0", act.at, 443, ["M0001"]),
        ("X0002", "198.51.100.0", act.at, None, ["M0001"]),
        ("X0003", str(nobody), act.at, None, []),
    ]
    assert {(one.actor, one.why, one.at) for one in kept} == {("machine:test", "test", act.at)}
    assert [one.number for one in list_questions(session, act, after=1, limit=1)] == ["X0002"]


def test_the_register_is_sealed_and_never_changes(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    order(small.ada)
    ask(session, act, ADDRESS, act.at)
    stored = session.scalars(select(Question)).one()
    assert b"198.51" not in stored.sealed.token
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text("UPDATE question SET actor = 'M0666'"))


def test_the_journal_says_nothing_of_a_question(store: Store, act: Act) -> None:
    with transaction(store) as session:
        members.add_member(session, act, "Ada Exemple")
    with transaction(store) as session:
        ask(session, act, ADDRESS, act.at)
    with reading(store) as session:
        assert [deed.verb for deed in journal.show(session)] == ["member.add"]


def test_a_question_takes_its_mandate(session: EssaimSession, act: Act) -> None:
    ada, bea = (members.add_member(session, act, name) for name in ("Ada Exemple", "Béa Exemple"))
    mandates.give(session, act, ada, "mandates.give")
    as_ada, as_bea = (Act(str(one), act.at) for one in (ada, bea))
    mandates.give(session, as_ada, bea, "requisition.open")
    assert ask(session, as_bea, ADDRESS, act.at) == ("X0001", None)
    assert len(list_questions(session, as_bea)) == 1
    for refused, error in ((as_ada, rights.NotMandated), (act, rights.WhoAreYou)):
        with pytest.raises(error):
            ask(session, refused, ADDRESS, act.at)
        with pytest.raises(error):
            list_questions(session, refused)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_is_a_port(session: EssaimSession, act: Act, port: int) -> None:
    with pytest.raises(BadPort):
        ask(session, act, ADDRESS, act.at, port)
    assert list_questions(session, act) == []


def test_all_who_share_an_address_are_candidates(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    bare = offers.add_offer(session, act, "bare", "sans adresse", Technology.WIREGUARD, "tunnel", mtu=1420)
    line = order(small.ada)
    lines.add_share(session, act, line, small.bea, bare)
    _, held = ask(session, act, ADDRESS, act.at)
    assert held is not None
    assert held.ambiguous
    assert [one.member for one in held.candidates] == ["M0001", "M0002"]
    kept = list_questions(session, act)[0]
    assert kept.answer is not None
    assert (kept.members, len(kept.answer["candidates"])) == (["M0001", "M0002"], 2)


@pytest.mark.parametrize(
    ("asked", "member"),
    [
        # On 31 October 2027, 02:30 came twice in Paris: Ada left in the first, Béa came in the second.
        ("2027-10-31T02:29+02:00", "M0001"),
        ("2027-10-31T00:29Z", "M0001"),
        ("2027-10-31T02:30+02:00", None),
        ("2027-10-31T02:29+01:00", None),
        ("2027-10-31T02:30+01:00", "M0002"),
        ("2027-10-31T01:30Z", "M0002"),
        ("2027-10-30T20:30-05:00", "M0002"),
        ("2027-10-31T10:30+09:00", "M0002"),
        ("2027-10-31T07:15+05:45", "M0002"),
        ("2027-10-31T03:00", "M0002"),
        ("2027-10-31T01:59", "M0001"),
    ],
)
def test_the_hour_that_comes_twice_is_two_hours(
    session: EssaimSession, act: Act, small: Any, order: Any, asked: str, member: str | None
) -> None:
    small.v4.quarantine_days = 0
    first = order(small.ada, at=at(act, "2027-10-01"))
    lines.close_line(session, at(act, "2027-10-31T02:30+02:00"), first)
    order(small.bea, at=at(act, "2027-10-31T02:30+01:00"))
    if member is None:
        with pytest.raises(NobodyHad):
            who_had(session, ADDRESS, clock.parse(asked))
    else:
        assert who_had(session, ADDRESS, clock.parse(asked)).members == (member,)


@pytest.mark.parametrize("asked", ["2026-10-25T02:30", "2026-03-29T02:30"])
def test_an_hour_that_is_no_one_moment_is_asked_again(asked: str) -> None:
    with pytest.raises(clock.AmbiguousMoment):
        clock.parse(asked)


def test_an_address_is_found_at_both_ends_of_a_period(session: EssaimSession, act: Act, small: Any, order: Any) -> None:
    line = order(small.ada)
    gone = Act(act.actor, act.at + timedelta(days=1))
    lines.close_line(session, gone, line)
    tick = timedelta(microseconds=1)
    assert who_had(session, ADDRESS, act.at).until == gone.at
    assert who_had(session, ADDRESS, gone.at - tick).members == ("M0001",)
    for outside in (act.at - tick, gone.at, datetime(1, 1, 2, tzinfo=UTC)):
        with pytest.raises(NobodyHad):
            who_had(session, ADDRESS, outside)
    assert addresses.who_had is questions.who_had
