"""Electricity: feeds, the outlets of PDUs and UPSes, and what is plugged in where, dated."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from inventory.models.devices import Device
from inventory.models.places import Room, Site


class Feed(Base):
    """A supply of electricity at a site, by its name there: `mezzanine/EDF-A`. From a day to a day (half-open)."""

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), info=kept("technical"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), index=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    volts: Mapped[int] = mapped_column(info=kept("technical"))
    amps: Mapped[int] = mapped_column(info=kept("technical"))
    supplier: Mapped[str] = mapped_column(String(100), default="", info=kept("technical"))
    renewable: Mapped[bool | None] = mapped_column(info=kept("technical"))
    since: Mapped[date] = mapped_column(info=kept("technical"))
    until: Mapped[date | None] = mapped_column(info=kept("technical"))

    site: Mapped[Site] = relationship(lazy="raise")
    room: Mapped[Room | None] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("site_id", "name"),
        CheckConstraint("volts > 0 AND amps > 0", name="positive"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )


class Supply(Base):
    """What the electricity of a feed is, from a day on until the next one of that feed: who supplies it, and how many
    percent of it come from renewable sources.
    """

    __tablename__ = "supply"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    feed_id: Mapped[int] = mapped_column(ForeignKey("feed.id"), info=kept("technical"))
    since: Mapped[date] = mapped_column(info=kept("technical"))
    supplier: Mapped[str] = mapped_column(String(100), info=kept("technical"))
    renewable: Mapped[int] = mapped_column(info=kept("technical"))

    feed: Mapped[Feed] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("feed_id", "since"),
        CheckConstraint("renewable BETWEEN 0 AND 100", name="percent"),
    )


class Outlet(Base):
    """A socket of a PDU or UPS, by what is written beside it: `pdu1/3`."""

    __tablename__ = "outlet"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    name: Mapped[str] = mapped_column(String(16), info=kept("technical"))

    device: Mapped[Device] = relationship(lazy="raise")

    __table_args__ = (UniqueConstraint("device_id", "name"),)


class Plug(Base):
    """A power cord of a machine: in an outlet, or straight on a feed; from a day to a day (half-open).

    An outlet holds one living plug; a machine may have several.
    """

    __tablename__ = "plug"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True, info=kept("technical"))
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("outlet.id"), info=kept("technical"))
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("feed.id"), index=True, info=kept("technical"))
    since: Mapped[date] = mapped_column(info=kept("technical"))
    until: Mapped[date | None] = mapped_column(info=kept("technical"))

    device: Mapped[Device] = relationship(lazy="raise")
    outlet: Mapped[Outlet | None] = relationship(lazy="raise")
    feed: Mapped[Feed | None] = relationship(lazy="raise")

    __table_args__ = (
        Index(
            "uq_plug_living",
            "outlet_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        CheckConstraint("(outlet_id IS NULL) <> (feed_id IS NULL)", name="one_source"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )
