"""Changes: what was planned, approved and applied on a machine, and by whom."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn
from inventory.numbers import shown


class ChangeState(StrEnum):
    """Where a change stands."""

    PLANNED = "planned"
    APPROVED = "approved"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    STALE = "stale"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    EXPIRED = "expired"
    REVERTED = "reverted"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _STATES[self]


_STATES: Final = {
    ChangeState.PLANNED: Phrase("prévu", "planned"),
    ChangeState.APPROVED: Phrase("approuvé", "approved"),
    ChangeState.APPLYING: Phrase("en cours", "being applied"),
    ChangeState.APPLIED: Phrase("appliqué", "applied"),
    ChangeState.FAILED: Phrase("échoué", "failed"),
    ChangeState.STALE: Phrase("périmé", "stale"),
    ChangeState.SUPERSEDED: Phrase("remplacé", "superseded"),
    ChangeState.REJECTED: Phrase("rejeté", "rejected"),
    ChangeState.EXPIRED: Phrase("approbation expirée", "approval expired"),
    ChangeState.REVERTED: Phrase("défait de lui-même", "undone by itself"),
}


class Purpose(StrEnum):
    """What a change is to bring a target to: what the inventory wants, or a text that it held before."""

    INVENTORY = "inventory"
    REVERT = "revert"
    RESTORE = "restore"

    @property
    def phrase(self) -> Phrase:
        """The purpose as people read it."""
        return _PURPOSES[self]


_PURPOSES: Final = {
    Purpose.INVENTORY: Phrase("ce que l'inventaire veut", "what the inventory wants"),
    Purpose.REVERT: Phrase("ce qu'il y avait avant un changement", "what was there before a change"),
    Purpose.RESTORE: Phrase("ce qu'un changement avait mis", "what a change had put there"),
}


class Change(Base):
    """What one target is to become. Both texts are sealed; the diff that people read hides secrets.

    `of_id` is the change whose text is put back, where that is the purpose. `approved_by` is a person, or the rule
    that let it pass.
    """

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True, info=kept("technical"))
    artifact: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    state: Mapped[str] = mapped_column(String(16), index=True, info=kept("technical"))
    seen: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    wanted: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    # Megabytes each: read where they are opened, not with every row of a list.
    before: Mapped[Sealed] = mapped_column(SealedColumn, deferred=True, info=kept("secret"))
    after: Mapped[Sealed] = mapped_column(SealedColumn, deferred=True, info=kept("secret"))
    diff: Mapped[str] = mapped_column(info=kept("technical"))
    impact: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    count: Mapped[int] = mapped_column(info=kept("technical"))
    lines: Mapped[str] = mapped_column(info=kept("technical"))
    proposed_by: Mapped[str] = mapped_column(String(64), info=kept("journal"))
    proposed_at: Mapped[datetime] = mapped_column(info=kept("journal"))
    approved_by: Mapped[str | None] = mapped_column(String(64), info=kept("journal"))
    approved_at: Mapped[datetime | None] = mapped_column(info=kept("journal"))
    applied_by: Mapped[str | None] = mapped_column(String(64), info=kept("journal"))
    claimed_at: Mapped[datetime | None] = mapped_column(info=kept("journal"))
    ended_at: Mapped[datetime | None] = mapped_column(info=kept("journal"))
    reason: Mapped[str] = mapped_column(default="", info=kept("technical"))
    rejected_by: Mapped[str | None] = mapped_column(String(64), info=kept("journal"))
    purpose: Mapped[str] = mapped_column(String(16), default=Purpose.INVENTORY, info=kept("technical"))
    of_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"), info=kept("technical"))

    __table_args__ = (
        CheckConstraint("(state = 'rejected') = (rejected_by IS NOT NULL)", name="rejected"),
        CheckConstraint("(purpose = 'inventory') = (of_id IS NULL)", name="purpose"),
        # The database keeps two workers off one target.
        Index(
            "uq_change_applying",
            "device_id",
            "artifact",
            unique=True,
            sqlite_where=text("state = 'applying'"),
            postgresql_where=text("state = 'applying'"),
        ),
    )

    def __str__(self) -> str:
        return shown("C", self.number)
