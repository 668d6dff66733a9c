"""The association's certificate authorities, what they signed, and the lists of what they took back (RFC 5280)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from foundation.vault import Sealed, SealedColumn


class Revoked(StrEnum):
    """Why a certificate opens nothing any more before its time is over."""

    ENDED = "ended"
    REPLACED = "replaced"
    STOLEN = "stolen"
    BEFORE = "before"

    @property
    def phrase(self) -> Phrase:
        """The reason as people read it."""
        return _REASONS[self]


_REASONS: Final = {
    Revoked.ENDED: Phrase("l'accès est fini", "the access is over"),
    Revoked.REPLACED: Phrase("remplacé", "replaced"),
    Revoked.STOLEN: Phrase("perdu ou volé", "lost or stolen"),
    Revoked.BEFORE: Phrase("révoqué avant son import", "revoked before it was imported"),
}


class Authority(Base):
    """A certificate authority of ours, its key sealed. The newest signs; those before it stay in force.

    A former one ends when no certificate of a member that it signed is in force any more.
    """

    __tablename__ = "authority"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), unique=True, info=kept("technical"))
    certificate: Mapped[str] = mapped_column(info=kept("technical"))
    key: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))
    not_before: Mapped[datetime] = mapped_column(info=kept("technical"))
    not_after: Mapped[datetime] = mapped_column(info=kept("technical"))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True, info=kept("technical"))

    def __str__(self) -> str:
        return self.name


class Certificate(Base):
    """A certificate that an authority signed: of what opens a line, by its common name, or of a server of ours.

    Only a server's own text and key are kept, the key sealed: a member's key is theirs. What was signed before we
    held the authority has neither a first day nor a fingerprint here. `told_at` is when its member was last told
    that it ends.
    """

    __tablename__ = "certificate"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), info=kept("technical"))
    serial: Mapped[str] = mapped_column(String(40), info=kept("contract"))
    name: Mapped[str] = mapped_column(String(100), index=True, info=kept("contract"))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("device.id"), index=True, info=kept("technical"))
    text: Mapped[str | None] = mapped_column(info=kept("technical"))
    key: Mapped[Sealed | None] = mapped_column(SealedColumn, info=kept("secret"))
    not_before: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    not_after: Mapped[datetime] = mapped_column(info=kept("contract"))
    fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True, info=kept("contract"))
    revoked_at: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    reason: Mapped[str | None] = mapped_column(String(16), info=kept("contract"))
    told_at: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    authority: Mapped[Authority] = relationship(lazy="raise")

    __table_args__ = (
        UniqueConstraint("authority_id", "serial"),
        CheckConstraint("(device_id IS NULL) = (text IS NULL) AND (text IS NULL) = (key IS NULL)", name="server"),
        CheckConstraint("(revoked_at IS NULL) = (reason IS NULL)", name="revoked"),
        CheckConstraint("not_before IS NULL OR not_after > not_before", name="period"),
    )

    def __str__(self) -> str:
        return self.serial


class RevocationList(Base):
    """What an authority took back, as it was signed on a day: its number, and until when machines believe it."""

    __tablename__ = "revocation_list"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), info=kept("technical"))
    number: Mapped[int] = mapped_column(info=kept("technical"))
    this_update: Mapped[datetime] = mapped_column(info=kept("technical"))
    next_update: Mapped[datetime] = mapped_column(info=kept("technical"))
    text: Mapped[str] = mapped_column(info=kept("technical"))

    __table_args__ = (
        UniqueConstraint("authority_id", "number"),
        CheckConstraint("next_update > this_update", name="period"),
    )
