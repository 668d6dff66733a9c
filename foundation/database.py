"""The database: base class, column types, guards kept by the database itself, and the two ways in.

`transaction(store)` writes and commits, or leaves nothing; `reading(store)` only reads. Only doors and
acts of the desk open them; a verb in a room takes a session and never commits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, TypeAlias

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import DateTime, TypeDecorator

from foundation.errors import Invalid, Refused, Unavailable
from foundation.settings import Settings
from foundation.speech import Phrase
from foundation.vault import Vault

BUSY_SECONDS: Final = 5
BINARY: Final = 1
"""How PostgreSQL is asked to answer as it holds things (its message Bind), by the option `essaim_binary`."""
_INSTANT_WIDTH: Final = len("2026-11-22T13:02:00.000000Z")
_UNDEFINED: Final = ("42P01", "42703", "42883")  # tables, columns and functions: PostgreSQL, appendix A

Retention: TypeAlias = Literal["identity", "contract", "payment", "connection", "technical", "journal", "secret"]
"""Why a column is kept, and so for how long (docs/reference/retention.md)."""


class DatabaseBusy(Unavailable):
    """Another process writes and does not finish."""

    kind = "database-busy"
    phrase = Phrase(
        "La base est occupée par un autre programme. Rien n'a été changé ; réessayez dans un instant.",
        "The database is in use by another program. Nothing was changed; try again in a moment.",
    )


class DatabaseUnreadable(Unavailable):
    """The database does not open, is full, or is not ours."""

    kind = "database-unreadable"
    permanent = True
    phrase = Phrase(
        "La base ne s'ouvre pas ({reason}). Rien n'a été changé.",
        "The database does not open ({reason}). Nothing was changed.",
    )


class SchemaBehind(DatabaseUnreadable):
    """The database lacks a table or a column that this version has."""

    kind = "schema-behind"
    phrase = Phrase(
        "La base ne s'ouvre pas : elle n'a pas la forme que cette version attend. Rien n'a été changé. Si elle date "
        "d'une version précédente, une sauvegarde, puis : essaim upgrade",
        "The database does not open: it is not of the shape that this version expects. Nothing was changed. If it is "
        "from an earlier version, a backup, then: essaim upgrade",
    )


class BadDatabaseURL(Invalid):
    """The setting that says where the database is says nothing we know."""

    kind = "bad-database-url"
    phrase = Phrase(
        "ESSAIM_DATABASE_URL ne désigne ni une base SQLite ni une base PostgreSQL. Rien n'a été fait.",
        "ESSAIM_DATABASE_URL names neither an SQLite nor a PostgreSQL database. Nothing was done.",
    )


class NotInitialised(Refused):
    """There is no association here yet."""

    kind = "not-initialised"
    phrase = Phrase(
        "Pas encore d'association dans {folder}. La créer : essaim init",
        "No association in {folder} yet. To create it: essaim init",
    )


class Instant(TypeDecorator[datetime]):
    """An instant in UTC: `timestamptz` on PostgreSQL, 27 characters of fixed-width text on SQLite."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The type that holds it on this engine."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive datetime: an instant without its zone is a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        there = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return there
        return there.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"  # strftime writes year 42 as `42`

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """None on PostgreSQL: our sessions there are in UTC, and what is not called costs nothing."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """Give an aware datetime in UTC from SQLite's text."""
        if value is None:
            return None
        try:
            if len(value) != _INSTANT_WIDTH:
                raise ValueError(value)
            return datetime.fromisoformat(value)  # some thirty times faster than strptime
        except (TypeError, ValueError) as garbled:
            raise DatabaseUnreadable(reason=garbled) from garbled


RowId = BigInteger().with_variant(Integer, "sqlite")
"""A row's number. It never leaves the program."""


class Base(DeclarativeBase):
    """Every table of ours. Each column says why it is kept: `info=kept("identity")`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Instant()}


def kept(category: Retention) -> dict[str, Retention]:
    """The `info` of a column: the category that says how long it is kept."""
    return {"retention": category}


@dataclass(frozen=True, slots=True)
class Guard:
    """A rule that the database itself keeps, whoever writes: DDL that may be run again at any time."""

    name: str
    sqlite: tuple[str, ...] = ()
    postgresql: tuple[str, ...] = ()


GUARDS: Final[list[Guard]] = []
"""All guards, put in place after each migration (Alembic's batch mode drops triggers on SQLite)."""


class EssaimSession(Session):
    """A session of ours; `session.info["vault"]` opens what is sealed, `["templates"]` is where their own are."""


@dataclass(frozen=True, slots=True)
class Store:
    """One association's database and the key to what is sealed in it."""

    engine: Engine
    vault: Vault
    templates: Path | None = None
    """The association's own templates, where it may have some."""

    def session(self, within: Connection | None = None) -> EssaimSession:
        """A new session on this database; `within` a connection, it is part of the transaction that is open there."""
        return EssaimSession(within or self.engine, info={"vault": self.vault, "templates": self.templates})


def open_store(settings: Settings) -> Store:
    """Open the association of these settings. Raises NotInitialised when there is none."""
    engine = engine_of(settings.database)
    if settings.unfinished.exists() or not _stands(engine, settings):
        raise NotInitialised(folder=settings.var)
    return Store(engine, Vault.read(settings.vault_key), settings.own_templates)


def open_apart(settings: Settings, path: Path, tables: MetaData) -> Store:
    """Open a file beside the association's database; make it, readable by its owner alone, where there is none.

    Raises NotInitialised, KeyMissing, DatabaseBusy, DatabaseUnreadable.
    """
    if not settings.var.is_dir():
        raise NotInitialised(folder=settings.var)
    vault = Vault.read(settings.vault_key)
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    store = Store(engine_of(f"sqlite:///{path.absolute()}"), vault)
    with transaction(store) as session:
        tables.create_all(session.connection())
    return store


def _stands(engine: Engine, settings: Settings) -> bool:
    if engine.dialect.name == "sqlite":
        return Path(str(engine.url.database)).exists()
    # A server is asked only where the key, which is made first, does not answer already.
    with _translated():
        return settings.vault_key.exists() or inspect(engine).has_table("journal")


def engine_of(url: str) -> Engine:
    """An engine with our ground rules: WAL and `secure_delete` on SQLite, UTC on PostgreSQL.

    Raises BadDatabaseURL, which does not repeat the URL: it may hold a password.
    """
    try:
        kind = make_url(url).get_backend_name()
    except (ArgumentError, ValueError):
        raise BadDatabaseURL from None
    if kind == "postgresql":
        engine = create_engine(url, connect_args={"options": "-c timezone=UTC"}, hide_parameters=True)
        event.listen(engine, "before_cursor_execute", _ask_in_binary)
        return engine
    if kind != "sqlite":
        raise BadDatabaseURL
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def transaction(store: Store) -> Iterator[EssaimSession]:
    """Write: all that is done inside is committed together, or nothing is.

    On SQLite it begins IMMEDIATE: one that reads first and writes later would fail as soon as another commits.
    Raises DatabaseBusy, DatabaseUnreadable.
    """
    with _translated(), store.session() as session, session.begin():
        session.connection(execution_options={"essaim_writes": True})
        yield session


@contextmanager
def reading(store: Store) -> Iterator[EssaimSession]:
    """Read one consistent state; nothing is written. Raises DatabaseBusy, DatabaseUnreadable."""
    with _translated(), store.session() as session:
        if store.engine.dialect.name == "postgresql":  # SQLite's readers see one state by nature
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
        session.rollback()


def put_guards(connection: Connection) -> None:
    """Put every guard in place, as after a migration."""
    for guard in GUARDS:
        for statement in guard.sqlite if connection.dialect.name == "sqlite" else guard.postgresql:
            connection.execute(text(statement.replace(":", "\\:")))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as failed:
        if any(word in str(failed.orig) for word in ("locked", "busy", "deadlock")):
            raise DatabaseBusy from failed
        if any(word in str(failed.orig) for word in ("no such table", "no such column", "has no column")):
            raise SchemaBehind from failed
        raise DatabaseUnreadable(reason=str(failed.orig).splitlines()[0]) from failed
    except UnicodeDecodeError as garbled:  # what sqlite3 makes of a damaged schema, or of its own message about one
        raise DatabaseUnreadable(reason=garbled.reason) from garbled
    except ProgrammingError as failed:
        if getattr(failed.orig, "sqlstate", None) in _UNDEFINED:
            raise SchemaBehind from failed
        raise
    except DatabaseError as failed:
        if type(failed) is DatabaseError:  # "file is not a database", "disk image is malformed"
            raise DatabaseUnreadable(reason=str(failed.orig)) from failed
        raise


def _ask_in_binary(_connection: Any, cursor: Any, _statement: Any, _given: Any, context: Any, _many: bool) -> None:
    # Not everywhere: SQLAlchemy's own questions about the schema expect text.
    if context is not None and context.execution_options.get("essaim_binary"):
        cursor.format = BINARY


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("essaim_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
