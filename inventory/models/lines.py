"""Lines, who shares them, and what opens them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn
from inventory.models.addresses import Assignment, Pool
from inventory.models.devices import Device
from inventory.models.people import Member
from inventory.numbers import shown


class Technology(StrEnum):
    """What carries a line."""

    ADSL = "adsl"
    WIREGUARD = "wireguard"
    COLOCATION = "colocation"


class LineState(StrEnum):
    """Where a line stands."""

    REQUESTED = "requested"
    ORDERED = "ordered"
    DELIVERED = "delivered"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSING = "closing"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _STATES[self]


_STATES: Final = {
    LineState.REQUESTED: Phrase("demandée", "requested"),
    LineState.ORDERED: Phrase("commandée", "ordered"),
    LineState.DELIVERED: Phrase("livrée", "delivered"),
    LineState.ACTIVE: Phrase("en service", "in service"),
    LineState.SUSPENDED: Phrase("suspendue", "suspended"),
    LineState.CLOSING: Phrase("en fermeture", "closing"),
    LineState.CLOSED: Phrase("fermée", "closed"),
    LineState.CANCELLED: Phrase("annulée", "cancelled"),
}


class Offer(Base):
    """What can be ordered."""

    __tablename__ = "offer"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), unique=True, info=kept("technical"))
    title: Mapped[str] = mapped_column(String(100), info=kept("technical"))
    technology: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    delivery: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    mtu: Mapped[int] = mapped_column(info=kept("technical"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    pool_v4_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))
    pool_v6_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))

    device: Mapped[Device | None] = relationship(lazy="raise")
    pool_v4: Mapped[Pool | None] = relationship(lazy="raise", foreign_keys=[pool_v4_id])
    pool_v6: Mapped[Pool | None] = relationship(lazy="raise", foreign_keys=[pool_v6_id])


class Line(Base):
    """One access of one household, or of neighbours who share it."""

    __tablename__ = "line"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("contract"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True, info=kept("contract"))
    state: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True, info=kept("technical"))
    nd: Mapped[str | None] = mapped_column(String(10), info=kept("contract"))

    offer: Mapped[Offer] = relationship(lazy="raise")
    device: Mapped[Device | None] = relationship(lazy="raise")
    shares: Mapped[list[Share]] = relationship(lazy="raise", order_by="Share.id", back_populates="line")
    events: Mapped[list[LineEvent]] = relationship(lazy="raise", order_by="LineEvent.id")

    def __str__(self) -> str:
        return shown("L", self.number)


class LineEvent(Base):
    """When a line came into a state."""

    __tablename__ = "line_event"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    state: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    at: Mapped[datetime] = mapped_column(info=kept("contract"))


class Share(Base):
    """One member's part of a line, from a day to a day (half-open). The first share is the holder's."""

    __tablename__ = "share"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    weight: Mapped[int] = mapped_column(default=1, info=kept("contract"))
    since: Mapped[date] = mapped_column(info=kept("contract"))
    until: Mapped[date | None] = mapped_column(info=kept("contract"))

    line: Mapped[Line] = relationship(lazy="raise", back_populates="shares")
    member: Mapped[Member] = relationship(lazy="raise")
    credentials: Mapped[list[Credential]] = relationship(lazy="raise", order_by="Credential.id")
    assignments: Mapped[list[Assignment]] = relationship(lazy="raise", order_by="Assignment.id")

    __table_args__ = (
        CheckConstraint("weight > 0", name="weight_positive"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )


class Credential(Base):
    """What opens a line for one share: a PPP login with its sealed password, or a WireGuard public key."""

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    share_id: Mapped[int] = mapped_column(ForeignKey("share.id"), index=True, info=kept("contract"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    name: Mapped[str] = mapped_column(String(100), info=kept("contract"))
    secret: Mapped[Sealed | None] = mapped_column(SealedColumn, info=kept("secret"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    __table_args__ = (
        # One living credential of a name: two lines with one key or one login cannot be told apart.
        Index(
            "uq_credential_living",
            "kind",
            "name",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        UniqueConstraint("kind", "name", "since"),
    )
