"""What we announce, to whom, and by what key our own routers know each other."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn


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


class KeyState(StrEnum):
    """What routers do with a key: one sends by `sent`, and believes what comes by any of the three."""

    WAITING = "waiting"
    SENT = "sent"
    FORMER = "former"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _KEY_STATES[self]


_KEY_STATES: Final = {
    KeyState.WAITING: Phrase("acceptée, pas encore employée", "accepted, not yet used"),
    KeyState.SENT: Phrase("employée", "in use"),
    KeyState.FORMER: Phrase("encore acceptée", "still accepted"),
}


class OspfKey(Base):
    """A key by which our routers know each other inside (OSPF). `number` is how packets name it, 1 to 255.

    There is at most one of each state. `secret` is sixteen characters for IPv4, then those for IPv6.
    """

    __tablename__ = "ospf_key"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("technical"))
    state: Mapped[str] = mapped_column(String(16), unique=True, info=kept("technical"))
    since: Mapped[datetime] = mapped_column(info=kept("technical"))
    secret: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))

    __table_args__ = (
        CheckConstraint("number BETWEEN 1 AND 255", name="number"),
        CheckConstraint("state IN ('waiting', 'sent', 'former')", name="state"),
    )
