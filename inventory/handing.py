"""Parts of lines change hands: they weigh otherwise, the holder leaves and the line goes on, a member parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Refused
from foundation.speech import Phrase
from inventory import credentials, lines, shares
from inventory.credentials import Opening
from inventory.ledger import open_ledger
from inventory.models.addresses import Assignment, Role
from inventory.models.lines import Line, LineState, Offer, Share, ShareWeight
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks


class AlreadyHolds(Refused):
    """The line is handed to whoever holds it."""

    kind = "already-holds"
    phrase = Phrase(
        "{member} est déjà titulaire de {line}. Rien n'a été changé.",
        "{member} holds {line} already. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Parting:
    """What becomes of a line that someone leaves: it is closed, goes on with `to`, or only their part ends.

    `state` is that of the line afterwards: one that was never delivered is cancelled.
    """

    line: str
    closed: bool
    to: str | None
    state: LineState

    @property
    def phrase(self) -> Phrase:
        """In a few words."""
        if self.closed:
            return Phrase.said(f"{self.line} ({self.state.phrase.fr})", f"{self.line} ({self.state.phrase.en})")
        if self.to is not None:
            return Phrase.said(f"{self.line} (continue avec {self.to})", f"{self.line} (goes on with {self.to})")
        return Phrase.said(f"{self.line} (part rendue)", f"{self.line} (part given back)")


@asks(Task.LINES_WRITE, "line")
def weigh_share(
    session: Session, act: Act, line: Line, member: Member, weight: int, *, day: date | None = None
) -> None:
    """From `day`, or today, a part weighs otherwise in what the line costs. Addresses and credentials stay.

    Raises DoesNotShare, BadWeight, BadDay before the part began.
    """
    lines.alone(session, line)
    share = shares.of_member(session, line, member)
    shares.checked_weight(weight)
    since = day or max(clock.today(act.at), share.since)
    if since < share.since:
        raise shares.BadDay(day=since, first=share.since, last=clock.today(act.at))
    before = share.weight_on(since)
    change = next((one for one in share.weights if one.since == since), None)
    if since == share.since:
        share.weight = weight
    elif change is not None:
        change.weight = weight
    else:
        session.add(ShareWeight(share_id=share.id, since=since, weight=weight))
    journal.record(
        session, act, "share.weigh", str(line), member=str(member), sharer=str(member), before=before, after=weight,
        since=since,
    )  # fmt: skip
    session.flush()


@asks(Task.LINES_WRITE, "line")
def hand_line(session: Session, act: Act, line: Line, member: Member, *, opening: Opening | None = None) -> Share:
    """The holder's part ends and the line goes on with `member`, who may share it already.

    Where one login opens the line for all, it and the holder's addresses pass to `member`, so that nobody is cut. In a
    tunnel everyone keeps what is theirs; who has no key of their own there brings one.
    Raises LineEnded, AlreadyHolds, NotAMember, and what `credentials.give` and `addresses.allocate` raise.
    """
    lines.alone(session, line)
    lines.demand_living(line)
    day = clock.today(act.at)
    parts = shares.of_line(session, line)
    old = shares.holder(parts, day)
    if old.member_id == member.id:
        raise AlreadyHolds(member=str(member), line=str(line))
    offer = session.get_one(Offer, line.offer_id)
    new = next((one for one in parts if one.member_id == member.id and one.until is None), None)
    fresh = new is None
    if new is None:
        new = shares.begin(session, act, line, member, weight=old.weight_on(day), day=day)
    if credentials.personal(offer) and not credentials.own(session, [new.id]):
        credentials.give(session, line, new, offer, opening or Opening(), act.at)
    _succeed(session, act, line, old, new, offer, fresh=fresh)
    if fresh and credentials.personal(offer):
        lines.equip(session, act, new, offer)
    return new


@asks(Task.LINES_WRITE, "line")
def part_with(session: Session, act: Act, line: Line, member: Member) -> Parting:
    """A member leaves a line for good. Where others share it, it goes on with them; else it is closed.

    Raises DoesNotShare.
    """
    lines.alone(session, line)
    share, day = shares.of_member(session, line, member), clock.today(act.at)
    parting = foreseen(session, line, member, day)
    if parting.closed:
        lines.close_line(session, act, line)
    elif parting.to is None:
        lines.end_share(session, act, line, member)
    else:
        parts = shares.of_line(session, line)
        new = next(one for one in parts if str(one.member) == parting.to and one.until is None)
        _succeed(session, act, line, share, new, session.get_one(Offer, line.offer_id), fresh=False)
    return parting


def foreseen(session: Session, line: Line, member: Member, day: date) -> Parting:
    """What becomes of a line if the member leaves it: nothing is done."""
    parts = shares.of_line(session, line)
    others = [one for one in parts if one.member_id != member.id and one.until is None]
    if not others:
        return Parting(str(line), closed=True, to=None, state=lines.end_of(line))
    if shares.holder(parts, day).member_id != member.id:
        return Parting(str(line), closed=False, to=None, state=LineState(line.state))
    to = str(shares.holder(others, day).member)
    return Parting(str(line), closed=False, to=to, state=LineState(line.state))


def _succeed(session: Session, act: Act, line: Line, old: Share, new: Share, offer: Offer, *, fresh: bool) -> None:
    """`new` holds the line from today and `old` ends; what all who share it depend on passes from one to the other.

    Who is fresh on the line takes over all that was the holder's; a neighbour has addresses of their own.
    """
    day = clock.today(act.at)
    if not credentials.personal(offer):
        held = credentials.living(session, [old.id]) + credentials.former(session, [old.id], act.at)
        credentials.pass_on(session, held, new, act.at)
        _pass_on(session, act, old, new, set(Role) if fresh else {Role.WAN, Role.DELEGATED})
    new.holds_since, new.since = day, min(new.since, day)
    ended = next(one for one in shares.of_line(session, line) if one.id == old.id)
    shares.finish(session, act, line, ended, max(day, ended.since))
    member, leaver = (session.get_one(Member, one.member_id) for one in (new, old))
    journal.record(session, act, "line.hand", str(line), member=str(member), before=str(leaver), after=str(member))
    session.flush()


def _pass_on(session: Session, act: Act, old: Share, new: Share, roles: set[Role]) -> None:
    """The prefixes of one share are the other's from this instant: the ledger keeps who had them when."""
    held: Sequence[Assignment] = session.scalars(
        select(Assignment)
        .where(Assignment.share_id == old.id, Assignment.until.is_(None), Assignment.role.in_(roles))
        .order_by(Assignment.pool_id, Assignment.id)
    ).all()
    for before in held:
        at = open_ledger(session, before.pool_id, clock.ends_after(before.since, act.at)).at
        block, before.block_id, before.until = before.block_id, None, at
        session.flush()  # a block is in one assignment at a time
        session.add(
            Assignment(
                pool_id=before.pool_id,
                block_id=block,
                family=before.family,
                first=before.first,
                last=before.last,
                length=before.length,
                role=before.role,
                share_id=new.id,
                since=at,
            )
        )
        journal.record(session, act, "address.pass-on", str(before.prefix), role=before.role)
    session.flush()
