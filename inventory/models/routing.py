"""What we announce, and to whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, RowId, kept


class Aggregate(Base):
    """A prefix of ours as the Internet sees it."""

    __tablename__ = "aggregate"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    prefix: Mapped[str] = mapped_column(String(43), unique=True, info=kept("technical"))


class BgpPeer(Base):
    """A router that one of ours speaks BGP with. `fast` shortens its timers, where a link itself notices nothing."""

    __tablename__ = "bgp_peer"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    address: Mapped[str] = mapped_column(String(39), info=kept("technical"))
    remote_as: Mapped[int] = mapped_column(BigInteger, info=kept("technical"))
    description: Mapped[str] = mapped_column(String(80), default="", info=kept("technical"))
    max_prefix: Mapped[int] = mapped_column(info=kept("technical"))
    fast: Mapped[bool] = mapped_column(default=False, info=kept("technical"))

    __table_args__ = (UniqueConstraint("device_id", "address"),)
