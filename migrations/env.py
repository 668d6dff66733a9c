"""What Alembic runs: our connection, our metadata, and the guards after each upgrade."""

from alembic import context
from sqlalchemy import Connection

from foundation.database import put_guards
from migrations import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata(),
    render_as_batch=True,
    transactional_ddl=True,
    compare_type=True,
)
context.run_migrations()
put_guards(connection)
