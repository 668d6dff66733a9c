"""What a month asks of whom, from the inventory, the tariffs and what members chose: nothing is written here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, selectinload

from billing import reckoning
from billing.models import MEMBERSHIP, Asked, DueKind, Pause, Per, Pledge, Tariff
from billing.reckoning import Presence, Stay
from billing.tariffs import allowed, in_force
from foundation import clock
from foundation.clock import Month
from foundation.money import Euros
from inventory import numbers, shares
from inventory.lines import RENDERED
from inventory.models.access import LineMigration, Outcome
from inventory.models.lines import Line, LineEvent, Share
from inventory.models.people import Membership


class Planned(NamedTuple):
    """A due as a month asks it. `member` is the member's row."""

    kind: DueKind
    member: int
    what: str
    per: str
    cents: Euros
    label: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What members chose to give, and what is paused, by member's row and what it is for.

    `moved` are the days on which a line came to another offer: what was chosen before was chosen for something else.
    """

    pledges: Mapping[tuple[int, str], Sequence[Pledge]]
    pauses: Mapping[tuple[int, str], Sequence[Pause]]
    moved: Mapping[str, Sequence[date]]

    def cents(self, member: int, what: str, tariff: Tariff, day: date) -> Euros:
        """What a member gives for a thing under its tariff, as they chose by that day."""
        begun = [one for one in self.pledges.get((member, what), ()) if one.since <= day]
        last = begun[-1] if begun else None
        if last is None or last.cents is None:
            return tariff.cents
        if any(last.since < moved <= day for moved in self.moved.get(what, ())):
            return tariff.cents
        return allowed(tariff, last.cents)

    def paused(self, member: int, what: str, day: date) -> bool:
        """Whether nothing is asked of them for that day."""
        return any(one.since <= day < one.until for one in self.pauses.get((member, what), ()))


@dataclass(frozen=True, slots=True)
class Prices:
    """What each day of a month costs: by offer, the tariff in force; days before the first tariff are left out."""

    month: Month
    by_offer: Mapping[int, Mapping[date, Tariff]]
    deposits: Mapping[int, Sequence[Tariff]]


def planned(session: Session, tariffs: Sequence[Tariff], month: Month) -> list[Planned]:
    """Every due that the month asks, lines first, in the order of their numbers.

    `tariffs` are all there are, in the order of their days.
    """
    chosen = _chosen(session, month)
    return [*_of_lines(session, tariffs, chosen, month), *_of_memberships(session, tariffs, chosen, month)]


def _chosen(session: Session, month: Month) -> Chosen:
    pledges: defaultdict[tuple[int, str], list[Pledge]] = defaultdict(list)
    # An entry is asked once: what was chosen for it by the day it is issued holds, though the month is over.
    begun = (Pledge.since < month.after) | (Pledge.what == DueKind.ENTRY)
    for pledge in session.scalars(select(Pledge).where(begun).order_by(Pledge.since)):
        pledges[pledge.member_id, pledge.what].append(pledge)
    pauses: defaultdict[tuple[int, str], list[Pause]] = defaultdict(list)
    in_it = select(Pause).where(Pause.since < month.after, Pause.until > month.first)
    for pause in session.scalars(in_it.order_by(Pause.since)):
        pauses[pause.member_id, pause.what].append(pause)
    moved: defaultdict[str, list[date]] = defaultdict(list)
    if pledges:
        done = select(Line.number, LineMigration.ended).join(Line, Line.id == LineMigration.line_id)
        for number, ended in session.execute(done.where(LineMigration.outcome == Outcome.DONE)):
            if ended is not None:
                moved[numbers.shown("L", number)].append(clock.today(ended))
    return Chosen(pledges, pauses, moved)


def _of_lines(session: Session, tariffs: Sequence[Tariff], chosen: Chosen, month: Month) -> Iterator[Planned]:
    prices = _prices(tariffs, month)
    presences, events = _presences(session, month), _events(session, month)
    changes = _offer_changes(session, month)
    shared = select(Line.id, Line.number, Line.offer_id).where(Line.id.in_(_shared_in(month))).order_by(Line.number)
    for row, number, offer in session.execute(shared):
        what, sharers = numbers.shown("L", number), presences[row]
        tariff_of = _calendar_of(offer, changes[row], prices.by_offer)
        served = reckoning.days_in_service(events[row], list(tariff_of))
        costs = _costs({day: tariff_of[day] for day in served}, what, sharers, chosen, month)
        parts = reckoning.line_parts(costs, sharers, _paused_for(chosen, what, sharers))
        for member, cents in parts.items():
            if cents:
                yield Planned(DueKind.LINE, member, what, Per.MONTH, cents, tariff_of[served[-1]].label)
        yield from _deposit(prices.deposits.get(offer, ()), what, sharers, events[row], month)


def _costs(
    tariffs: Mapping[date, Tariff], what: str, sharers: Sequence[Presence], chosen: Chosen, month: Month
) -> dict[date, Fraction]:
    """What each of these days costs."""
    if any((one.member, what) in chosen.pledges for one in sharers):
        return {day: _day_price(tariff, day, what, sharers, chosen, month) for day, tariff in tariffs.items()}
    prices = {tariff: reckoning.day_price(tariff.cents, tariff.per, month) for tariff in set(tariffs.values())}
    return {day: prices[tariff] for day, tariff in tariffs.items()}


def _day_price(
    tariff: Tariff, day: date, what: str, sharers: Sequence[Presence], chosen: Chosen, month: Month
) -> Fraction:
    """What the line costs on that day: who has it alone may have chosen, a shared one costs what it costs."""
    present = {one.member for one in sharers if one.on(day)}
    amount = chosen.cents(min(present), what, tariff, day) if len(present) == 1 else tariff.cents
    return reckoning.day_price(amount, tariff.per, month)


def _paused_for(chosen: Chosen, what: str, sharers: Sequence[Presence]) -> Callable[[int, date], bool] | None:
    """Who is paused on which day; None where nobody is, which is quickly reckoned."""
    if not any((one.member, what) in chosen.pauses for one in sharers):
        return None
    return lambda member, day: chosen.paused(member, what, day)


def _deposit(
    tariffs: Sequence[Tariff],
    what: str,
    sharers: Sequence[Presence],
    events: Sequence[tuple[date, bool]],
    month: Month,
) -> Iterator[Planned]:
    """The deposit of whoever has the line on the first day that it ever served."""
    first = next((day for day, serves in events if serves), None)
    holder = next((one for one in sharers if first is not None and one.on(first)), None)
    if first is None or holder is None or not month.first <= first < month.after:
        return
    due = in_force(tariffs, first)
    if due is not None and due.cents:
        yield Planned(DueKind.DEPOSIT, holder.member, what, Per.ONCE, due.cents, due.label)


def _prices(tariffs: Sequence[Tariff], month: Month) -> Prices:
    regular, deposits = _by_offer(tariffs, Asked.REGULAR), _by_offer(tariffs, Asked.DEPOSIT)
    by_offer = {}
    for offer, own in regular.items():
        days = ((day, in_force(own, day)) for day in reckoning.days_of(month))
        by_offer[offer] = {day: tariff for day, tariff in days if tariff is not None}
    return Prices(month, by_offer, deposits)


def _calendar_of(
    offer: int, changes: Sequence[tuple[date, int]], by_offer: Mapping[int, Mapping[date, Tariff]]
) -> Mapping[date, Tariff]:
    """The tariff of each day of a line's month: `offer` is what it has now, `changes` what it had until which day."""
    if not changes:
        return by_offer.get(offer, {})
    calendar: dict[date, Tariff] = {}
    since = date.min
    for until, had in (*changes, (date.max, offer)):
        calendar |= {day: tariff for day, tariff in by_offer.get(had, {}).items() if since <= day < until}
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


def _by_offer(tariffs: Sequence[Tariff], asked: Asked) -> dict[int, list[Tariff]]:
    groups: defaultdict[int, list[Tariff]] = defaultdict(list)
    for tariff in tariffs:
        if tariff.offer_id is not None and tariff.asked == asked:
            groups[tariff.offer_id].append(tariff)
    return groups


def _in(month: Month) -> ColumnElement[bool]:
    return or_(Share.until.is_(None), Share.until > month.first) & (Share.since < month.after)


def _shared_in(month: Month) -> Select[int]:
    return select(Share.line_id).where(_in(month))


def _presences(session: Session, month: Month) -> dict[int, list[Presence]]:
    groups: defaultdict[int, list[Presence]] = defaultdict(list)
    query = select(Share).where(_in(month)).options(selectinload(Share.weights))
    for share in session.scalars(query.order_by(Share.id)):
        groups[share.line_id] += (
            Presence(share.member_id, weight, since, until) for since, until, weight in shares.periods(share)
        )
    return groups


def _events(session: Session, month: Month) -> defaultdict[int, list[tuple[date, bool]]]:
    """What each line became on which day: in service or not."""
    groups: defaultdict[int, list[tuple[date, bool]]] = defaultdict(list)
    query = select(LineEvent.line_id, LineEvent.at, LineEvent.state).where(LineEvent.line_id.in_(_shared_in(month)))
    for line, at, state in session.execute(query.order_by(LineEvent.at, LineEvent.id)):
        groups[line].append((clock.today(at), state in RENDERED))
    return groups


def _of_memberships(session: Session, tariffs: Sequence[Tariff], chosen: Chosen, month: Month) -> Iterator[Planned]:
    regular, entry = _by_kind(tariffs, Asked.REGULAR), _by_kind(tariffs, Asked.ENTRY)
    for member, stays in _stays(session, month).items():
        # A yearly tariff is due where a year of membership begins, a monthly one in each month.
        for per, found in (
            (Per.YEAR, reckoning.anniversary(stays, month)),
            (Per.MONTH, reckoning.first_day(stays, month)),
        ):
            due = None if found is None else in_force(regular[found[1].kind], found[0])
            if found is not None and due is not None and due.per == per:
                yield from _asked(DueKind.MEMBERSHIP, MEMBERSHIP, due, member, found[0], chosen)
                break
        joined = stays[0]
        if month.first <= joined.since < month.after:
            due = in_force(entry[joined.kind], joined.since)
            if due is not None:
                yield from _asked(DueKind.ENTRY, DueKind.ENTRY, due, member, joined.since, chosen)


def _asked(kind: DueKind, what: str, due: Tariff, member: int, day: date, chosen: Chosen) -> Iterator[Planned]:
    cents = chosen.cents(member, what, due, date.max if kind == DueKind.ENTRY else day)
    if cents and not chosen.paused(member, what, day):
        yield Planned(kind, member, what, due.per, cents, due.label)


def _by_kind(tariffs: Sequence[Tariff], asked: Asked) -> defaultdict[str, list[Tariff]]:
    groups: defaultdict[str, list[Tariff]] = defaultdict(list)
    for tariff in tariffs:
        if tariff.asked == asked:
            groups[tariff.membership or ""].append(tariff)
    return groups


def _stays(session: Session, month: Month) -> dict[int, list[Stay]]:
    """The memberships, past ones too, of everyone who is a member in that month."""
    still = or_(Membership.until.is_(None), Membership.until > month.first)
    members = select(Membership.member_id).where(Membership.since < month.after, still)
    query = select(Membership).where(Membership.member_id.in_(members)).order_by(Membership.since)
    groups: defaultdict[int, list[Stay]] = defaultdict(list)
    for one in session.scalars(query):
        groups[one.member_id].append(Stay(one.kind, one.since, one.until))
    return groups
