"""The database that migrations make is the one the code declares, guards included; every column says why it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Connection, Integer, MetaData, Table, text

from foundation.database import GUARDS, Base, Retention, Store, engine_of, kept, put_guards
from migrations import metadata, upgrade
from monitoring.models import Seen


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            # A guard's own index is no table's: the code declares it with the guard.
            "include_object": lambda _object, name, kind, _found, _beside: (
                (kind, name) != ("index", "block_no_overlap")
            ),
        },
    )
    return list(compare_metadata(context, metadata()))


def unmarked(of: MetaData) -> list[str]:
    known = get_args(Retention)
    return [f"{column}" for table in of.sorted_tables for column in table.columns
            if column.info.get("retention") not in known]  # fmt: skip


def test_a_migrated_sqlite_is_what_the_code_declares(store: Store) -> None:
    with store.engine.connect() as connection:
        assert differences(connection) == []


def test_a_difference_would_be_seen(store: Store) -> None:
    with store.engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        connection.execute(text("ALTER TABLE site ADD COLUMN surprise TEXT"))
        connection.execute(text("DROP INDEX ix_member_email"))
        assert len(differences(connection)) == 2


def test_every_guard_is_in_place_after_a_migration(store: Store) -> None:
    wanted = {
        match[1]
        for guard in GUARDS
        for statement in guard.sqlite
        if (match := re.search(r"CREATE TRIGGER IF NOT EXISTS (\w+)", statement))
    }
    with store.engine.connect() as connection:
        found = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())
    assert found == wanted
    assert len(wanted) == sum(len(guard.sqlite) for guard in GUARDS)


def test_a_migration_may_be_run_again(store: Store) -> None:
    upgrade(store.engine)
    with store.engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        put_guards(connection)
        put_guards(connection)
    with store.engine.connect() as connection:
        assert differences(connection) == []


@pytest.mark.postgresql
def test_a_migrated_postgresql_is_what_the_code_declares(pg_store: Store) -> None:
    upgrade(pg_store.engine)
    with pg_store.engine.connect() as connection:
        assert differences(connection) == []


@pytest.mark.postgresql
def test_postgresql_has_its_guards_too(postgresql: Callable[..., str]) -> None:
    engine = engine_of(postgresql())
    upgrade(engine)
    wanted = {
        match[1]
        for guard in GUARDS
        for statement in guard.postgresql
        if (match := re.search(r"(?:TRIGGER|ADD CONSTRAINT) (\w+)", statement))
    }
    query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION SELECT conname FROM pg_constraint"
    with engine.connect() as connection:
        assert wanted - set(connection.execute(text(query)).scalars()) == set()
    engine.dispose()
    assert wanted


def test_every_column_says_why_it_is_kept() -> None:
    assert unmarked(metadata()) == []
    assert unmarked(Seen.metadata) == []
    assert len(Base.metadata.tables) > 20


def test_a_column_that_does_not_say_would_be_seen() -> None:
    there = MetaData()
    Table("t", there, Column("id", Integer, info=kept("technical")), Column("x", Integer), Column("y", Integer, info={
        "retention": "forever"}))  # fmt: skip
    assert unmarked(there) == ["t.x", "t.y"]
