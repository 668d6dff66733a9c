"""What alerts have to remember, in the samples' file: it may be thrown away, and what is still wrong is told again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import kept
from inventory.numbers import shown
from monitoring.models import Seen


class Alert(Seen):
    """One alert (`A0001`), from its opening to its end. There is one open at most of a rule and a subject.

    `told_at` is when people were first to know: one that is explained by another, or by works, may never be told.
    """

    __tablename__ = "alert"

    id: Mapped[int] = mapped_column(primary_key=True, info=kept("technical"))
    rule: Mapped[str] = mapped_column(String(48), info=kept("technical"))
    subject: Mapped[str] = mapped_column(String(240), info=kept("technical"))
    severity: Mapped[str] = mapped_column(String(8), info=kept("technical"))
    words_fr: Mapped[str] = mapped_column(String(400), info=kept("technical"))
    words_en: Mapped[str] = mapped_column(String(400), info=kept("technical"))
    scopes: Mapped[str] = mapped_column(String(400), default="", info=kept("technical"))
    behind: Mapped[str] = mapped_column(String(300), default="", info=kept("technical"))
    works: Mapped[str] = mapped_column(String(16), default="", info=kept("technical"))
    since: Mapped[datetime] = mapped_column(info=kept("technical"))
    until: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    told_at: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    taken_at: Mapped[datetime | None] = mapped_column(info=kept("journal"))
    taken_by: Mapped[str] = mapped_column(String(64), default="", info=kept("journal"))
    taken_why: Mapped[str] = mapped_column(String(500), default="", info=kept("journal"))

    __table_args__ = (
        Index("uq_alert_open", "rule", "subject", unique=True, sqlite_where=text("until IS NULL")),
        Index("ix_alert_since", "since"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
        {"sqlite_autoincrement": True},  # a number is never given twice, whatever was forgotten
    )

    def __str__(self) -> str:
        return shown("A", self.id)


class AlertStanding(Seen):
    """How one thing stands by one rule between two cycles (`monitoring.alerts.evaluation.Standing`), as JSON."""

    __tablename__ = "alert_standing"

    rule: Mapped[str] = mapped_column(String(48), primary_key=True, info=kept("technical"))
    subject: Mapped[str] = mapped_column(String(240), primary_key=True, info=kept("technical"))
    body: Mapped[str] = mapped_column(info=kept("technical"))


class AlertEvent(Seen):
    """Something that people are to know: an alert told, or mended."""

    __tablename__ = "alert_event"

    id: Mapped[int] = mapped_column(primary_key=True, info=kept("technical"))
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"), info=kept("technical"))
    at: Mapped[datetime] = mapped_column(index=True, info=kept("technical"))
    what: Mapped[str] = mapped_column(String(8), info=kept("technical"))
    words_fr: Mapped[str] = mapped_column(String(400), info=kept("technical"))
    words_en: Mapped[str] = mapped_column(String(400), info=kept("technical"))

    __table_args__ = ({"sqlite_autoincrement": True},)


class AlertChannel(Seen):
    """A way by which people are told: how far it has come, since when it fails and why.

    `claimed_until`: a program is at it until then, unless it died.
    """

    __tablename__ = "alert_channel"

    name: Mapped[str] = mapped_column(String(64), primary_key=True, info=kept("technical"))
    sent_id: Mapped[int] = mapped_column(default=0, info=kept("technical"))
    sent_at: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    claimed_until: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    failing_since: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    reason: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))


class Round(Seen):
    """One cycle of the poller: when it began, how long it took in milliseconds, how many answered and did not."""

    __tablename__ = "round"

    id: Mapped[int] = mapped_column(primary_key=True, info=kept("technical"))
    began: Mapped[datetime] = mapped_column(index=True, info=kept("technical"))
    took: Mapped[int] = mapped_column(info=kept("technical"))
    answered: Mapped[int] = mapped_column(info=kept("technical"))
    unanswered: Mapped[int] = mapped_column(info=kept("technical"))


class RoundLate(Seen):
    """By how many milliseconds a cycle that follows others began late; one made by hand has no beat to be late on."""

    __tablename__ = "round_late"

    round_id: Mapped[int] = mapped_column(ForeignKey(Round.id), primary_key=True, info=kept("technical"))
    late: Mapped[int] = mapped_column(info=kept("technical"))


class TrapHeard(Seen):
    """The latest trap of one name that a machine sent: when, and of which part, as the machine calls it."""

    __tablename__ = "trap_heard"

    device: Mapped[str] = mapped_column(String(64), primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), primary_key=True, info=kept("technical"))
    part: Mapped[str] = mapped_column(String(64), default="", info=kept("technical"))
    at: Mapped[datetime] = mapped_column(info=kept("technical"))


class TrapCount(Seen):
    """How many packets came where traps are listened for, by what became of them; nothing else is kept of them."""

    __tablename__ = "trap_count"

    outcome: Mapped[str] = mapped_column(String(16), primary_key=True, info=kept("technical"))
    count: Mapped[int] = mapped_column(default=0, info=kept("technical"))


class Met(Seen):
    """How a machine met the latest round in which it was asked: whether it answered, and what it could not tell."""

    __tablename__ = "met"

    device: Mapped[str] = mapped_column(String(64), primary_key=True, info=kept("technical"))
    at: Mapped[datetime] = mapped_column(info=kept("technical"))
    heard: Mapped[bool] = mapped_column(info=kept("technical"))
    amiss_fr: Mapped[str] = mapped_column(String(400), default="", info=kept("technical"))
    amiss_en: Mapped[str] = mapped_column(String(400), default="", info=kept("technical"))
