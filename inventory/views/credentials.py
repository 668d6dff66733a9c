"""What opens something, as every door shows it: never the secret itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.lapsing import Lapsing


@dataclass(frozen=True, slots=True)
class CredentialView:
    """Its kind and name together, which no other in force has; of which line, whose, since when and for how many days.

    `until` is when it ends; `former_until` until when the password before it is in force too; `told_at` when its
    member was last told of either.
    """

    name: str
    kind: str
    line: str | None
    member: str
    since: datetime
    age_days: int
    until: datetime | None
    former_until: datetime | None
    told_at: datetime | None


def view(one: Lapsing, at: datetime) -> CredentialView:
    """It, on that day."""
    return CredentialView(
        name=str(one),
        kind=one.kind,
        line=one.line,
        member=str(one.member),
        since=one.since,
        age_days=(at - one.since).days,
        until=one.until,
        former_until=one.former_until,
        told_at=one.row.told_at,
    )
