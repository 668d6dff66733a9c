"""Tokens: made by their owner, with their owner's tasks or fewer, until a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from foundation import journal
from foundation.acts import Act
from foundation.database import EssaimSession, Store, reading, transaction
from inventory import mandates, members, rights, tokens
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.tokens import Token
from inventory.rights import NotMandated, OwnNotGiven, WhoAreYou
from inventory.tokens import (
    Answer,
    BadKey,
    BadToken,
    KeyUsedOtherwise,
    LeftBefore,
    NoSuchToken,
    NotYours,
    TaskNotHeld,
    TokenEnded,
)


@pytest.fixture
def ada(session: EssaimSession, act: Act) -> Member:
    """A member who may open lines, in an association whose founding is over."""
    ada = members.add_member(session, act, "Ada Exemple")
    mandates.give(session, act, ada, Task.MANDATES_GIVE)
    mandates.give(session, replace(act, actor=str(ada)), ada, Task.LINES_WRITE)
    return ada


@pytest.fixture
def hers(act: Act) -> Act:
    return replace(act, actor="M0001")


def test_a_token_is_known_again_until_its_last_day(session: EssaimSession, hers: Act, ada: Member) -> None:
    token, shown = tokens.create_token(session, hers, ada, " laptop ", [Task.LINES_WRITE], days=30)
    assert (str(token), token.name, token.tasks) == ("J0001", "laptop", "lines.write")
    assert shown.startswith("essaim_")
    found = tokens.bearer(session, shown, hers.at + timedelta(days=30, microseconds=-1))
    assert found is token
    assert found.member is ada
    assert tokens.bearer(session, shown, hers.at + timedelta(days=30)) is None


def test_what_a_token_opens_is_kept_nowhere(store: Store, act: Act) -> None:
    with transaction(store) as session:
        ada = members.add_member(session, act, "Ada Exemple")
        _, shown = tokens.create_token(session, act, ada, "laptop")
    with reading(store) as session:
        kept = [repr(row) for row in session.execute(select(Token.__table__))]
        told = [repr(deed) for deed in journal.show(session)]
    assert not any(shown.removeprefix("essaim_") in one for one in kept + told)
    assert any("token.create" in one for one in told)


@pytest.mark.parametrize("shown", ["", "essaim_", "essaim_" + "x" * 43, "x" * 50, "essaim_" + "é" * 43])
def test_what_is_no_token_of_ours_is_nobodys(session: EssaimSession, hers: Act, shown: str) -> None:
    assert tokens.bearer(session, shown, hers.at) is None


def test_a_token_that_was_ended_serves_no_more(session: EssaimSession, hers: Act, ada: Member) -> None:
    token, shown = tokens.create_token(session, hers, ada, "laptop")
    tokens.end_token(session, hers, token)
    assert tokens.bearer(session, shown, hers.at) is None
    with pytest.raises(TokenEnded):
        tokens.end_token(session, hers, token)


def test_whoever_has_left_acts_no_more(session: EssaimSession, hers: Act, ada: Member) -> None:
    _, shown = tokens.create_token(session, hers, ada, "laptop")
    ada.left, ada.status = hers.at.date(), "left"
    session.flush()
    assert tokens.bearer(session, shown, hers.at) is None
    with pytest.raises(LeftBefore):
        tokens.create_token(session, hers, ada, "other")


def test_a_token_has_the_tasks_of_its_owner_or_fewer(session: EssaimSession, hers: Act, ada: Member) -> None:
    with pytest.raises(TaskNotHeld):
        tokens.create_token(session, hers, ada, "laptop", [Task.LINES_WRITE, Task.KEYS_KEEP])
    with pytest.raises(TaskNotHeld):
        tokens.create_token(session, hers, ada, "laptop", ["everything"])


def test_nobody_makes_a_token_for_another(session: EssaimSession, act: Act, hers: Act, ada: Member) -> None:
    mandates.give(session, hers, ada, Task.KEYS_KEEP)
    mandates.give(session, hers, ada, Task.MEMBERS_WRITE)
    bea = members.add_member(session, hers, "Béa Exemple")
    with pytest.raises(NotYours):
        tokens.create_token(session, hers, bea, "laptop")
    with pytest.raises(NotMandated):
        tokens.create_token(session, replace(act, actor=str(bea)), ada, "laptop")
    with pytest.raises(WhoAreYou):
        tokens.create_token(session, act, ada, "laptop")


def test_a_token_makes_no_other(session: EssaimSession, hers: Act, ada: Member) -> None:
    with pytest.raises(NotYours):
        tokens.create_token(session, replace(hers, within=frozenset({Task.LINES_WRITE, rights.OWN})), ada, "laptop")


def test_a_token_writes_what_is_its_owners_own_only_where_it_was_made_to(
    session: EssaimSession, hers: Act, ada: Member
) -> None:
    reads, _ = tokens.create_token(session, hers, ada, "laptop", [Task.LINES_WRITE])
    writes, _ = tokens.create_token(session, hers, ada, "phone", [rights.OWN])
    with pytest.raises(OwnNotGiven) as refused:
        members.change_member(session, replace(hers, within=frozenset(reads.tasks.split())), ada, name="Adèle")
    assert "essaim token create M0001 --name portable --own" in refused.value.sentence("fr")
    members.change_member(session, replace(hers, within=frozenset(writes.tasks.split())), ada, name="Adèle")
    assert ada.name == "Adèle"


@pytest.mark.parametrize("key", ["", "é", "a\tb", "\x7f", "x" * 256, "\u202e"])
def test_a_key_that_would_not_arrive_as_it_was_sent_is_refused(
    session: EssaimSession, hers: Act, ada: Member, key: str
) -> None:
    with pytest.raises(BadKey):
        tokens.answered(session, ada.id, key, b"request", hers.at)
    assert tokens.answered(session, ada.id, "~" * 255, b"request", hers.at) is None


@pytest.mark.parametrize(("name", "days"), [("", 90), (" ", 90), ("x" * 65, 90), ("a\nb", 90), ("a", 0), ("a", 367)])
def test_a_token_has_a_name_and_an_end(session: EssaimSession, hers: Act, ada: Member, name: str, days: int) -> None:
    with pytest.raises(BadToken):
        tokens.create_token(session, hers, ada, name, days=days)


def test_a_token_is_ended_by_its_owner_or_by_whoever_keeps_the_keys(
    session: EssaimSession, act: Act, hers: Act, ada: Member
) -> None:
    mandates.give(session, hers, ada, Task.MEMBERS_WRITE)
    bea = members.add_member(session, hers, "Béa Exemple")
    his = replace(act, actor=str(bea))
    token, _ = tokens.create_token(session, hers, ada, "laptop")
    with pytest.raises(NotMandated):
        tokens.end_token(session, his, token)
    mandates.give(session, hers, bea, Task.KEYS_KEEP)
    tokens.end_token(session, his, token)
    assert token.ended_at == act.at


def test_tokens_are_listed_by_number_those_in_use_alone(session: EssaimSession, hers: Act, ada: Member) -> None:
    made = [tokens.create_token(session, hers, ada, f"t{rank}", days=rank)[0] for rank in (1, 2, 3)]
    tokens.end_token(session, hers, made[2])
    later = hers.at + timedelta(days=1)
    assert [str(one) for one in tokens.list_tokens(session, later)] == ["J0002"]
    assert [str(one) for one in tokens.list_tokens(session, later, ended=True, after=1)] == ["J0002", "J0003"]
    assert [str(one) for one in tokens.list_tokens(session, later, member=ada, ended=True, limit=1)] == ["J0001"]
    assert tokens.find_token(session, "j2") is made[1]
    with pytest.raises(NoSuchToken):
        tokens.find_token(session, "J0009")


def test_an_answer_is_said_again_for_a_day_to_the_same_request_alone(
    session: EssaimSession, hers: Act, ada: Member
) -> None:
    answer = Answer(201, "/api/v1/x", '{"a":1}')
    assert tokens.answered(session, ada.id, "key", b"request", hers.at) is None
    tokens.keep_answer(session, ada.id, "key", b"request", answer, hers.at)
    session.flush()
    soon = hers.at + timedelta(hours=23)
    assert tokens.answered(session, ada.id, "key", b"request", soon) == answer
    assert tokens.answered(session, ada.id, "other", b"request", soon) is None
    with pytest.raises(KeyUsedOtherwise):
        tokens.answered(session, ada.id, "key", b"another", soon)
    assert tokens.answered(session, ada.id, "key", b"another", hers.at + timedelta(days=1)) is None
