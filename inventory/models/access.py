"""What identifies a line's access where it was bought, one typed part a technology, and its migration to another.

A part has dates; one that a migration brings (`migration_id`) is not the line's own until the migration is done.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from inventory.models.devices import Device
from inventory.models.lines import Offer


class Outcome(StrEnum):
    """How a migration ended."""

    DONE = "done"
    UNDONE = "undone"

    @property
    def phrase(self) -> Phrase:
        """The outcome as people read it."""
        return Phrase("faite", "done") if self is Outcome.DONE else Phrase("abandonnée", "given up")


_OWN = text("until IS NULL AND migration_id IS NULL")
_LIVING = text("until IS NULL")


class Copper(Base):
    """A copper pair: its designation number (ND), and its municipality (INSEE code), which tells when copper closes."""

    __tablename__ = "copper"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    migration_id: Mapped[int | None] = mapped_column(ForeignKey("line_migration.id"), info=kept("contract"))
    nd: Mapped[str | None] = mapped_column(String(10), index=True, info=kept("contract"))
    insee: Mapped[str | None] = mapped_column(String(5), index=True, info=kept("contract"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    __table_args__ = (
        Index("uq_copper_own", "line_id", unique=True, sqlite_where=_OWN, postgresql_where=_OWN),
        UniqueConstraint("migration_id"),
    )


class Fibre(Base):
    """An activated fibre: its socket (PTO), its building (IMB/…), and who operates that (four letters)."""

    __tablename__ = "fibre"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    migration_id: Mapped[int | None] = mapped_column(ForeignKey("line_migration.id"), info=kept("contract"))
    pto: Mapped[str | None] = mapped_column(String(30), index=True, info=kept("contract"))
    building: Mapped[str | None] = mapped_column(String(40), info=kept("contract"))
    operator: Mapped[str | None] = mapped_column(String(4), info=kept("contract"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    __table_args__ = (
        Index("uq_fibre_own", "line_id", unique=True, sqlite_where=_OWN, postgresql_where=_OWN),
        UniqueConstraint("migration_id"),
    )


class VlanPair(Base):
    """The VLAN tags in which a line arrives on a machine: the outer one, and the inner one or 0 for none."""

    __tablename__ = "vlan_pair"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("technical"))
    migration_id: Mapped[int | None] = mapped_column(ForeignKey("line_migration.id"), info=kept("technical"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    delivery: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    outer_tag: Mapped[int] = mapped_column(info=kept("technical"))
    inner_tag: Mapped[int] = mapped_column(default=0, info=kept("technical"))
    since: Mapped[datetime] = mapped_column(info=kept("technical"))
    until: Mapped[datetime | None] = mapped_column(info=kept("technical"))

    __table_args__ = (
        Index("uq_vlan_pair_own", "line_id", unique=True, sqlite_where=_OWN, postgresql_where=_OWN),
        UniqueConstraint("migration_id"),
        # Two lines in one VLAN of one machine cannot be told apart.
        Index(
            "uq_vlan_pair_living",
            "device_id",
            "delivery",
            "outer_tag",
            "inner_tag",
            unique=True,
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
        CheckConstraint("outer_tag BETWEEN 1 AND 4094", name="outer_tag"),
        CheckConstraint("inner_tag BETWEEN 0 AND 4094", name="inner_tag"),
    )

    def __str__(self) -> str:
        return f"{self.outer_tag}.{self.inner_tag}" if self.inner_tag else str(self.outer_tag)


class LineMigration(Base):
    """A line goes over to another offer, machine or place; both are in force until it is done or undone."""

    __tablename__ = "line_migration"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    from_offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), info=kept("contract"))
    to_offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), info=kept("contract"))
    from_device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    to_device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    to_mtu: Mapped[int | None] = mapped_column(info=kept("technical"))
    to_place: Mapped[str | None] = mapped_column(String(300), info=kept("identity"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    ended: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    outcome: Mapped[str | None] = mapped_column(String(8), info=kept("contract"))

    from_offer: Mapped[Offer] = relationship(lazy="raise", foreign_keys=[from_offer_id])
    to_offer: Mapped[Offer] = relationship(lazy="raise", foreign_keys=[to_offer_id])
    from_device: Mapped[Device | None] = relationship(lazy="raise", foreign_keys=[from_device_id])
    to_device: Mapped[Device | None] = relationship(lazy="raise", foreign_keys=[to_device_id])

    __table_args__ = (
        Index(
            "uq_line_migration_living",
            "line_id",
            unique=True,
            sqlite_where=text("ended IS NULL"),
            postgresql_where=text("ended IS NULL"),
        ),
        CheckConstraint("(ended IS NULL) = (outcome IS NULL)", name="outcome"),
        CheckConstraint("to_mtu IS NULL OR to_mtu BETWEEN 1280 AND 9216", name="mtu"),
    )
