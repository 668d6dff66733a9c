"""Who let the quality of their line be measured; what electricity is made of, from day to day."""

import sqlalchemy as sa
from alembic import op

import foundation.database

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _quality()
    _supplies()


def _quality() -> None:
    row = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "quality_agreement",
        sa.Column("id", row, nullable=False),
        sa.Column("share_id", row, nullable=False),
        sa.Column("since", foundation.database.Instant(), nullable=False),
        sa.Column("until", foundation.database.Instant(), nullable=True),
        sa.Column("given_by", sa.String(length=64), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_quality_agreement_period")),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_quality_agreement_share_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_agreement")),
    )
    with op.batch_alter_table("quality_agreement", schema=None) as batch_op:
        batch_op.create_index(
            "uq_quality_agreement_living",
            ["share_id"],
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )


def _supplies() -> None:
    row = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "supply",
        sa.Column("id", row, nullable=False),
        sa.Column("feed_id", row, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("supplier", sa.String(length=100), nullable=False),
        sa.Column("renewable", sa.Integer(), nullable=False),
        sa.CheckConstraint("renewable BETWEEN 0 AND 100", name=op.f("ck_supply_percent")),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_supply_feed_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply")),
        sa.UniqueConstraint("feed_id", "since", name=op.f("uq_supply_feed_id")),
    )


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
