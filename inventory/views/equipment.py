"""What is lent, from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from inventory import equipment
from inventory.models.equipment import Equipment, EquipmentKind, Loan


@dataclass(frozen=True, slots=True)
class LoanView:
    """Who had a thing, and the deposit in cents that they left: what of it was given back, and when."""

    equipment: str
    member: str
    since: date
    until: date | None
    deposit_cents: int
    refund_cents: int | None
    refunded: date | None


@dataclass(frozen=True, slots=True)
class EquipmentView:
    """Something that may be lent: `member` has it now, since `lent`, against `deposit_cents`."""

    number: str
    kind: EquipmentKind
    model: str
    serial: str | None
    mac: str | None
    since: date
    until: date | None
    member: str | None
    lent: date | None
    deposit_cents: int
    loans: tuple[LoanView, ...]


def view(session: Session, thing: Equipment) -> EquipmentView:
    """One thing with its loans."""
    return views_of(session, [thing])[0]


def views_of(session: Session, things: Sequence[Equipment]) -> list[EquipmentView]:
    """Things with their loans, the oldest first."""
    loans: dict[int, list[Loan]] = defaultdict(list)
    for loan in equipment.loans_of(session, things):
        loans[loan.equipment_id].append(loan)
    return [_view(one, loans[one.id]) for one in things]


def loan_view(loan: Loan) -> LoanView:
    """A loan with its thing and member loaded."""
    return LoanView(
        equipment=str(loan.equipment),
        member=str(loan.member),
        since=loan.since,
        until=loan.until,
        deposit_cents=loan.deposit,
        refund_cents=loan.refund,
        refunded=loan.refunded,
    )


def _view(one: Equipment, loans: Sequence[Loan]) -> EquipmentView:
    living = next((loan for loan in loans if loan.until is None), None)
    return EquipmentView(
        number=str(one),
        kind=EquipmentKind(one.kind),
        model=one.model,
        serial=one.serial,
        mac=one.mac,
        since=one.since,
        until=one.until,
        member=str(living.member) if living else None,
        lent=living.since if living else None,
        deposit_cents=living.deposit if living else 0,
        loans=tuple(loan_view(loan) for loan in loans),
    )
