"""Reminders: who is written to about what they owe, in which tone, when; and to whom nobody writes for now.

A reminder asks, says how to pay less and whom to write to. Nothing that happens here reaches a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from billing.allocations import hold, open_dues
from billing.balance import Balance, balances_of
from billing.models import Due, Pause, Reminder, ReminderHold, Tone
from billing.paying import how_to_pay
from billing.reminding import addresses as reminder_addresses
from billing.reminding.waiting import Waiting
from billing.reminding.words import Letter, TooLong, Why, written
from foundation import clock, journal
from foundation.acts import Act
from foundation.money import Euros
from inventory import rules
from inventory.models.mandates import Task
from inventory.models.people import Member, MemberStatus
from inventory.rights import asks

FORTNIGHT: Final = timedelta(days=14)
"""Between two mails to one person about money, at least."""
_TONES: Final = tuple(Tone)
_LONGEST_HOLD: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Planned:
    """A reminder that goes out on that day if nothing changes until then: to whom, in which tone, about how much."""

    day: date
    member: str
    name: str
    tone: Tone
    cents: Euros
    since: date
    to: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Someone who owes and is not written to: why, and until when where that is known."""

    member: str
    name: str
    cents: Euros
    since: date
    why: Why
    until: date | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """What goes out from a day on, in order, and who is left in peace."""

    planned: tuple[Planned, ...]
    not_now: tuple[NotNow, ...]


@dataclass(frozen=True, slots=True)
class _Debt:
    """What someone owes, since when, where to write, what was written, and before which day nothing is."""

    member: Member
    held: Balance
    since: date
    to: str
    said: tuple[tuple[Tone, date], ...]
    not_before: date
    why: Why | None

    @property
    def cents(self) -> Euros:
        return -self.held.amount


def schedule(
    since: date,
    days: Mapping[Tone, int],
    said: Sequence[tuple[Tone, date]],
    not_before: date,
    until: date,
) -> list[tuple[date, Tone]]:
    """The days, from `not_before` to `until`, on which each tone goes out for what is open since a day.

    Each tone once, the gentler before the firmer, a fortnight apart at least, and from what was `said` before too;
    after the firm one nothing is written any more: someone calls.
    """
    used = [_TONES.index(tone) for tone, day in said if day >= since]
    last, found = max((day for _, day in said), default=None), []
    for tone in _TONES[max(used, default=-1) + 1 :]:
        day = max(since + timedelta(days=days[tone]), not_before)
        if last is not None:
            day = max(day, last + FORTNIGHT)
        if day > until:
            break
        found.append((day, tone))
        last = day
    return found


def calendar(session: Session, today: date, weeks: int, waiting: Waiting) -> Calendar:
    """What goes out in the weeks to come if nobody pays and nothing is issued, and who is not written to, and why."""
    days, until = _days(session), today + timedelta(days=7 * weeks)
    planned, not_now = [], []
    for debt in _debts(session, today, waiting):
        if debt.why is not None and debt.why is not Why.TIME and debt.why is not Why.PAUSED:
            not_now.append(_left(debt, debt.why, None))
            continue
        if debt.why is not None:
            not_now.append(_left(debt, debt.why, debt.not_before))
        coming = schedule(debt.since, days, debt.said, debt.not_before, until)
        planned += [_planned(debt, day, tone) for day, tone in coming]
        if not coming and _all_said(debt):
            not_now.append(_left(debt, Why.ALL_SAID, None))
    planned.sort(key=lambda one: (one.day, one.member))
    return Calendar(tuple(planned), tuple(not_now))


def _planned(debt: _Debt, day: date, tone: Tone) -> Planned:
    return Planned(day, str(debt.member), debt.member.name, tone, debt.cents, debt.since, debt.to)


def _left(debt: _Debt, why: Why, until: date | None) -> NotNow:
    return NotNow(str(debt.member), debt.member.name, debt.cents, debt.since, why, until)


def _all_said(debt: _Debt) -> bool:
    return any(tone is _TONES[-1] and day >= debt.since for tone, day in debt.said)


@asks(Task.DUES_WRITE)
def claim(session: Session, act: Act, association: str, url: str, waiting: Waiting) -> list[Letter]:
    """Write down today's reminders as sent, and give their letters: they are to go once this is kept, not before.

    Whoever claims at the same time waits, then finds them written down. Raises TemplateFailed, TooLong: then nothing
    is written down.
    """
    today, days = clock.today(act.at), _days(session)

    def due_now(known: Iterable[int] | None = None) -> list[tuple[_Debt, Tone]]:
        return [
            (debt, coming[0][1])
            for debt in _debts(session, today, waiting, known)
            if debt.why is None and (coming := schedule(debt.since, days, debt.said, debt.not_before, today))
        ]

    rows = sorted(debt.member.id for debt, _ in due_now())
    for row in rows:
        hold(session, row)
    letters = []
    for debt, tone in due_now(rows):
        made = Reminder(
            member_id=debt.member.id,
            tone=tone,
            since=debt.since,
            day=today,
            cents=debt.cents,
            claimed_at=act.at,
            sent_at=None,
        )
        session.add(made)
        session.flush()
        how = how_to_pay(session, debt.member, debt.cents, association)
        letters.append(written(made.id, debt.member, debt.to, tone, debt.held, debt.since, how, association, url))
        journal.record(
            session,
            act,
            "reminder.send",
            str(debt.member),
            member=str(debt.member),
            tone=str(tone),
            cents=int(debt.cents),
            since=debt.since,
        )
    return letters


def note_sent(session: Session, act: Act, letters: Sequence[Letter]) -> None:
    """These letters left. No right is asked: whoever claimed them had it."""
    rows = [one.row for one in letters]
    session.execute(update(Reminder).where(Reminder.id.in_(rows)).values(sent_at=act.at))


@asks(Task.DUES_WRITE)
def give_time(session: Session, act: Act, member: Member, until: date) -> ReminderHold:
    """Nothing is written to this member about money until that day: they asked for time. Today ends it again.

    Raises TooLong.
    """
    today = clock.today(act.at)
    if not today <= until <= today + _LONGEST_HOLD:
        raise TooLong(until=until, last=today + _LONGEST_HOLD)
    made = ReminderHold(member_id=member.id, until=until, at=act.at)
    session.add(made)
    session.flush()
    journal.record(session, act, "reminder.hold", str(member), member=str(member), until=until)
    return made


def _days(session: Session) -> dict[Tone, int]:
    """How many days after a due each tone goes out, as the association decided."""
    return {tone: rules.number(session, f"reminders.{tone}_days") for tone in _TONES}


def _debts(session: Session, today: date, waiting: Waiting, known: Iterable[int] | None = None) -> list[_Debt]:
    """Who owes what today, by member number; of these rows alone where given."""
    since = _oldest(session, today)
    wanted = since.keys() if known is None else since.keys() & set(known)
    query = select(Member).where(Member.id.in_(wanted)).order_by(Member.number)
    members = session.scalars(query.execution_options(populate_existing=True)).all()
    held, to = balances_of(session, members, today), reminder_addresses.for_money(session, members)
    said, holds, pauses = _said(session, wanted), _holds(session, wanted), _paused(session, wanted, today)
    found = []
    for one in members:
        if held[one.id].amount >= 0:
            continue
        time, paused = holds.get(one.id, today), pauses.get(one.id, today)
        why = _why_not(one, to.get(one.id, ""), waiting, time=time > today, paused=paused > today)
        mails = tuple(said.get(one.id, ()))
        found.append(_Debt(one, held[one.id], since[one.id], to.get(one.id, ""), mails, max(time, paused), why))
    return found


def _why_not(member: Member, to: str, waiting: Waiting, *, time: bool, paused: bool) -> Why | None:
    if member.status in (MemberStatus.LEFT, MemberStatus.MERGED):
        return Why.LEFT
    if waiting(member):
        return Why.TRANSFER
    if not to:
        return Why.NO_ADDRESS
    return Why.PAUSED if paused else Why.TIME if time else None


def _oldest(session: Session, today: date) -> dict[int, date]:
    """Since when each of them owes: the day of the oldest open due, or that on which it was issued where later."""
    query = open_dues().order_by(None).where(Due.period <= today).add_columns(Due.period, Due.issued)
    found: dict[int, date] = {}
    for _, member, _, period, issued in session.execute(query):
        day = max(period, clock.today(issued))
        found[member] = min(found.get(member, day), day)
    return found


def _said(session: Session, rows: Iterable[int]) -> dict[int, list[tuple[Tone, date]]]:
    found: dict[int, list[tuple[Tone, date]]] = {}
    query = select(Reminder.member_id, Reminder.tone, Reminder.day).where(Reminder.member_id.in_(rows))
    for member, tone, day in session.execute(query.order_by(Reminder.id)):
        found.setdefault(member, []).append((Tone(tone), day))
    return found


def _holds(session: Session, rows: Iterable[int]) -> dict[int, date]:
    """Until when each of them was given time: what was said last holds."""
    query = select(ReminderHold.member_id, ReminderHold.until).where(ReminderHold.member_id.in_(rows))
    return {row[0]: row[1] for row in session.execute(query.order_by(ReminderHold.id))}


def _paused(session: Session, rows: Iterable[int], today: date) -> dict[int, date]:
    """Who has something paused today, and until when."""
    query = select(Pause.member_id, func.max(Pause.until)).where(
        Pause.member_id.in_(rows), Pause.since <= today, Pause.until > today
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(Pause.member_id))}
