"""What should I give? The public page of the cost price, where the association opened it, and its JSON."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.dependencies import Reading
from api.languages import chosen, language_of
from api.portal import cost_words
from api.portal.rendering import page
from api.rest.answers import spelled
from api.rest.costs import spoken
from billing.cost.pages import public_report
from billing.cost.sheet import CostReport
from billing.words import month_words
from foundation.errors import NotFound
from foundation.money import Euros
from foundation.settings import Settings
from foundation.speech import Phrase

router = APIRouter(default_response_class=Response)

_ANYONES: Final = {"Cache-Control": "public, max-age=300"}
_OWN: Final = {"Cache-Control": "private, max-age=300"}


class NoCostPage(NotFound):
    """The association has not opened the page, or published nothing on it yet."""

    kind = "no-cost-page"
    phrase = Phrase(
        "L'association n'a pas (encore) publié ce que coûtent ses lignes.",
        "The association has not published what its lines cost (yet).",
    )


def get_public_report(session: Reading) -> CostReport:
    """What was published last. Raises NoCostPage."""
    found = public_report(session)
    if found is None:
        raise NoCostPage
    return found


Public = Annotated[CostReport, Depends(get_public_report)]


@router.get("/combien")
def cost_page(request: Request, report: Public) -> Response:
    """What each line costs, for people."""
    settings: Settings = request.app.state.settings
    month = len(report.period) > 4
    period = month_words(report.since, language_of(request)) if month else report.period
    answer = page(
        request, "combien.html", report=report, said=cost_words, period=period, euros=Euros, name=settings.name
    )
    answer.headers.update(_ANYONES if chosen(request) is None else _OWN)
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


@router.get("/combien.json")
def cost_json(report: Public) -> Response:
    """What each line costs, for programs, in both languages."""
    return Response(
        spelled(spoken(report)), media_type="application/json", headers={**_ANYONES, "Access-Control-Allow-Origin": "*"}
    )
