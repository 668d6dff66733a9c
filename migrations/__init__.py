"""The database's schema through time: Alembic, found from an installed wheel as from a checkout."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, MetaData

from foundation.database import Base, put_guards

TABLES_OF: Final = ("billing.models", "foundation.journal", "inventory.models", "provisioning.models")
"""The modules that declare tables of the association's database."""


def metadata() -> MetaData:
    """All tables of ours, and their guards beside them, as the code declares them today."""
    for module in TABLES_OF:
        import_module(module)
    return Base.metadata


def upgrade(engine: Engine) -> None:
    """Bring a database, empty or old, to today's schema, with every guard in place.

    All or nothing: on both engines the whole upgrade is one transaction.
    """
    with engine.connect().execution_options(essaim_writes=True) as connection, connection.begin():
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        put_guards(connection)


def configuration() -> Config:
    """Where Alembic finds its scripts."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    return config
