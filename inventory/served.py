"""Who had which line of which offer for how many days of a month, and who was a member: what costs are shared by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from foundation import clock
from foundation.clock import Month
from inventory import numbers, shares
from inventory.lines import RENDERED
from inventory.models.access import LineMigration, Outcome
from inventory.models.devices import Device
from inventory.models.lines import Line, LineEvent, Offer, Share, Technology
from inventory.models.people import Member, Membership


@dataclass(frozen=True, slots=True)
class Served:
    """A member's part of a line's days in a month, under one offer.

    `days` are the line's days in service times the member's part of them: of a line, they add up to its days.
    `present` has a bit for each day of the month on which they had it. `device` serves the line as things are now.
    """

    line: str
    offer: str
    hosting: bool
    device: str | None
    member: str
    days: Fraction
    present: int


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of the lines of a month, by row."""

    offers: Mapping[int, Offer]
    devices: Mapping[int, str]
    members: Mapping[int, int]
    events: Mapping[int, list[tuple[date, bool]]]
    shares: Mapping[int, list[Share]]
    before: Mapping[int, list[tuple[date, int]]]


def served(session: Session, month: Month) -> list[Served]:
    """Every member's part of every line that served in the month, by line's number; days ahead as things are now.

    A line is in service on a day by what it became last on it, as dues have it.
    """
    facts = _facts(session, month)
    lines = session.scalars(select(Line).where(Line.id.in_(facts.shares)).order_by(Line.number))
    return [one for line in lines for one in _of_line(line, facts, month)]


def memberships(session: Session, month: Month) -> dict[str, int]:
    """For everyone (`M0042`) who was a member in the month, a bit for each day of it on which they were."""
    still = or_(Membership.until.is_(None), Membership.until > month.first)
    query = select(Member.number, Membership.since, Membership.until).join(Membership)
    present: defaultdict[str, int] = defaultdict(int)
    for number, since, until in session.execute(query.where(Membership.since < month.after, still)):
        present[numbers.shown("M", number)] |= _bits(since, until, month)
    return dict(present)


def offers_of_lines(session: Session, lines: Sequence[str]) -> dict[str, str]:
    """The offer that each of these lines (`L0042`) has now."""
    wanted = [numbers.parse("L", one) for one in lines]
    rows = session.execute(select(Line.number, Offer.name).join(Offer).where(Line.number.in_(wanted)))
    return {numbers.shown("L", number): name for number, name in rows}


def _facts(session: Session, month: Month) -> _Facts:
    by_line: defaultdict[int, list[Share]] = defaultdict(list)
    here = select(Share).where(Share.since < month.after, or_(Share.until.is_(None), Share.until > month.first))
    for share in session.scalars(here.options(selectinload(Share.weights)).order_by(Share.id)):
        by_line[share.line_id].append(share)
    events: defaultdict[int, list[tuple[date, bool]]] = defaultdict(list)
    told = select(LineEvent.line_id, LineEvent.at, LineEvent.state).where(LineEvent.at < clock.midnight(month.after))
    for line, at, state in session.execute(told.order_by(LineEvent.at, LineEvent.id)):
        events[line].append((clock.today(at), state in RENDERED))
    before: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
    done = select(LineMigration.line_id, LineMigration.ended, LineMigration.from_offer_id).where(
        LineMigration.outcome == Outcome.DONE, LineMigration.ended >= clock.midnight(month.first)
    )
    for line, ended, offer in session.execute(done.order_by(LineMigration.id)):
        if ended is not None:
            before[line].append((clock.today(ended), offer))
    return _Facts(
        offers={one.id: one for one in session.scalars(select(Offer))},
        devices=dict(session.execute(select(Device.id, Device.name)).all()),
        members=dict(session.execute(select(Member.id, Member.number)).all()),
        events=events,
        shares=by_line,
        before=before,
    )


def _of_line(line: Line, facts: _Facts, month: Month) -> Iterator[Served]:
    """The parts of one line: between two days on which something changes, all is as it was."""
    own, events, before = facts.shares[line.id], facts.events.get(line.id, []), facts.before.get(line.id, [])
    weighed = [(one.member_id, *period) for one in own for period in shares.periods(one)]
    changes = {day for day, _ in events} | {day for day, _ in before}
    changes |= {day for _, since, until, _ in weighed for day in (since, until) if day is not None}
    inside = sorted(day for day in changes if month.first < day < month.after)
    days: defaultdict[tuple[int, int], Fraction] = defaultdict(Fraction)
    present: defaultdict[tuple[int, int], int] = defaultdict(int)
    for since, until in pairwise([month.first, *inside, month.after]):
        if not _serves(events, since):
            continue
        offer = next((had for ended, had in before if since < ended), line.offer_id)
        here = [
            (who, weight) for who, begun, ended, weight in weighed if begun <= since and (not ended or since < ended)
        ]
        whole = sum(weight for _, weight in here)
        for who, weight in here:
            days[who, offer] += Fraction((until - since).days * weight, whole)
            present[who, offer] |= _bits(since, until, month)
    for (who, offer), part in days.items():
        of = facts.offers[offer]
        device = line.device_id or of.device_id
        yield Served(
            line=str(line),
            offer=of.name,
            hosting=of.technology == Technology.COLOCATION,
            device=facts.devices.get(device) if device is not None else None,
            member=numbers.shown("M", facts.members[who]),
            days=part,
            present=present[who, offer],
        )


def _serves(events: Sequence[tuple[date, bool]], day: date) -> bool:
    """Whether a line is in service on a day; `events` are what it became, the oldest first."""
    return next((serves for since, serves in reversed(events) if since <= day), False)


def _bits(since: date, until: date | None, month: Month) -> int:
    """A bit for each day of the month that is in the period."""
    first, last = max(since, month.first), min(until or month.after, month.after)
    length = max(0, (last - first) // timedelta(days=1))
    return ((1 << length) - 1) << (first - month.first).days if length else 0
