"""What wholesalers bill: their invoices, line by line, as they were read."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.columns import EurosColumn
from foundation.database import Base, RowId, kept
from foundation.money import Euros
from inventory.models.wholesale import Wholesaler
from inventory.numbers import shown


class WholesaleInvoice(Base):
    """An invoice of a wholesaler. `reference` is the number that it bears, `since` and `until` what it is mostly for.

    `cents` are without tax, `vat` apart. `digest` is of what it says, whatever the file that said it.
    """

    __tablename__ = "wholesale_invoice"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("payment"))
    wholesaler_id: Mapped[int] = mapped_column(ForeignKey("wholesaler.id"), info=kept("payment"))
    reference: Mapped[str] = mapped_column(String(64), info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))
    until: Mapped[date] = mapped_column(info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    vat: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), info=kept("payment"))
    read_at: Mapped[datetime] = mapped_column(info=kept("payment"))

    wholesaler: Mapped[Wholesaler] = relationship(lazy="raise")
    lines: Mapped[list[WholesaleInvoiceLine]] = relationship(
        lazy="raise", order_by="WholesaleInvoiceLine.rank", back_populates="invoice", cascade="all, delete-orphan"
    )

    __table_args__ = (
        CheckConstraint("until > since", name="period"),
        UniqueConstraint("wholesaler_id", "reference"),
    )

    def __str__(self) -> str:
        return shown("F", self.number)


class WholesaleInvoiceLine(Base):
    """One line of it: `rank` is where it stood in the file, `reference` how the wholesaler names our line.

    Negative `cents` give back. `agreed` is the price of a month (or of once) that was agreed. `once`: no subscription;
    `common`: of no line. `offer`, `technology`, `guarantee` and `rate` are in our words, empty where not said.
    """

    __tablename__ = "wholesale_invoice_line"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("wholesale_invoice.id"), info=kept("payment"))
    rank: Mapped[int] = mapped_column(info=kept("payment"))
    reference: Mapped[str] = mapped_column(String(200), info=kept("payment"))
    item: Mapped[str] = mapped_column(String(100), info=kept("payment"))
    label: Mapped[str] = mapped_column(String(200), info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))
    until: Mapped[date] = mapped_column(info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    vat: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    agreed: Mapped[Euros | None] = mapped_column(EurosColumn, info=kept("payment"))
    once: Mapped[bool] = mapped_column(info=kept("payment"))
    common: Mapped[bool] = mapped_column(info=kept("payment"))
    offer: Mapped[str] = mapped_column(String(32), info=kept("payment"))
    technology: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    guarantee: Mapped[str] = mapped_column(String(8), info=kept("payment"))
    rate: Mapped[str] = mapped_column(String(40), info=kept("payment"))

    invoice: Mapped[WholesaleInvoice] = relationship(lazy="raise", back_populates="lines")

    __table_args__ = (
        CheckConstraint("until > since", name="period"),
        UniqueConstraint("invoice_id", "rank"),
    )
