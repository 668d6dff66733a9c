"""What someone without the mandate suggests, until someone who holds it decides."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from inventory.numbers import shown


class Deed(StrEnum):
    """What may be suggested: a closed list, in the journal's words."""

    ADDRESS_NAME = "address.name"
    LINE_CHANGE = "line.change"
    LINE_ORDER = "line.order"

    @property
    def phrase(self) -> Phrase:
        """The deed as people read it."""
        return _DEEDS[self]


_DEEDS: Final = {
    Deed.ADDRESS_NAME: Phrase("nommer une adresse", "name an address"),
    Deed.LINE_CHANGE: Phrase("corriger une ligne", "correct a line"),
    Deed.LINE_ORDER: Phrase("commander une ligne", "order a line"),
}


class SuggestionState(StrEnum):
    """Where a suggestion stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _STATES[self]


_STATES: Final = {
    SuggestionState.WAITING: Phrase("en attente", "waiting"),
    SuggestionState.ACCEPTED: Phrase("acceptée", "accepted"),
    SuggestionState.REFUSED: Phrase("refusée", "refused"),
}


class Suggestion(Base):
    """One deed that someone suggests: on what (as it is typed), with which arguments (JSON), and why.

    `diff` is what it was to change: as its proposer saw it and, once accepted, as it was then. `reason` is why it was
    refused. `told_at` is when its proposer was told what became of it: as long as there is none, a mail waits here.
    """

    __tablename__ = "suggestion"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("contract"))
    deed: Mapped[str] = mapped_column(String(32), info=kept("contract"))
    subject: Mapped[str] = mapped_column(String(64), info=kept("contract"))
    arguments: Mapped[str] = mapped_column(info=kept("contract"))
    diff: Mapped[str] = mapped_column(info=kept("contract"))
    state: Mapped[str] = mapped_column(String(16), index=True, info=kept("contract"))
    why: Mapped[str] = mapped_column(String(500), default="", info=kept("contract"))
    proposed_by: Mapped[str] = mapped_column(String(64), index=True, info=kept("contract"))
    proposed_at: Mapped[datetime] = mapped_column(info=kept("contract"))
    decided_by: Mapped[str | None] = mapped_column(String(64), info=kept("contract"))
    decided_at: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    reason: Mapped[str] = mapped_column(String(500), default="", info=kept("contract"))
    told_at: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    __table_args__ = (
        CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="moment"),
    )

    def __str__(self) -> str:
        return shown("G", self.number)
