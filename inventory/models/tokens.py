"""Tokens: what programs show to act for a member. And what requests with a key of their own were answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.vault import Sealed, SealedColumn
from inventory.models.people import Member
from inventory.numbers import shown


class Token(Base):
    """A program of someone's acts for them until a moment, in some of their tasks. Its SHA-256 is all that is kept.

    `tasks` are codes with a space between them; a token without any reads what is its owner's own, and with `own` among
    them writes it where its owner may. `told_at` is when its owner was last told that it ends.
    """

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("technical"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(64), info=kept("technical"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=kept("secret"))
    tasks: Mapped[str] = mapped_column(String(1000), info=kept("technical"))
    since: Mapped[datetime] = mapped_column(info=kept("technical"))
    until: Mapped[datetime] = mapped_column(info=kept("technical"))
    ended_at: Mapped[datetime | None] = mapped_column(info=kept("technical"))
    told_at: Mapped[datetime | None] = mapped_column(info=kept("technical"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (CheckConstraint("until > since", name="period"),)

    def __str__(self) -> str:
        return shown("J", self.number)


class Answered(Base):
    """What a request with an Idempotency-Key was answered: asked again within a day, it does nothing twice.

    `key` is the SHA-256 of the key; `said` the request's SHA-256 and the answer, sealed: either may hold a secret.
    """

    __tablename__ = "answered"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("technical"))
    key: Mapped[str] = mapped_column(String(200), info=kept("technical"))
    status: Mapped[int] = mapped_column(info=kept("technical"))
    location: Mapped[str] = mapped_column(String(200), info=kept("technical"))
    said: Mapped[Sealed] = mapped_column(SealedColumn, info=kept("secret"))
    at: Mapped[datetime] = mapped_column(index=True, info=kept("technical"))

    __table_args__ = (UniqueConstraint("member_id", "key"),)
