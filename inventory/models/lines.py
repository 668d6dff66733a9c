"""Lines, who shares them, and what opens them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn
from inventory.models.addresses import Assignment, Pool
from inventory.models.devices import Device
from inventory.models.people import Member
from inventory.numbers import shown

if TYPE_CHECKING:
    from inventory.models.access import Copper, Fibre, LineMigration, VlanPair
    from inventory.models.wholesale import Wholesaler


class Technology(StrEnum):
    """What carries a line."""

    ADSL = "adsl"
    VDSL = "vdsl"
    FTTH = "ftth"
    OPENVPN = "openvpn"
    WIREGUARD = "wireguard"
    RADIO = "radio"
    COLOCATION = "colocation"
    VM = "vm"

    @property
    def phrase(self) -> Phrase:
        """The technology as people read it."""
        return _TECHNOLOGIES[self]

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The ways in which it can reach us, the usual one first."""
        return _DELIVERIES_OF[self]


class Delivery(StrEnum):
    """How a line's packets reach us. Activated fibre often arrives as VLANs, not as PPP."""

    L2TP = "l2tp"
    PPPOE = "pppoe"
    IPOE_VLAN = "ipoe-vlan"
    TUNNEL = "tunnel"
    SWITCH_PORT = "switch-port"
    NONE = "none"

    @property
    def phrase(self) -> Phrase:
        """The delivery as people read it."""
        return _DELIVERIES[self]


_TECHNOLOGIES: Final = {
    Technology.ADSL: Phrase("ADSL", "ADSL"),
    Technology.VDSL: Phrase("VDSL", "VDSL"),
    Technology.FTTH: Phrase("fibre", "fibre"),
    Technology.OPENVPN: Phrase("VPN OpenVPN", "OpenVPN VPN"),
    Technology.WIREGUARD: Phrase("VPN WireGuard", "WireGuard VPN"),
    Technology.RADIO: Phrase("radio", "radio"),
    Technology.COLOCATION: Phrase("machine hébergée", "hosted machine"),
    Technology.VM: Phrase("machine virtuelle", "virtual machine"),
}

_DELIVERIES: Final = {
    Delivery.L2TP: Phrase("PPP par L2TP", "PPP over L2TP"),
    Delivery.PPPOE: Phrase("PPPoE", "PPPoE"),
    Delivery.IPOE_VLAN: Phrase("IP dans un VLAN", "IP in a VLAN"),
    Delivery.TUNNEL: Phrase("tunnel", "tunnel"),
    Delivery.SWITCH_PORT: Phrase("port de commutateur", "switch port"),
    Delivery.NONE: Phrase("rien à livrer", "nothing to deliver"),
}

_ACCESS: Final = (Delivery.L2TP, Delivery.PPPOE, Delivery.IPOE_VLAN)
_DELIVERIES_OF: Final = {
    Technology.ADSL: _ACCESS,
    Technology.VDSL: _ACCESS,
    Technology.FTTH: (Delivery.IPOE_VLAN, Delivery.L2TP, Delivery.PPPOE),
    Technology.OPENVPN: (Delivery.TUNNEL,),
    Technology.WIREGUARD: (Delivery.TUNNEL,),
    Technology.RADIO: (Delivery.IPOE_VLAN, Delivery.PPPOE, Delivery.SWITCH_PORT, Delivery.NONE),
    Technology.COLOCATION: (Delivery.SWITCH_PORT, Delivery.NONE),
    Technology.VM: (Delivery.NONE, Delivery.SWITCH_PORT),
}


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
    """What can be ordered, until it is retired: lines that have it keep it.

    `realm` is what follows the @ in the PPP logins of its lines; without one, the offer's name does.
    """

    __tablename__ = "offer"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), unique=True, info=kept("technical"))
    title: Mapped[str] = mapped_column(String(100), info=kept("technical"))
    technology: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    delivery: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    mtu: Mapped[int] = mapped_column(info=kept("technical"))
    realm: Mapped[str | None] = mapped_column(String(64), info=kept("technical"))
    retired: Mapped[date | None] = mapped_column(info=kept("technical"))
    wholesaler_id: Mapped[int | None] = mapped_column(ForeignKey("wholesaler.id"), info=kept("technical"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    pool_v4_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))
    pool_v6_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))

    wholesaler: Mapped[Wholesaler | None] = relationship("Wholesaler", lazy="raise")
    device: Mapped[Device | None] = relationship(lazy="raise")
    pool_v4: Mapped[Pool | None] = relationship(lazy="raise", foreign_keys=[pool_v4_id])
    pool_v6: Mapped[Pool | None] = relationship(lazy="raise", foreign_keys=[pool_v6_id])

    __table_args__ = (CheckConstraint("mtu BETWEEN 1280 AND 9216", name="mtu"),)


class Line(Base):
    """One access of one household, or of neighbours who share it.

    `mtu` where it is not the offer's. What identifies it at the wholesaler's is in its parts (models/access.py).
    """

    __tablename__ = "line"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("contract"))
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True, info=kept("contract"))
    state: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True, info=kept("technical"))
    mtu: Mapped[int | None] = mapped_column(info=kept("technical"))
    place: Mapped[str] = mapped_column(String(300), default="", server_default="", info=kept("identity"))

    offer: Mapped[Offer] = relationship(lazy="raise")
    device: Mapped[Device | None] = relationship(lazy="raise")
    shares: Mapped[list[Share]] = relationship(lazy="raise", order_by="Share.id", back_populates="line")
    events: Mapped[list[LineEvent]] = relationship(lazy="raise", order_by="LineEvent.id")
    coppers: Mapped[list[Copper]] = relationship("Copper", lazy="raise", order_by="Copper.id")
    fibres: Mapped[list[Fibre]] = relationship("Fibre", lazy="raise", order_by="Fibre.id")
    vlans: Mapped[list[VlanPair]] = relationship("VlanPair", lazy="raise", order_by="VlanPair.id")
    migrations: Mapped[list[LineMigration]] = relationship("LineMigration", lazy="raise", order_by="LineMigration.id")

    __table_args__ = (CheckConstraint("mtu IS NULL OR mtu BETWEEN 1280 AND 9216", name="mtu"),)

    @property
    def migration(self) -> LineMigration | None:
        """The migration under way."""
        return next((one for one in self.migrations if one.ended is None), None)

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
    """One member's part of a line, from a day to a day (half-open).

    `weight` is what it counts for from its first day; `weights` say what that became later. The holder is whoever
    the line was handed to last (`holds_since`), else the earliest.
    """

    __tablename__ = "share"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    line_id: Mapped[int] = mapped_column(ForeignKey("line.id"), index=True, info=kept("contract"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    weight: Mapped[int] = mapped_column(default=1, info=kept("contract"))
    since: Mapped[date] = mapped_column(info=kept("contract"))
    until: Mapped[date | None] = mapped_column(info=kept("contract"))
    holds_since: Mapped[date | None] = mapped_column(info=kept("contract"))

    line: Mapped[Line] = relationship(lazy="raise", back_populates="shares")
    member: Mapped[Member] = relationship(lazy="raise")
    weights: Mapped[list[ShareWeight]] = relationship(lazy="raise", order_by="ShareWeight.since")
    credentials: Mapped[list[Credential]] = relationship(lazy="raise", order_by="Credential.id")
    assignments: Mapped[list[Assignment]] = relationship(lazy="raise", order_by="Assignment.id")

    __table_args__ = (
        CheckConstraint("weight > 0", name="weight_positive"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
        # Nobody has two parts of a line at a time.
        Index(
            "uq_share_living",
            "line_id",
            "member_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    def weight_on(self, day: date) -> int:
        """What the share counts for on that day, which lies within it."""
        return next((one.weight for one in reversed(self.weights) if one.since <= day), self.weight)


class ShareWeight(Base):
    """What a share counts for from a day on, until its next weight or its end."""

    __tablename__ = "share_weight"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    share_id: Mapped[int] = mapped_column(ForeignKey("share.id"), info=kept("contract"))
    since: Mapped[date] = mapped_column(info=kept("contract"))
    weight: Mapped[int] = mapped_column(info=kept("contract"))

    __table_args__ = (UniqueConstraint("share_id", "since"), CheckConstraint("weight > 0", name="weight_positive"))


class CredentialKind(StrEnum):
    """What a credential is: a login with its password, a public key, or a certificate's common name."""

    PPP = "ppp"
    WIREGUARD = "wireguard"
    OPENVPN = "openvpn"


class Credential(Base):
    """What opens a line for one share: a PPP login with its sealed password, a WireGuard key, an OpenVPN name.

    `secret` is that password, or the key that WireGuard's two ends share beside their own, where it came with one.

    `migration_id` is set while it came with a migration that is not over. `until` lies ahead where a password is in
    force beside the one that takes its place; `told_at` is when its member was last told of that end.
    """

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    share_id: Mapped[int] = mapped_column(ForeignKey("share.id"), index=True, info=kept("contract"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    name: Mapped[str] = mapped_column(String(100), info=kept("contract"))
    secret: Mapped[Sealed | None] = mapped_column(SealedColumn, info=kept("secret"))
    migration_id: Mapped[int | None] = mapped_column(ForeignKey("line_migration.id"), info=kept("contract"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    told_at: Mapped[datetime | None] = mapped_column(info=kept("contract"))

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
