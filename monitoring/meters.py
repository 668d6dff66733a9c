"""What power strips, UPSes and smart plugs tell of electricity: accounts of energy, and the watts of the moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from monitoring.power import Account, account
from monitoring.rates import LONGEST
from monitoring.series import Band, Measure, Name, Point, Resolution, SeriesStore

OUTLET_POWER: Final = "outletPower"
OUTLET_ENERGY: Final = "outletEnergy"
OUTLET_ON: Final = "outletOn"
INLETS: Final = (
    ("inletPower", "inletEnergy"),
    ("upsInputPower", ""),
    ("phasePower", ""),
    (OUTLET_POWER, OUTLET_ENERGY),
    ("upsOutputPower", ""),
)
"""What says how much a machine draws in all, the best first: its power in milliwatts, its counter in watt-hours."""
_USUAL: Final = frozenset({"", "1"})
"""What parts are called where a machine tells of none any more."""
_MARGIN: Final = timedelta(hours=3)
"""Read before and after a time, so that what crosses its ends is not lost."""


def outlet(series: SeriesStore, giver: str, number: int, since: datetime, until: datetime, step: Resolution) -> Account:
    """What an outlet gave. Raises DatabaseBusy, DatabaseUnreadable."""
    return _account(series, giver, (OUTLET_POWER, OUTLET_ENERGY), str(number), since, until, step)


def inlets(series: SeriesStore, device: str, since: datetime, until: datetime, step: Resolution) -> list[Account]:
    """What a machine drew in all, an account for each part that tells of it: side by side they are the whole.

    Raises DatabaseBusy, DatabaseUnreadable.
    """
    told = [(one.metric, one.instance) for _, one in series.last(device)]
    for metrics in INLETS:
        parts = dict.fromkeys(part for metric, part in told if metric in metrics and metric)
        found = [_account(series, device, metrics, part, since, until, step) for part in parts or _USUAL]
        found = [one for one in found if one.stretches]
        if found:
            return found
    return []


def watts_in_all(said: Iterable[tuple[Point, Measure]]) -> float | None:
    """What a machine draws, by what it told last; none where nothing tells."""
    told = list(said)
    for metric, _ in INLETS:
        values = [one.value for _, one in told if one.metric == metric]
        if values:
            return sum(values) / 1000
    return None


def watts_of_outlet(said: Iterable[tuple[Point, Measure]], number: int, stale: datetime) -> float | None:
    """What an outlet gives, by what its power strip told last; none where that was before `stale`, or never."""
    return next(
        (
            one.value / 1000
            for point, one in said
            if one.metric == OUTLET_POWER and one.instance == str(number) and point.at >= stale
        ),
        None,
    )


def is_on(said: Iterable[tuple[Point, Measure]], number: int, stale: datetime) -> bool | None:
    """Whether an outlet is on, by what its power strip told last."""
    return next(
        (
            bool(one.value)
            for point, one in said
            if one.metric == OUTLET_ON and one.instance == str(number) and point.at >= stale
        ),
        None,
    )


def _account(
    series: SeriesStore,
    device: str,
    metrics: tuple[str, str],
    part: str,
    since: datetime,
    until: datetime,
    step: Resolution,
) -> Account:
    power, energy = (
        series.bands(Name(device, metric, part), since - _MARGIN, until + _MARGIN, step) if metric else ()
        for metric in metrics
    )
    middle = step.value / 2
    return account(
        [(band.since + middle, band.low) for band in energy],  # what a counter said first
        _watts(power, middle),
        [(band.since + middle, band.high / 1000) for band in power],
        longest=max(LONGEST, 2 * step.value.total_seconds()),
    )


def _watts(bands: Sequence[Band], middle: timedelta) -> list[tuple[datetime, float]]:
    return [(band.since + middle, band.mean / 1000) for band in bands]
