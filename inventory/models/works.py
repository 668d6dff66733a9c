"""Works announced ahead, and incidents as they happen: on what, when, and in which words for members."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from inventory.models.addresses import Pool
from inventory.models.devices import Device
from inventory.models.lines import Line, Offer
from inventory.models.places import Site
from inventory.models.wholesale import Wholesaler
from inventory.numbers import shown


class WorksKind(StrEnum):
    """Whether it was planned."""

    WORKS = "works"
    INCIDENT = "incident"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _KINDS[self]

    @property
    def letter(self) -> str:
        """What its public numbers begin with."""
        return "W" if self is WorksKind.WORKS else "I"


_KINDS: Final = {
    WorksKind.WORKS: Phrase("travaux", "works"),
    WorksKind.INCIDENT: Phrase("incident", "incident"),
}


class WorksState(StrEnum):
    """How works stand at an instant."""

    PLANNED = "planned"
    UNDER_WAY = "under-way"
    OVER = "over"
    CANCELLED = "cancelled"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it, of works."""
        return _STATES[self]

    def of(self, kind: str) -> Phrase:
        """The state as people read it, of works or of an incident: one is over, the other closed."""
        return (_OF_INCIDENTS if kind == WorksKind.INCIDENT else _STATES)[self]


_STATES: Final = {
    WorksState.PLANNED: Phrase("prévus", "planned"),
    WorksState.UNDER_WAY: Phrase("en cours", "under way"),
    WorksState.OVER: Phrase("terminés", "over"),
    WorksState.CANCELLED: Phrase("annulés", "cancelled"),
}
_OF_INCIDENTS: Final = {
    WorksState.PLANNED: Phrase("prévu", "planned"),
    WorksState.UNDER_WAY: Phrase("en cours", "under way"),
    WorksState.OVER: Phrase("clos", "closed"),
    WorksState.CANCELLED: Phrase("annulé", "cancelled"),
}

SUBJECTS: Final = ("site", "device", "offer", "line", "pool", "wholesaler")
"""What works may be about, as it is spelled: `site:mezzanine`, `line:L0042`."""


class Works(Base):
    """Works or an incident, from an instant to an instant (half-open). An incident has no end until it is over.

    An English text that is empty is said in French.
    """

    __tablename__ = "works"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    kind: Mapped[str] = mapped_column(String(8), info=kept("technical"))
    number: Mapped[int] = mapped_column(info=kept("technical"))
    since: Mapped[datetime] = mapped_column(info=kept("technical"))
    until: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    title_fr: Mapped[str] = mapped_column(String(200), info=kept("technical"))
    title_en: Mapped[str] = mapped_column(String(200), default="", info=kept("technical"))
    words_fr: Mapped[str] = mapped_column(String(2000), default="", info=kept("technical"))
    words_en: Mapped[str] = mapped_column(String(2000), default="", info=kept("technical"))
    announced_by: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    announced_at: Mapped[datetime] = mapped_column(info=kept("technical"))
    cancelled_at: Mapped[datetime | None] = mapped_column(info=kept("technical"))

    subjects: Mapped[list[Subject]] = relationship(lazy="raise", order_by="Subject.id", cascade="all, delete-orphan")
    notes: Mapped[list[WorksNote]] = relationship(lazy="raise", order_by="WorksNote.id")

    __table_args__ = (
        UniqueConstraint("kind", "number"),
        Index("ix_works_window", "since", "until"),
        CheckConstraint("until IS NULL OR until > since", name="period"),
        CheckConstraint("kind = 'incident' OR until IS NOT NULL", name="planned"),
    )

    def state_at(self, at: datetime) -> WorksState:
        """How they stand at that instant."""
        if self.cancelled_at is not None:
            return WorksState.CANCELLED
        if at < self.since:
            return WorksState.PLANNED
        return WorksState.UNDER_WAY if self.until is None or at < self.until else WorksState.OVER

    def __str__(self) -> str:
        return shown(WorksKind(self.kind).letter, self.number)


class Subject(Base):
    """One thing that works are about: exactly one of a site, a machine, an offer, a line, a pool, a wholesaler."""

    __tablename__ = "works_subject"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    works_id: Mapped[int] = mapped_column(ForeignKey("works.id"), index=True, info=kept("technical"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), info=kept("technical"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), info=kept("technical"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("offer.id"), info=kept("technical"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("line.id"), info=kept("technical"))
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"), info=kept("technical"))
    wholesaler_id: Mapped[int | None] = mapped_column(ForeignKey("wholesaler.id"), info=kept("technical"))

    site: Mapped[Site | None] = relationship(lazy="raise")
    device: Mapped[Device | None] = relationship(lazy="raise")
    offer: Mapped[Offer | None] = relationship(lazy="raise")
    line: Mapped[Line | None] = relationship(lazy="raise")
    pool: Mapped[Pool | None] = relationship(lazy="raise")
    wholesaler: Mapped[Wholesaler | None] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint(
            " + ".join(f"CASE WHEN {one}_id IS NULL THEN 0 ELSE 1 END" for one in SUBJECTS) + " = 1",
            name="one_subject",
        ),
    )


class WorksNote(Base):
    """What members are told as it goes: an incident's news, and its end."""

    __tablename__ = "works_note"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    works_id: Mapped[int] = mapped_column(ForeignKey("works.id"), index=True, info=kept("technical"))
    at: Mapped[datetime] = mapped_column(info=kept("technical"))
    by: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    words_fr: Mapped[str] = mapped_column(String(2000), info=kept("technical"))
    words_en: Mapped[str] = mapped_column(String(2000), default="", info=kept("technical"))
