"""Mandates: the tasks that people take on, for a time, in the open. There is no administrator."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Base, RowId, kept
from foundation.speech import Phrase
from inventory.models.people import Member
from inventory.numbers import shown

EVERYWHERE: Final = "*"
"""The scope of a mandate that holds for the whole association."""


class Task(StrEnum):
    """What someone may take on: a closed list, each with one line of plain language."""

    MEMBERS_READ = "members.read"
    MEMBERS_WRITE = "members.write"
    LINES_WRITE = "lines.write"
    ADDRESSES_WRITE = "addresses.write"
    DEVICES_WRITE = "devices.write"
    WORKS_ANNOUNCE = "works.announce"
    CHANGES_PROPOSE = "changes.propose"
    CHANGES_APPROVE = "changes.approve"
    CHANGES_APPLY = "changes.apply"
    DUES_READ = "dues.read"
    DUES_WRITE = "dues.write"
    PAYMENTS_MATCH = "payments.match"
    MONITORING_READ = "monitoring.read"
    ALERTS_ACKNOWLEDGE = "alerts.acknowledge"
    FEDERATION_PUBLISH = "federation.publish"
    REQUISITION_OPEN = "requisition.open"
    MANDATES_GIVE = "mandates.give"
    RULES_SET = "rules.set"
    KEYS_KEEP = "keys.keep"
    JOURNAL_READ = "journal.read"

    @property
    def phrase(self) -> Phrase:
        """The task in one line."""
        return _TASKS[self]

    @property
    def limitable(self) -> bool:
        """Whether it may be held for one place, machine, offer or pool alone."""
        return self in _LIMITABLE


_TASKS: Final = {
    Task.MEMBERS_READ: Phrase("lire les fiches des membres", "read members' files"),
    Task.MEMBERS_WRITE: Phrase("accueillir les membres et tenir leurs fiches", "welcome members and keep their files"),
    Task.LINES_WRITE: Phrase("ouvrir, suivre et fermer les lignes", "open, follow and close lines"),
    Task.ADDRESSES_WRITE: Phrase("gérer les pools et les adresses", "keep the pools and addresses"),
    Task.DEVICES_WRITE: Phrase("tenir l'inventaire des lieux et des machines", "keep the places and machines"),
    Task.WORKS_ANNOUNCE: Phrase("annoncer travaux et incidents", "announce works and incidents"),
    Task.CHANGES_PROPOSE: Phrase("préparer les changements des machines", "prepare changes of machines"),
    Task.CHANGES_APPROVE: Phrase("approuver les changements des machines", "approve changes of machines"),
    Task.CHANGES_APPLY: Phrase("appliquer les changements aux machines", "apply changes to machines"),
    Task.DUES_READ: Phrase("voir qui doit quoi", "see who owes what"),
    Task.DUES_WRITE: Phrase("fixer les tarifs et émettre les dus", "set tariffs and issue dues"),
    Task.PAYMENTS_MATCH: Phrase("enregistrer et rapprocher les paiements", "record and match payments"),
    Task.MONITORING_READ: Phrase("voir l'état des machines et des lignes", "see how machines and lines are"),
    Task.ALERTS_ACKNOWLEDGE: Phrase("prendre en charge les alertes", "take charge of alerts"),
    Task.FEDERATION_PUBLISH: Phrase("publier vers la fédération", "publish to the federation"),
    Task.REQUISITION_OPEN: Phrase("répondre aux réquisitions", "answer requisitions"),
    Task.MANDATES_GIVE: Phrase("donner et retirer les mandats", "give and end mandates"),
    Task.RULES_SET: Phrase("changer les règles de l'association", "change the association's rules"),
    Task.KEYS_KEEP: Phrase("garder la clé du coffre et les accès", "keep the vault's key and the accesses"),
    Task.JOURNAL_READ: Phrase("lire le journal entier", "read the whole journal"),
}
_LIMITABLE: Final = frozenset(
    {
        Task.LINES_WRITE,
        Task.ADDRESSES_WRITE,
        Task.DEVICES_WRITE,
        Task.WORKS_ANNOUNCE,
        Task.CHANGES_PROPOSE,
        Task.CHANGES_APPROVE,
        Task.CHANGES_APPLY,
        Task.DUES_WRITE,
        Task.MONITORING_READ,
        Task.ALERTS_ACKNOWLEDGE,
    }
)


class MandateState(StrEnum):
    """Where a mandate stands on a day."""

    WAITING = "waiting"
    TO_COME = "to-come"
    HELD = "held"
    ENDED = "ended"

    @property
    def phrase(self) -> Phrase:
        """The state as people read it."""
        return _STATES[self]


_STATES: Final = {
    MandateState.WAITING: Phrase("attend un appui", "waits for a second"),
    MandateState.TO_COME: Phrase("à venir", "to come"),
    MandateState.HELD: Phrase("en cours", "held"),
    MandateState.ENDED: Phrase("terminé", "ended"),
}


class Mandate(Base):
    """One person's task, within a scope, from a day to a day (half-open).

    `scope` is EVERYWHERE or one object, such as `site:mezzanine`. A mandate that needs a second person is in force
    once `seconded_by` is there.
    """

    __tablename__ = "mandate"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("contract"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), info=kept("contract"))
    task: Mapped[str] = mapped_column(String(32), info=kept("contract"))
    scope: Mapped[str] = mapped_column(String(80), default=EVERYWHERE, info=kept("contract"))
    since: Mapped[date] = mapped_column(info=kept("contract"))
    until: Mapped[date | None] = mapped_column(info=kept("contract"))
    minutes: Mapped[str] = mapped_column(String(300), default="", info=kept("contract"))
    given_by: Mapped[str] = mapped_column(String(64), info=kept("contract"))
    given_at: Mapped[datetime] = mapped_column(info=kept("contract"))
    needs_second: Mapped[bool] = mapped_column(default=False, info=kept("contract"))
    seconded_by: Mapped[str | None] = mapped_column(String(64), info=kept("contract"))
    seconded_at: Mapped[datetime | None] = mapped_column(info=kept("contract"))

    member: Mapped[Member] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_mandate_member", "member_id", "task"),
        CheckConstraint("until IS NULL OR until >= since", name="period"),
        CheckConstraint("(seconded_by IS NULL) = (seconded_at IS NULL)", name="second"),
    )

    def state_on(self, day: date) -> MandateState:
        """Where it stands on that day."""
        if self.until is not None and self.until <= day:
            return MandateState.ENDED
        if self.needs_second and self.seconded_by is None:
            return MandateState.WAITING
        return MandateState.HELD if self.since <= day else MandateState.TO_COME

    def __str__(self) -> str:
        return shown("T", self.number)


class Emergency(Base):
    """Someone on the machine itself acted without a mandate, for a short time; others read it over afterwards."""

    __tablename__ = "emergency"

    id: Mapped[int] = mapped_column(RowId, primary_key=True, info=kept("contract"))
    number: Mapped[int] = mapped_column(unique=True, info=kept("contract"))
    actor: Mapped[str] = mapped_column(String(64), index=True, info=kept("contract"))
    why: Mapped[str] = mapped_column(info=kept("contract"))
    since: Mapped[datetime] = mapped_column(info=kept("contract"))
    until: Mapped[datetime] = mapped_column(info=kept("contract"))
    reviewed_by: Mapped[str | None] = mapped_column(String(64), info=kept("contract"))
    reviewed_at: Mapped[datetime | None] = mapped_column(info=kept("contract"))
    review: Mapped[str] = mapped_column(default="", info=kept("contract"))

    def __str__(self) -> str:
        return shown("E", self.number)


class Rule(Base):
    """What the association decided for itself, by the rule's name; a rule that was never set has its default.

    `proposed` is the value that waits until someone else than `proposed_by` sets it too.
    """

    __tablename__ = "rule"

    name: Mapped[str] = mapped_column(String(40), primary_key=True, info=kept("technical"))
    value: Mapped[str] = mapped_column(String(200), info=kept("technical"))
    proposed: Mapped[str | None] = mapped_column(String(200), info=kept("technical"))
    proposed_by: Mapped[str | None] = mapped_column(String(64), info=kept("contract"))

    __table_args__ = (CheckConstraint("(proposed IS NULL) = (proposed_by IS NULL)", name="proposed"),)
