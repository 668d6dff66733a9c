"""Where machines stand: sites, their rooms, and the racks, shelves and floor spots in them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase


class Site(Base):
    """A datacentre, a shelf in a bookshop, a roof."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), unique=True, info=kept("technical"))
    description: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))
    address: Mapped[str] = mapped_column(String(200), default="", server_default="", info=kept("technical"))

    rooms: Mapped[list[Room]] = relationship(lazy="raise", order_by="Room.name", back_populates="site")
    racks: Mapped[list[Rack]] = relationship(lazy="raise", order_by="Rack.name", back_populates="site")


class Room(Base):
    """A room of a site: what shares a door, a temperature and a fuse box."""

    __tablename__ = "room"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    description: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))

    site: Mapped[Site] = relationship(lazy="raise", back_populates="rooms")

    __table_args__ = (UniqueConstraint("site_id", "name"),)


class RackKind(StrEnum):
    """What a machine stands in or on."""

    RACK = "rack"
    SHELF = "shelf"
    FLOOR = "floor"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS: Final = {
    RackKind.RACK: Phrase("baie", "rack"),
    RackKind.SHELF: Phrase("étagère", "shelf"),
    RackKind.FLOOR: Phrase("sol", "floor"),
}


class Rack(Base):
    """A rack with its units, a shelf, or a spot on the floor, by its name within the site: `mezzanine/A`."""

    __tablename__ = "rack"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), info=kept("technical"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), index=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    kind: Mapped[str] = mapped_column(String(8), info=kept("technical"))
    units: Mapped[int | None] = mapped_column(info=kept("technical"))
    description: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))

    site: Mapped[Site] = relationship(lazy="raise", back_populates="racks")
    room: Mapped[Room | None] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("site_id", "name"),
        CheckConstraint("(kind = 'rack') = (units IS NOT NULL)", name="units_of_racks"),
        CheckConstraint("units BETWEEN 1 AND 100", name="units"),
    )
