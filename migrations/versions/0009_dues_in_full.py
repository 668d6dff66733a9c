"""Chosen amounts and pauses, bank statements, corrections and reversals; dues have numbers and kinds."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from billing.models import EurosColumn
from foundation.clock import midnight
from foundation.database import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_NEW_OF_DUES: Final = (
    ("number", sa.Integer()),
    ("kind", sa.String(length=16)),
    ("day", sa.Date()),
    ("absorbed", sa.Boolean()),
)


def upgrade() -> None:
    _bank()
    _chosen()
    _counter_entries()
    _dues()
    _invoices()
    _payments()
    _tariffs()


def _bank() -> None:
    op.create_table(
        "bank_account",
        sa.Column("id", ROW, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("bic", sa.String(length=11), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_account")),
        sa.UniqueConstraint("iban", name=op.f("uq_bank_account_iban")),
        sa.UniqueConstraint("name", name=op.f("uq_bank_account_name")),
    )
    op.create_table(
        "bank_file",
        sa.Column("id", ROW, nullable=False),
        sa.Column("account_id", ROW, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("opening", EurosColumn(), nullable=True),
        sa.Column("closing", EurosColumn(), nullable=True),
        sa.Column("read_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["bank_account.id"], name=op.f("fk_bank_file_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
    )
    with op.batch_alter_table("bank_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_file_account_id"), ["account_id"], unique=False)
    op.create_table(
        "bank_entry",
        sa.Column("id", ROW, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", ROW, nullable=False),
        sa.Column("file_id", ROW, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("label", sa.String(length=500), nullable=False),
        sa.Column("payer", sa.String(length=140), nullable=False),
        sa.Column("payer_account", sa.String(length=34), nullable=False),
        sa.Column("payer_email", sa.String(length=254), nullable=False),
        sa.Column("end_to_end", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_bank_entry_not_nothing")),
        sa.ForeignKeyConstraint(["account_id"], ["bank_account.id"], name=op.f("fk_bank_entry_account_id")),
        sa.ForeignKeyConstraint(["file_id"], ["bank_file.id"], name=op.f("fk_bank_entry_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_entry")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_bank_entry_account_id")),
        sa.UniqueConstraint("number", name=op.f("uq_bank_entry_number")),
    )
    with op.batch_alter_table("bank_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_entry_day"), ["day"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_entry_file_id"), ["file_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_entry_payer_account"), ["payer_account"], unique=False)

    op.create_table(
        "filing",
        sa.Column("id", ROW, nullable=False),
        sa.Column("entry_id", ROW, nullable=False),
        sa.Column("account", sa.String(length=16), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("words", sa.String(length=140), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("undone", Instant(), nullable=True),
        sa.Column("undone_day", sa.Date(), nullable=True),
        sa.CheckConstraint("(undone IS NULL) = (undone_day IS NULL)", name=op.f("ck_filing_undone")),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_filing_not_nothing")),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entry.id"], name=op.f("fk_filing_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filing")),
    )
    with op.batch_alter_table("filing", schema=None) as batch_op:
        batch_op.create_index(
            "uq_filing_living",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("undone IS NULL"),
            postgresql_where=sa.text("undone IS NULL"),
        )


def _chosen() -> None:
    op.create_table(
        "pause",
        sa.Column("id", ROW, nullable=False),
        sa.Column("member_id", ROW, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.CheckConstraint("until > since", name=op.f("ck_pause_period")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_pause_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    with op.batch_alter_table("pause", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pause_member_id"), ["member_id"], unique=False)

    op.create_table(
        "pledge",
        sa.Column("id", ROW, nullable=False),
        sa.Column("member_id", ROW, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.CheckConstraint("cents IS NULL OR cents >= 0", name=op.f("ck_pledge_not_negative")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_pledge_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("member_id", "what", "since", name=op.f("uq_pledge_member_id")),
    )


def _counter_entries() -> None:
    op.create_table(
        "correction",
        sa.Column("id", ROW, nullable=False),
        sa.Column("due_id", ROW, nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("cause", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_correction_not_nothing")),
        sa.ForeignKeyConstraint(["due_id"], ["due.id"], name=op.f("fk_correction_due_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_correction_due_id"), ["due_id"], unique=False)

    op.create_table(
        "reversal",
        sa.Column("id", ROW, nullable=False),
        sa.Column("payment_id", ROW, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_reversal_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reversal")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_reversal_payment_id")),
    )


def _dues() -> None:
    for name in ("insert", "update"):
        if op.get_bind().dialect.name == "sqlite":  # they name columns of tables that are made anew
            op.execute(f"DROP TRIGGER IF EXISTS allocation_within_{name}")
    with op.batch_alter_table("due", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("kind", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("day", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("absorbed", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("entry_id", ROW, nullable=True))
        batch_op.drop_constraint("uq_due_member_id", type_="unique")
    op.execute(
        "UPDATE due SET number = id, day = period, absorbed = FALSE, kind = CASE WHEN what = 'membership' THEN 'membership' ELSE 'line' END"
    )
    with op.batch_alter_table("due", schema=None) as batch_op:
        for column, kind in _NEW_OF_DUES:
            batch_op.alter_column(column, existing_type=kind, nullable=False)
        batch_op.create_index(batch_op.f("ix_due_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_due_member_id"), ["member_id"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_due_number"), ["number"])
        batch_op.create_check_constraint(batch_op.f("ck_due_given_back"), "entry_id IS NULL OR kind = 'refund'")
        periodic = sa.text("absorbed IS FALSE AND kind IN ('membership', 'entry', 'line', 'deposit')")
        batch_op.create_index(
            "uq_due_once_a_period",
            ["member_id", "kind", "what", "period"],
            unique=True,
            sqlite_where=periodic,
            postgresql_where=periodic,
        )
        batch_op.create_foreign_key(batch_op.f("fk_due_entry_id"), "bank_entry", ["entry_id"], ["id"])


def _invoices() -> None:
    op.create_table(
        "wholesale_invoice",
        sa.Column("id", ROW, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("wholesaler_id", ROW, nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("vat", EurosColumn(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.CheckConstraint("until > since", name=op.f("ck_wholesale_invoice_period")),
        sa.ForeignKeyConstraint(["wholesaler_id"], ["wholesaler.id"], name=op.f("fk_wholesale_invoice_wholesaler_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_wholesale_invoice_number")),
        sa.UniqueConstraint("wholesaler_id", "reference", name=op.f("uq_wholesale_invoice_wholesaler_id")),
    )
    op.create_table(
        "wholesale_invoice_line",
        sa.Column("id", ROW, nullable=False),
        sa.Column("invoice_id", ROW, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("item", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("vat", EurosColumn(), nullable=False),
        sa.Column("agreed", EurosColumn(), nullable=True),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("common", sa.Boolean(), nullable=False),
        sa.Column("offer", sa.String(length=32), nullable=False),
        sa.Column("technology", sa.String(length=16), nullable=False),
        sa.Column("guarantee", sa.String(length=8), nullable=False),
        sa.Column("rate", sa.String(length=40), nullable=False),
        sa.CheckConstraint("until > since", name=op.f("ck_wholesale_invoice_line_period")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["wholesale_invoice.id"], name=op.f("fk_wholesale_invoice_line_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wholesale_invoice_line")),
        sa.UniqueConstraint("invoice_id", "rank", name=op.f("uq_wholesale_invoice_line_invoice_id")),
    )


def _payments() -> None:
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entry_id", ROW, nullable=True))
        batch_op.add_column(sa.Column("at", Instant(), nullable=True))
    # When it was written down was not kept until now: the day it was paid stands for it.
    payment = sa.table("payment", sa.column("id"), sa.column("day", sa.Date()), sa.column("at", Instant()))
    connection = op.get_bind()
    for day in connection.scalars(sa.select(payment.c.day).distinct()).all():
        connection.execute(payment.update().where(payment.c.day == day).values(at=midnight(day)))
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.alter_column("at", existing_type=Instant(), nullable=False)
        batch_op.create_index(batch_op.f("ix_payment_entry_id"), ["entry_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_payment_entry_id"), "bank_entry", ["entry_id"], ["id"])


def _tariffs() -> None:
    with op.batch_alter_table("tariff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("floor", EurosColumn(), nullable=True))
        batch_op.add_column(sa.Column("solidarity", EurosColumn(), nullable=True))
        batch_op.drop_constraint("uq_tariff_membership", type_="unique")
        batch_op.drop_constraint("uq_tariff_offer_id", type_="unique")
    op.execute("UPDATE tariff SET asked = 'regular'")
    with op.batch_alter_table("tariff", schema=None) as batch_op:
        batch_op.alter_column("asked", existing_type=sa.String(length=8), nullable=False)
        batch_op.create_check_constraint(
            batch_op.f("ck_tariff_floor_below"), "floor IS NULL OR (floor >= 0 AND floor <= cents)"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_tariff_solidarity_below"),
            "solidarity IS NULL OR (solidarity >= 0 AND solidarity <= cents)",
        )
        batch_op.create_check_constraint(batch_op.f("ck_tariff_once_or_again"), "(asked = 'regular') <> (per = 'once')")
        batch_op.create_unique_constraint(batch_op.f("uq_tariff_membership"), ["membership", "asked", "since"])
        batch_op.create_unique_constraint(batch_op.f("uq_tariff_offer_id"), ["offer_id", "asked", "since"])


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
