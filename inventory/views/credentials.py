"""What opens something, as every door shows it: never the secret itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.lapsing import Lapsing


@dataclass(frozen=True, slots=True)
class CredentialView:
    """Its kind and name together, which no other in force has; of which line, whose, since when and for how many days.

    `until` is when it ends; `former_until` until when the password or certificate before it is in force too; `told_at`
    when its member was last told of either. Authorities, their lists and servers' certificates are no member's.
    """

    name: str
    kind: str
    line: str | None
    member: str | None
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
        member=None if one.member is None else str(one.member),
        since=one.since,
        age_days=(at - one.since).days,
        until=one.until,
        former_until=one.former_until,
        told_at=None if one.row is None else one.row.told_at,
    )
