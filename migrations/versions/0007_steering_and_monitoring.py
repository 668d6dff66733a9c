"""Wholesalers' RADIUS, the keys of routers inside, mails that wait, where alerts are told."""

import sqlalchemy as sa
from alembic import op

import foundation.database
import foundation.vault

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _suggestions()
    _wholesalers()
    _ospf_keys()
    _webhooks()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS essaim_journal_head()")  # the journal is added to in one statement now


def _wholesalers() -> None:
    with op.batch_alter_table("wholesaler", schema=None) as batch_op:
        batch_op.add_column(sa.Column("radius_from", sa.String(length=400), nullable=True))
        batch_op.add_column(sa.Column("radius_secret", foundation.vault.SealedColumn(), nullable=True))
        batch_op.add_column(sa.Column("ppp_end", sa.String(length=16), server_default="us", nullable=False))
        batch_op.add_column(sa.Column("path_mtu", sa.Integer(), server_default=sa.text("1500"), nullable=False))
    with op.batch_alter_table("wholesaler", schema=None) as batch_op:
        batch_op.create_check_constraint(op.f("ck_wholesaler_ppp_end"), "ppp_end = 'us' OR collection = 'realm-proxy'")
        batch_op.create_check_constraint(op.f("ck_wholesaler_path_mtu"), "path_mtu BETWEEN 1320 AND 9216")


def _ospf_keys() -> None:
    op.create_table(
        "ospf_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", foundation.database.Instant(), nullable=False),
        sa.Column("secret", foundation.vault.SealedColumn(), nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 255", name=op.f("ck_ospf_key_number")),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'former')", name=op.f("ck_ospf_key_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ospf_key")),
        sa.UniqueConstraint("number", name=op.f("uq_ospf_key_number")),
        sa.UniqueConstraint("state", name=op.f("uq_ospf_key_state")),
    )


def _suggestions() -> None:
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_at", foundation.database.Instant(), nullable=True))
    # Those that were decided were told, or their mail is lost by now: nobody is told of last year's.
    op.execute("UPDATE suggestion SET told_at = decided_at")


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("shape", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("address", foundation.vault.SealedColumn(), nullable=False),
        sa.CheckConstraint("shape IN ('matrix', 'mattermost', 'slack', 'heartbeat')", name=op.f("ck_webhook_shape")),
        sa.CheckConstraint("language IN ('fr', 'en')", name=op.f("ck_webhook_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("name", name=op.f("uq_webhook_name")),
    )


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
