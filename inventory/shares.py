"""Parts of lines: from which day to which, for how much; what begins and ends with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused
from foundation.speech import Phrase
from inventory import addresses, certificates, credentials
from inventory.models.lines import Line, LineEvent, Share
from inventory.models.people import Member, MemberStatus

HEAVIEST = 1000
"""The most that a part may count for."""


class NotAMember(Refused):
    """Whoever orders or comes into a line has left."""

    kind = "not-a-member"
    phrase = Phrase(
        "{member} n'est plus membre : pas de nouvelle ligne. Rien n'a été changé.",
        "{member} is no longer a member: no new line. Nothing was changed.",
    )


class AlreadyShares(Refused):
    """The member already has a part of the line."""

    kind = "already-shares"
    phrase = Phrase(
        "{member} partage déjà {line}. Rien n'a été changé.",
        "{member} already shares {line}. Nothing was changed.",
    )


class DoesNotShare(Refused):
    """The member has no part of the line."""

    kind = "does-not-share"
    phrase = Phrase(
        "{member} n'a pas de part de {line}. Rien n'a été changé. Qui en a : essaim line show {line}",
        "{member} has no part of {line}. Nothing was changed. Who does: essaim line show {line}",
    )


class HoldsTheLine(Refused):
    """The holder's part alone would end, and with it what opens the line for all."""

    kind = "holds-the-line"
    phrase = Phrase(
        "{member} est titulaire de {line}. Rien n'a été changé. Passer la main : essaim line hand {line} --to M0042 ; "
        "fermer : essaim line close {line}",
        "{member} holds {line}. Nothing was changed. To hand it over: essaim line hand {line} --to M0042; "
        "to close it: essaim line close {line}",
    )


class BadDay(Invalid):
    """A day on which a part cannot begin, change or end."""

    kind = "bad-day"
    phrase = Phrase(
        "Pas le {day} : du {first} au {last}. Rien n'a été changé.",
        "Not on {day}: from {first} to {last}. Nothing was changed.",
    )


class BadWeight(Invalid):
    """A weight that no part has."""

    kind = "bad-weight"
    phrase = Phrase(
        "Le poids d'une part va de 1 à {most} : pas {weight}. Rien n'a été changé.",
        "A part's weight is between 1 and {most}: not {weight}. Nothing was changed.",
    )


def begin(session: Session, act: Act, line: Line, member: Member, *, weight: int, day: date) -> Share:
    """A member has a part of the line from `day` on, which may lie ahead.

    Raises NotAMember, AlreadyShares where they have one on that day or later, BadDay before the line was ordered,
    BadWeight.
    """
    demand_member(member)
    checked_weight(weight)
    ordered = session.scalar(select(LineEvent.at).where(LineEvent.line_id == line.id).order_by(LineEvent.id))
    if ordered is not None and day < clock.today(ordered):
        raise BadDay(day=day, first=clock.today(ordered), last=clock.today(act.at))
    other = select(Share.id).where(Share.line_id == line.id, Share.member_id == member.id)
    if session.scalar(other.where(or_(Share.until.is_(None), Share.until > day))) is not None:
        raise AlreadyShares(member=str(member), line=str(line))
    share = Share(line_id=line.id, member_id=member.id, weight=weight, since=day)
    session.add(share)
    session.flush()
    journal.record(
        session, act, "share.begin", str(line), member=str(member), sharer=str(member), weight=weight, since=day
    )
    return share


def finish(session: Session, act: Act, line: Line, share: Share, day: date) -> None:
    """A part ends on `day`, and now its addresses go to quarantine and its credentials open nothing more."""
    share.until = day
    over = [one for one in share.credentials if one.until is None or one.until > act.at]
    credentials.end(over, act.at)
    certificates.revoke_of(session, act, over)
    for assignment in share.assignments:
        if assignment.until is None:
            addresses.release(session, act, assignment)
    member = session.get_one(Member, share.member_id)
    journal.record(session, act, "share.end", str(line), member=str(member), sharer=str(member), until=day)
    session.flush()


def of_line(session: Session, line: Line) -> Sequence[Share]:
    """All parts of a line, past ones too, the first first."""
    return session.scalars(
        select(Share)
        .where(Share.line_id == line.id)
        .options(
            joinedload(Share.member),
            selectinload(Share.weights),
            selectinload(Share.credentials),
            selectinload(Share.assignments),
        )
        .order_by(Share.id)
        .execution_options(populate_existing=True)
    ).all()


def of_member(session: Session, line: Line, member: Member) -> Share:
    """The member's living part of a line. Raises DoesNotShare."""
    found = next((one for one in of_line(session, line) if one.member_id == member.id and one.until is None), None)
    if found is None:
        raise DoesNotShare(member=str(member), line=str(line))
    return found


def holder(shares: Sequence[Share], day: date) -> Share:
    """The share of whoever answers for the line: who it was handed to last, else the earliest in force.

    Where none is in force, the last that was.
    """
    present = [share for share in shares if in_force(share, day)]
    handed = [share for share in present if share.holds_since is not None and share.holds_since <= day]
    if handed:
        return max(handed, key=lambda share: (share.holds_since or share.since, share.id))
    return present[0] if present else shares[-1]


def whose(session: Session, line: Line) -> str | None:
    """The number of whoever answers for the line: what is done to it is in their file."""
    query = select(Member).join(Share, Share.member_id == Member.id)
    living = query.where(Share.line_id == line.id, Share.until.is_(None))
    handed = (Share.holds_since.is_(None), Share.holds_since.desc(), Share.id)
    member = session.scalar(living.order_by(*handed).limit(1))
    return None if member is None else str(member)


def in_force(share: Share, day: date) -> bool:
    """Whether the part runs on that day."""
    return share.since <= day and (share.until is None or day < share.until)


def periods(share: Share) -> Iterator[tuple[date, date | None, int]]:
    """The part's days cut by what they weigh: since, until (half-open), weight. Together they are the part."""
    since, weight = share.since, share.weight
    for change in share.weights:
        if share.until is not None and change.since >= share.until:
            break
        if change.since > since:
            yield since, change.since, weight
        since, weight = max(since, change.since), change.weight
    if share.until is None or since < share.until:
        yield since, share.until, weight


def demand_member(member: Member) -> None:
    """Raises NotAMember where they have left."""
    if member.status == MemberStatus.LEFT:
        raise NotAMember(member=str(member))


def checked_weight(weight: int) -> int:
    """What a part counts for. Raises BadWeight."""
    if not 1 <= weight <= HEAVIEST:
        raise BadWeight(weight=weight, most=HEAVIEST)
    return weight
