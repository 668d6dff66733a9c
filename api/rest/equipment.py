"""Equipment that the association lends to its members, with its loans and deposits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pydantic import Field
from sqlalchemy.orm import Session

from api.rest.noun import Body, Noun
from api.rest.places import Until
from foundation.acts import Act
from foundation.money import Euros
from inventory import equipment, members
from inventory.models.equipment import Equipment, EquipmentKind
from inventory.models.mandates import Task
from inventory.views.equipment import EquipmentView, views_of

_MOST_CENTS = 10_000_000


class NewEquipment(Body):
    """Something that may be lent."""

    kind: EquipmentKind
    model: str = Field("", max_length=100, examples=["Box d'exemple"])
    serial: str = Field("", max_length=64)
    mac: str | None = Field(None, max_length=17)
    since: date | None = None


class Lending(Body):
    """To whom, and the deposit that they leave."""

    member: str = Field(max_length=16, examples=["M0042"])
    deposit_cents: int | None = Field(None, ge=0, le=_MOST_CENTS, examples=[4000])
    since: date | None = None


class Return(Until):
    """It is back; what is given back of the deposit."""

    refund_cents: int | None = Field(None, ge=0, le=_MOST_CENTS, examples=[4000])


class Refund(Body):
    """What is given back of the deposit, after the return."""

    cents: int = Field(ge=0, le=_MOST_CENTS, examples=[4000])
    on: date | None = None


def listed(
    session: Session,
    *,
    kind: EquipmentKind | None = None,
    member: str | None = None,
    free: bool = False,
    retired: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Equipment]:
    """What may be lent, by number; retired things only with `retired`."""
    borrower = members.find_member(session, member) if member is not None else None
    return equipment.list_equipment(
        session, kind=kind, member=borrower, free=free, retired=retired, after=after, limit=limit
    )


def create(session: Session, act: Act, body: NewEquipment) -> Equipment:
    """Something that may be lent from now on."""
    return equipment.add_equipment(
        session, act, body.kind, body.model, serial=body.serial, mac=body.mac, since=body.since
    )


def lend(session: Session, act: Act, thing: Equipment, body: Lending) -> None:
    """Lend it to a member."""
    deposit = Euros(body.deposit_cents) if body.deposit_cents is not None else None
    borrower = members.find_member(session, body.member)
    equipment.lend(session, act, thing, borrower, deposit=deposit, since=body.since)


def take_back(session: Session, act: Act, thing: Equipment, body: Return) -> None:
    """It is back."""
    refund = Euros(body.refund_cents) if body.refund_cents is not None else None
    equipment.take_back(session, act, thing, refund=refund, until=body.until)


def refund(session: Session, act: Act, thing: Equipment, body: Refund) -> None:
    """Give a deposit back."""
    equipment.refund_deposit(session, act, thing, Euros(body.cents), on=body.on)


def retire(session: Session, act: Act, thing: Equipment, body: Until) -> None:
    """It is lent no more."""
    equipment.retire_equipment(session, act, thing, until=body.until)


def own_views(session: Session, act: Act, rows: Sequence[Equipment]) -> list[EquipmentView]:
    """What someone borrows, without who had it before."""
    return [
        replace(one, loans=tuple(loan for loan in one.loans if loan.member == act.actor))
        for one in views_of(session, rows)
    ]


EQUIPMENT = Noun(
    path="equipment",
    about="What may be lent, by number, and who has it",
    view=EquipmentView,
    views=lambda session, _act, rows: views_of(session, rows),
    own_views=own_views,
    find=equipment.find_equipment,
    listed=listed,
    readers=frozenset({Task.DEVICES_WRITE, Task.MEMBERS_READ}),
    create=create,
    verbs={"lend": lend, "return": take_back, "refund": refund, "retire": retire},
    example={
        "number": "Q0007",
        "kind": "box",
        "model": "Box d'exemple",
        "serial": None,
        "mac": None,
        "since": "2026-01-15",
        "until": None,
        "member": "M0042",
        "lent": "2026-02-01",
        "deposit_cents": 4000,
        "loans": [
            {
                "equipment": "Q0007",
                "member": "M0042",
                "since": "2026-02-01",
                "until": None,
                "deposit_cents": 4000,
                "refund_cents": None,
                "refunded": None,
            }
        ],
    },
)
