"""Lines whose members let their quality be measured: asked of the member, dated, and taken back at any time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory import shares
from inventory.lines import RENDERED, LineEnded
from inventory.models.addresses import Assignment, Role
from inventory.models.lines import Line, Share
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.models.quality import QualityAgreement
from inventory.rights import asks


class AlreadyAgreed(Refused):
    """The member agreed before."""

    kind = "already-agreed"
    phrase = Phrase(
        "La qualité de {line} est déjà mesurée, avec l'accord de {member} depuis le {since}. Rien n'a été changé.",
        "The quality of {line} is measured already, as {member} agreed on {since}. Nothing was changed.",
    )


class NotAgreed(Refused):
    """There is no agreement to take back."""

    kind = "not-agreed"
    phrase = Phrase(
        "La qualité de {line} n'est pas mesurée : {member} n'a pas donné son accord. Rien n'a été changé. "
        "Avec son accord : essaim line quality {line} --agree",
        "The quality of {line} is not measured: {member} has not agreed. Nothing was changed. "
        "Once they agree: essaim line quality {line} --agree",
    )


class AgreementUnworded(Invalid):
    """Somebody else writes down that a member agreed, and does not say how they know."""

    kind = "agreement-unworded"
    phrase = Phrase(
        "C'est à {member} d'accepter : dites comment vous le savez, --why \"au téléphone le 12\". Rien n'a été changé.",
        'It is for {member} to agree: say how you know, --why "by telephone on the 12th". Nothing was changed.',
    )


@dataclass(frozen=True, slots=True)
class Agreed:
    """A member's word: since when, and who wrote it down."""

    member: str
    since: datetime
    given_by: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A line that may be measured, by number: whether it is on the machines, and the prefixes of its holder."""

    line: str
    served: bool
    held: tuple[Assignment, ...]

    def first(self, role: Role, family: int) -> Assignment | None:
        """Its first prefix of that role and family."""
        return next((one for one in self.held if one.role == role and one.family == family), None)


@asks(Task.LINES_WRITE, "share", own=True)
def agree(session: Session, act: Act, share: Share) -> QualityAgreement:
    """The holder of a line, whose `share` it is, lets its quality be measured from now on.

    Raises LineEnded, AlreadyAgreed, AgreementUnworded where somebody else says so and does not say why.
    """
    line, member = _of(session, share)
    if share.until is not None:
        raise LineEnded(line=str(line), state=line.state)
    before = _living(session, share)
    if before is not None:
        raise AlreadyAgreed(line=str(line), member=str(member), since=clock.today(before.since))
    if act.actor != str(member) and not act.why.strip():
        raise AgreementUnworded(member=str(member))
    given = QualityAgreement(share_id=share.id, since=act.at, given_by=act.actor, words=act.why)
    session.add(given)
    journal.record(session, act, "quality.agree", str(line), member=str(member))
    session.flush()
    return given


@asks(Task.LINES_WRITE, "share", own=True)
def withdraw(session: Session, act: Act, share: Share) -> None:
    """The holder of a line takes their word back: it is measured no more. Raises NotAgreed."""
    line, member = _of(session, share)
    given = _living(session, share)
    if given is None:
        raise NotAgreed(line=str(line), member=str(member))
    given.until = max(act.at, given.since)
    journal.record(session, act, "quality.withdraw", str(line), member=str(member))
    session.flush()


def agreed(session: Session, line: Line, at: datetime) -> Agreed | None:
    """Whether the line's holder agreed, as `find_line` loads it."""
    share = shares.holder(line.shares, clock.today(at))
    given = _living(session, share) if share.until is None else None
    return None if given is None else Agreed(str(share.member), given.since, given.given_by)


def measured(session: Session, at: datetime) -> Iterator[Measured]:
    """Every line whose holder agreed to it, by number."""
    query = (
        select(QualityAgreement)
        .join(QualityAgreement.share)
        .join(Share.line)
        .where(QualityAgreement.until.is_(None), Share.until.is_(None))
        .order_by(Line.number, QualityAgreement.id)
        .options(
            contains_eager(QualityAgreement.share).contains_eager(Share.line).selectinload(Line.shares),
            contains_eager(QualityAgreement.share).selectinload(Share.assignments),
        )
    )
    for given in session.scalars(query).unique():
        share, line = given.share, given.share.line
        if shares.holder(line.shares, clock.today(at)).id == share.id:
            held = tuple(one for one in share.assignments if one.until is None)
            yield Measured(str(line), line.state in RENDERED, held)


def _living(session: Session, share: Share) -> QualityAgreement | None:
    return session.scalar(
        select(QualityAgreement).where(QualityAgreement.share_id == share.id, QualityAgreement.until.is_(None))
    )


def _of(session: Session, share: Share) -> tuple[Line, Member]:
    return session.get_one(Line, share.line_id), session.get_one(Member, share.member_id)
