"""What machines draw and used in a month, outlet by outlet: all with `monitoring.read`, or those of one's scope.

What a member's own machines draw is at `/me/power`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Reader
from api.rest import described
from api.rest.answers import NoSuchFilter, chosen, cursor_of, given, name_before
from api.rest.parameters import Cursor, Fields, Limit, Seen
from api.rest.routes import ROOT, NotForYou
from desk import power_use
from desk.power_use import MachineUse
from foundation import clock
from foundation.clock import Month
from foundation.database import reading
from inventory.models.mandates import Task
from inventory.models.people import Member

router = APIRouter(prefix=ROOT, tags=["power"])

OfMonth = Annotated[str, Query(max_length=8, description="`2026-10`; else this month")]
_KNOWN: Final = ("month", "fields", "after", "limit", "lang")


@router.get("/power", responses=described.paging(MachineUse), summary="Watts and kWh, by machine")
def power(
    request: Request,
    caller: Reader,
    *,
    month: OfMonth = "",
    fields: Fields = None,
    after: Cursor = "",
    limit: Limit = 100,
    seen: Seen = None,
) -> Response:
    """What was plugged in in a month. Of a mandate for some places, their machines alone: a page may then be short."""
    for name in request.query_params:
        if name not in _KNOWN:
            raise NoSuchFilter(name=name[:40], known=list(_KNOWN))
    state, before, asked = request.app.state, name_before(after), _month(month, caller.act.at)
    with reading(state.store) as session:
        if not power_use.reads_some(session, caller.act):
            raise NotForYou(tasks=[Task.MONITORING_READ])
        found, last = power_use.page(
            session, state.series, state.settings, caller.act, asked, after=before, limit=limit
        )
    following = None if last is None else cursor_of(last)
    return given({"items": chosen(found, MachineUse, fields), "next": following}, seen)


@router.get("/me/power", tags=["me"], responses=described.reading(list[MachineUse]))
def mine(request: Request, caller: Reader, month: OfMonth = "", seen: Seen = None) -> Response:
    """What one's own machines draw and used in a month, outlet by outlet."""
    state, at = request.app.state, caller.act.at
    with reading(state.store) as session:
        member = session.get_one(Member, caller.member_id)
        found = power_use.of_member(session, state.series, state.settings, member, _month(month, at), at)
    return given(found, seen)


def _month(text: str, at: datetime) -> Month:
    """The month that is asked for, else the one that it is. Raises BadMonth."""
    return Month.parse(text or f"{clock.today(at):%Y-%m}")
