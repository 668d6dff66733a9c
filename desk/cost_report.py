"""The cost price of a time: counts from the inventory and kWh from the meters, handed down to billing as numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from typing import Final

from sqlalchemy.orm import Session

from billing.cost import expenses as costs
from billing.cost import given
from billing.cost import sheet as cost_sheet
from billing.cost.coverage import Had
from billing.cost.price import Expense, Facts
from billing.cost.sheet import CostReport, Known
from billing.models import CostKind, DueKind, SharingKey
from desk.power import Books, days_of
from desk.power_sheets import hosted_by
from foundation import clock
from foundation.clock import BadMonth, Month
from foundation.errors import Invalid
from foundation.settings import Settings
from foundation.speech import Phrase
from inventory import devices, members, offers, plugged, rules, served
from inventory.models.devices import Device
from inventory.served import Served
from monitoring.power import Energy
from monitoring.series import SeriesStore

_OLDEST: Final = 2000


class CostsNotBegun(Invalid):
    """A time that has not begun: nobody knows who will have what."""

    kind = "costs-not-begun"
    phrase = Phrase(
        "{period} n'a pas commencé : on ne sait pas encore qui aura quoi. Par exemple : --month {now}",
        "{period} has not begun: nobody knows yet who will have what. For example: --month {now}",
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """A month or a year of which the report is: how it is said, and those of its months that have begun."""

    period: str
    months: tuple[Month, ...]


def asked(month: str, year: str, at: datetime) -> Asked:
    """The month `2026-11`, or the year `2026`; else this month. Raises BadMonth, CostsNotBegun."""
    today = clock.today(at)
    here = Month(today.year, today.month)
    if year:
        if not (year.isascii() and year.isdigit() and len(year) == 4 and int(year) >= _OLDEST) or month:
            raise BadMonth(text=(month or year)[:40])
        wanted = tuple(Month(int(year), number) for number in range(1, 13))
    else:
        wanted = (Month.parse(month) if month else here,)
    begun = tuple(one for one in wanted if one <= here)
    if not begun:
        raise CostsNotBegun(period=year or month, now=str(here))
    return Asked(year or str(wanted[0]), begun)


def report(
    session: Session, series: Callable[[], SeriesStore], settings: Settings, wanted: Asked, at: datetime
) -> CostReport:
    """The cost price of these months, with nothing in it that says what one person gives.

    A month that is not over counts whole, as things are now. `series` is opened only where something is measured.
    """
    expenses = costs.expenses(session, wanted.months[0].first, wanted.months[-1].after)
    meters = Meters(session, series, settings, expenses, at)
    rates = _rates(session)
    months, had, present = [], list[Had](), {}
    for month in wanted.months:
        rows, here = served.served(session, month), served.memberships(session, month)
        months.append(_facts(month, rows, here, rates, meters))
        length = (month.after - month.first).days
        had += (Had(month, one.member, one.line, one.offer, one.days * Fraction(1, length)) for one in rows)
        present[month] = sorted(here)
    told = given.given(session, wanted.months)
    known = Known(
        expenses=expenses,
        months=months,
        given=told,
        had=had,
        members=present,
        issued=given.issued(session, wanted.months),
        titles={one.name: one.title for one in offers.list_offers(session, retired=True, limit=1000)},
        offers_now=served.offers_of_lines(session, sorted({one.what for one in told if one.kind is DueKind.LINE})),
    )
    return cost_sheet.report(wanted.period, known)


class Meters:
    """What was measured, month by month, as far as some cost asks for it."""

    def __init__(
        self,
        session: Session,
        series: Callable[[], SeriesStore],
        settings: Settings,
        expenses: Iterable[Expense],
        at: datetime,
    ) -> None:
        self._session, self._series, self._settings, self._at = session, cache(series), settings, at
        kept = list(expenses)
        self._feeds = {one.feed for one in kept if one.kind is CostKind.ELECTRICITY and one.watthours is None}
        self._machines = any(one.key is SharingKey.WATTS and not one.parts for one in kept)

    def month(self, month: Month, rows: Sequence[Served]) -> tuple[dict[str, dict[date, int]], dict[str, Fraction]]:
        """Watt-hours by feed and day, and by offer."""
        if not self._feeds and not self._machines:
            return {}, {}
        known = Books(self._session, self._series(), self._settings, days_of(month), self._at, fine=False)
        metered = {feed: self._feed(known, feed) for feed in self._feeds}
        return metered, self._by_offer(known, month, rows) if self._machines else {}

    def _feed(self, known: Books, feed: str) -> dict[date, int]:
        names = [feed] if feed else [one.name for one in plugged.sources(self._session)]
        parts = [known.feed(name) for name in names]
        return {day: sum(_whole(part[rank]) for part in parts) for rank, day in enumerate(known.days)}

    def _by_offer(self, known: Books, month: Month, rows: Sequence[Served]) -> dict[str, Fraction]:
        """What machines that serve lines used, each shared among its offers by their lines' days.

        Of hosting, the machines of whoever has such a line; where no meter tells, the watts that were declared.
        """
        on: defaultdict[str, defaultdict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        for one in rows:
            for device in self._hosted(one, known) if one.hosting else [one.device] if one.device else []:
                on[device][one.offer] += one.days
        used: defaultdict[str, Fraction] = defaultdict(Fraction)
        for device, days in on.items():
            watthours, whole = self._device(known, month, device), sum(days.values(), Fraction(0))
            for offer, part in days.items():
                used[offer] += watthours * part / whole
        return dict(used)

    def _hosted(self, one: Served, known: Books) -> list[str]:
        member = members.find_member(self._session, one.member)
        return [device.name for device in hosted_by(self._session, member, known.days)]

    def _device(self, known: Books, month: Month, name: str) -> int:
        told = sum(_whole(day.energy) for day in known.machine(name))
        device: Device = devices.find_device(self._session, name)
        declared = 0 if device.watts is None else device.watts * 24 * (month.after - month.first).days
        return told or declared


def _facts(
    month: Month, rows: Sequence[Served], here: Mapping[str, int], rates: Mapping[str, Fraction], meters: Meters
) -> Facts:
    lines: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    users: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in rows:
        lines[one.offer][one.line] |= one.present
        users[one.offer][one.member] |= one.present
    metered, used = meters.month(month, rows)
    return Facts(
        month=month,
        lines={offer: list(days.values()) for offer, days in lines.items()},
        users={offer: list(days.values()) for offer, days in users.items()},
        members=list(here.values()),
        rates=rates,
        used=used,
        metered=metered,
    )


def _rates(session: Session) -> dict[str, Fraction]:
    """Mbit/s that a line of each offer receives, by the rule `carrier.rates`."""
    said = (each.partition("=") for each in rules.value(session, "carrier.rates").split())
    return {offer: Fraction(rate.partition("/")[0]) for offer, _, rate in said}


def _whole(energy: Energy) -> int:
    return round(energy.watthours)
