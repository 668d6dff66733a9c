"""What a line truly costs, for whoever may see who owes what; nothing in it says what one person gives."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import At, InForce, Reader
from api.rest import described
from api.rest.answers import given
from api.rest.parameters import Seen
from api.rest.routes import ROOT, NotForYou
from billing.cost.sheet import CostReport
from desk import cost_report
from foundation.database import reading
from foundation.speech import LANGUAGES, Phrase
from inventory import rights
from inventory.models.mandates import Task
from monitoring.series import SeriesStore

router = APIRouter(prefix=ROOT, tags=["costs"])

OfMonth = Annotated[str, Query(max_length=7, description="the month, `2026-10`; this one by default")]
OfYear = Annotated[str, Query(max_length=4, description="or the year, `2026`: its months that have begun")]


@router.get("/costs/report", responses=described.reading(CostReport), summary="What a line truly costs")
def costs_report(
    request: Request,
    caller: Reader,
    settings: InForce,
    at: At,
    month: OfMonth = "",
    year: OfYear = "",
    seen: Seen = None,
) -> Response:
    """What one line of each offer costs, of what, and how far it is covered; cells of few people are left out."""

    def series() -> SeriesStore:
        opened: SeriesStore = request.app.state.series
        return opened

    with reading(request.app.state.store) as session:
        if not rights.may(session, caller.act, Task.DUES_READ):
            raise NotForYou(tasks=[Task.DUES_READ])
        found = cost_report.report(session, series, settings, cost_report.asked(month, year, at), at)
    return given(spoken(found), seen)


def spoken(value: object) -> object:
    """A report as programs get it: what is said in words stands in both languages."""
    if isinstance(value, Phrase):
        return {language: value.say(language) for language in LANGUAGES}
    if is_dataclass(value):
        return {field.name: spoken(getattr(value, field.name)) for field in fields(value)}
    return [spoken(one) for one in value] if isinstance(value, tuple) else value
