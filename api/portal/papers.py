"""What a member may keep of their own money as PDF: a statement, a payment's receipt, a year."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import At, InForce, Reading, SignedIn
from billing.papers import receipts, typesetting
from billing.papers.content import Paper
from billing.payments import NoSuchPayment, find_payment
from foundation import clock

router = APIRouter(default_response_class=Response)


@router.get("/dues/statement.pdf")
def statement(session: Reading, settings: InForce, member: SignedIn, at: At) -> Response:
    """The member's own account, today."""
    return pdf(receipts.statement(session, member, clock.today(at), settings.name), f"{member}")


@router.get("/dues/receipts/{number}.pdf")
def receipt(session: Reading, settings: InForce, member: SignedIn, number: str) -> Response:
    """The receipt of one's own payment; someone else's is as absent as one that never was. Raises NoSuchPayment."""
    payment = find_payment(session, number)
    if payment.member_id != member.id:
        raise NoSuchPayment(number=str(payment))
    return pdf(receipts.receipt(session, payment, settings.name), str(payment))


@router.get("/dues/years/{year}.pdf")
def year(session: Reading, settings: InForce, member: SignedIn, at: At, year: int) -> Response:
    """What one paid in a year. Raises NoSuchPaperYear."""
    return pdf(receipts.summary(session, member, year, clock.today(at), settings.name), f"{member}-{year}")


def pdf(paper: Paper, name: str) -> Response:
    """A paper as a file of that name, which no machine in between keeps."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "private, no-store"}
    return Response(typesetting.pdf(paper), headers=headers, media_type=typesetting.MEDIA_TYPE)
