"""The first schema"""

import sqlalchemy as sa
from alembic import op

import billing.models
import foundation.database
import foundation.vault
import inventory.models.addresses

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "aggregate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("prefix", sa.String(length=43), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aggregate")),
        sa.UniqueConstraint("prefix", name=op.f("uq_aggregate_prefix")),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", foundation.database.Instant(length=27), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("verb", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("member", sa.String(length=16), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chain", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("chain", name=op.f("uq_journal_chain")),
        sa.UniqueConstraint("previous", name=op.f("uq_journal_previous")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_member"), ["member"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_subject"), ["subject"], unique=False)

    op.create_table(
        "member",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation", sa.Boolean(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("joined", sa.Date(), nullable=False),
        sa.Column("left", sa.Date(), nullable=True),
        sa.Column("left_why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("number", name=op.f("uq_member_number")),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_email"), ["email"], unique=False)

    op.create_table(
        "site",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("platform", sa.String(length=32), nullable=False),
        sa.Column("shape", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("management", sa.String(length=45), nullable=True),
        sa.Column("host_key", sa.String(length=200), nullable=True),
        sa.Column("endpoint", sa.String(length=64), nullable=True),
        sa.Column("public_key", sa.String(length=44), nullable=True),
        sa.Column("asn", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["member.id"], name=op.f("fk_device_owner_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_device_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("name", name=op.f("uq_device_name")),
    )
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_device_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_device_role"), ["role"], unique=False)

    op.create_table(
        "due",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("per", sa.String(length=8), nullable=False),
        sa.Column("cents", billing.models.EurosColumn(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("issued", foundation.database.Instant(length=27), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_due_positive")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_due_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due")),
        sa.UniqueConstraint("member_id", "what", "period", name=op.f("uq_due_member_id")),
    )
    with op.batch_alter_table("due", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_due_period"), ["period"], unique=False)

    op.create_table(
        "journal_payload",
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["journal.id"], name=op.f("fk_journal_payload_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal_payload")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_membership_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("member_id", "since", name=op.f("uq_membership_member_id")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_member_id"), ["member_id"], unique=False)

    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cents", billing.models.EurosColumn(), nullable=False),
        sa.Column("means", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_payment_positive")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_payment_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_number")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_member_id"), ["member_id"], unique=False)

    op.create_table(
        "sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("since", foundation.database.Instant(length=27), nullable=False),
        sa.Column("expires", foundation.database.Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_sign_in_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("digest", name=op.f("uq_sign_in_digest")),
    )
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_member_id"), ["member_id"], unique=False)

    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires", foundation.database.Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_sign_in_link_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_sign_in_link_digest")),
    )
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_link_expires", ["expires"], unique=False)

    op.create_table(
        "allocation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cents", billing.models.EurosColumn(), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_allocation_positive")),
        sa.ForeignKeyConstraint(["due_id"], ["due.id"], name=op.f("fk_allocation_due_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_allocation_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint("payment_id", "due_id", name=op.f("uq_allocation_payment_id")),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_allocation_due_id"), ["due_id"], unique=False)

    op.create_table(
        "bgp_peer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=39), nullable=False),
        sa.Column("remote_as", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=80), nullable=False),
        sa.Column("max_prefix", sa.Integer(), nullable=False),
        sa.Column("fast", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_bgp_peer_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bgp_peer")),
        sa.UniqueConstraint("device_id", "address", name=op.f("uq_bgp_peer_device_id")),
    )
    op.create_table(
        "change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("artifact", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("wanted", sa.String(length=64), nullable=False),
        sa.Column("before", foundation.vault.SealedColumn(), nullable=False),
        sa.Column("after", foundation.vault.SealedColumn(), nullable=False),
        sa.Column("diff", sa.String(), nullable=False),
        sa.Column("impact", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("lines", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", foundation.database.Instant(length=27), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_at", foundation.database.Instant(length=27), nullable=True),
        sa.Column("applied_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_at", foundation.database.Instant(length=27), nullable=True),
        sa.Column("ended_at", foundation.database.Instant(length=27), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_change_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sa.UniqueConstraint("number", name=op.f("uq_change_number")),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_change_applying",
            ["device_id", "artifact"],
            unique=True,
            sqlite_where=sa.text("state = 'applying'"),
            postgresql_where=sa.text("state = 'applying'"),
        )

    op.create_table(
        "device_secret",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("secret", foundation.vault.SealedColumn(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_secret_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_secret")),
        sa.UniqueConstraint("device_id", "name", name=op.f("uq_device_secret_device_id")),
    )
    op.create_table(
        "interface",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=15), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_interface_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interface")),
        sa.UniqueConstraint("device_id", "name", name=op.f("uq_interface_device_id")),
    )
    op.create_table(
        "pool",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=100), nullable=False),
        sa.Column("family", sa.Integer(), nullable=False),
        sa.Column("first", inventory.models.addresses.AddressBytes(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("handed", sa.Integer(), nullable=False),
        sa.Column("quarantine_days", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_event", foundation.database.Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_pool_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
        sa.UniqueConstraint("name", name=op.f("uq_pool_name")),
    )
    op.create_table(
        "block",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("family", sa.Integer(), nullable=False),
        sa.Column("first", inventory.models.addresses.AddressBytes(length=16), nullable=False),
        sa.Column("last", inventory.models.addresses.AddressBytes(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("until", foundation.database.Instant(length=27), nullable=True),
        sa.CheckConstraint("last >= first", name=op.f("ck_block_order")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_block_pool_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
    )
    with op.batch_alter_table("block", schema=None) as batch_op:
        batch_op.create_index("ix_block_best_fit", ["pool_id", "state", "length", "first"], unique=False)
        batch_op.create_index("ix_block_first", ["family", "first"], unique=True)

    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("technology", sa.String(length=16), nullable=False),
        sa.Column("delivery", sa.String(length=16), nullable=False),
        sa.Column("mtu", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pool_v4_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("pool_v6_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_offer_device_id")),
        sa.ForeignKeyConstraint(["pool_v4_id"], ["pool.id"], name=op.f("fk_offer_pool_v4_id")),
        sa.ForeignKeyConstraint(["pool_v6_id"], ["pool.id"], name=op.f("fk_offer_pool_v6_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("name", name=op.f("uq_offer_name")),
    )
    op.create_table(
        "line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("nd", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_line_device_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_line_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line")),
        sa.UniqueConstraint("number", name=op.f("uq_line_number")),
    )
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_line_offer_id"), ["offer_id"], unique=False)

    op.create_table(
        "tariff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("offer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("membership", sa.String(length=32), nullable=True),
        sa.Column("per", sa.String(length=8), nullable=False),
        sa.Column("cents", billing.models.EurosColumn(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.CheckConstraint("(offer_id IS NULL) <> (membership IS NULL)", name=op.f("ck_tariff_of_one_thing")),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_tariff_not_negative")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_tariff_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
        sa.UniqueConstraint("membership", "since", name=op.f("uq_tariff_membership")),
        sa.UniqueConstraint("offer_id", "since", name=op.f("uq_tariff_offer_id")),
    )
    op.create_table(
        "line_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("at", foundation.database.Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"], name=op.f("fk_line_event_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_event")),
    )
    with op.batch_alter_table("line_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_event_line_id"), ["line_id"], unique=False)

    op.create_table(
        "share",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_share_period")),
        sa.CheckConstraint("weight > 0", name=op.f("ck_share_weight_positive")),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"], name=op.f("fk_share_line_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_share_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
    )
    with op.batch_alter_table("share", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_share_line_id"), ["line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_share_member_id"), ["member_id"], unique=False)

    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pool_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("block_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("family", sa.Integer(), nullable=False),
        sa.Column("first", inventory.models.addresses.AddressBytes(length=16), nullable=False),
        sa.Column("last", inventory.models.addresses.AddressBytes(length=16), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("share_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("interface_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("since", foundation.database.Instant(length=27), nullable=False),
        sa.Column("until", foundation.database.Instant(length=27), nullable=True),
        sa.CheckConstraint("(block_id IS NULL) = (until IS NOT NULL)", name=op.f("ck_assignment_living_has_block")),
        sa.CheckConstraint("(share_id IS NULL) <> (interface_id IS NULL)", name=op.f("ck_assignment_one_holder")),
        sa.CheckConstraint("until IS NULL OR until > since", name=op.f("ck_assignment_period")),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name=op.f("fk_assignment_block_id")),
        sa.ForeignKeyConstraint(["interface_id"], ["interface.id"], name=op.f("fk_assignment_interface_id")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_assignment_pool_id")),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_assignment_share_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
        sa.UniqueConstraint("block_id", name=op.f("uq_assignment_block_id")),
    )
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.create_index("ix_assignment_first", ["family", "first"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_interface_id"), ["interface_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_pool_id"), ["pool_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_share_id"), ["share_id"], unique=False)

    op.create_table(
        "credential",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("share_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("secret", foundation.vault.SealedColumn(), nullable=True),
        sa.Column("since", foundation.database.Instant(length=27), nullable=False),
        sa.Column("until", foundation.database.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_credential_share_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint("kind", "name", "since", name=op.f("uq_credential_kind")),
    )
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credential_share_id"), ["share_id"], unique=False)
        batch_op.create_index(
            "uq_credential_living",
            ["kind", "name"],
            unique=True,
            sqlite_where=sa.text("until IS NULL"),
            postgresql_where=sa.text("until IS NULL"),
        )


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
