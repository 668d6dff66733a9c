"""The questions, in the order in which a volunteer asks them: the first that finds something gives the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from inventory.models.lines import Delivery
from monitoring.diagnosis import access, bought, home, ours
from monitoring.diagnosis.finding import Diagnosis, Finding, Situation
from monitoring.diagnosis.seen import Seen

Question: TypeAlias = Callable[[Seen], Finding | None]

QUESTIONS: Final[tuple[Question, ...]] = (
    ours.works,
    ours.state,
    ours.machines,
    ours.list_expired,
    ours.transit,
    ours.announced,
    bought.wholesaler,
    access.revoked,
    access.expired,
    access.refused,
    access.key,
    ours.changed,
    bought.crushed,
    home.blocked,
    home.unplugged,
    home.alone_down,
    home.unknown,
    home.no_ipv6,
    home.too_large,
    home.own_dns,
    home.well,
    ours.works_ahead,
)
"""Works; the state of the line; our machines; the wholesaler; what opens the line; the box; quality."""

_LAST_RESORTS: Final = frozenset(
    {bought.crushed, home.blocked, home.unplugged, home.alone_down, home.unknown, home.well}
)
"""Asked only where nothing before them says why the line is as it is."""


def diagnose(seen: Seen) -> Diagnosis:
    """What is the matter: at least one finding, the answer first. Pure."""
    found: list[Finding] = []
    beside: list[Finding] = []
    for question in QUESTIONS:
        if question in _LAST_RESORTS and found:
            continue
        finding = question(seen)
        if finding is not None:
            (found if _explains(finding, seen) else beside).append(finding)
    return Diagnosis(seen.line, seen.at, (*found, *beside), seen.unseen)


def _explains(finding: Finding, seen: Seen) -> bool:
    """Whether it says why the line is as it is. The Internet's roads do not end a session that comes by another."""
    if finding.situation in (Situation.TRANSIT_DOWN, Situation.NOT_ANNOUNCED) and not seen.up:
        cut_off = finding.situation is Situation.NOT_ANNOUNCED or not any(one.up for one in seen.transits)
        return seen.delivery == Delivery.TUNNEL and cut_off
    return finding.situation is not Situation.WORKS or any(one.under_way for one in seen.works)
