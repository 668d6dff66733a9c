"""How an order at a wholesaler may go, and what that does to its line. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from inventory.models.lines import LineState
from inventory.models.wholesale import OrderKind, OrderState

S = OrderState

ENDED: Final = frozenset({S.TERMINATED, S.REJECTED, S.CANCELLED})
"""Nothing comes after these."""

PLACED: Final = frozenset(
    {
        S.ORDERED, S.ACKNOWLEDGED, S.IN_PRODUCTION, S.APPOINTMENT_PLANNED, S.DELIVERED, S.ACTIVE,
        S.CHANGE_IN_PROGRESS, S.SUSPENDED, S.TERMINATION_REQUESTED,
    }
)  # fmt: skip
"""The wholesaler has the order, and it is not over."""

FIRST: Final[dict[OrderKind, OrderState]] = {
    OrderKind.NEW: S.ORDERED,
    OrderKind.CHANGE: S.CHANGE_IN_PROGRESS,
    OrderKind.TERMINATE: S.TERMINATION_REQUESTED,
}
"""Where an order is once the wholesaler has it."""

_MADE: Final = frozenset({S.IN_PRODUCTION, S.APPOINTMENT_PLANNED, S.DELIVERED, S.ACTIVE, S.REJECTED, S.CANCELLED})
_NOTHING: Final[frozenset[OrderState]] = frozenset()


def _before(placed: OrderState) -> dict[OrderState, frozenset[OrderState]]:
    """What comes before an order is placed: may one have it, and for how much?"""
    return {
        S.DRAFT: frozenset({S.ELIGIBILITY_REQUESTED, placed, S.CANCELLED}),
        S.ELIGIBILITY_REQUESTED: frozenset({S.DRAFT, S.ELIGIBLE, S.INELIGIBLE, S.CANCELLED}),
        S.ELIGIBLE: frozenset({S.QUOTED, S.INELIGIBLE, placed, S.CANCELLED}),
        S.INELIGIBLE: frozenset({S.ELIGIBILITY_REQUESTED, S.CANCELLED}),
        S.QUOTED: frozenset({placed, S.CANCELLED}),
    }


NEXT: Final[dict[OrderKind, dict[OrderState, frozenset[OrderState]]]] = {
    # A wholesaler does not say every step, nor we hear of each: production may skip ahead, and live on as the service.
    OrderKind.NEW: {
        **_before(S.ORDERED),
        S.ORDERED: _MADE | {S.ACKNOWLEDGED},
        S.ACKNOWLEDGED: _MADE,
        S.IN_PRODUCTION: _MADE - {S.IN_PRODUCTION},
        S.APPOINTMENT_PLANNED: _MADE - {S.APPOINTMENT_PLANNED},
        S.DELIVERED: frozenset({S.IN_PRODUCTION, S.ACTIVE, S.TERMINATION_REQUESTED, S.TERMINATED}),
        S.ACTIVE: frozenset({S.CHANGE_IN_PROGRESS, S.SUSPENDED, S.TERMINATION_REQUESTED, S.TERMINATED}),
        S.CHANGE_IN_PROGRESS: frozenset({S.ACTIVE, S.TERMINATION_REQUESTED, S.TERMINATED}),
        S.SUSPENDED: frozenset({S.ACTIVE, S.TERMINATION_REQUESTED, S.TERMINATED}),
        S.TERMINATION_REQUESTED: frozenset({S.ACTIVE, S.TERMINATED}),
    },
    OrderKind.CHANGE: {
        **_before(S.CHANGE_IN_PROGRESS),
        S.CHANGE_IN_PROGRESS: frozenset({S.APPOINTMENT_PLANNED, S.ACTIVE, S.REJECTED, S.CANCELLED}),
        S.APPOINTMENT_PLANNED: frozenset({S.CHANGE_IN_PROGRESS, S.ACTIVE, S.REJECTED, S.CANCELLED}),
    },
    OrderKind.TERMINATE: {
        S.DRAFT: frozenset({S.TERMINATION_REQUESTED, S.CANCELLED}),
        S.TERMINATION_REQUESTED: frozenset({S.TERMINATED, S.REJECTED, S.CANCELLED}),
    },
}


def legal(kind: OrderKind, state: OrderState) -> frozenset[OrderState]:
    """The states that an order may come into."""
    return NEXT[kind].get(state, _NOTHING)


def effect(kind: OrderKind, state: OrderState, line: LineState, others: AbstractSet[OrderState]) -> LineState | None:
    """The state that a line comes into when an order of its own comes into `state`; None to leave it as it is.

    `others` are the states of the line's other orders of a new access that are not over: during a migration a line has
    two, and the end of one neither closes it nor takes it back.
    """
    match kind, state:
        case OrderKind.NEW, S.ORDERED if line == LineState.REQUESTED:
            return LineState.ORDERED
        case OrderKind.NEW, S.DELIVERED | S.ACTIVE if line == LineState.ORDERED:
            return LineState.DELIVERED
        case OrderKind.NEW, S.REJECTED | S.CANCELLED if line == LineState.ORDERED and not others & PLACED:
            return LineState.REQUESTED
        case _, S.TERMINATED if line not in (LineState.CLOSED, LineState.CANCELLED) and not others:
            return LineState.CLOSED
        case _:
            return None
