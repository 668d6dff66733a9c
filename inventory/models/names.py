"""What addresses are called: reverse names, and parts of the reverse tree delegated to members' own servers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from inventory.models.addresses import AddressBytes, Assignment, IPAddress, network


class ReverseName(Base):
    """The name of one address (a PTR record). It lives no longer than the assignment that the address is in."""

    __tablename__ = "reverse_name"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), info=kept("contract"))
    family: Mapped[int] = mapped_column(info=kept("contract"))
    first: Mapped[int] = mapped_column(AddressBytes, info=kept("contract"))
    name: Mapped[str] = mapped_column(String(253), index=True, info=kept("contract"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    assignment: Mapped[Assignment] = relationship(lazy="raise")

    __table_args__ = (
        # One living name an address, within what it is assigned as.
        Index(
            "uq_reverse_name_living",
            "assignment_id",
            "first",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        CheckConstraint("until IS NULL OR until > since", name="period"),
    )

    @property
    def address(self) -> IPAddress:
        """The address as the standard library has it."""
        return network(self.family, self.first, 32 if self.family == 4 else 128).network_address


class ReverseDelegation(Base):
    """A prefix whose reverse tree is served by its holder's own name servers (NS records, RFC 2317 below /24)."""

    __tablename__ = "reverse_delegation"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), info=kept("contract"))
    servers: Mapped[str] = mapped_column(String(1100), info=kept("contract"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    assignment: Mapped[Assignment] = relationship(lazy="raise")

    __table_args__ = (
        Index(
            "uq_reverse_delegation_living",
            "assignment_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        CheckConstraint("until IS NULL OR until > since", name="period"),
    )
