"""Electricity, from outlets to machines to members: what was plugged in where, day by day, and what the meters told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from foundation import clock
from foundation.clock import Month
from foundation.settings import Settings
from inventory import plugged, supplies
from inventory.plugged import Cord
from inventory.supplies import SupplyView
from monitoring import meters
from monitoring.power import Energy, in_turn, side_by_side, split
from monitoring.series import Measure, Point, Resolution, SeriesStore

PATIENCE: Final = 2.5
"""Rounds after which what a machine told last no longer says how things are."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a machine: what it used, and by how many percent that was renewable, where that is known."""

    day: date
    energy: Energy
    renewable: float | None


class Books:
    """What the inventory and the meters say of some days that follow one another: each outlet is read once.

    `fine` is by five minutes, as long as these are kept; otherwise by hours, which is eight times as quick.
    """

    def __init__(
        self,
        session: Session,
        series: SeriesStore,
        settings: Settings,
        days: Sequence[date],
        at: datetime,
        *,
        fine: bool = True,
    ) -> None:
        ended = clock.today(at)
        self.days = [day for day in days if day <= ended]
        self.at = at
        self._series = series
        self._stale = at - timedelta(seconds=settings.poll_seconds * PATIENCE)
        fine = (
            fine and bool(self.days) and at - clock.midnight(self.days[0]) <= timedelta(days=settings.series_five_days)
        )
        self._step = Resolution.FIVE_MINUTES if fine else Resolution.HOUR
        first, last = (self.days[0], self.days[-1]) if self.days else (ended, ended)
        self.cords = plugged.cords(session, first, last + timedelta(days=1))
        self._supplies = supplies.list_supplies(session)
        self._bounds = [min(clock.midnight(day), at) for day in (*self.days, last + timedelta(days=1))]
        self._outlets: dict[tuple[str, str], list[Energy]] = {}
        self._inlets: dict[str, list[Energy]] = {}
        self._last: dict[str, Sequence[tuple[Point, Measure]]] = {}

    def outlet(self, giver: str, outlet: str) -> list[Energy]:
        """What an outlet gave, day by day, whatever was plugged in."""
        if (giver, outlet) not in self._outlets:
            number = plugged.number_of(outlet)
            if number is None or not self.days:
                self._outlets[giver, outlet] = self._nothing()
            else:
                ends = self._bounds[0], self._bounds[-1]
                account = meters.outlet(self._series, giver, number, *ends, self._step)
                self._outlets[giver, outlet] = split(account, self._bounds)
        return self._outlets[giver, outlet]

    def inlet(self, device: str) -> list[Energy]:
        """What a machine on a feed says that it drew in all, day by day."""
        if device not in self._inlets:
            ends = self._bounds[0], self._bounds[-1]
            accounts = meters.inlets(self._series, device, *ends, self._step) if self.days else []
            parts = [split(account, self._bounds) for account in accounts]
            self._inlets[device] = [side_by_side(each) for each in zip(*parts, strict=True)] or self._nothing()
        return self._inlets[device]

    def machine(self, device: str) -> list[Day]:
        """The days on which a machine was plugged in: by its outlets together, those of that very day."""
        own = [cord for cord in self.cords if cord.device == device]
        found = []
        for rank, day in enumerate(self.days):
            parts = [self._given(cord, rank) for cord in own if cord.on(day)]
            if parts:
                found.append(Day(day, side_by_side(parts), self.renewable(device, day)))
        return found

    def by_cord(self, cord: Cord) -> tuple[float | None, Energy]:
        """What a machine draws by one of its cords now, none where nobody tells, and all that it had by it."""
        had = in_turn(self._given(cord, rank) for rank, day in enumerate(self.days) if cord.on(day))
        return (self._watts(cord) if cord.on(clock.today(self.at)) else None), had

    def feed(self, feed: str) -> list[Energy]:
        """What was drawn from a feed, day by day: of what hangs on two of them each has its half."""
        found = []
        for rank, day in enumerate(self.days):
            here = [cord for cord in self.cords if cord.on(day) and cord.feed == feed]
            parts = [self.inlet(cord.device)[rank].part(1 / self._feeds(cord.device, day)) for cord in here]
            found.append(side_by_side(parts))
        return found

    def share_of(self, device: str, feed: str, day: date) -> float:
        """How much of what a machine uses comes from a feed: all, or its part where it lives on several."""
        feeds = plugged.feeds_above(self.cords, device, day)
        return 1 / len(feeds) if feed in feeds else 0.0

    def renewable(self, device: str, day: date) -> float | None:
        """By how many percent a machine's electricity was renewable that day; none unless all its feeds are known."""
        told = [self.percent(feed, day) for feed in plugged.feeds_above(self.cords, device, day)]
        known = [one for one in told if one is not None]
        return sum(known) / len(known) if known and len(known) == len(told) else None

    def watts(self, device: str) -> float | None:
        """What a machine draws now, by all its outlets together; none unless each of them tells."""
        today = clock.today(self.at)
        own = [cord for cord in self.cords if cord.device == device and cord.on(today)]
        told = [self._watts(cord) for cord in own]
        known = [one for one in told if one is not None]
        return sum(known) if known and len(known) == len(told) else None

    def watts_of_feed(self, feed: str) -> float | None:
        """What is drawn from a feed now, as far as anyone tells."""
        today = clock.today(self.at)
        here = [cord for cord in self.cords if cord.feed == feed and cord.on(today)]
        told = [(self._fresh(cord.device), self._feeds(cord.device, today)) for cord in here]
        known = [watts / feeds for said, feeds in told if (watts := meters.watts_in_all(said)) is not None]
        return sum(known) if known else None

    def _given(self, cord: Cord, rank: int) -> Energy:
        """What a machine had by a cord on the day of that rank; straight from a feed, what it says itself."""
        if cord.giver is not None and cord.outlet is not None:
            return self.outlet(cord.giver, cord.outlet)[rank]
        return self.inlet(cord.device)[rank].part(1 / self._feeds(cord.device, self.days[rank]))

    def _watts(self, cord: Cord) -> float | None:
        if cord.giver is None or cord.outlet is None:
            watts = meters.watts_in_all(self._fresh(cord.device))
            return None if watts is None else watts / self._feeds(cord.device, clock.today(self.at))
        number = plugged.number_of(cord.outlet)
        return None if number is None else meters.watts_of_outlet(self._said(cord.giver), number, self._stale)

    def _feeds(self, device: str, day: date) -> int:
        return max(1, sum(1 for cord in self.cords if cord.device == device and cord.feed and cord.on(day)))

    def percent(self, feed: str, day: date) -> int | None:
        """By how many percent a feed's electricity was renewable that day, by its supplier's word of that time."""
        return next((one.renewable for one in reversed(self._supplies) if _covers(one, feed, day)), None)

    def _said(self, device: str) -> Sequence[tuple[Point, Measure]]:
        if device not in self._last:
            self._last[device] = self._series.last(device)
        return self._last[device]

    def _fresh(self, device: str) -> list[tuple[Point, Measure]]:
        return [one for one in self._said(device) if one[0].at >= self._stale]

    def _nothing(self) -> list[Energy]:
        lengths = zip(self._bounds, self._bounds[1:], strict=False)
        return [Energy(asked=(until - since).total_seconds()) for since, until in lengths][: len(self.days)]


def days_of(month: Month) -> list[date]:
    """The days of a month."""
    return [month.first + timedelta(days=rank) for rank in range((month.after - month.first).days)]


def whole(days: Sequence[Day]) -> tuple[Energy, float | None]:
    """Days as one, and by how many percent what was used in them was renewable: none unless it is known of all."""
    energy = in_turn(one.energy for one in days)
    told = [(one.energy.watthours, one.renewable) for one in days if one.energy.watthours]
    if not told or any(percent is None for _, percent in told):
        return energy, None
    return energy, sum(used * (percent or 0.0) for used, percent in told) / sum(used for used, _ in told)


def _covers(one: SupplyView, feed: str, day: date) -> bool:
    return one.feed == feed and (one.since is None or one.since <= day) and (one.until is None or day < one.until)
