"""Machines of the association and of its members, and their interfaces."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.vault import Sealed, SealedColumn
from inventory.models.people import Member
from inventory.models.places import Site

RADIUS_ACCOUNTING: Final = "/var/lib/freeradius/radacct.sqlite"
"""Where a RADIUS server of ours counts PPP sessions: provisioning has it written, monitoring reads it."""


class Device(Base):
    """A machine of any shape. `role` says what it does, `platform` which driver and templates speak to it."""

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), unique=True, info=kept("technical"))
    role: Mapped[str] = mapped_column(String(32), index=True, info=kept("technical"))
    platform: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    shape: Mapped[str] = mapped_column(String(64), default="", info=kept("technical"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), info=kept("technical"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    management: Mapped[str | None] = mapped_column(String(45), info=kept("technical"))
    host_key: Mapped[str | None] = mapped_column(String(200), info=kept("technical"))
    endpoint: Mapped[str | None] = mapped_column(String(64), info=kept("technical"))
    public_key: Mapped[str | None] = mapped_column(String(44), info=kept("technical"))
    asn: Mapped[int | None] = mapped_column(BigInteger, info=kept("technical"))

    site: Mapped[Site] = relationship(lazy="raise")
    owner: Mapped[Member | None] = relationship(lazy="raise")
    interfaces: Mapped[list[Interface]] = relationship(lazy="raise", order_by="Interface.name", back_populates="device")
    secrets: Mapped[list[DeviceSecret]] = relationship(lazy="raise", order_by="DeviceSecret.name")


class DeviceSecret(Base):
    """One secret that a machine's service needs, by what it is for: `wireguard`, `radius`, `l2tp`, `snmp`."""

    __tablename__ = "device_secret"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    secret: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))

    __table_args__ = (UniqueConstraint("device_id", "name"),)


class Interface(Base):
    """A network interface of a machine of ours; its addresses are assignments of the ledger."""

    __tablename__ = "interface"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    name: Mapped[str] = mapped_column(String(15), info=kept("technical"))
    description: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))

    device: Mapped[Device] = relationship(lazy="raise", back_populates="interfaces")

    __table_args__ = (UniqueConstraint("device_id", "name"),)
