"""The journal: a chain that shows every alteration, and bears an erasure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.journal import JournalBroken, Payload
from foundation.money import Euros

Alter = Callable[[str], None]


@pytest.fixture
def written(store: Store, act: Act) -> Store:
    """A journal of five deeds, in three transactions."""
    for ranks in ((1, 2), (3,), (4, 5)):
        with transaction(store) as session:
            for rank in ranks:
                journal.record(session, act, "test.deed", f"L{rank:04d}", member=f"M{rank % 2 + 1:04d}", rank=rank)
    return store


@pytest.fixture
def alter(written: Store) -> Alter:
    """Change the database behind its own back: its guards are taken away first."""

    def altered(statement: str) -> None:
        zeros = [bytes(int(size)) for size in re.findall(r"zeroblob\((\d+)\)", statement)]
        behind = written.engine.raw_connection()
        cursor = behind.cursor()
        if written.engine.dialect.name == "postgresql":
            cursor.execute("SET session_replication_role = replica")  # no trigger fires, no foreign key is checked
            cursor.execute(re.sub(r"zeroblob\(\d+\)", "%s", statement), zeros)
            cursor.execute("SET session_replication_role = DEFAULT")
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
            for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(re.sub(r"zeroblob\(\d+\)", "?", statement), zeros)
            cursor.execute("PRAGMA foreign_keys = ON")
        behind.commit()
        behind.close()

    return altered


def broken_at(store: Store) -> tuple[int, int]:
    with reading(store) as session, pytest.raises(JournalBroken) as found:
        journal.verify(session)
    entry, good = found.value.facts["entry"], found.value.facts["good"]
    assert isinstance(entry, int)
    assert isinstance(good, int)
    return entry, good


def test_a_journal_left_alone_verifies(written: Store) -> None:
    with reading(written) as session:
        count, head = journal.verify(session)
    assert count == 5
    assert len(bytes.fromhex(head)) == 32


def test_an_empty_journal_verifies(store: Store) -> None:
    with reading(store) as session:
        assert journal.verify(session) == (0, journal.START.hex())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'M0666' WHERE id = 3",
        "UPDATE journal SET at = '2020-01-01T00:00:00.000000Z' WHERE id = 3",
        "UPDATE journal SET verb = 'test.other' WHERE id = 3",
        "UPDATE journal SET subject = 'L9999' WHERE id = 3",
        "UPDATE journal SET member = NULL WHERE id = 3",
        "UPDATE journal SET digest = zeroblob(32) WHERE id = 3",
        "UPDATE journal SET chain = zeroblob(32) WHERE id = 3",
        "UPDATE journal_payload SET body = replace(body, '3', '4') WHERE entry_id = 3",
        "UPDATE journal_payload SET salt = zeroblob(16) WHERE entry_id = 3",
    ],
)
def test_an_altered_entry_is_named(written: Store, alter: Alter, statement: str) -> None:
    alter(statement)
    assert broken_at(written) == (3, 2)


def test_an_entry_that_is_missing_is_noticed(written: Store, alter: Alter) -> None:
    alter("DELETE FROM journal WHERE id = 3")
    assert broken_at(written) == (4, 2)


def test_a_journal_that_lost_its_beginning_is_noticed(written: Store, alter: Alter) -> None:
    alter("DELETE FROM journal WHERE id = 1")
    assert broken_at(written) == (2, 0)


def test_a_payload_may_be_erased_for_good_and_the_chain_stays_whole(written: Store) -> None:
    with transaction(written) as session:
        before = journal.verify(session)
        session.execute(delete(Payload).where(Payload.entry_id == 3))
    with reading(written) as session:
        assert journal.verify(session) == before
        erased = next(deed for deed in journal.show(session) if deed.number == 3)
    assert erased.facts is None
    assert erased.why == ""
    assert (erased.actor, erased.verb, erased.subject) == ("machine:test", "test.deed", "L0003")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET verb = 'x' WHERE id = 3",
        "DELETE FROM journal WHERE id = 5",
        "DELETE FROM journal",
        "UPDATE journal_payload SET body = '{}'",
    ],
)
def test_the_database_itself_refuses_to_change_the_past(written: Store, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), transaction(written) as session:
        session.execute(text(statement))
    with reading(written) as session:
        assert journal.verify(session)[0] == 5


def test_two_entries_cannot_follow_the_same_one(written: Store) -> None:
    with pytest.raises(IntegrityError), transaction(written) as session:
        session.execute(
            text(
                "INSERT INTO journal (id, at, actor, verb, subject, digest, previous, chain) SELECT "
                "6, at, actor, verb, subject, digest, previous, :chain FROM journal WHERE id = 5"
            ),
            {"chain": bytes(32)},
        )


def test_what_is_rolled_back_was_never_said(written: Store, act: Act) -> None:
    with written.session() as session:
        session.begin()
        journal.record(session, act, "test.regret", "L0001")
        session.rollback()
        session.commit()
    with transaction(written) as session:
        journal.record(session, act, "test.after", "L0001")
    with reading(written) as session:
        assert [deed.verb for deed in journal.show(session, limit=2)] == ["test.after", "test.deed"]
        assert journal.verify(session)[0] == 6


def test_a_secret_is_kept_as_its_fingerprint(written: Store, act: Act) -> None:
    sealed = written.vault.seal("canari-7be2")
    with transaction(written) as session:
        journal.record(session, act, "test.secret", "vpn", secret=sealed)
    with reading(written) as session:
        facts = journal.show(session, limit=1)[0].facts
        body = session.get_one(Payload, 6).body
    assert facts == {"secret": written.vault.fingerprint("canari-7be2")}
    assert "canari" not in body
    assert sealed.token.decode() not in body


def test_members_find_what_was_done_to_their_own_file(written: Store) -> None:
    with reading(written) as session:
        assert [deed.number for deed in journal.show(session, member="M0001")] == [4, 2]
        assert [deed.number for deed in journal.show(session, subject="L0003")] == [3]
        assert journal.show(session, member="M0042") == []


def test_json_has_one_spelling() -> None:
    moment = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
    assert journal.canonical({"b": Euros(1250), "a": [date(2026, 11, 22), "é", None, True]}) == (
        '{"a":["2026-11-22","é",null,true],"b":1250}'
    )
    assert journal.canonical(moment) == journal.canonical(moment.astimezone()) == '"2026-11-22T14:02:00+00:00"'


def test_deeds_are_numbered_in_the_order_they_were_done_whatever_their_dates(store: Store, act: Act) -> None:
    with transaction(store) as session:
        journal.record(session, act, "second", "x")
        journal.record(session, Act("M0002", act.at - timedelta(days=900), "rattrapage"), "first", "x")
    with reading(store) as session:
        assert [(deed.number, deed.verb, deed.why) for deed in journal.show(session)] == [
            (2, "first", "rattrapage"),
            (1, "second", "test"),
        ]
        assert journal.verify(session)[0] == 2
