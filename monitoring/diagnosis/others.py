"""How the lines beside one are: numbers of them, and nothing of any."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitoring.diagnosis.seen import Others
from monitoring.models import Connection

LOST_WITHIN: Final = timedelta(days=1)
"""A line that has been down for longer says nothing of today."""
_AT_A_TIME: Final = 500


def others(session: Session, lines: Collection[int], at: datetime) -> Others:
    """How many of these lines, by number, are connected at that instant, and how many were lost within the day."""
    up: set[int] = set()
    lost: dict[int, datetime] = {}
    wanted = sorted(lines)
    for rank in range(0, len(wanted), _AT_A_TIME):
        some = wanted[rank : rank + _AT_A_TIME]
        up |= set(session.scalars(select(Connection.line).where(Connection.line.in_(some), Connection.until.is_(None))))
        ended = (
            select(Connection.line, func.max(Connection.until))
            .where(Connection.line.in_(some), Connection.until >= at - LOST_WITHIN)
            .group_by(Connection.line)
        )
        lost |= {line: until for line, until in session.execute(ended) if until is not None}
    fallen = [until for line, until in lost.items() if line not in up]
    return Others(len(up), len(fallen), max(fallen, default=None))
