"""Alerts, for whoever is on call: all of them with `alerts.acknowledge` or `monitoring.read`, or those of one's scope.

They live in the samples' file, hence they are no noun of the association's database.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Caller, Reader, Writer
from api.languages import language_of
from api.rest import described
from api.rest.answers import NoSuchFilter, Stale, chosen, cursor_of, etag_of, given, matches, number_before, spelled
from api.rest.noun import Absent
from api.rest.parameters import Cursor, Fields, Limit, Seen, Upon
from api.rest.routes import ROOT, NotForYou
from desk import alert_board, alerting
from foundation.database import reading
from monitoring.alerts import state
from monitoring.alerts.state import AlertView, NoSuchAlert
from monitoring.alerts.views import AlertShown, view

router = APIRouter(prefix=ROOT, tags=["alerts"])

Ended = Annotated[bool, Query(description="those that are over, too")]
_KNOWN: Final = ("ended", "fields", "after", "limit", "lang")


@router.get("/alerts", responses=described.paging(AlertShown), summary="Alerts, by number")
def alerts(
    request: Request,
    caller: Reader,
    *,
    ended: Ended = False,
    fields: Fields = None,
    after: Cursor = "",
    limit: Limit = 100,
    seen: Seen = None,
) -> Response:
    """Those that are open; with `ended`, all. Of a mandate for some machines, those alone: a page may then be short."""
    for name in request.query_params:
        if name not in _KNOWN:
            raise NoSuchFilter(name=name[:40], known=list(_KNOWN))
    number = number_before(after)
    with reading(request.app.state.store) as session:
        if not alert_board.reads_some(session, caller.act):
            raise NotForYou(tasks=sorted(alert_board.READERS))
        with reading(request.app.state.samples) as samples:
            found = state.list_alerts(samples, ended=ended, after=number, limit=limit + 1)
        mine = alert_board.visible(session, caller.act, found[:limit])
    language = language_of(request)
    following = cursor_of(found[limit - 1].number) if len(found) > limit else None
    views = [view(one, language) for one in mine]
    return given({"items": chosen(views, AlertShown, fields), "next": following}, seen)


@router.get("/alerts/{name}", responses=described.reading(AlertShown))
def alert(request: Request, caller: Reader, name: str, seen: Seen = None) -> Response:
    """One alert."""
    return given(view(_found(request, caller, name), language_of(request)), seen)


@router.post("/alerts/{name}/acknowledge", responses=described.doing(AlertShown, 200))
def acknowledge(request: Request, caller: Writer, name: str, upon: Upon = None) -> Response:
    """Take charge of an alert: `Essaim-Why` says what one is about, and has to."""
    alert = _found(request, caller, name)
    language, state_ = language_of(request), request.app.state
    if upon is not None and not matches(upon, etag_of(spelled(view(alert, language)))):
        raise Stale
    body = spelled(view(alerting.take(state_.store, state_.settings, caller.act, alert.number), language))
    headers = {"ETag": etag_of(body), "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type="application/json")


def _found(request: Request, caller: Caller, name: str) -> AlertView:
    """The alert of that number. Raises BadNumber, Absent."""
    with reading(request.app.state.store) as session:
        try:
            return alert_board.find(session, request.app.state.samples, caller.act, name)
        except NoSuchAlert:
            raise Absent(name=name[:80]) from None
