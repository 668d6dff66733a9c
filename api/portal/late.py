"""Lists for the treasury: who is late, and the reminders that will go out; each as a page and for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.dependencies import At, Reading, SignedIn
from api.languages import language_of
from api.portal import inbox_words, late_words
from api.portal.rendering import page
from billing import lists
from billing.lists import Late
from billing.reminding.reminders import NotNow, Planned
from desk import reminding
from foundation import cells, clock
from foundation.acts import Act
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import rights
from inventory.models.mandates import Task
from inventory.models.people import Member

router = APIRouter(default_response_class=Response)

SHOWN: Final = 50
_AT_ONCE: Final = 1000

Days = Annotated[int, Query(ge=0, le=3650)]
Weeks = Annotated[int, Query(ge=1, le=52)]
After = Annotated[int, Query(ge=0, le=2**31)]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many are late, and with how much in all."""

    people: int
    cents: Euros


@router.get("/late")
def late(
    request: Request, session: Reading, member: SignedIn, at: At, days: Days = lists.TERM, after: After = 0
) -> Response:
    """Whose dues wait for longer than a month. Raises NotMandated."""
    rights.demand(session, Act(str(member), at), Task.DUES_READ)
    today = clock.today(at)
    found = lists.late(session, today, days=days, after=after, limit=SHOWN + 1)
    whole = Counted(0, Euros(0))
    for one in _everyone(session, at, days):
        whole = Counted(whole.people + 1, whole.cents + one.cents)
    return page(
        request,
        "late.html",
        member=member,
        inbox_words=inbox_words,
        late_words=late_words,
        found=found[:SHOWN],
        whole=whole,
        days=days,
        today=today,
        after=after,
        more=found[SHOWN - 1].member.number if len(found) > SHOWN else None,
    )


@router.get("/late.csv")
def late_csv(request: Request, session: Reading, member: SignedIn, at: At, days: Days = lists.TERM) -> Response:
    """All of them, for a spreadsheet. Raises NotMandated."""
    rights.demand(session, Act(str(member), at), Task.DUES_READ)
    rows = ((str(one.member), one.member.name, one.since, one.cents, one.dues) for one in _everyone(session, at, days))
    return _csv(request, member, late_words.LATE_COLUMNS, rows, "late")


def _everyone(session: Session, at: At, days: int) -> Iterator[Late]:
    after = 0
    while found := lists.late(session, clock.today(at), days=days, after=after, limit=_AT_ONCE):
        yield from found
        after = found[-1].member.number


@router.get("/reminders")
def reminders(
    request: Request, session: Reading, member: SignedIn, at: At, weeks: Weeks = 1, after: After = 0
) -> Response:
    """What goes out in the weeks to come, and who is left in peace, and why. Raises NotMandated."""
    found = reminding.calendar(session, Act(str(member), at), weeks)
    return page(
        request,
        "reminders.html",
        member=member,
        inbox_words=inbox_words,
        late_words=late_words,
        planned=found.planned[after : after + SHOWN],
        count=len(found.planned),
        not_now=found.not_now,
        weeks=weeks,
        after=after,
        more=after + SHOWN if len(found.planned) > after + SHOWN else None,
    )


@router.get("/reminders.csv")
def reminders_csv(request: Request, session: Reading, member: SignedIn, at: At, weeks: Weeks = 1) -> Response:
    """What goes out, then who is left in peace, for a spreadsheet. Raises NotMandated."""
    found = reminding.calendar(session, Act(str(member), at), weeks)
    rows = [*map(_planned, found.planned), *map(_left, found.not_now)]
    return _csv(request, member, late_words.REMINDER_COLUMNS, rows, "reminders")


def _planned(one: Planned) -> Sequence[object]:
    return (one.day, one.member, one.name, one.cents, one.since, one.tone, one.to, None, None)


def _left(one: NotNow) -> Sequence[object]:
    return (None, one.member, one.name, one.cents, one.since, None, None, one.why, one.until)


def _csv(
    request: Request, member: Member, headings: Iterable[Phrase], rows: Iterable[Sequence[object]], name: str
) -> Response:
    text = cells.table(headings, rows, language_of(request, member))
    said = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=said)
