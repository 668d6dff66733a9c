"""An import under way: whose rows the handles of its plan are, and how a refusal names its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.orm import Session

from foundation.acts import Act
from foundation.errors import EssaimError, Refused
from foundation.speech import Phrase
from inventory.exchange.plans import Step

T = TypeVar("T")
Rows: TypeAlias = dict[int, tuple[int, int]]
"""Whose row and number each handle is."""


class RowRefused(Refused):
    """What a line asks for is refused by the inventory."""

    kind = "row-refused"
    phrase = Phrase(
        "{file}, ligne {line} : {why} Rien n'a été importé.", "{file}, line {line}: {why} Nothing was imported."
    )


@dataclass(slots=True)
class Doing:
    """An import that has asked for every right that it takes.

    `shares`: the row of each part, by its line's and member's numbers and its first day.
    """

    session: Session
    act: Act
    members: Rows = field(default_factory=dict)
    lines: Rows = field(default_factory=dict)
    shares: dict[tuple[int, int, date], int] = field(default_factory=dict)


def refusing(step: Step, verb: Callable[[Any], T]) -> T:
    """Do what a step says; a refusal says on which line. Raises RowRefused."""
    try:
        return verb(step.work)
    except EssaimError as refused:
        if not isinstance(refused, Refused):
            raise
        why = Phrase.said(refused.sentence("fr"), refused.sentence("en"))
        raise RowRefused(file=step.place.file, line=step.place.line, why=why) from refused
