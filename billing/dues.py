"""Dues: issued once a month however often they are asked for, never edited, corrected by counter-entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple, cast

from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from billing import allocations, months
from billing.books import years
from billing.models import Cause, Correction, Due, DueKind, Per, Tariff
from billing.months import Planned
from billing.tariffs import MOST, BadLabel, list_tariffs
from billing.words import month_words
from foundation import clock, journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.errors import Invalid, NotFound, Refused
from foundation.money import Euros
from foundation.speech import Language, Phrase
from inventory import numbers
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks, owners_of

MONTHLY: Final = (DueKind.MEMBERSHIP, DueKind.ENTRY, DueKind.LINE, DueKind.DEPOSIT)
"""What a month asks by itself; the others are someone's deed."""


class NoSuchDue(NotFound):
    """No due of that number."""

    kind = "no-such-due"
    phrase = Phrase(
        "Pas de dû {number}. Ceux d'un membre : essaim dues show M0042",
        "There is no due {number}. A member's: essaim dues show M0042",
    )


class BadCorrection(Invalid):
    """A correction of nothing, or of more than the due still is."""

    kind = "bad-correction"
    phrase = Phrase(
        "{due} vaut {net} : une correction de {cents} est impossible. Rien n'a été changé.",
        "{due} is {net}: it cannot be corrected by {cents}. Nothing was changed.",
    )


class ReasonNeeded(Invalid):
    """A counter-entry without a reason."""

    kind = "reason-needed"
    phrase = Phrase(
        "Dites pourquoi, en 200 caractères visibles au plus : la raison reste dans les comptes. Rien n'a été changé.",
        "Say why, in at most 200 visible characters: the reason stays in the books. Nothing was changed.",
    )


class BadDueAmount(Invalid):
    """Nothing, less than nothing, or more than anyone owes at once."""

    kind = "bad-due-amount"
    phrase = Phrase(
        "Un dû va de 0,01 € à {most} : pas {cents}. Rien n'a été changé.",
        "A due is between €0.01 and {most}: not {cents}. Nothing was changed.",
    )


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


class Difference(NamedTuple):
    """Where what was issued for a month is no longer what the month asks: so many cents more or less.

    `due` is the due to correct, None where one is missing.
    """

    planned: Planned
    due: Due | None
    cents: Euros


@asks(Task.DUES_WRITE)
def issue(session: Session, act: Act, month: Month) -> Issued:
    """Issue the dues of a month that has begun: lines in service, memberships whose year begins in it, entries.

    A line's month is issued once, for all who share it, so that the parts always add up; so is a member's
    membership. What was issued before never changes (`regularise`). Credit settles the new dues. In the books they are
    of the month's first day, or of the first one whose books are open. Raises MonthNotBegun.
    """
    _hold_tariffs(session)
    wanted = _asked_by(session, act, month)
    before = session.execute(
        select(Due.kind, Due.what, Due.member_id).where(Due.period == month.first, Due.kind.in_(MONTHLY))
    ).all()
    issued_before = {_slot(kind, what, member) for kind, what, member in before}
    new = [due for due in wanted if _slot(due.kind, due.what, due.member) not in issued_before]
    issued = Issued(month, len(new), sum((due.cents for due in new), Euros(0)), len(before))
    if new:
        _add(session, act, month, new)
        allocations.settle(session)
        journal.record(session, act, "dues.issue", str(month), count=issued.count, total=int(issued.total))
    return issued


def _slot(kind: str, what: str, member: int) -> tuple[str, str, int]:
    """What is issued once a month: a line for all its sharers together, the rest for each member."""
    return kind, what, 0 if kind == DueKind.LINE else member


def _asked_by(session: Session, act: Act, month: Month) -> list[Planned]:
    if month.first > clock.today(act.at):
        raise MonthNotBegun(month=str(month), first=month.first)
    return months.planned(session, list_tariffs(session), month)


def _hold_tariffs(session: Session) -> None:
    """Lock them: one that is set meanwhile would hold for half of the dues, and who issues at the same time waits."""
    session.execute(select(Tariff.id).order_by(Tariff.id).with_for_update()).all()


def _add(session: Session, act: Act, month: Month, new: Sequence[Planned]) -> None:
    number, day = numbers.following(session, Due.number), years.moved_day(session, month.first)
    rows = [
        {
            "number": number + rank,
            "member_id": due.member,
            "kind": due.kind,
            "what": due.what,
            "period": month.first,
            "per": due.per,
            "cents": due.cents,
            "label": due.label,
            "day": day,
            "issued": act.at,
        }
        for rank, due in enumerate(new)
    ]
    # Thousands: without what the mapper does for each.
    session.execute(insert(cast("Table", Due.__table__)), rows)


def differences(session: Session, act: Act, month: Month) -> list[Difference]:
    """What changed since a month was issued: who arrived, left, chose or paused in it. Nothing is written.

    What someone decided by hand (`correct`) stays as decided. Raises MonthNotBegun.
    """
    wanted = {(due.kind, due.what, due.member): due for due in _asked_by(session, act, month)}
    # What two files owed for one membership was struck when they were merged; their parts of one line add up.
    struck = Due.absorbed & Due.kind.in_((DueKind.MEMBERSHIP, DueKind.ENTRY))
    query = select(Due).where(Due.period == month.first, Due.kind.in_(MONTHLY), ~struck)
    query = query.order_by(Due.absorbed, Due.id)
    issued: defaultdict[tuple[DueKind, str, int], list[Due]] = defaultdict(list)
    for due in session.scalars(query):
        issued[DueKind(due.kind), due.what, due.member_id].append(due)
    by_facts, by_decision = _corrections(session, month, Cause.FACTS), _corrections(session, month, Cause.DECISION)
    found = []
    for (kind, what, member), dues in issued.items():
        first = dues[0]  # several where files were merged
        now = sum(due.cents + by_facts[due.id] for due in dues)
        nothing = Planned(kind, member, what, first.per, Euros(0), first.label)
        plan = wanted.pop((kind, what, member), nothing)
        change = plan.cents - now
        for due in dues:
            left = due.cents + by_facts[due.id] + by_decision[due.id]  # below nothing no due goes
            cents = max(change, -left)
            if cents:
                found.append(Difference(plan, due, Euros(cents)))
            change -= cents
    slots = {_slot(*key) for key in issued}
    late = [due for due in wanted.values() if _slot(due.kind, due.what, due.member) in slots]
    return found + [Difference(due, None, due.cents) for due in late]


def _corrections(session: Session, month: Month, cause: Cause) -> Counter[int]:
    query = select(Correction.due_id, func.sum(Correction.cents)).join(Due, Correction.due_id == Due.id)
    query = query.where(Due.period == month.first, Correction.cause == cause).group_by(Correction.due_id)
    return Counter({row: int(cents) for row, cents in session.execute(query)})


@asks(Task.DUES_WRITE)
def regularise(session: Session, act: Act, month: Month, reason: str) -> list[Difference]:
    """Correct a month's dues to what it asks by now [régularisation]; give what was corrected.

    Raises MonthNotBegun, ReasonNeeded.
    """
    words = reason_of(reason)
    _hold_tariffs(session)
    found = differences(session, act, month)
    for one in found:
        if one.due is not None:
            _counter(session, act, one.due, one.cents, Cause.FACTS, words)
    new = [one.planned for one in found if one.due is None]
    if new:
        _add(session, act, month, new)
    if found:
        allocations.settle(session)
        total = sum(one.cents for one in found)
        journal.record(session, act, "dues.regularise", str(month), count=len(found), total=total, reason=words)
    return found


@asks(Task.DUES_WRITE)
def correct(session: Session, act: Act, due: Due, cents: Euros, reason: str) -> Correction:
    """Correct a due by so many cents, less where negative; what had paid more than is left becomes credit.

    Raises ReasonNeeded, BadCorrection.
    """
    words = reason_of(reason)
    allocations.hold(session, due.member_id)
    left = net(session, due)
    if not cents or not 0 <= left + cents <= MOST or due.kind in (DueKind.GIFT, DueKind.REFUND):
        raise BadCorrection(due=str(due), net=left, cents=cents)
    made = _counter(session, act, due, cents, Cause.DECISION, words)
    member = session.get_one(Member, due.member_id)
    allocations.settle(session, member)
    journal.record(
        session, act, "dues.correct", str(due), member=str(member), cents=int(cents), reason=words, before=int(left)
    )
    return made


def _counter(session: Session, act: Act, due: Due, cents: Euros, cause: Cause, reason: str) -> Correction:
    day = years.open_day(session, clock.today(act.at))
    allocations.lower(session, due, net(session, due) + cents)
    made = Correction(due_id=due.id, cents=cents, cause=cause, reason=reason, day=day, at=act.at)
    session.add(made)
    session.flush()
    return made


def reason_of(given: str) -> str:
    """The reason of a counter-entry, as it is kept. Raises ReasonNeeded."""
    words = given.strip()
    if not 1 <= len(words) <= 200 or not words.isprintable():
        raise ReasonNeeded
    return words


@asks(Task.DUES_WRITE)
def charge(session: Session, act: Act, member: Member, cents: Euros, label: str, *, line: str = "") -> Due:
    """One-off work that a member owes for: a visit, a box that was not given back. Credit settles it.

    `line` is the number of the line that it was for. Raises BadDueAmount, BadLabel.
    """
    words, day = label.strip(), clock.today(act.at)
    if not 0 < cents <= MOST:
        raise BadDueAmount(cents=cents, most=MOST)
    if not 1 <= len(words) <= 100 or not words.isprintable():
        raise BadLabel
    due = add_due(session, act, member, DueKind.WORK, cents, words, what=line or DueKind.WORK)
    allocations.settle(session, member)
    journal.record(session, act, "dues.charge", str(due), member=str(member), cents=int(cents), label=words, day=day)
    return due


def add_due(
    session: Session,
    act: Act,
    member: Member,
    kind: DueKind,
    cents: Euros,
    label: str,
    *,
    what: str,
    entry: int | None = None,
    day: date | None = None,
) -> Due:
    """The row of what is owed once, on that day or the act's: no right is asked here, its verbs do.

    Raises ClosedDay.
    """
    day = years.open_day(session, day or clock.today(act.at))
    due = Due(
        number=numbers.following(session, Due.number),
        member_id=member.id,
        kind=kind,
        what=what,
        period=day,
        per=Per.ONCE,
        cents=cents,
        label=label,
        day=day,
        issued=act.at,
        entry_id=entry,
    )
    session.add(due)
    session.flush()
    return due


@owners_of.register
def _(subject: Due, session: Session) -> frozenset[int]:
    del session
    return frozenset({subject.member_id})


def net(session: Session, due: Due) -> Euros:
    """What a due is, corrections included."""
    total = session.scalar(select(func.sum(Correction.cents)).where(Correction.due_id == due.id))
    return due.cents + (total or 0)


def find_due(session: Session, text: str) -> Due:
    """The due of that number, `D0042`. Raises BadNumber, NoSuchDue."""
    number = numbers.parse("D", text)
    due = session.scalar(select(Due).where(Due.number == number))
    if due is None:
        raise NoSuchDue(number=numbers.shown("D", number))
    return due
