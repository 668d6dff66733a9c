"""Dues and balances: what members owe, how it is corrected, what they choose for the future."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from billing import balance, choices, dues, lists
from billing.models import Due, DueKind
from billing.payments import payer, refund
from billing.tariffs import MOST
from billing.views import (
    BalanceView,
    ChoiceView,
    DifferenceView,
    DueView,
    PauseView,
    balance_views,
    choice_view,
    difference_views,
    due_views,
    pause_view,
)
from foundation import clock
from foundation.acts import Act
from foundation.clock import Month
from foundation.money import Euros
from inventory import lines, members, rights
from inventory.models.mandates import Task
from inventory.models.people import Member

READERS = frozenset({Task.DUES_READ, Task.DUES_WRITE, Task.PAYMENTS_MATCH})


class OfMonth(Body):
    """A month that has begun."""

    month: str = Field(max_length=7, examples=["2026-11"])


class Regularising(OfMonth):
    """A month that was issued. With a reason its differences are corrected; without one they are only shown."""

    reason: str = Field("", max_length=200, examples=["a neighbour came on the 12th"])


class ByCents(Body):
    """So many cents more, or less where negative, and why."""

    cents: int = Field(examples=[-500])
    reason: str = Field(max_length=200, examples=["two days without a line"])


class Charge(Body):
    """One-off work, and the line that it was for."""

    cents: int = Field(examples=[2500])
    label: str = Field(max_length=100, examples=["a visit"])
    line: str = Field("", max_length=16, examples=["L0042"])


class Choice(Body):
    """What a member gives for `membership`, `entry` or a line from a day on; null: what the tariff suggests."""

    what: str = Field(max_length=16, examples=["membership"])
    cents: int | None = Field(None, examples=[1200])
    since: date | None = Field(None, description="the first of next month where nothing is said")


class NewPause(Body):
    """From a day to a day, not that day any more, nothing is asked for `membership` or a line."""

    what: str = Field(max_length=16, examples=["L0042"])
    since: date | None = None
    until: date


class GivenBack(Body):
    """So much of a member's credit was given back to them."""

    cents: int = Field(examples=[1200])


def listed(
    session: Session,
    *,
    member: str | None = None,
    month: str | None = None,
    kind: DueKind | None = None,
    opened: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Due]:
    """Dues by number; those of a member, of a month, of a kind, or with `opened` those that are not wholly paid."""
    who = members.find_member(session, member) if member is not None else None
    of = Month.parse(month) if month is not None else None
    return lists.list_dues(session, member=who, month=of, kind=kind, opened=opened, after=after, limit=limit)


def issue(session: Session, act: Act, body: OfMonth) -> dict[str, object]:
    """Issue a month's dues; doing it twice changes nothing."""
    done = dues.issue(session, act, Month.parse(body.month))
    return {"month": str(done.month), "count": done.count, "total_cents": int(done.total), "skipped": done.skipped}


def regularise(session: Session, act: Act, body: Regularising) -> list[DifferenceView]:
    """What a month's dues would be by now; with a reason, counter-entries make them so."""
    month = Month.parse(body.month)
    rights.demand(session, act, Task.DUES_WRITE)
    found = dues.regularise(session, act, month, body.reason) if body.reason else dues.differences(session, act, month)
    return difference_views(session, found, month)


def correct(session: Session, act: Act, due: Due, body: ByCents) -> None:
    """A counter-entry to a due."""
    dues.correct(session, act, due, Euros(body.cents), body.reason)


def debtors(
    session: Session, *, at: datetime, late: bool = False, after: int = 0, limit: int = 100
) -> Sequence[Member]:
    """Everyone who ever owed or paid, by number; with `late` those whose dues wait for more than a month."""
    day = clock.today(at)
    if late:
        return [one.member for one in lists.late(session, day, after=after, limit=limit)]
    return [who for who, _ in balance.balances(session, day, after=after, limit=limit)]


def charge(session: Session, act: Act, member: Member, body: Charge) -> DueView:
    """What a member owes once."""
    of = str(lines.find_line(session, body.line)) if body.line else ""
    return due_views(session, [dues.charge(session, act, member, Euros(body.cents), body.label, line=of)])[0]


def choose(session: Session, act: Act, member: Member, body: Choice) -> ChoiceView:
    """What a member gives from a day on. One may choose for oneself, and nobody asks why."""
    since = body.since or choices.default_day(body.what, clock.today(act.at))
    cents = None if body.cents is None else Euros(min(max(body.cents, -1), MOST + 1))
    return choice_view(choices.choose(session, act, member, body.what, cents, since=since))


def pause(session: Session, act: Act, member: Member, body: NewPause) -> PauseView:
    """Nothing is asked of a member for a while."""
    since = body.since or clock.today(act.at)
    return pause_view(choices.pause(session, act, member, body.what, since=since, until=body.until))


def give_back(session: Session, act: Act, member: Member, body: GivenBack) -> DueView:
    """Note that so much of what a member was ahead was given back to them."""
    return due_views(session, [refund(session, act, member, Euros(body.cents))])[0]


_OPEN = {
    "number": "D0042",
    "words": {"fr": "VPN L0042 novembre 2026", "en": "VPN L0042 November 2026"},
    "period": "2026-11-01",
    "cents": 600,
    "open_cents": 600,
}

DUES = Noun(
    path="dues",
    about="Dues, by number, with what corrected and what settled them",
    view=DueView,
    views=lambda session, _act, rows: due_views(session, rows),
    find=dues.find_due,
    listed=listed,
    readers=READERS,
    verbs={"correct": correct},
    acts={"issue": issue, "regularise": regularise},
    example={
        "number": "D0042",
        "member": "M0042",
        "kind": "line",
        "what": "L0042",
        "words": _OPEN["words"],
        "period": "2026-11-01",
        "per": "month",
        "day": "2026-11-01",
        "cents": 600,
        "net_cents": 500,
        "open_cents": 0,
        "corrections": [{"day": "2026-11-20", "cents": -100, "cause": "decision", "reason": "two days without a line"}],
        "settled": [{"number": "P0042", "cents": 500}],
    },
)

BALANCES = Noun(
    path="balances",
    about="Balances, by member: what each owes today and how to pay it",
    view=BalanceView,
    views=lambda session, act, rows: balance_views(session, rows, clock.today(act.at)),
    find=payer,
    listed=debtors,
    readers=READERS,
    verbs={"charge": charge, "choose": choose, "pause": pause, "refund": give_back},
    example={
        "member": "M0042",
        "name": "Camille Exemple",
        "balance": -600,
        "owed_cents": 600,
        "credit_cents": 0,
        "since": "2026-11-01",
        "reference": "RF23M0042",
        "open": [_OPEN],
    },
)
