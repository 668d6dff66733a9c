"""Changes: what was planned, approved and applied on a machine, and by whom."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Index, String, text
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
}


class Change(Base):
    """What one target is to become. Both texts are sealed; the diff that people read hides secrets."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("technical"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True, info=kept("technical"))
    artifact: Mapped[str] = mapped_column(String(32), info=kept("technical"))
    state: Mapped[str] = mapped_column(String(16), index=True, info=kept("technical"))
    seen: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    wanted: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    before: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))
    after: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))
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

    __table_args__ = (
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
