"""A change may be rejected, and may put back a text that was there before."""

import sqlalchemy as sa
from alembic import op

import foundation.database
import foundation.vault

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _changes()
    _credentials()
    _authorities()
    _suggestions()


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


def _authorities() -> None:
    row = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    instant = foundation.database.Instant()
    sealed = foundation.vault.SealedColumn()
    op.create_table(
        "authority",
        sa.Column("id", row, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("key", sealed, nullable=False),
        sa.Column("not_before", instant, nullable=False),
        sa.Column("not_after", instant, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority")),
        sa.UniqueConstraint("name", name=op.f("uq_authority_name")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_authority_fingerprint")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", row, nullable=False),
        sa.Column("authority_id", row, nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("device_id", row, nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("key", sealed, nullable=True),
        sa.Column("not_before", instant, nullable=True),
        sa.Column("not_after", instant, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("revoked_at", instant, nullable=True),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("told_at", instant, nullable=True),
        sa.CheckConstraint(
            "(device_id IS NULL) = (text IS NULL) AND (text IS NULL) = (key IS NULL)",
            name=op.f("ck_certificate_server"),
        ),
        sa.CheckConstraint("(revoked_at IS NULL) = (reason IS NULL)", name=op.f("ck_certificate_revoked")),
        sa.CheckConstraint("not_before IS NULL OR not_after > not_before", name=op.f("ck_certificate_period")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_certificate_authority_id")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_certificate_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("authority_id", "serial", name=op.f("uq_certificate_authority_id")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_certificate_fingerprint")),
    )
    op.create_index(op.f("ix_certificate_name"), "certificate", ["name"])
    op.create_index(op.f("ix_certificate_device_id"), "certificate", ["device_id"])
    op.create_table(
        "revocation_list",
        sa.Column("id", row, nullable=False),
        sa.Column("authority_id", row, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("this_update", instant, nullable=False),
        sa.Column("next_update", instant, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.CheckConstraint("next_update > this_update", name=op.f("ck_revocation_list_period")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_revocation_list_authority_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocation_list")),
        sa.UniqueConstraint("authority_id", "number", name=op.f("uq_revocation_list_authority_id")),
    )


def _suggestions() -> None:
    op.create_table(
        "suggestion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("deed", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("arguments", sa.String(), nullable=False),
        sa.Column("diff", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", foundation.database.Instant(length=27), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", foundation.database.Instant(length=27), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name=op.f("ck_suggestion_decided")),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name=op.f("ck_suggestion_moment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion")),
        sa.UniqueConstraint("number", name=op.f("uq_suggestion_number")),
    )
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suggestion_proposed_by"), ["proposed_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_suggestion_state"), ["state"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
