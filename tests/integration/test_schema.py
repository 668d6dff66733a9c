"""The database that migrations make is the one the code declares, guards included; every column says why it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, Connection, Engine, Integer, MetaData, Table, text

from foundation.database import GUARDS, Base, Retention, Store, engine_of, kept, put_guards
from migrations import configuration, metadata, upgrade
from monitoring.models import Seen


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            # A guard's own index is no table's: the code declares it with the guard.
            "include_object": lambda _object, name, kind, _found, _beside: (
                kind != "index" or not str(name).endswith("_no_overlap")
            ),
        },
    )
    return list(compare_metadata(context, metadata()))


def unchecked(connection: Connection) -> list[str]:
    """Checks that the code declares and the database lacks: comparing metadata does not see them."""
    if connection.dialect.name == "postgresql":
        found = " ".join(connection.execute(text("SELECT conname FROM pg_constraint")).scalars())
    else:
        found = " ".join(connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'table'")).scalars())
    checks = [each for table in metadata().sorted_tables for each in table.constraints]
    names = [f"ck_{each.table.name}_{each.name}" for each in checks if isinstance(each, CheckConstraint)]
    names = [re.sub(r"^ck_(\w+?)_ck_\1_", r"ck_\1_", name) for name in names]
    assert len(names) > 40
    return [name for name in names if not re.search(rf"\b{name}\b", found)]


def unmarked(of: MetaData) -> list[str]:
    known = get_args(Retention)
    return [f"{column}" for table in of.sorted_tables for column in table.columns
            if column.info.get("retention") not in known]  # fmt: skip


def test_a_migrated_sqlite_is_what_the_code_declares(store: Store) -> None:
    with store.engine.connect() as connection:
        assert differences(connection) == []
        assert unchecked(connection) == []


def test_a_difference_would_be_seen(store: Store) -> None:
    with store.engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        connection.execute(text("ALTER TABLE site ADD COLUMN surprise TEXT"))
        connection.execute(text("DROP INDEX ix_member_email"))
        assert len(differences(connection)) == 2


@pytest.mark.sqlite
def test_every_guard_is_in_place_after_a_migration(store: Store) -> None:
    wanted = {
        match[1]
        for guard in GUARDS
        for statement in guard.sqlite
        if (match := re.search(r"CREATE TRIGGER (?:IF NOT EXISTS )?(\w+)", statement))
    }
    with store.engine.connect() as connection:
        found = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())
    assert found == wanted
    assert len(wanted) == sum("CREATE TRIGGER" in each for guard in GUARDS for each in guard.sqlite)


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
        assert unchecked(connection) == []
        assert differences(connection) == []


@pytest.mark.postgresql
def test_postgresql_has_its_guards_too(pg_store: Store) -> None:
    wanted = {
        match[1]
        for guard in GUARDS
        for statement in guard.postgresql
        if (match := re.search(r"(?:TRIGGER|ADD CONSTRAINT) (\w+)", statement))
    }
    query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION SELECT conname FROM pg_constraint"
    with pg_store.engine.connect() as connection:
        assert wanted - set(connection.execute(text(query)).scalars()) == set()
    assert wanted


@pytest.mark.sqlite
def test_an_association_of_before_keeps_its_members_and_what_belongs_to_them(tmp_path: Path) -> None:
    keeps_its_members(engine_of(f"sqlite:///{tmp_path / 'before.sqlite'}"))


@pytest.mark.postgresql
def test_an_association_of_before_keeps_its_members_on_postgresql(postgresql: Callable[..., str]) -> None:
    keeps_its_members(engine_of(postgresql()))


def keeps_its_members(engine: Engine) -> None:
    """Bring a database of the first schema, with rows that refer to one another, to today's."""
    with engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in (
            "member (id, number, name, organisation, language, status, joined, left_why) VALUES "
            "(1, 1, 'Zoé', false, 'fr', 'affiliate', '2020-01-01', ''), "
            "(2, 2, 'Ada', false, 'fr', 'left', '2020-01-01', '')",
            "membership (id, member_id, kind, since) VALUES (1, 1, 'affiliate', '2020-01-01')",
            "site (id, name, description) VALUES (1, 'cave', '')",
            "device (id, name, role, platform, shape, site_id, owner_id) VALUES (1, 'pi', 'server', 'x', '', 1, 1)",
        ):
            connection.execute(text(f"INSERT INTO {row}"))
    upgrade(engine)
    upgrade(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT number, status, sought FROM member ORDER BY number")).all()
        assert [tuple(row) for row in found] == [(1, "member", "zoe"), (2, "left", "ada")]
        assert connection.execute(text("SELECT owner_id FROM device")).scalar() == 1
        assert connection.execute(text("SELECT kind FROM membership")).scalar() == "affiliate"
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    engine.dispose()


def test_every_column_says_why_it_is_kept() -> None:
    assert unmarked(metadata()) == []
    assert unmarked(Seen.metadata) == []
    assert len(Base.metadata.tables) > 20


def test_a_column_that_does_not_say_would_be_seen() -> None:
    there = MetaData()
    Table("t", there, Column("id", Integer, info=kept("technical")), Column("x", Integer), Column("y", Integer, info={
        "retention": "forever"}))  # fmt: skip
    assert unmarked(there) == ["t.x", "t.y"]
