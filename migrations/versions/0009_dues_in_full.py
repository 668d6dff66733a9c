"""Chosen amounts and pauses, bank statements, corrections and reversals; dues have numbers and kinds."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from billing.models import EurosColumn
from foundation.clock import midnight
from foundation.database import Instant
from foundation.vault import SealedColumn

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
    _costs()
    _counter_entries()
    _dues()
    _invoices()
    _payments()
    _tariffs()
    _books()
    _reminders()
    _debits()


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
        sa.Column("payer_account", sa.String(length=64), nullable=False),
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


def _costs() -> None:
    op.create_table(
        "cost",
        sa.Column("id", ROW, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("shared_by", sa.String(length=16), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=True),
        sa.Column("per", sa.String(length=8), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("micros", sa.BigInteger(), nullable=True),
        sa.Column("feed", sa.String(length=97), nullable=False),
        sa.Column("watthours", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_cost_period")),
        sa.CheckConstraint("(cents IS NULL) <> (micros IS NULL)", name=op.f("ck_cost_one_price")),
        sa.CheckConstraint("cents IS NULL OR cents > 0", name=op.f("ck_cost_positive")),
        sa.CheckConstraint("micros IS NULL OR micros > 0", name=op.f("ck_cost_positive_price")),
        sa.CheckConstraint("(kind = 'electricity') = (micros IS NOT NULL)", name=op.f("ck_cost_by_the_kwh")),
        sa.CheckConstraint("(kind IN ('machine', 'once')) = (months IS NOT NULL)", name=op.f("ck_cost_spread")),
        sa.CheckConstraint("months IS NULL OR (months > 0 AND until IS NOT NULL)", name=op.f("ck_cost_ends_by_itself")),
        sa.CheckConstraint("(kind IN ('recurring', 'transit')) = (per IS NOT NULL)", name=op.f("ck_cost_again")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost")),
    )
    living = sa.text("until IS NULL")
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.create_index("uq_cost_living", ["name"], unique=True, sqlite_where=living, postgresql_where=living)
    op.create_table(
        "cost_part",
        sa.Column("id", ROW, nullable=False),
        sa.Column("cost_id", ROW, nullable=False),
        sa.Column("offer_id", ROW, nullable=True),
        sa.Column("thousandths", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("thousandths > 0", name=op.f("ck_cost_part_positive")),
        sa.ForeignKeyConstraint(["cost_id"], ["cost.id"], name=op.f("fk_cost_part_cost_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_cost_part_offer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_part")),
        sa.UniqueConstraint("cost_id", "offer_id", name=op.f("uq_cost_part_cost_id")),
    )
    op.create_table(
        "cost_page",
        sa.Column("id", ROW, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("until > since", name=op.f("ck_cost_page_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_page")),
        sa.UniqueConstraint("since", "until", name=op.f("uq_cost_page_since")),
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


def _books() -> None:
    op.create_table(
        "fiscal_year",
        sa.Column("id", ROW, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chart", sa.Text(), nullable=False),
        sa.CheckConstraint("until > since", name=op.f("ck_fiscal_year_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiscal_year")),
        sa.UniqueConstraint("since", name=op.f("uq_fiscal_year_since")),
        sa.UniqueConstraint("until", name=op.f("uq_fiscal_year_until")),
    )
    op.create_table(
        "vat_regime",
        sa.Column("id", ROW, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("regime", sa.String(length=16), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("rate >= 0 AND rate <= 10000", name=op.f("ck_vat_regime_rate")),
        sa.CheckConstraint("(regime = 'taxed') = (rate > 0)", name=op.f("ck_vat_regime_rate_where_taxed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_regime")),
    )
    op.create_table(
        "moved_money",
        sa.Column("id", ROW, nullable=False),
        sa.Column("due_id", ROW, nullable=True),
        sa.Column("payment_id", ROW, nullable=True),
        sa.Column("absorbed_id", ROW, nullable=False),
        sa.Column("into_id", ROW, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("(due_id IS NULL) <> (payment_id IS NULL)", name=op.f("ck_moved_money_one_thing")),
        sa.ForeignKeyConstraint(["absorbed_id"], ["member.id"], name=op.f("fk_moved_money_absorbed_id")),
        sa.ForeignKeyConstraint(["due_id"], ["due.id"], name=op.f("fk_moved_money_due_id")),
        sa.ForeignKeyConstraint(["into_id"], ["member.id"], name=op.f("fk_moved_money_into_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_moved_money_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moved_money")),
        sa.UniqueConstraint("due_id", "absorbed_id", name=op.f("uq_moved_money_due_id")),
        sa.UniqueConstraint("payment_id", "absorbed_id", name=op.f("uq_moved_money_payment_id")),
    )


def _reminders() -> None:
    op.create_table(
        "gift_receipt",
        sa.Column("id", ROW, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member_id", ROW, nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("payments", sa.Text(), nullable=False),
        sa.Column("rescrit", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_gift_receipt_positive")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_gift_receipt_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_receipt")),
        sa.UniqueConstraint("number", name=op.f("uq_gift_receipt_number")),
    )
    op.create_index(op.f("ix_gift_receipt_member_id"), "gift_receipt", ["member_id"], unique=False)
    op.create_table(
        "reminder",
        sa.Column("id", ROW, nullable=False),
        sa.Column("member_id", ROW, nullable=False),
        sa.Column("tone", sa.String(length=8), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.CheckConstraint("cents > 0", name=op.f("ck_reminder_positive")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_reminder_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
    )
    op.create_index(op.f("ix_reminder_day"), "reminder", ["day"], unique=False)
    op.create_index(op.f("ix_reminder_member_id"), "reminder", ["member_id"], unique=False)
    op.create_table(
        "reminder_hold",
        sa.Column("id", ROW, nullable=False),
        sa.Column("member_id", ROW, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_reminder_hold_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_hold")),
    )
    op.create_index(op.f("ix_reminder_hold_member_id"), "reminder_hold", ["member_id"], unique=False)


def _debits() -> None:
    op.create_table(
        "collection",
        sa.Column("id", ROW, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("message_id", sa.String(length=35), nullable=False),
        sa.Column("written", Instant(), nullable=True),
        sa.Column("account_id", ROW, nullable=True),
        sa.Column("creditor", sa.String(length=70), nullable=False),
        sa.Column("ics", sa.String(length=35), nullable=False),
        sa.CheckConstraint("(written IS NULL) = (account_id IS NULL)", name=op.f("ck_collection_written")),
        sa.ForeignKeyConstraint(["account_id"], ["bank_account.id"], name=op.f("fk_collection_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("message_id", name=op.f("uq_collection_message_id")),
        sa.UniqueConstraint("number", name=op.f("uq_collection_number")),
    )
    with op.batch_alter_table("collection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_collection_day"), ["day"], unique=False)
    op.create_table(
        "debit_mandate",
        sa.Column("id", ROW, nullable=False),
        sa.Column("member_id", ROW, nullable=False),
        sa.Column("rum", sa.String(length=35), nullable=False),
        sa.Column("holder", sa.String(length=70), nullable=False),
        sa.Column("iban", SealedColumn(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("bic", sa.String(length=11), nullable=False),
        sa.Column("signed", sa.Date(), nullable=False),
        sa.Column("ended", sa.Date(), nullable=True),
        sa.Column("last_collected", sa.Date(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("ended IS NULL OR ended >= signed", name=op.f("ck_debit_mandate_period")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_debit_mandate_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debit_mandate")),
        sa.UniqueConstraint("rum", name=op.f("uq_debit_mandate_rum")),
    )
    with op.batch_alter_table("debit_mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_debit_mandate_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_debit_mandate_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            "uq_debit_mandate_living",
            ["member_id"],
            unique=True,
            sqlite_where=sa.text("ended IS NULL"),
            postgresql_where=sa.text("ended IS NULL"),
        )
    op.create_table(
        "collection_item",
        sa.Column("id", ROW, nullable=False),
        sa.Column("collection_id", ROW, nullable=False),
        sa.Column("mandate_id", ROW, nullable=False),
        sa.Column("cents", EurosColumn(), nullable=False),
        sa.Column("end_to_end", sa.String(length=35), nullable=False),
        sa.Column("sequence", sa.String(length=4), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("announced", sa.Date(), nullable=True),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("payment_id", ROW, nullable=True),
        sa.Column("entry_id", ROW, nullable=True),
        sa.CheckConstraint("entry_id IS NULL OR state = 'returned'", name=op.f("ck_collection_item_given_back")),
        sa.CheckConstraint("state <> 'paid' OR payment_id IS NOT NULL", name=op.f("ck_collection_item_paid")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_collection_item_positive")),
        sa.ForeignKeyConstraint(["collection_id"], ["collection.id"], name=op.f("fk_collection_item_collection_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entry.id"], name=op.f("fk_collection_item_entry_id")),
        sa.ForeignKeyConstraint(["mandate_id"], ["debit_mandate.id"], name=op.f("fk_collection_item_mandate_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_collection_item_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_item")),
        sa.UniqueConstraint("collection_id", "mandate_id", name=op.f("uq_collection_item_collection_id")),
        sa.UniqueConstraint("end_to_end", name=op.f("uq_collection_item_end_to_end")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_collection_item_payment_id")),
    )
    with op.batch_alter_table("collection_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_collection_item_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_collection_item_mandate_id"), ["mandate_id"], unique=False)
        batch_op.create_index(
            "uq_collection_item_living",
            ["mandate_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('planned', 'sent')"),
            postgresql_where=sa.text("state IN ('planned', 'sent')"),
        )


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
