"""What running the association costs, dated, and how each cost is shared among what members have of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.columns import EurosColumn
from foundation.database import Base, RowId, kept
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.lines import Offer


class CostKind(StrEnum):
    """How a cost comes: again and again, by the line, by the kWh, or once and spread."""

    RECURRING = "recurring"
    TRANSIT = "transit"
    WHOLESALE = "wholesale"
    ELECTRICITY = "electricity"
    MACHINE = "machine"
    ONCE = "once"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    CostKind.RECURRING: Phrase("récurrent", "recurring"),
    CostKind.TRANSIT: Phrase("transit", "transit"),
    CostKind.WHOLESALE: Phrase("accès de gros", "wholesale access"),
    CostKind.ELECTRICITY: Phrase("électricité", "electricity"),
    CostKind.MACHINE: Phrase("machine amortie", "amortised machine"),
    CostKind.ONCE: Phrase("dépense unique", "one-off"),
}


class SharingKey(StrEnum):
    """A key of sharing [clé de répartition]: in proportion to what a cost is borne by offers, or by the membership."""

    LINES = "lines"
    MEMBERS = "members"
    MEMBERSHIP = "membership"
    RATE = "rate"
    WATTS = "watts"
    PARTS = "parts"

    @property
    def phrase(self) -> Phrase:
        """The key as people read it."""
        return _KEYS[self]


_KEYS: Final = {
    SharingKey.LINES: Phrase("par ligne en service", "by line in service"),
    SharingKey.MEMBERS: Phrase("par membre qui en a une", "by member who has one"),
    SharingKey.MEMBERSHIP: Phrase("par adhésion", "by membership"),
    SharingKey.RATE: Phrase("par Mbit/s", "by Mbit/s"),
    SharingKey.WATTS: Phrase("par kWh consommé", "by kWh used"),
    SharingKey.PARTS: Phrase("par parts fixes", "by fixed parts"),
}


class Cost(Base):
    """A cost by its short name, from a day to a day (half-open). Of one name, one is in force at a time.

    `cents` are for a month or a year (`per`), for a line's month (wholesale), or in all, spread evenly over `months`
    from the first day (a machine, a one-off). Of electricity, `micros` is the price of a kWh in millionths of a euro,
    and what is used is measured on `feed` (empty: all of them), or said by hand: `watthours` a month.
    """

    __tablename__ = "cost"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    name: Mapped[str] = mapped_column(String(32), info=kept("payment"))
    label: Mapped[str] = mapped_column(String(100), info=kept("payment"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    shared_by: Mapped[str] = mapped_column(String(16), info=kept("payment"))
    cents: Mapped[Euros | None] = mapped_column(EurosColumn, info=kept("payment"))
    per: Mapped[str | None] = mapped_column(String(8), info=kept("payment"))
    months: Mapped[int | None] = mapped_column(info=kept("payment"))
    micros: Mapped[int | None] = mapped_column(BigInteger, info=kept("payment"))
    feed: Mapped[str] = mapped_column(String(97), default="", info=kept("payment"))
    watthours: Mapped[int | None] = mapped_column(BigInteger, info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))
    until: Mapped[date | None] = mapped_column(info=kept("payment"))

    parts: Mapped[list[CostPart]] = relationship(lazy="raise", order_by="CostPart.id")

    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="period"),
        CheckConstraint("(cents IS NULL) <> (micros IS NULL)", name="one_price"),
        CheckConstraint("cents IS NULL OR cents > 0", name="positive"),
        CheckConstraint("micros IS NULL OR micros > 0", name="positive_price"),
        CheckConstraint("(kind = 'electricity') = (micros IS NOT NULL)", name="by_the_kwh"),
        CheckConstraint("(kind IN ('machine', 'once')) = (months IS NOT NULL)", name="spread"),
        CheckConstraint("months IS NULL OR (months > 0 AND until IS NOT NULL)", name="ends_by_itself"),
        CheckConstraint("(kind IN ('recurring', 'transit')) = (per IS NOT NULL)", name="again"),
        Index(
            "uq_cost_living",
            "name",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    def __str__(self) -> str:
        return self.name


class CostPart(Base):
    """What was said of an offer, or of the membership (no offer), for the sharing of a cost.

    `thousandths` of a fixed part; of the Mbit/s or the watts of one line, where the key is one of these.
    """

    __tablename__ = "cost_part"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    cost_id: Mapped[int] = mapped_column(ForeignKey("cost.id"), info=kept("payment"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"), info=kept("payment"))
    thousandths: Mapped[int] = mapped_column(BigInteger, info=kept("payment"))

    offer: Mapped[Offer | None] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("thousandths > 0", name="positive"), UniqueConstraint("cost_id", "offer_id"))


class CostPage(Base):
    """A report that was made public: the text of the page for a time, as it was on the day it was published."""

    __tablename__ = "cost_page"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))
    until: Mapped[date] = mapped_column(info=kept("payment"))
    text: Mapped[str] = mapped_column(Text, info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    __table_args__ = (UniqueConstraint("since", "until"), CheckConstraint("until > since", name="period"))
