"""What a machine said at one instant, as the journal has it: which series, and their values as few octets. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from monitoring import packing
from monitoring.rates import COUNTERS
from monitoring.series import Heard, Measure
from monitoring.series_names import Known

SIGNED: Final = packing.WORD // 2
"""From here on a word means a value below zero, unless it counts up."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Row(NamedTuple):
    """What was said, by whom, at which millisecond since 1970."""

    device: str
    at: int
    names: list[Known]
    octets: bytes


class Rows:
    """Makes rows, each as soon as it is given what was said, of which nothing else is then held in memory.

    Machines of a kind tell of the same series: their names are held once.
    """

    def __init__(self) -> None:
        self._lists: dict[tuple[Known, ...], list[Known]] = {}

    def row(self, heard: Heard) -> Row | None:
        """What of it can be kept, if anything can."""
        names = tuple([(each.metric, each.instance, each.unit) for each in heard.measures])
        if names not in self._lists:
            said_once = len({name[:2] for name in names}) == len(names)
            self._lists[names] = list(names) if said_once else []
        known, words = self._lists[names], _words(heard.measures)
        if not known or words is None:
            kept = _within_bounds(heard.measures)
            known, words = list(kept), array("Q", kept.values())
        return Row(heard.device, milliseconds(heard.at), known, packing.pack_row(words)) if known else None


def meant(metric: str, word: int) -> int:
    """What a word means: of what does not count up, the upper half is below zero."""
    return word - packing.WORD if word >= SIGNED and metric not in COUNTERS else word


def milliseconds(at: datetime) -> int:
    """An instant as it is kept."""
    return (at - _EPOCH) // _MILLISECOND


def moment(at: int) -> datetime:
    """An instant that was kept."""
    return _EPOCH + at * _MILLISECOND


def _words(measures: Sequence[Measure]) -> array[int] | None:
    """The values as they are, where none needs a second look."""
    try:
        words = array("Q", [each.value for each in measures])
    except OverflowError:
        return None
    return words if max(words, default=0) < SIGNED else None


def _within_bounds(measures: Iterable[Measure]) -> dict[Known, int]:
    """The latest of each series, as a word; what is out of bounds is left out."""
    kept: dict[tuple[str, str], tuple[str, int]] = {}
    for each in measures:
        least, most = (0, packing.WORD) if each.metric in COUNTERS else (-SIGNED, SIGNED)
        if least <= each.value < most:
            kept[each.metric, each.instance] = each.unit, each.value % packing.WORD
    return {(metric, instance, unit): word for (metric, instance), (unit, word) in kept.items()}
