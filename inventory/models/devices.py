"""Machines of the association and of its members: where they stand, their interfaces, and what joins those."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import GUARDS, Base, Guard, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn
from inventory.models.people import Member
from inventory.models.places import Rack, Site

RADIUS_ACCOUNTING: Final = "/var/lib/freeradius/radacct.sqlite"
"""Where a RADIUS server of ours counts PPP sessions: provisioning has it written, monitoring reads it."""

OPENVPN_MANAGEMENT: Final = "/run/openvpn-server/essaim.sock"
"""Where an OpenVPN server of ours says who is connected, to root alone."""


class DeviceRole(StrEnum):
    """What a machine does."""

    ROUTER = "router"
    LNS = "lns"
    BNG = "bng"
    VPN = "vpn"
    RADIUS = "radius"
    DNS = "dns"
    SERVER = "server"
    SWITCH = "switch"
    ACCESS_POINT = "access-point"
    PDU = "pdu"
    UPS = "ups"
    OTHER = "other"

    @property
    def phrase(self) -> Phrase:
        """The role as people read it."""
        return _ROLES[self]


_ROLES: Final = {
    DeviceRole.ROUTER: Phrase("routeur", "router"),
    DeviceRole.LNS: Phrase("LNS", "LNS"),
    DeviceRole.BNG: Phrase("collecte IPoE (BNG)", "IPoE gateway (BNG)"),
    DeviceRole.VPN: Phrase("serveur VPN", "VPN server"),
    DeviceRole.RADIUS: Phrase("serveur RADIUS", "RADIUS server"),
    DeviceRole.DNS: Phrase("serveur DNS", "DNS server"),
    DeviceRole.SERVER: Phrase("serveur", "server"),
    DeviceRole.SWITCH: Phrase("commutateur", "switch"),
    DeviceRole.ACCESS_POINT: Phrase("point d'accès", "access point"),
    DeviceRole.PDU: Phrase("multiprise", "PDU"),
    DeviceRole.UPS: Phrase("onduleur", "UPS"),
    DeviceRole.OTHER: Phrase("autre", "other"),
}

DRIVEN: Final[dict[str, tuple[str, ...]]] = {
    "router": ("frr", "debian-bird", "ios", "routeros"),
    "lns": ("debian", "debian-accel", "ios", "routeros"),
    "bng": ("debian",),
    "vpn": ("debian",),
    "radius": ("debian", "freeradius-sql"),
    "dns": ("debian", "debian-nsd", "debian-bind", "rfc2136"),
}
"""The roles that Essaim configures, with the platforms on which it knows how; the first is the usual one."""


class Device(Base):
    """A machine of any shape. `role` says what it does, `platform` which driver and templates speak to it.

    A machine is here from a day to a day (half-open); its name is never given to another. `contact` is who to call
    when it burns, `watts` what its owner declared, `snmp_agreed` whether they let us look inside.
    """

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), unique=True, info=kept("technical"))
    role: Mapped[str] = mapped_column(String(32), index=True, info=kept("technical"))
    platform: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    shape: Mapped[str] = mapped_column(String(64), default="", info=kept("technical"))
    description: Mapped[str] = mapped_column(String(200), default="", server_default="", info=kept("technical"))
    serial: Mapped[str | None] = mapped_column(String(64), index=True, info=kept("technical"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), info=kept("technical"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    management: Mapped[str | None] = mapped_column(String(45), info=kept("technical"))
    host_key: Mapped[str | None] = mapped_column(String(200), info=kept("technical"))
    endpoint: Mapped[str | None] = mapped_column(String(64), info=kept("technical"))
    public_key: Mapped[str | None] = mapped_column(String(44), info=kept("technical"))
    asn: Mapped[int | None] = mapped_column(BigInteger, info=kept("technical"))
    contact: Mapped[str] = mapped_column(String(200), default="", server_default="", info=kept("identity"))
    watts: Mapped[int | None] = mapped_column(info=kept("technical"))
    snmp_agreed: Mapped[bool] = mapped_column(default=False, server_default=text("false"), info=kept("technical"))
    since: Mapped[date | None] = mapped_column(info=kept("technical"))
    until: Mapped[date | None] = mapped_column(info=kept("technical"))

    site: Mapped[Site] = relationship(lazy="raise")
    owner: Mapped[Member | None] = relationship(lazy="raise")
    interfaces: Mapped[list[Interface]] = relationship(lazy="raise", order_by="Interface.name", back_populates="device")
    secrets: Mapped[list[DeviceSecret]] = relationship(lazy="raise", order_by="DeviceSecret.name")


class DeviceSecret(Base):
    """One secret that a machine's service needs, by what it is for: `wireguard`, `radius`…"""

    __tablename__ = "device_secret"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    secret: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))

    __table_args__ = (UniqueConstraint("device_id", "name"),)


class Interface(Base):
    """A network interface of a machine; its addresses are assignments of the ledger. `mac` is `aa:bb:cc:dd:ee:ff`."""

    __tablename__ = "interface"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    name: Mapped[str] = mapped_column(String(48), info=kept("technical"))
    description: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))
    mac: Mapped[str | None] = mapped_column(String(17), index=True, info=kept("technical"))
    enabled: Mapped[bool] = mapped_column(default=True, server_default=text("true"), info=kept("technical"))

    device: Mapped[Device] = relationship(lazy="raise", back_populates="interfaces")

    __table_args__ = (UniqueConstraint("device_id", "name"),)


class LinkKind(StrEnum):
    """What joins two interfaces."""

    CABLE = "cable"
    RADIO = "radio"
    CIRCUIT = "circuit"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _LINKS[self]


_LINKS: Final = {
    LinkKind.CABLE: Phrase("câble", "cable"),
    LinkKind.RADIO: Phrase("radio", "radio"),
    LinkKind.CIRCUIT: Phrase("circuit d'opérateur", "provider circuit"),
}


class Link(Base):
    """What joins an interface of ours to another, or to a provider who is known by `reference`; from a day to a day.

    An interface has one living link at most.
    """

    __tablename__ = "link"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    near_id: Mapped[int] = mapped_column(ForeignKey("interface.id"), index=True, info=kept("technical"))
    far_id: Mapped[int | None] = mapped_column(ForeignKey("interface.id"), index=True, info=kept("technical"))
    kind: Mapped[str] = mapped_column(String(8), info=kept("technical"))
    reference: Mapped[str] = mapped_column(String(100), default="", info=kept("technical"))
    since: Mapped[date] = mapped_column(info=kept("technical"))
    until: Mapped[date | None] = mapped_column(info=kept("technical"))

    near: Mapped[Interface] = relationship(lazy="raise", foreign_keys=[near_id])
    far: Mapped[Interface | None] = relationship(lazy="raise", foreign_keys=[far_id])

    __table_args__ = (
        CheckConstraint("near_id <> far_id", name="two_ends"),
        CheckConstraint("far_id IS NOT NULL OR kind = 'circuit'", name="open_end"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
        *(
            Index(
                f"uq_link_{end}_living",
                f"{end}_id",
                unique=True,
                sqlite_where=text("until IS NULL"),
                postgresql_where=text("until IS NULL"),
            )
            for end in ("near", "far")
        ),
    )


class Face(StrEnum):
    """Which side of a rack a machine takes: a deep one takes both."""

    FRONT = "front"
    REAR = "rear"
    BOTH = "both"

    @property
    def phrase(self) -> Phrase:
        """The side as people read it."""
        return _FACES[self]


_FACES: Final = {
    Face.FRONT: Phrase("devant", "front"),
    Face.REAR: Phrase("derrière", "rear"),
    Face.BOTH: Phrase("toute la profondeur", "full depth"),
}


class Placement(Base):
    """Where a machine stands, from a day to a day (half-open).

    In a rack: `unit` is the lowest it takes (1 is at the bottom), `height` how many; without them it hangs on the
    rack's side (0 U). On a shelf or the floor `position` says where, in words.
    """

    __tablename__ = "placement"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    rack_id: Mapped[int] = mapped_column(ForeignKey("rack.id"), index=True, info=kept("technical"))
    unit: Mapped[int | None] = mapped_column(info=kept("technical"))
    height: Mapped[int | None] = mapped_column(info=kept("technical"))
    face: Mapped[str | None] = mapped_column(String(8), info=kept("technical"))
    position: Mapped[str] = mapped_column(String(100), default="", info=kept("technical"))
    since: Mapped[date] = mapped_column(info=kept("technical"))
    until: Mapped[date | None] = mapped_column(info=kept("technical"))

    device: Mapped[Device] = relationship(lazy="raise")
    rack: Mapped[Rack] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_placement_device", "device_id", "since"),
        Index(
            "uq_placement_living",
            "device_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        CheckConstraint("unit > 0 AND height > 0", name="units"),
        CheckConstraint("(unit IS NULL) = (height IS NULL) AND (unit IS NULL) = (face IS NULL)", name="whole"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )


# A day is ISO text on SQLite, unless the whole of it looks like a number: the last of days is spelled out.
_SQLITE_OVERLAP = """
CREATE TRIGGER IF NOT EXISTS placement_no_overlap_{name} BEFORE {verb} ON placement
WHEN NEW.unit IS NOT NULL AND (NEW.until IS NULL OR NEW.until > NEW.since) AND EXISTS (
  SELECT 1 FROM placement AS other
  WHERE other.rack_id = NEW.rack_id AND other.id IS NOT NEW.id
  AND other.unit < NEW.unit + NEW.height AND NEW.unit < other.unit + other.height
  AND (other.face = NEW.face OR other.face = 'both' OR NEW.face = 'both')
  AND (other.until IS NULL OR other.until > other.since)
  AND other.since < coalesce(NEW.until, '9999-12-31') AND NEW.since < coalesce(other.until, '9999-12-31'))
BEGIN SELECT raise(ABORT, 'two machines in the same units'); END
"""

GUARDS.append(
    Guard(
        "no two machines in the same units at the same time",
        sqlite=(
            _SQLITE_OVERLAP.format(name="insert", verb="INSERT"),
            _SQLITE_OVERLAP.format(name="update", verb="UPDATE"),
        ),
        postgresql=(
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            "DO $$ BEGIN ALTER TABLE placement ADD CONSTRAINT placement_no_overlap EXCLUDE USING gist "
            "(rack_id WITH =, int4range(unit, unit + height) WITH &&, "
            "int4range(CASE face WHEN 'rear' THEN 1 ELSE 0 END, CASE face WHEN 'front' THEN 1 ELSE 2 END) WITH &&, "
            "daterange(since, until) WITH &&) WHERE (unit IS NOT NULL); "
            "EXCEPTION WHEN duplicate_table OR duplicate_object THEN NULL; END $$",
        ),
    )
)
