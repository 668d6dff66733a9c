"""An association of an earlier version is brought to today's schema."""

from __future__ import annotations

from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from foundation import clock, journal
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.errors import Unavailable
from foundation.speech import Phrase
from migrations import upgrade as migrate


class NotOurs(Unavailable):
    """The database holds something else."""

    kind = "not-our-database"
    permanent = True
    phrase = Phrase(
        "Cette base n'est pas celle d'une association d'Essaim. Rien n'a été changé.",
        "This database is not that of an association of Essaim. Nothing was changed.",
    )


def upgrade(store: Store, actor: str) -> tuple[str, str]:
    """Bring the schema up to date, all or nothing, its journal entry with it; from which revision to which.

    The journal is verified before. It asks for no mandate: whoever can run it holds the database itself.
    Raises NotOurs, JournalBroken.
    """
    before = _revision_of(store)
    with transaction(store) as session:
        journal.verify(session)

    def told(connection: Connection) -> None:
        after = _revision(connection)
        if after != before:
            act = Act(actor, clock.now())
            with store.session(connection) as session, session.begin():
                journal.record(session, act, "association.upgrade", "schema", before=before, after=after)

    migrate(store.engine, told)
    return before, _revision_of(store)


def _revision_of(store: Store) -> str:
    try:
        with store.engine.connect() as connection:
            connection.execute(text("SELECT count(*) FROM journal"))
            return _revision(connection)
    except (OperationalError, ProgrammingError) as other:
        raise NotOurs from other


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or "0"
