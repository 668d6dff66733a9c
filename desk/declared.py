"""The watts that owners declared of their hosted machines, beside those that their outlets tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from inventory.plugged import Declared
from monitoring import meters
from monitoring.alerts.seen import Draw
from monitoring.series import Measure, Point


def drawn_by(one: Declared, samples: Mapping[str, Sequence[tuple[Point, Measure]]], stale: datetime) -> Draw:
    """What a machine draws by all its outlets together; not known unless each of them told, after `stale`."""
    told = [
        None if number is None else meters.watts_of_outlet(samples.get(strip, ()), number, stale)
        for strip, number in one.outlets
    ]
    known = [watts for watts in told if watts is not None]
    return Draw(one.machine, float(one.watts), sum(known) if known and len(known) == len(told) else None)
