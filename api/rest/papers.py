"""Money on paper, as PDF: for whoever may see who owes what, and for the member whose it is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.dependencies import InForce, Reader
from api.portal.papers import pdf
from api.rest import described
from api.rest.dues import BALANCES
from api.rest.payments import PAYMENTS
from api.rest.routes import ROOT, found
from billing.papers import receipts as receipts_of
from foundation import clock
from foundation.database import reading

receipts = APIRouter(prefix=f"{ROOT}/payments", tags=["payments"], default_response_class=Response)
statements = APIRouter(prefix=f"{ROOT}/balances", tags=["balances"], default_response_class=Response)

OfYear = Annotated[int, Path(ge=1990, le=9998, examples=[2026])]


@receipts.get("/{name}/receipt", responses=described.printing(), summary="The receipt of a payment, as PDF")
def receipt(request: Request, caller: Reader, settings: InForce, name: str) -> Response:
    """What was received and what it settles; a payment that was reversed has none (409)."""
    with reading(request.app.state.store) as session:
        payment, _ = found(session, caller, PAYMENTS, name)
        paper, number = receipts_of.receipt(session, payment, settings.name), str(payment)
    return pdf(paper, number)


@statements.get("/{name}/statement", responses=described.printing(), summary="What a member owes today, as PDF")
def statement(request: Request, caller: Reader, settings: InForce, name: str) -> Response:
    """What is owed, why, since when, a year of the account, how to pay."""
    with reading(request.app.state.store) as session:
        member, _ = found(session, caller, BALANCES, name)
        paper = receipts_of.statement(session, member, clock.today(caller.act.at), settings.name)
    return pdf(paper, paper.member)


@statements.get("/{name}/years/{year}", responses=described.printing(), summary="What a member paid in a year, as PDF")
def year(request: Request, caller: Reader, settings: InForce, name: str, year: OfYear) -> Response:
    """Dues, services and gifts, each apart."""
    with reading(request.app.state.store) as session:
        member, _ = found(session, caller, BALANCES, name)
        paper = receipts_of.summary(session, member, year, clock.today(caller.act.at), settings.name)
    return pdf(paper, f"{paper.member}-{year}")
