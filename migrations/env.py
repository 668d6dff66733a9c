"""What Alembic runs: our connection, our metadata."""

from alembic import context
from sqlalchemy import Connection

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
