"""The database's schema through time: Alembic, found from an installed wheel as from a checkout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData

from foundation.database import Base, DatabaseUnreadable, put_guards

TABLES_OF: Final = ("billing.models", "foundation.journal", "inventory.models", "provisioning.models")
"""The modules that declare tables of the association's database."""


def metadata() -> MetaData:
    """All tables of ours, and their guards beside them, as the code declares them today."""
    for module in TABLES_OF:
        import_module(module)
    return Base.metadata


def upgrade(engine: Engine, told: Callable[[Connection], None] | None = None) -> None:
    """Bring a database, empty or old, to today's schema, with every guard in place.

    All or nothing: on both engines the whole upgrade is one transaction, and what `told` writes is part of it.
    """
    with (
        engine.connect().execution_options(essaim_writes=True) as connection,
        _recast(connection),
        connection.begin(),
    ):
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        put_guards(connection)
        if told is not None:
            told(connection)
        if engine.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise DatabaseUnreadable(reason="foreign_key_check")


@contextmanager
def _recast(connection: Connection) -> Iterator[None]:
    """Let SQLite's tables be made anew under the rows that refer to them: the references are checked at the end."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")  # which does nothing within a transaction
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def configuration() -> Config:
    """Where Alembic finds its scripts."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    return config
