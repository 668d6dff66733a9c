"""A lower value of a rule that takes two people waits for the second one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proposed", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("proposed_by", sa.String(length=64), nullable=True))
        batch_op.create_check_constraint(op.f("ck_rule_proposed"), "(proposed IS NULL) = (proposed_by IS NULL)")


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
