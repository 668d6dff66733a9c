"""Whose line may be measured, since when, and by whose word."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from inventory.models.lines import Share


class QualityAgreement(Base):
    """A member lets the quality of their line be measured, until they take that back.

    `given_by` is who wrote it down: the member, or a volunteer, whose `words` then say how the member agreed. It holds
    as long as the member holds the line: whoever takes it over is asked anew.
    """

    __tablename__ = "quality_agreement"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    share_id: Mapped[int] = mapped_column(ForeignKey("share.id"), info=kept("contract"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    given_by: Mapped[str] = mapped_column(String(64), info=kept("contract"))
    words: Mapped[str] = mapped_column(String(500), info=kept("contract"))

    share: Mapped[Share] = relationship(lazy="raise")

    __table_args__ = (
        CheckConstraint("until IS NULL OR until >= since", name="period"),
        Index(
            "uq_quality_agreement_living",
            "share_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )
