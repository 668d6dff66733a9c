"""Verbs on memberships: admitted, of another kind from a day on, back again, and periods of long ago.

Periods are half-open, of one kind each, and never overlap; gaps are kept. (Leaving is in `members.py`: lines go too.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import kinds
from inventory.models.mandates import Task
from inventory.models.people import Member, Membership, MemberStatus
from inventory.rights import asks

EARLIEST: Final = date(1980, 1, 1)
"""Before this, a day is a typing error."""


class BadPeriod(Invalid):
    """Days between which nobody was a member."""

    kind = "bad-membership-period"
    phrase = Phrase(
        "Une adhésion commence entre le {earliest} et aujourd'hui, et finit après : pas du {since} au {until}. "
        "Rien n'a été changé.",
        "A membership begins between {earliest} and today, and ends later: not from {since} to {until}. "
        "Nothing was changed.",
    )


class PeriodTaken(Refused):
    """Someone is a member once at a time."""

    kind = "membership-overlaps"
    phrase = Phrase(
        "{member} était déjà membre ({kind}) du {since} au {until}. Rien n'a été changé.",
        "{member} was a member ({kind}) already from {since} to {until}. Nothing was changed.",
    )


class NoSuchPeriod(NotFound):
    """No membership that began on that day."""

    kind = "no-such-membership"
    phrase = Phrase(
        "Aucune adhésion de {member} ne commence le {since}. Les voir : essaim member show {member}",
        "No membership of {member} begins on {since}. To see them: essaim member show {member}",
    )


class NotAnApplicant(Refused):
    """Whoever is a member is not admitted again."""

    kind = "not-an-applicant"
    phrase = Phrase(
        "{member} n'attend pas d'admission : {status}. Rien n'a été changé.",
        "{member} does not wait to be admitted: {status}. Nothing was changed.",
    )


class NotAway(Refused):
    """Whoever never left does not come back."""

    kind = "not-away"
    phrase = Phrase(
        "{member} n'est pas parti·e : {status}. Rien n'a été changé.",
        "{member} has not left: {status}. Nothing was changed.",
    )


class NoMembership(Refused):
    """No membership on that day that could change."""

    kind = "no-membership"
    phrase = Phrase(
        "{member} n'a pas d'adhésion le {day}. Rien n'a été changé.",
        "{member} has no membership on {day}. Nothing was changed.",
    )


class SameKind(Refused):
    """Someone is of that kind already."""

    kind = "same-kind"
    phrase = Phrase(
        "{member} est déjà {kind} le {day}. Rien n'a été changé.",
        "{member} is {kind} already on {day}. Nothing was changed.",
    )


class StillRunning(Refused):
    """A membership in force is ended, not struck."""

    kind = "membership-running"
    phrase = Phrase(
        "Cette adhésion de {member} est en cours : on y met fin par essaim member leave {member}. Rien n'a été changé.",
        "This membership of {member} is in force: it is ended with essaim member leave {member}. Nothing was changed.",
    )


@asks(Task.MEMBERS_WRITE, "member")
def admit(
    session: Session, act: Act, member: Member, kind: str | None = None, *, since: date | None = None
) -> Membership:
    """An applicant becomes a member, from today where no day is given, of the association's first kind where none is.

    Raises NotAnApplicant, NoSuchKind, BadPeriod.
    """
    if member.status != MemberStatus.APPLICANT:
        raise NotAnApplicant(member=str(member), status=MemberStatus(member.status))
    begun = _come(session, act, member, kind, since, "member.admit")
    member.joined = min((one.since for one in periods_of(session, member)), default=begun.since)
    session.flush()
    return begun


@asks(Task.MEMBERS_WRITE, "member")
def rejoin(
    session: Session, act: Act, member: Member, kind: str | None = None, *, since: date | None = None
) -> Membership:
    """Someone who left, or whose membership ended, comes back; what was before, the gap too, stays in their file.

    Raises NotAway, NoSuchKind, BadPeriod, PeriodTaken.
    """
    runs = on(periods_of(session, member), clock.today(act.at)) is not None
    if member.status == MemberStatus.APPLICANT or (runs and member.status != MemberStatus.LEFT):
        raise NotAway(member=str(member), status=MemberStatus(member.status))
    return _come(session, act, member, kind, since, "member.rejoin")


@asks(Task.MEMBERS_WRITE, "member")
def become(session: Session, act: Act, member: Member, kind: str, *, since: date | None = None) -> Membership:
    """A member is of another kind from a day on, which may be one to come.

    Raises NoSuchKind, NoMembership, SameKind.
    """
    wanted, day = kinds.joinable(session, kind), since or clock.today(act.at)
    current = on(periods_of(session, member), day)
    if current is None:
        raise NoMembership(member=str(member), day=day)
    if current.kind == wanted.name:
        raise SameKind(member=str(member), kind=wanted.word, day=day)
    before, until, begun = current.kind, current.until, current
    if current.since == day:
        current.kind = wanted.name
    else:
        current.until = day
        session.flush()  # the former one ends before the next begins, or they would overlap
        begun = Membership(member_id=member.id, kind=wanted.name, since=day, until=until)
        session.add(begun)
    session.flush()
    journal.record(
        session, act, "member.become", str(member), member=str(member), before=before, after=wanted.name, since=day
    )
    return begun


@asks(Task.MEMBERS_WRITE, "member")
def add_period(
    session: Session, act: Act, member: Member, kind: str, *, since: date, until: date, why: str = ""
) -> Membership:
    """Note a membership of the past; `why` is why it ended. A retired kind will do.

    Raises NoSuchKind, BadPeriod, PeriodTaken.
    """
    name, today = kinds.find_kind(session, kind).name, clock.today(act.at)
    if until > today:
        raise BadPeriod(earliest=EARLIEST, since=since, until=until)
    period = begin(session, act, member, name, since=since, until=until, why=why)
    member.joined = min(member.joined, since)
    journal.record(session, act, "membership.add", str(member), member=str(member), kind=name, since=since, until=until)
    session.flush()
    return period


@asks(Task.MEMBERS_WRITE, "member")
def strike_period(session: Session, act: Act, member: Member, since: date) -> None:
    """Take back a membership of the past that was noted by mistake, the one that begins on that day.

    Raises NoSuchPeriod, and StillRunning for the one in force.
    """
    periods = periods_of(session, member)
    period = next((one for one in periods if one.since == since), None)
    if period is None:
        raise NoSuchPeriod(member=str(member), since=since)
    if period.until is None or period.until > clock.today(act.at):
        raise StillRunning(member=str(member))
    session.delete(period)
    member.joined = min((one.since for one in periods if one is not period), default=member.joined)
    session.flush()
    journal.record(
        session,
        act,
        "membership.strike",
        str(member),
        member=str(member),
        kind=period.kind,
        since=since,
        until=period.until,
    )


def begin(
    session: Session,
    act: Act,
    member: Member,
    kind: str,
    *,
    since: date,
    until: date | None = None,
    why: str = "",
) -> Membership:
    """Write one period, for a verb that has asked. Raises BadPeriod, PeriodTaken."""
    if not EARLIEST <= since <= clock.today(act.at) or (until is not None and until <= since):
        raise BadPeriod(earliest=EARLIEST, since=since, until=until or "…")
    for other in periods_of(session, member):
        if other.since == other.until == since:  # they left on the day they came: it goes on
            other.kind, other.until, other.why = kind, until, why
            session.flush()
            return other
        if other.since == other.until:
            continue
        if (until is None or other.since < until) and (other.until is None or since < other.until):
            word = kinds.words(session)[other.kind]
            raise PeriodTaken(member=str(member), kind=word, since=other.since, until=other.until or "…")
    period = Membership(member_id=member.id, kind=kind, since=since, until=until, why=why)
    session.add(period)
    session.flush()
    return period


def end_all(session: Session, member: Member, day: date, why: str) -> None:
    """End what runs on that day, and forget what was to come, for a verb that has asked."""
    running = or_(Membership.until.is_(None), Membership.until > day)
    for period in session.scalars(select(Membership).where(Membership.member_id == member.id, running)):
        if period.since > day:
            session.delete(period)
        else:
            period.until, period.why = day, why
    session.flush()


def periods_of(session: Session, member: Member) -> Sequence[Membership]:
    """Every membership of one member, the first first."""
    query = select(Membership).where(Membership.member_id == member.id).order_by(Membership.since)
    return session.scalars(query).all()


def on(periods: Iterable[Membership], day: date) -> Membership | None:
    """Among the memberships of one member, the one in force on that day."""
    return next((one for one in periods if one.covers(day)), None)


def _come(session: Session, act: Act, member: Member, kind: str | None, since: date | None, verb: str) -> Membership:
    wanted, day = kinds.joinable(session, kind), since or clock.today(act.at)
    begun = begin(session, act, member, wanted.name, since=day)
    member.status, member.left, member.left_why = MemberStatus.MEMBER, None, ""
    journal.record(session, act, verb, str(member), member=str(member), kind=wanted.name, since=day)
    session.flush()
    return begun
