"""What stands beside a line: other lines that reach us in the same way, and orders that would end or move it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from inventory import collecting
from inventory.lines import RENDERED
from inventory.models.lines import Line, Offer
from inventory.models.wholesale import Order, OrderKind, OrderState, Wholesaler
from inventory.ordering import ENDED


@dataclass(frozen=True, slots=True)
class Beside:
    """The numbers of other lines in service: of the same wholesalers, and on the same machine by the same technology.

    `wholesaler` names who sells the line, the first of those where there are several.
    """

    wholesaler: str | None
    bought: frozenset[int]
    served: frozenset[int]


def beside(session: Session, line: Line) -> Beside:
    """The lines beside one that are on the machines; itself is not among them."""
    sellers = collecting.sellers(session)
    own = sellers.get(line.id, frozenset())
    living = select(Line.id, Line.number, Line.device_id, Offer.technology).join(Offer, Offer.id == Line.offer_id)
    bought, served = set(), set()
    for row, number, device, technology in session.execute(living.where(Line.state.in_(RENDERED), Line.id != line.id)):
        if own & sellers.get(row, frozenset()):
            bought.add(number)
        if device is not None and (device, technology) == (line.device_id, line.offer.technology):
            served.add(number)
    name = session.scalar(select(Wholesaler.name).where(Wholesaler.id.in_(own)).order_by(Wholesaler.name).limit(1))
    return Beside(name, frozenset(bought), frozenset(served))


def leaving(session: Session, line: Line) -> bool:
    """Whether somebody asked to end or to move it: a migration, or an order that ends it, asked for or done."""
    ending = (OrderState.TERMINATION_REQUESTED, OrderState.TERMINATED, OrderState.SUSPENDED)
    asked = (Order.kind == OrderKind.TERMINATE) & Order.state.not_in(ENDED - {OrderState.TERMINATED})
    order = session.scalar(
        select(Order.id).where(Order.line_id == line.id, or_(asked, Order.state.in_(ending))).limit(1)
    )
    return line.migration is not None or order is not None
