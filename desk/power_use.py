"""What each machine draws and used in a month, outlet by outlet: for programs, for a spreadsheet, for its owner."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from desk import power_sheets
from desk.power import Books
from desk.power_sheets import PowerView
from foundation.acts import Act
from foundation.clock import Month
from foundation.settings import Settings
from inventory import devices, rights
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.plugged import Cord
from monitoring.series import SeriesStore

MOST: Final = 1000
"""Machines of one member."""


@dataclass(frozen=True, slots=True)
class OutletUse:
    """An outlet, or a feed, that a machine was in from a day to a day (half-open): watts now, kWh of the month.

    `watts` is none where the machine is not in it now, or nobody measures; `unknown_hours` are those without a figure.
    """

    outlet: str
    since: date
    until: date | None
    watts: float | None
    kwh: float
    unknown_hours: float


@dataclass(frozen=True, slots=True)
class MachineUse:
    """A machine's month: watts now and declared, kWh, hours of which nothing is known, percent renewable, its outlets.

    `owner` is a member's number, none where the machine is the association's own.
    """

    machine: str
    owner: str | None
    month: str
    watts: float | None
    declared_watts: int | None
    kwh: float
    unknown_hours: float
    renewable: float | None
    outlets: tuple[OutletUse, ...]


def reads_some(session: Session, act: Act) -> bool:
    """Whether someone may read what any machine draws, be it of one place."""
    return Task.MONITORING_READ in rights.tasks_of(session, act)


def page(
    session: Session, series: SeriesStore, settings: Settings, act: Act, month: Month, *, after: str = "", limit: int
) -> tuple[list[MachineUse], str | None]:
    """What was plugged in in a month, by machine's name after `after`, of what someone may read; and where to go on.

    What only passes electricity on, a power strip, is counted in what it feeds. Of a mandate for some places, their
    machines alone: a page may then be short.
    """
    known = power_sheets.books(session, series, settings, month, act.at, fine=False)
    names = [name for name in plugged_in(known) if name > after]
    shown = names[:limit]
    if not rights.may(session, act, Task.MONITORING_READ):
        own = {name: devices.find_device(session, name) for name in shown}
        shown = [name for name in shown if rights.may(session, act, Task.MONITORING_READ, own[name])]
    return uses(known, session, shown, month), names[limit - 1] if len(names) > limit else None


def of_member(
    session: Session, series: SeriesStore, settings: Settings, member: Member, month: Month, at: datetime
) -> list[MachineUse]:
    """A member's own machines that were here in a month, those that were plugged in nowhere too."""
    known = power_sheets.books(session, series, settings, month, at, fine=False)
    own = [one.name for one in power_sheets.hosted_by(session, member, known.days)]
    return uses(known, session, own[:MOST], month)


def plugged_in(known: Books) -> list[str]:
    """The machines that were plugged in, by name, but for what only passes electricity on."""
    passing = {cord.giver for cord in known.cords}
    return sorted({cord.device for cord in known.cords} - passing)


def uses(known: Books, session: Session, machines: Iterable[str], month: Month) -> list[MachineUse]:
    """The month of these machines. Raises NoSuchDevice."""
    found = []
    for name in machines:
        [whole] = power_sheets.of_machine(known, session, name)
        own = [cord for cord in known.cords if cord.device == name]
        owner = devices.find_device(session, name).owner
        found.append(_use(known, whole, own, None if owner is None else str(owner), month))
    return found


def _use(known: Books, whole: PowerView, own: list[Cord], owner: str | None, month: Month) -> MachineUse:
    return MachineUse(
        machine=str(whole.name),
        owner=owner,
        month=str(month),
        watts=whole.watts,
        declared_watts=whole.declared,
        kwh=whole.kwh,
        unknown_hours=whole.unknown_hours,
        renewable=whole.renewable,
        outlets=tuple(_outlet(known, cord) for cord in own),
    )


def _outlet(known: Books, cord: Cord) -> OutletUse:
    watts, had = known.by_cord(cord)
    return OutletUse(
        cord.source,
        cord.since,
        cord.until,
        None if watts is None else round(watts, 1),
        round(had.watthours / 1000, 3),
        round(had.gap / 3600, 1),
    )
