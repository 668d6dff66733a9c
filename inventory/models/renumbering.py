"""A renumbering: from one pool to another in waves, with old and new addresses in force side by side for a while."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from inventory.models.addresses import AddressBytes, Assignment, IPNetwork, Pool, network
from inventory.numbers import shown


class StepState(StrEnum):
    """Where one holder's move stands."""

    PROPOSED = "proposed"
    BOTH = "both"
    DONE = "done"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _STATES[self]


_STATES: Final = {
    StepState.PROPOSED: Phrase("prévue", "proposed"),
    StepState.BOTH: Phrase("les deux en service", "both in force"),
    StepState.DONE: Phrase("faite", "done"),
}


class Renumbering(Base):
    """One renumbering, until its last old address is given back."""

    __tablename__ = "renumbering"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("technical"))
    from_pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))
    to_pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))
    since: Mapped[datetime] = mapped_column(info=kept("technical"))
    ended: Mapped[datetime | None] = mapped_column(info=kept("technical"))

    from_pool: Mapped[Pool] = relationship(lazy="raise", foreign_keys=[from_pool_id])
    to_pool: Mapped[Pool] = relationship(lazy="raise", foreign_keys=[to_pool_id])
    steps: Mapped[list[RenumberingStep]] = relationship(lazy="raise", order_by="RenumberingStep.id")

    __table_args__ = (CheckConstraint("from_pool_id <> to_pool_id", name="two_pools"),)

    def __str__(self) -> str:
        return shown("R", self.number)


class RenumberingStep(Base):
    """One assignment's move: what it will become, and once its wave has begun, the assignment that it became."""

    __tablename__ = "renumbering_step"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("connection"))
    renumbering_id: Mapped[int] = mapped_column(ForeignKey("renumbering.id"), index=True, info=kept("connection"))
    wave: Mapped[int] = mapped_column(info=kept("connection"))
    state: Mapped[str] = mapped_column(info=kept("connection"))
    old_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), info=kept("connection"))
    new_id: Mapped[int | None] = mapped_column(ForeignKey("assignment.id"), info=kept("connection"))
    family: Mapped[int] = mapped_column(info=kept("connection"))
    first: Mapped[int] = mapped_column(AddressBytes, info=kept("connection"))
    length: Mapped[int] = mapped_column(info=kept("connection"))

    old: Mapped[Assignment] = relationship(lazy="raise", foreign_keys=[old_id])

    __table_args__ = (UniqueConstraint("renumbering_id", "old_id"),)

    @property
    def becomes(self) -> IPNetwork:
        """The prefix that takes the old one's place."""
        return network(self.family, self.first, self.length)
