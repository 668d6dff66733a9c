"""The first kinds: how one may be a member, until the association decides otherwise.

What kind of member someone is was their status before; it has been in their memberships all along. Their names are
folded for whoever searches.
"""

import sqlalchemy as sa
from alembic import op

from inventory.words import fold

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kinds = sa.table(
        "membership_kind",
        sa.column("name", sa.String),
        sa.column("label_fr", sa.String),
        sa.column("label_en", sa.String),
        sa.column("votes", sa.Boolean),
    )
    op.bulk_insert(
        kinds,
        [
            {"name": "adherent", "label_fr": "adhérent·e", "label_en": "member", "votes": True},
            {"name": "affiliate", "label_fr": "affilié·e", "label_en": "affiliate", "votes": False},
            {"name": "benefactor", "label_fr": "bienfaiteur·rice", "label_en": "benefactor", "votes": False},
        ],
    )
    member = sa.table("member", *(sa.column(name) for name in ("id", "name", "email", "status", "sought")))
    op.execute(member.update().where(member.c.status.not_in(("applicant", "left"))).values(status="member"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(member.c.id, member.c.name, member.c.email)).all():
        sought = fold(f"{row.name} {row.email or ''}")
        connection.execute(member.update().where(member.c.id == row.id).values(sought=sought))


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
