"""${message}"""

import sqlalchemy as sa
from alembic import op

import billing.models
import foundation.database
import foundation.vault
import inventory.models.addresses

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
