"""The address ledger: pools cut into blocks, and who held what, when.

Addresses are (family, first, last) with `first` and `last` as 16 big-endian bytes: one order on both engines.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, Final, TypeAlias

from sqlalchemy import CheckConstraint, Dialect, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from foundation.database import GUARDS, Base, Guard, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn
from inventory.models.devices import Device
from inventory.models.places import Site
from inventory.numbers import shown

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPNetwork: TypeAlias = IPv4Network | IPv6Network

WIDTH = {4: 32, 6: 128}
"""Bits of an address, by family."""


class AddressBytes(TypeDecorator[int]):
    """An address as an integer in the program, as 16 big-endian bytes in the database."""

    impl = LargeBinary(16)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Sixteen bytes, so that text order is number order."""
        return None if value is None else value.to_bytes(16, "big")

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        """The integer."""
        return None if value is None else int.from_bytes(value, "big")


class BlockState(StrEnum):
    """What a block is used for."""

    FREE = "free"
    ASSIGNED = "assigned"
    QUARANTINED = "quarantined"
    RESERVED = "reserved"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _STATES[self]


_STATES: Final = {
    BlockState.FREE: Phrase("libre", "free"),
    BlockState.ASSIGNED: Phrase("attribuée", "assigned"),
    BlockState.QUARANTINED: Phrase("en quarantaine", "in quarantine"),
    BlockState.RESERVED: Phrase("réservée", "reserved"),
}


class Role(StrEnum):
    """What an assigned prefix is to its holder."""

    WAN = "wan"
    ROUTED = "routed"
    DELEGATED = "delegated"
    LOOPBACK = "loopback"
    LINK = "link"

    @property
    def phrase(self) -> Phrase:
        """The role as people read it."""
        return _ROLES[self]


_ROLES: Final = {
    Role.WAN: Phrase("principale", "main"),
    Role.ROUTED: Phrase("routée", "routed"),
    Role.DELEGATED: Phrase("déléguée", "delegated"),
    Role.LOOPBACK: Phrase("bouclage", "loopback"),
    Role.LINK: Phrase("liaison", "link"),
}


def network(family: int, first: int, length: int) -> IPNetwork:
    """The prefix as the standard library has it."""
    return IPv4Network((first, length)) if family == 4 else IPv6Network((first, length))


class _Prefix:
    family: Mapped[int]
    first: Mapped[int]
    length: Mapped[int]

    @property
    def prefix(self) -> IPNetwork:
        """The prefix as the standard library has it."""
        return network(self.family, self.first, self.length)


class Pool(_Prefix, Base):
    """A prefix of ours with one purpose, handed out in parts of one length.

    By hand (`automatic` false), only prefixes named one by one are given. Once closed, its name and its prefix may
    serve again, and its history stays.
    """

    __tablename__ = "pool"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    purpose: Mapped[str] = mapped_column(String(100), default="", info=kept("technical"))
    note: Mapped[str] = mapped_column(String(300), default="", server_default="", info=kept("technical"))
    family: Mapped[int] = mapped_column(info=kept("technical"))
    first: Mapped[int] = mapped_column(AddressBytes, info=kept("technical"))
    length: Mapped[int] = mapped_column(info=kept("technical"))
    handed: Mapped[int] = mapped_column(info=kept("technical"))
    automatic: Mapped[bool] = mapped_column(default=True, server_default=text("true"), info=kept("technical"))
    quarantine_days: Mapped[int] = mapped_column(info=kept("technical"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), info=kept("technical"))
    last_event: Mapped[datetime] = mapped_column(info=kept("technical"))
    closed_at: Mapped[datetime | None] = mapped_column(info=kept("technical"))

    device: Mapped[Device | None] = relationship(lazy="raise")
    site: Mapped[Site | None] = relationship(lazy="raise")

    __table_args__ = (
        Index(
            "uq_pool_living",
            "name",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )


class Block(_Prefix, Base):
    """A part of a pool in one state. The blocks of a pool cover it exactly, always."""

    __tablename__ = "block"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))
    family: Mapped[int] = mapped_column(info=kept("technical"))
    first: Mapped[int] = mapped_column(AddressBytes, info=kept("technical"))
    last: Mapped[int] = mapped_column(AddressBytes, info=kept("technical"))
    length: Mapped[int] = mapped_column(info=kept("technical"))
    state: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    until: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    note: Mapped[str] = mapped_column(String(200), default="", server_default="", info=kept("technical"))

    __table_args__ = (
        Index("ix_block_best_fit", "pool_id", "state", "length", "first"),
        Index("ix_block_first", "family", "first", unique=True),
        # What ends next, without a look at what does not.
        Index(
            "ix_block_quarantine",
            "pool_id",
            "until",
            sqlite_where=text("until IS NOT NULL"),
            postgresql_where=text("until IS NOT NULL"),
        ),
        CheckConstraint("last >= first", name="order"),
    )


class Assignment(_Prefix, Base):
    """Who holds a prefix, since when and until when. Once closed it never changes.

    A link of ours has an interface at either end: `interface_id` has its lower address, `peer_id` the higher.
    """

    __tablename__ = "assignment"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("connection"))
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), index=True, info=kept("connection"))
    block_id: Mapped[int | None] = mapped_column(ForeignKey("block.id"), unique=True, info=kept("connection"))
    family: Mapped[int] = mapped_column(info=kept("connection"))
    first: Mapped[int] = mapped_column(AddressBytes, info=kept("connection"))
    last: Mapped[int] = mapped_column(AddressBytes, info=kept("connection"))
    length: Mapped[int] = mapped_column(info=kept("connection"))
    role: Mapped[str] = mapped_column(String(16), info=kept("connection"))
    share_id: Mapped[int | None] = mapped_column(ForeignKey("share.id"), index=True, info=kept("connection"))
    interface_id: Mapped[int | None] = mapped_column(ForeignKey("interface.id"), index=True, info=kept("connection"))
    peer_id: Mapped[int | None] = mapped_column(ForeignKey("interface.id"), info=kept("connection"))
    since: Mapped[datetime] = mapped_column(info=kept("connection"))
    until: Mapped[datetime | None] = mapped_column(info=kept("connection"))

    __table_args__ = (
        Index("ix_assignment_first", "family", "first", "since"),
        CheckConstraint("(share_id IS NULL) <> (interface_id IS NULL)", name="one_holder"),
        CheckConstraint("(block_id IS NULL) = (until IS NOT NULL)", name="living_has_block"),
        CheckConstraint("until IS NULL OR until > since", name="period"),
    )

    @property
    def ends(self) -> tuple[int, int]:
        """The addresses of a link's two interfaces: all of a /31 (RFC 3021) or /127, the middle of what is larger."""
        edge = int(self.last - self.first > 1)
        return self.first + edge, self.last - edge


class Question(Base):
    """Someone was asked, as the law may, who had an address: what was asked and answered is sealed.

    This register is apart from the journal, since the person concerned must not learn of it.
    """

    __tablename__ = "question"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("journal"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("journal"))
    at: Mapped[datetime] = mapped_column(info=kept("journal"))
    actor: Mapped[str] = mapped_column(String(64), info=kept("journal"))
    sealed: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))

    def __str__(self) -> str:
        return shown("X", self.number)


# Blocks are disjoint, so only the one that begins last at or before our end can reach into us:
# one step in the index, however many blocks there are.
_SQLITE_OVERLAP = """
CREATE TRIGGER IF NOT EXISTS block_no_overlap_{name} BEFORE {verb} ON block
WHEN (SELECT last FROM block WHERE family = NEW.family AND first <= NEW.last AND id IS NOT NEW.id
      ORDER BY first DESC LIMIT 1) >= NEW.first
BEGIN SELECT raise(ABORT, 'block overlaps another'); END
"""

GUARDS.append(
    Guard(
        "blocks never overlap",
        sqlite=(
            _SQLITE_OVERLAP.format(name="insert", verb="INSERT"),
            _SQLITE_OVERLAP.format(name="update", verb="UPDATE OF family, first, last"),
        ),
        postgresql=(
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            "DO $$ BEGIN CREATE TYPE essaim_bytes AS RANGE (subtype = bytea); "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            "DO $$ BEGIN ALTER TABLE block ADD CONSTRAINT block_no_overlap EXCLUDE USING gist "
            "(family WITH =, essaim_bytes(first, last, '[]') WITH &&); "
            "EXCEPTION WHEN duplicate_table OR duplicate_object THEN NULL; END $$",
        ),
    )
)

GUARDS.append(
    Guard(
        "what was asked never changes",
        sqlite=(
            "CREATE TRIGGER IF NOT EXISTS question_no_update BEFORE UPDATE ON question "
            "BEGIN SELECT raise(ABORT, 'the register is append-only'); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION essaim_register() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE check_violation USING MESSAGE = 'the register is append-only'; END $$",
            "CREATE OR REPLACE TRIGGER question_no_change BEFORE UPDATE ON question "
            "FOR EACH STATEMENT EXECUTE FUNCTION essaim_register()",
        ),
    )
)

GUARDS.append(
    Guard(
        "closed assignments never change",
        sqlite=(
            "CREATE TRIGGER IF NOT EXISTS assignment_closed BEFORE UPDATE ON assignment WHEN OLD.until IS NOT NULL "
            "BEGIN SELECT raise(ABORT, 'a closed assignment never changes'); END",
            "CREATE TRIGGER IF NOT EXISTS assignment_living BEFORE DELETE ON assignment WHEN OLD.until IS NULL "
            "BEGIN SELECT raise(ABORT, 'a living assignment is closed, not deleted'); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION essaim_assignment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF TG_OP = 'UPDATE' AND OLD.until IS NOT NULL THEN "
            "RAISE check_violation USING MESSAGE = 'a closed assignment never changes'; "
            "ELSIF TG_OP = 'DELETE' AND OLD.until IS NULL THEN "
            "RAISE check_violation USING MESSAGE = 'a living assignment is closed, not deleted'; END IF; "
            "RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END; END $$",
            "CREATE OR REPLACE TRIGGER assignment_guard BEFORE UPDATE OR DELETE ON assignment "
            "FOR EACH ROW EXECUTE FUNCTION essaim_assignment()",
        ),
    )
)
