"""The journal's chain, whatever is said in it and whatever is done to it."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation import journal
from foundation.acts import Act
from foundation.database import Store, engine_of, reading, transaction
from foundation.journal import Entry, JournalBroken, Payload
from foundation.vault import Vault

AT = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
COLUMNS = ("at", "actor", "verb", "subject", "member", "digest", "previous", "chain", "salt", "body")

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
deeds = st.lists(
    st.tuples(words, words, st.dictionaries(st.from_regex(r"\A[a-z]{1,8}\Z"), plain, max_size=3)),
    min_size=1,
    max_size=6,
)


@contextmanager
def a_journal(said: list[tuple[str, str, dict[str, Any]]]) -> Iterator[Store]:
    """A journal in a database that holds nothing else."""
    with tempfile.TemporaryDirectory(prefix="essaim-journal-") as folder:
        engine = engine_of(f"sqlite:///{folder}/journal.sqlite")
        with engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
            Entry.metadata.create_all(connection, [Entry.__table__, Payload.__table__])  # type: ignore[list-item]
        store = Store(engine, Vault.create(Path(folder) / "vault.key"))
        with transaction(store) as session:
            for why, subject, facts in said:
                known = {name: value for name, value in facts.items() if name not in _TAKEN}
                journal.record(session, Act("M0001", AT, why), "test", subject, **known)
        yield store
        engine.dispose()


_TAKEN = {"session", "act", "verb", "subject", "member", "why"}


@settings(max_examples=20)
@given(deeds)
def test_whatever_is_said_is_read_back_and_verifies(said: list[tuple[str, str, dict[str, Any]]]) -> None:
    with a_journal(said) as store, reading(store) as session:
        assert journal.verify(session)[0] == len(said)
        heard = [(deed.why, deed.subject, deed.facts) for deed in reversed(journal.show(session))]
    assert heard == [
        (why, subject, {name: value for name, value in facts.items() if name not in _TAKEN})
        for why, subject, facts in said
    ]


@settings(max_examples=30)
@given(deeds, st.data())
def test_any_single_alteration_is_found_no_later_than_the_entry_after(
    said: list[tuple[str, str, dict[str, Any]]], data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, len(said)))
    column = data.draw(st.sampled_from(COLUMNS))
    table, key = ("journal_payload", "entry_id") if column in ("salt", "body") else ("journal", "id")
    with a_journal(said) as store:
        with closing(sqlite3.connect(str(store.engine.url.database))) as behind:
            (before,) = behind.execute(f"SELECT {column} FROM {table} WHERE {key} = ?", (number,)).fetchone()
            behind.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (_other(column, before, data), number))
            behind.commit()
        with reading(store) as session, pytest.raises(JournalBroken) as found:
            journal.verify(session)
    entry = found.value.facts["entry"]
    assert entry == number


def _other(column: str, before: Any, data: st.DataObject) -> Any:
    if column == "at":
        return "2026-11-22T13:02:00.000001Z"
    if isinstance(before, bytes):
        place = data.draw(st.integers(0, len(before) - 1))
        return before[:place] + bytes([before[place] ^ data.draw(st.integers(1, 255))]) + before[place + 1 :]
    return (before or "") + data.draw(st.characters(categories=["L", "N"]))


@given(st.dictionaries(words, plain, max_size=5))
def test_canonical_json_has_one_spelling_and_loses_nothing(facts: dict[str, Any]) -> None:
    text = journal.canonical(facts)
    assert json.loads(text) == facts
    assert journal.canonical(dict(reversed(facts.items()))) == text
    assert "\n" not in text
