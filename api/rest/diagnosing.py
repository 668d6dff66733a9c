"""Why a line does not work, asked of the machines now: all with `monitoring.read`, of one's own line one's own part."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Reader
from api.diagnosed import diagnosed
from api.languages import language_of
from api.rest import described
from api.rest.answers import given
from api.rest.lines import LINES
from api.rest.parameters import Seen
from api.rest.routes import ROOT, found
from foundation.database import reading
from monitoring.diagnosis.views import DiagnosisView, view

router = APIRouter(prefix=ROOT, tags=[LINES.path])

Names = Annotated[bool, Query(description="nothing opens by its name, while the rest passes")]


@router.get("/lines/{name}/diagnosis", responses=described.reading(DiagnosisView))
def diagnosis(request: Request, caller: Reader, name: str, names: Names = False, seen: Seen = None) -> Response:
    """What is the matter with a line: the first finding is the answer. Takes some seconds; nothing is journaled."""
    with reading(request.app.state.store) as session:
        line, _ = found(session, caller, LINES, name)
        number = str(line)
    told = diagnosed(request, caller.act, number, names=names)
    return given(view(told, language_of(request)), seen)
