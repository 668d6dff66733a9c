"""Chat rooms and watchmen that are told of alerts."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn


class Shape(StrEnum):
    """What a webhook reads."""

    MATRIX = "matrix"
    MATTERMOST = "mattermost"
    SLACK = "slack"
    HEARTBEAT = "heartbeat"

    @property
    def phrase(self) -> Phrase:
        """The shape as people read it."""
        return _SHAPES[self]


_SHAPES: Final = {
    Shape.MATRIX: Phrase("salon Matrix", "Matrix room"),
    Shape.MATTERMOST: Phrase("canal Mattermost", "Mattermost channel"),
    Shape.SLACK: Phrase("canal Slack", "Slack channel"),
    Shape.HEARTBEAT: Phrase("veilleur (appelé à chaque relevé)", "watchman (called at each round)"),
}


class Webhook(Base):
    """Where alerts are told over HTTP, by the name that people call it. Its address is a secret."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(48), unique=True, info=kept("technical"))
    shape: Mapped[str] = mapped_column(String(16), info=kept("technical"))
    language: Mapped[str] = mapped_column(String(2), info=kept("technical"))
    address: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))

    __table_args__ = (
        CheckConstraint("shape IN ('matrix', 'mattermost', 'slack', 'heartbeat')", name="shape"),
        CheckConstraint("language IN ('fr', 'en')", name="language"),
    )
