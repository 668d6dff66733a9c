"""The dues of a month: issued once, however often they are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Select, insert, or_, select
from sqlalchemy.orm import Session, selectinload

from billing import reckoning
from billing.allocations import settle
from billing.models import MEMBERSHIP, Due, Per, Tariff
from billing.reckoning import Presence, Stay
from billing.tariffs import in_force
from billing.words import month_words
from foundation import clock, journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.errors import Refused
from foundation.money import Euros
from foundation.speech import Language, Phrase
from inventory import numbers, shares
from inventory.lines import RENDERED
from inventory.models.access import LineMigration, Outcome
from inventory.models.lines import Line, LineEvent, Share
from inventory.models.mandates import Task
from inventory.models.people import Membership
from inventory.rights import asks


class MonthNotBegun(Refused):
    """Nobody knows yet who will share what in that month."""

    kind = "month-not-begun"
    phrase = Phrase(
        "Le mois {month} n'a pas commencé : ses dus s'émettent à partir du {first}. Rien n'a été changé.",
        "Month {month} has not begun: its dues are issued from {first} on. Nothing was changed.",
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """What issuing a month did: so many new dues, their total, and how many had been issued before."""

    month: Month
    count: int
    total: Euros
    skipped: int

    def sentence(self, language: Language) -> str:
        """What was done, for a person."""
        phrase = _NOTHING_TO_DO if not self.count else _ISSUED_MORE if self.skipped else _ISSUED
        return phrase.say(
            language,
            month=month_words(self.month.first, language),
            count=self.count,
            total=self.total,
            skipped=self.skipped,
        )


_ISSUED = Phrase(
    "Dus pour {month} : {count} émis, {total} en tout.", "Dues for {month}: {count} issued, {total} in all."
)
_ISSUED_MORE = Phrase(
    "Dus pour {month} : {count} émis de plus, {total} en tout (émis auparavant, inchangés : {skipped}).",
    "Dues for {month}: {count} more issued, {total} in all (issued before, unchanged: {skipped}).",
)
_NOTHING_TO_DO = Phrase(
    "Rien à émettre pour {month} (émis auparavant, inchangés : {skipped}).",
    "Nothing to issue for {month} (issued before, unchanged: {skipped}).",
)


class Planned(NamedTuple):
    """A due about to be issued. `member` is the member's row."""

    member: int
    what: str
    per: str
    cents: Euros
    label: str


@asks(Task.DUES_WRITE)
def issue(session: Session, act: Act, month: Month) -> Issued:
    """Issue the dues of a month that has begun: lines in service, memberships whose year begins in it.

    A line's month is issued once, for all who share it, so that the parts always add up; so is a member's
    membership. What was issued before never changes. Credit settles the new dues. Raises MonthNotBegun.
    """
    if month.first > clock.today(act.at):
        raise MonthNotBegun(month=str(month), first=month.first)
    tariffs = session.scalars(select(Tariff).order_by(Tariff.since, Tariff.id).with_for_update()).all()
    before = session.execute(select(Due.what, Due.member_id).where(Due.period == month.first)).all()
    lines = {what for what, _ in before if what != MEMBERSHIP}
    members = {member for what, member in before if what == MEMBERSHIP}
    planned = [due for due in _line_dues(session, tariffs, month) if due.what not in lines]
    planned += [due for due in _membership_dues(session, tariffs, month) if due.member not in members]
    issued = Issued(month, len(planned), sum((due.cents for due in planned), Euros(0)), len(before))
    if planned:
        session.execute(insert(Due), [_row(due, act, month) for due in planned])
        settle(session)
        journal.record(session, act, "dues.issue", str(month), count=issued.count, total=int(issued.total))
    return issued


def _row(due: Planned, act: Act, month: Month) -> dict[str, object]:
    return {
        "member_id": due.member,
        "what": due.what,
        "period": month.first,
        "per": due.per,
        "cents": due.cents,
        "label": due.label,
        "issued": act.at,
    }


def _line_dues(session: Session, tariffs: Sequence[Tariff], month: Month) -> Iterator[Planned]:
    calendars = _calendars(tariffs, month)
    presences, events = _presences(session, month), _events(session, month)
    changes = _offer_changes(session, month)
    shared = select(Line.id, Line.number, Line.offer_id).where(Line.id.in_(_shared_in(month))).order_by(Line.number)
    for row, number, offer in session.execute(shared):
        tariff_of = _calendar_of(offer, changes[row], calendars)
        served = reckoning.days_in_service(events[row], list(tariff_of))
        prices = {day: tariff_of[day].price for day in served}
        for member, cents in reckoning.line_parts(prices, presences[row]).items():
            if cents:
                yield Planned(member, numbers.shown("L", number), Per.MONTH, cents, tariff_of[served[-1]].label)


class _Day(NamedTuple):
    price: Fraction
    label: str


def _calendars(tariffs: Sequence[Tariff], month: Month) -> dict[int, dict[date, _Day]]:
    """For each offer, what each day of the month costs; days before its first tariff are left out."""
    calendars: dict[int, dict[date, _Day]] = {}
    for offer, own in _by_offer(tariffs).items():
        prices = ((day, in_force(own, day)) for day in reckoning.days_of(month))
        calendars[offer] = {
            day: _Day(reckoning.day_price(tariff.cents, tariff.per, month), tariff.label)
            for day, tariff in prices
            if tariff is not None
        }
    return calendars


def _calendar_of(
    offer: int, changes: Sequence[tuple[date, int]], calendars: Mapping[int, dict[date, _Day]]
) -> dict[date, _Day]:
    """What each day of a line's month costs: `offer` is what it has now, `changes` what it had until which day."""
    calendar: dict[date, _Day] = {}
    since = date.min
    for until, had in (*changes, (date.max, offer)):
        calendar |= {day: cost for day, cost in calendars.get(had, {}).items() if since <= day < until}
        since = until
    return calendar


def _offer_changes(session: Session, month: Month) -> defaultdict[int, list[tuple[date, int]]]:
    """For each line, the offers that it had before migrations done since the month began, and until which day."""
    groups: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
    query = select(LineMigration.line_id, LineMigration.ended, LineMigration.from_offer_id).where(
        LineMigration.outcome == Outcome.DONE, LineMigration.ended >= clock.midnight(month.first)
    )
    for line, ended, offer in session.execute(query.order_by(LineMigration.id)):
        if ended is not None:
            groups[line].append((clock.today(ended), offer))
    return groups


def _by_offer(tariffs: Sequence[Tariff]) -> dict[int, list[Tariff]]:
    groups: defaultdict[int, list[Tariff]] = defaultdict(list)
    for tariff in tariffs:
        if tariff.offer_id is not None:
            groups[tariff.offer_id].append(tariff)
    return groups


def _shared_in(month: Month) -> Select[int]:
    still = or_(Share.until.is_(None), Share.until > month.first)
    return select(Share.line_id).where(Share.since < month.after, still)


def _presences(session: Session, month: Month) -> dict[int, list[Presence]]:
    groups: defaultdict[int, list[Presence]] = defaultdict(list)
    still = or_(Share.until.is_(None), Share.until > month.first)
    query = select(Share).where(Share.since < month.after, still).options(selectinload(Share.weights))
    for share in session.scalars(query.order_by(Share.id)):
        groups[share.line_id] += (
            Presence(share.member_id, weight, since, until) for since, until, weight in shares.periods(share)
        )
    return groups


def _events(session: Session, month: Month) -> dict[int, list[tuple[date, bool]]]:
    """What each line became on which day: in service or not."""
    groups: defaultdict[int, list[tuple[date, bool]]] = defaultdict(list)
    query = select(LineEvent.line_id, LineEvent.at, LineEvent.state).where(LineEvent.line_id.in_(_shared_in(month)))
    for line, at, state in session.execute(query.order_by(LineEvent.at, LineEvent.id)):
        groups[line].append((clock.today(at), state in RENDERED))
    return groups


def _membership_dues(session: Session, tariffs: Sequence[Tariff], month: Month) -> Iterator[Planned]:
    of_kind: defaultdict[str, list[Tariff]] = defaultdict(list)
    for tariff in tariffs:
        of_kind[tariff.membership or ""].append(tariff)
    for member, stays in _stays(session, month).items():
        # A yearly tariff is due where a year of membership begins, a monthly one in each month.
        for per, found in (
            (Per.YEAR, reckoning.anniversary(stays, month)),
            (Per.MONTH, reckoning.first_day(stays, month)),
        ):
            due = None if found is None else in_force(of_kind[found[1].kind], found[0])
            if due is not None and due.per == per and due.cents:
                yield Planned(member, MEMBERSHIP, per, due.cents, due.label)
                break


def _stays(session: Session, month: Month) -> dict[int, list[Stay]]:
    """The memberships, past ones too, of everyone who is a member in that month."""
    still = or_(Membership.until.is_(None), Membership.until > month.first)
    members = select(Membership.member_id).where(Membership.since < month.after, still)
    query = select(Membership).where(Membership.member_id.in_(members)).order_by(Membership.since)
    groups: defaultdict[int, list[Stay]] = defaultdict(list)
    for one in session.scalars(query):
        groups[one.member_id].append(Stay(one.kind, one.since, one.until))
    return groups
