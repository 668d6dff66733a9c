"""Public numbers: integers shown as `M0042`, `L0042`, `C0042`, never reused. Row ids never leave the program."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from foundation.errors import Invalid
from foundation.speech import Phrase


class BadNumber(Invalid):
    """A text that is not a number of that kind."""

    kind = "bad-number"
    phrase = Phrase("« {text} » n'est pas un numéro comme {example}.", "“{text}” is not a number such as {example}.")


def shown(letter: str, number: int) -> str:
    """`shown("M", 42)` is `M0042`."""
    return f"{letter}{number:04d}"


def parse(letter: str, given: str) -> int:
    """Read `M0042`, `m42` or `42`. Raises BadNumber."""
    read = re.fullmatch(rf"[{letter}{letter.lower()}]?([0-9]{{1,9}})", given.strip())
    if read is None:
        raise BadNumber(text=given[:50], example=f"{letter}0042")
    return int(read[1])


def following(session: Session, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]) -> int:
    """The number after the highest of this column, among the rows `where`.

    Whoever asks at the same time waits: no number is given twice.
    """
    if session.connection().dialect.name == "postgresql":  # SQLite has one writer: nobody else counts meanwhile
        session.execute(text(f"LOCK TABLE {column.class_.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))
    return (session.scalar(select(func.max(column)).where(*where)) or 0) + 1
