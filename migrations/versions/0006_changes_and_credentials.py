"""A change may be rejected, and may put back a text that was there before."""

import sqlalchemy as sa
from alembic import op

import foundation.database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _changes()
    _credentials()


def _changes() -> None:
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rejected_by", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("purpose", sa.String(length=16), server_default="inventory", nullable=False))
        batch_op.add_column(sa.Column("of_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_foreign_key(op.f("fk_change_of_id"), "change", ["of_id"], ["id"])
    with op.batch_alter_table("change", schema=None) as batch_op:
        # What was there before this column was what the inventory wanted; from here on the program says it.
        batch_op.alter_column("purpose", server_default=None)
        batch_op.create_check_constraint(op.f("ck_change_rejected"), "(state = 'rejected') = (rejected_by IS NOT NULL)")
        batch_op.create_check_constraint(op.f("ck_change_purpose"), "(purpose = 'inventory') = (of_id IS NULL)")


def _credentials() -> None:
    for table in ("credential", "token"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("told_at", foundation.database.Instant(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
