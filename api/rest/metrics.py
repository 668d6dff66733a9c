"""`/metrics` in OpenMetrics, for whoever shows a token that may read how machines and lines are."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dependencies import Reading, Samples, Writer
from desk.metrics import measured
from inventory.models.mandates import Task
from inventory.rights import demand
from monitoring.openmetrics import MEDIA_TYPE, text

router = APIRouter(default_response_class=Response)


@router.get("/metrics")
def metrics(request: Request, session: Reading, samples: Samples, caller: Writer) -> Response:
    """Everything that is measured. Raises SignInNeeded, TokenDead, TokenNeeded, NotMandated."""
    demand(session, caller.act, Task.MONITORING_READ)
    found = measured(session, samples, request.app.state.series)
    return Response(text(found), media_type=MEDIA_TYPE)
