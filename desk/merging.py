"""Two files of one person become one: the inventory's rows and the money move together, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

import billing.merging
import inventory.merging
from billing.merging import Money
from foundation.acts import Act
from inventory.merging import Moves
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks


@dataclass(frozen=True, slots=True)
class Merging:
    """What a merge moves, in each room."""

    moves: Moves
    money: Money


def foresee(session: Session, absorbed: Member, into: Member, day: date) -> Merging:
    """What would move on that day; nothing does. Raises SameFile, NotAlike, ShareALine."""
    return Merging(
        inventory.merging.foresee(session, absorbed, into, day),
        billing.merging.foresee(session, absorbed, into),
    )


@asks(Task.MEMBERS_WRITE, "into")
def merge(session: Session, act: Act, absorbed: Member, into: Member) -> Merging:
    """All that is `absorbed`'s becomes `into`'s. Raises what `inventory.merging.absorb` raises."""
    moves = inventory.merging.absorb(session, act, absorbed, into)
    return Merging(moves, billing.merging.take_over(session, act, absorbed, into))
