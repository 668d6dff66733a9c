"""Members, their memberships, how to reach them, and how they sign in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import GUARDS, Base, Guard, RowId, kept
from foundation.speech import Phrase
from inventory.numbers import shown
from inventory.words import Coded


class MemberStatus(StrEnum):
    """Where a person stands in the association. What kind of member they are is in their memberships."""

    APPLICANT = "applicant"
    MEMBER = "member"
    LEFT = "left"
    MERGED = "merged"

    @property
    def phrase(self) -> Phrase:
        """The status as people read it."""
        return _STATUSES[self]


_STATUSES: Final = {
    MemberStatus.APPLICANT: Phrase("candidat·e", "applicant"),
    MemberStatus.MEMBER: Phrase("membre", "member"),
    MemberStatus.LEFT: Phrase("parti·e", "left"),
    MemberStatus.MERGED: Phrase("réunie à une autre fiche", "merged into another file"),
}


class MembershipKind(Base):
    """A way of being a member, as the association decided: its name is kept in memberships and tariffs, for good."""

    __tablename__ = "membership_kind"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("technical"))
    name: Mapped[str] = mapped_column(String(32), unique=True, info=kept("technical"))
    label_fr: Mapped[str] = mapped_column(String(60), info=kept("technical"))
    label_en: Mapped[str] = mapped_column(String(60), info=kept("technical"))
    votes: Mapped[bool] = mapped_column(info=kept("technical"))
    retired: Mapped[date | None] = mapped_column(info=kept("technical"))

    @property
    def word(self) -> Coded:
        """The kind's name, read as its label."""
        return Coded(self.name, Phrase.said(self.label_fr, self.label_en))


class Member(Base):
    """A person or an organisation. The name one uses is enough.

    `sought` is their name and how to reach them, folded, for whoever searches. A file that turned out to be someone's
    second one keeps its number, and says in `merged_into_id` whose it is.
    """

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("identity"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("identity"))
    name: Mapped[str] = mapped_column(String(200), info=kept("identity"))
    organisation: Mapped[bool] = mapped_column(default=False, info=kept("identity"))
    email: Mapped[str | None] = mapped_column(String(254), index=True, info=kept("identity"))
    postal: Mapped[str] = mapped_column(String(500), default="", server_default="", info=kept("identity"))
    language: Mapped[str] = mapped_column(String(2), default="fr", info=kept("identity"))
    status: Mapped[str] = mapped_column(String(16), info=kept("contract"))
    joined: Mapped[date] = mapped_column(info=kept("contract"))
    left: Mapped[date | None] = mapped_column(info=kept("contract"))
    left_why: Mapped[str] = mapped_column(default="", info=kept("contract"))
    sought: Mapped[str] = mapped_column(default="", server_default="", info=kept("identity"))
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))

    memberships: Mapped[list[Membership]] = relationship(order_by="Membership.since", lazy="raise")

    def __str__(self) -> str:
        return shown("M", self.number)


class Membership(Base):
    """A period during which someone is a member of one kind, half-open. Gaps are allowed and kept."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    kind: Mapped[str] = mapped_column(String(32), info=kept("contract"))
    since: Mapped[date] = mapped_column(info=kept("contract"))
    until: Mapped[date | None] = mapped_column(info=kept("contract"))
    why: Mapped[str] = mapped_column(default="", server_default="", info=kept("contract"))
    """Why it ended."""

    __table_args__ = (UniqueConstraint("member_id", "since"),)

    def covers(self, day: date) -> bool:
        """Whether that day is in it."""
        return self.since <= day and (self.until is None or day < self.until)


_SQLITE_OVERLAP = """
CREATE TRIGGER IF NOT EXISTS membership_no_overlap_{verb} BEFORE {verb} ON membership
WHEN NEW.until < NEW.since OR NEW.since < coalesce(NEW.until, '9999-12-31') AND EXISTS (
    SELECT 1 FROM membership WHERE member_id = NEW.member_id AND id IS NOT NEW.id
    AND since < coalesce(until, '9999-12-31')
    AND since < coalesce(NEW.until, '9999-12-31') AND NEW.since < coalesce(until, '9999-12-31'))
BEGIN SELECT raise(ABORT, 'membership overlaps another'); END
"""

GUARDS.append(
    Guard(
        "memberships of one member never overlap, nor end before they begin",
        sqlite=tuple(_SQLITE_OVERLAP.format(verb=verb) for verb in ("insert", "update")),
        postgresql=(
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            "DO $$ BEGIN ALTER TABLE membership ADD CONSTRAINT membership_no_overlap EXCLUDE USING gist "
            "(member_id WITH =, daterange(since, until) WITH &&); "
            "EXCEPTION WHEN duplicate_table OR duplicate_object THEN NULL; END $$",
        ),
    )
)

# No foreign key: memberships are older than the table of their kinds.
_UNKNOWN_KIND = "NOT EXISTS (SELECT 1 FROM membership_kind WHERE name = NEW.kind)"

GUARDS.append(
    Guard(
        "a membership is of a kind that the association has",
        sqlite=tuple(
            f"CREATE TRIGGER IF NOT EXISTS membership_known_kind_{verb} BEFORE {verb} ON membership "
            f"WHEN {_UNKNOWN_KIND} BEGIN SELECT raise(ABORT, 'no such kind of membership'); END"
            for verb in ("insert", "update")
        ),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION essaim_membership_kind() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {_UNKNOWN_KIND} THEN RAISE check_violation USING MESSAGE = 'no such kind of membership'; "
            f"END IF; RETURN NEW; END $$",
            "CREATE OR REPLACE TRIGGER membership_known_kind BEFORE INSERT OR UPDATE ON membership "
            "FOR EACH ROW EXECUTE FUNCTION essaim_membership_kind()",
        ),
    )
)


class ContactKind(StrEnum):
    """How a contact is reached."""

    EMAIL = "email"
    PHONE = "phone"
    POSTAL = "postal"

    @property
    def phrase(self) -> Phrase:
        """The kind as people read it."""
        return _CONTACT_KINDS[self]


_CONTACT_KINDS: Final = {
    ContactKind.EMAIL: Phrase("e-mail", "e-mail"),
    ContactKind.PHONE: Phrase("téléphone", "phone"),
    ContactKind.POSTAL: Phrase("adresse postale", "postal address"),
}


class Purpose(StrEnum):
    """What a contact is for."""

    GENERAL = "general"
    TECHNICAL = "technical"
    BILLING = "billing"
    EMERGENCY = "emergency"

    @property
    def phrase(self) -> Phrase:
        """The purpose as people read it."""
        return _PURPOSES[self]


_PURPOSES: Final = {
    Purpose.GENERAL: Phrase("tout", "anything"),
    Purpose.TECHNICAL: Phrase("technique", "technical"),
    Purpose.BILLING: Phrase("paiements", "payments"),
    Purpose.EMERGENCY: Phrase("urgences", "emergencies"),
}


class Contact(Base):
    """One more way to reach a member, besides their main e-mail and postal address, and what it is for."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("identity"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("identity"))
    kind: Mapped[str] = mapped_column(String(16), info=kept("identity"))
    value: Mapped[str] = mapped_column(String(500), info=kept("identity"))
    purpose: Mapped[str] = mapped_column(String(16), info=kept("identity"))
    since: Mapped[date] = mapped_column(info=kept("identity"))
    until: Mapped[date | None] = mapped_column(info=kept("identity"))

    __table_args__ = (
        Index(
            "uq_contact_living",
            "member_id",
            "kind",
            "value",
            "purpose",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )


class ReferentRole(StrEnum):
    """What someone does for an organisation."""

    REPRESENTATIVE = "representative"
    TECHNICAL = "technical"
    BILLING = "billing"
    EMERGENCY = "emergency"

    @property
    def phrase(self) -> Phrase:
        """The role as people read it."""
        return _ROLES[self]


_ROLES: Final = {
    ReferentRole.REPRESENTATIVE: Phrase("représente et vote", "represents and votes"),
    ReferentRole.TECHNICAL: Phrase("technique", "technical"),
    ReferentRole.BILLING: Phrase("paiements", "payments"),
    ReferentRole.EMERGENCY: Phrase("urgences", "emergencies"),
}


class Referent(Base):
    """Who speaks for an organisation: a member, or a name and how to reach them."""

    __tablename__ = "referent"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("identity"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("identity"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), index=True, info=kept("identity"))
    name: Mapped[str] = mapped_column(String(200), default="", info=kept("identity"))
    contact: Mapped[str] = mapped_column(String(254), default="", info=kept("identity"))
    role: Mapped[str] = mapped_column(String(16), info=kept("identity"))
    since: Mapped[date] = mapped_column(info=kept("identity"))
    until: Mapped[date | None] = mapped_column(info=kept("identity"))

    person: Mapped[Member | None] = relationship(lazy="raise", foreign_keys=[person_id])

    __table_args__ = (
        CheckConstraint("(person_id IS NULL) = (name <> '')", name="one_person"),
        CheckConstraint("person_id <> organisation_id", name="someone_else"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
    )


class Proxy(Base):
    """On one day, `holder` votes for `giver` too."""

    __tablename__ = "proxy"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    giver_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("contract"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True, info=kept("contract"))
    day: Mapped[date] = mapped_column(info=kept("contract"))
    given_at: Mapped[datetime] = mapped_column(info=kept("contract"))

    giver: Mapped[Member] = relationship(lazy="raise", foreign_keys=[giver_id])
    holder: Mapped[Member] = relationship(lazy="raise", foreign_keys=[holder_id])

    __table_args__ = (
        UniqueConstraint("giver_id", "day"),
        CheckConstraint("giver_id <> holder_id", name="someone_else"),
    )


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
