"""Members, their memberships, and how they sign in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from inventory.numbers import shown


class MemberStatus(StrEnum):
    """Where a person stands in the association. Statuses that one may join with are data of the association."""

    APPLICANT = "applicant"
    ADHERENT = "adherent"
    AFFILIATE = "affiliate"
    LEFT = "left"

    @property
    def phrase(self) -> Phrase:
        """The status as people read it."""
        return _STATUSES[self]


_STATUSES: Final = {
    MemberStatus.APPLICANT: Phrase("candidat·e", "applicant"),
    MemberStatus.ADHERENT: Phrase("adhérent·e", "member"),
    MemberStatus.AFFILIATE: Phrase("affilié·e", "affiliate"),
    MemberStatus.LEFT: Phrase("parti·e", "left"),
}


class Member(Base):
    """A person or an organisation. The name one uses is enough."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("identity"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("identity"))
    name: Mapped[str] = mapped_column(String(200), info=kept("identity"))
    organisation: Mapped[bool] = mapped_column(default=False, info=kept("identity"))
    email: Mapped[str | None] = mapped_column(String(254), index=True, info=kept("identity"))
    language: Mapped[str] = mapped_column(String(2), default="fr", info=kept("identity"))
    status: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    joined: Mapped[date] = mapped_column(info=kept("contract"))
    left: Mapped[date | None] = mapped_column(info=kept("contract"))
    left_why: Mapped[str] = mapped_column(default="", info=kept("contract"))

    memberships: Mapped[list[Membership]] = relationship(order_by="Membership.since", lazy="raise")

    def __str__(self) -> str:
        return shown("M", self.number)


class Membership(Base):
    """A period during which someone is a member, half-open. Gaps are allowed and kept."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    kind: Mapped[str] = mapped_column(String(32), info=kept("contract"))
    since: Mapped[date] = mapped_column(info=kept("contract"))
    until: Mapped[date | None] = mapped_column(info=kept("contract"))

    __table_args__ = (UniqueConstraint("member_id", "since"),)


class SignInLink(Base):
    """A one-time link: only the SHA-256 of what the link holds is known here."""

    __tablename__ = "sign_in_link"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("technical"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=kept("secret"))
    expires: Mapped[datetime] = mapped_column(info=kept("technical"))

    __table_args__ = (Index("ix_sign_in_link_expires", "expires"),)


class SignIn(Base):
    """Someone signed in on one browser; its owner may end it. The cookie's SHA-256 is all that is kept."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("technical"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True, info=kept("secret"))
    since: Mapped[datetime] = mapped_column(info=kept("technical"))
    expires: Mapped[datetime] = mapped_column(info=kept("technical"))

    member: Mapped[Member] = relationship(lazy="raise")
