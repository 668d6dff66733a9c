"""Kind words to whoever is late: what was written, and who was given time."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing.models.columns import EurosColumn
from foundation.database import Base, RowId, kept
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.people import Member


class Tone(StrEnum):
    """How someone is written to, one after the other: none of them threatens."""

    GENTLE = "gentle"
    PLAIN = "plain"
    FIRM = "firm"

    @property
    def phrase(self) -> Phrase:
        """The tone as people read it."""
        return _TONES[self]


_TONES: Final = {
    Tone.GENTLE: Phrase("doux", "gentle"),
    Tone.PLAIN: Phrase("simple", "plain"),
    Tone.FIRM: Phrase("ferme", "firm"),
}


class Reminder(Base):
    """A mail about money: it is written down before it leaves, so that two who send at once send it once.

    `since` is the day of the oldest thing that was open then; while that is open, each tone is used once.
    `sent_at` is empty where whoever sent was stopped in between: it may not have left, and is not sent again.
    """

    __tablename__ = "reminder"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    tone: Mapped[str] = mapped_column(String(8), info=kept("payment"))
    since: Mapped[date] = mapped_column(info=kept("payment"))
    day: Mapped[date] = mapped_column(index=True, info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    claimed_at: Mapped[datetime] = mapped_column(info=kept("payment"))
    sent_at: Mapped[datetime | None] = mapped_column(info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("cents > 0", name="positive"),)


class ReminderHold(Base):
    """Someone asked for time: until that day nothing is written to them about money."""

    __tablename__ = "reminder_hold"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    until: Mapped[date] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")


class GiftReceipt(Base):
    """A receipt for gifts of a year that lowers taxes [reçu fiscal], as the tax office allowed by its rescrit.

    `number` is its order number. `payments` are those of the gifts. Where the
    year's gifts changed since, another receipt replaces it; neither is deleted.
    """

    __tablename__ = "gift_receipt"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("payment"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("payment"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("payment"))
    year: Mapped[int] = mapped_column(info=kept("payment"))
    cents: Mapped[Euros] = mapped_column(EurosColumn, info=kept("payment"))
    payments: Mapped[str] = mapped_column(Text, info=kept("payment"))
    rescrit: Mapped[str] = mapped_column(String(200), info=kept("payment"))
    day: Mapped[date] = mapped_column(info=kept("payment"))
    at: Mapped[datetime] = mapped_column(info=kept("payment"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("cents > 0", name="positive"),)
