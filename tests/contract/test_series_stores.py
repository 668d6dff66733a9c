"""What every store of series promises, whatever it is made of; and that the embedded one agrees with the plainest."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from foundation.settings import read_settings
from foundation.vault import Vault
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.rates import COUNTERS, DISCONTINUITY, LONGEST, UPTIME, counted
from monitoring.series import Band, Heard, Latest, Measure, Name, Point, Resolution, SeriesStore, Wanted

AT = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ETH0 = Name("web1", "ifHCInOctets", "eth0")
HEAT = Name("web1", "temperature", "")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 2**64 - 1


class PlainStore:
    """Series in dictionaries, as simply as can be: what every store must agree with."""

    def __init__(self) -> None:
        self._said: dict[Name, dict[datetime, Measure]] = {}

    def append(self, heard: Iterable[Heard]) -> None:
        for each in heard:
            at = each.at.replace(microsecond=each.at.microsecond // 1000 * 1000)
            for name, measure in {(one.metric, one.instance): one for one in each.measures if _held(one)}.items():
                self._said.setdefault(Name(each.device, *name), {}).setdefault(at, measure)

    def forget(self, device: str, before: datetime | None = None) -> None:
        hours = None if before is None else before - (before - EPOCH) % HOUR
        for name, told in self._said.items():
            for at in [at for at in told if name.device == device and (hours is None or at < hours)]:
                del told[at]

    def devices(self) -> Sequence[str]:
        return sorted({name.device for name, told in self._said.items() if told})

    def last(self, device: str) -> Sequence[tuple[Point, Measure]]:
        found = []
        for name in sorted(self._said, key=lambda one: (one.metric, one.instance)):
            if name.device == device and self._said[name]:
                at, measure = max(self._said[name].items(), key=lambda one: one[0])
                found.append((Point(at, measure.value), measure))
        return found

    def latest(self, devices: Collection[str], wanted: Wanted | None = None) -> Mapping[str, Latest]:
        told = {device: self.last(device) for device in devices}
        return {
            device: Latest(
                max(point.at for point, _ in said),
                [(point, one) for point, one in said if wanted is None or wanted(one.metric, one.unit)],
            )
            for device, said in told.items()
            if said
        }

    def between(self, series: Name, since: datetime, until: datetime) -> Sequence[Point]:
        said = self._said.get(series, {})
        return [Point(at, said[at].value) for at in sorted(said) if since <= at < until]

    def bands(self, series: Name, since: datetime, until: datetime, resolution: Resolution) -> Sequence[Band]:
        rates = self._rates(series)
        if resolution is Resolution.RAW:
            return [Band(at, rate, rate, rate) for at, rate, _ in rates if since <= at < until]
        whiles: dict[datetime, list[tuple[float, float]]] = {}
        for at, rate, seconds in rates:
            whiles.setdefault(at - (at - EPOCH) % resolution.value, []).append((rate, seconds))
        return [
            Band(at, min(rate for rate, _ in found), _mean(found), max(rate for rate, _ in found))
            for at, found in sorted(whiles.items())
            if since <= at < until
        ]

    def _rates(self, series: Name) -> list[tuple[datetime, float, float]]:
        """Instant, rate (or value), and for how long it counts."""
        said = [(at, measure.value) for at, measure in sorted(self._said.get(series, {}).items())]
        bits = COUNTERS.get(series.metric)
        if bits is None:
            return [(at, value, 1.0) for at, value in said]
        found = []
        for (before, old), (at, new) in pairwise(said):
            seconds = (at - before).total_seconds()
            amount = counted(old, new, seconds, bits)
            if seconds <= LONGEST and amount is not None and not self._began_again(series, before, at):
                found.append((at, amount / seconds, seconds))
        return found

    def _began_again(self, series: Name, since: datetime, until: datetime) -> bool:
        uptimes = sorted(self._said.get(Name(series.device, UPTIME), {}).items())
        marks = sorted(self._said.get(Name(series.device, DISCONTINUITY, series.instance), {}).items())
        return any(since < at <= until and new.value < old.value for (_, old), (at, new) in pairwise(uptimes)) or any(
            since < at <= until and new.value != old.value for (_, old), (at, new) in pairwise(marks)
        )


def _held(measure: Measure) -> bool:
    least, most = (0, 2**64) if measure.metric in COUNTERS else (-(2**63), 2**63)
    return least <= measure.value < most


def _mean(found: Sequence[tuple[float, float]]) -> float:
    return sum(rate * seconds for rate, seconds in found) / sum(seconds for _, seconds in found)


def octets(value: int, instance: str = "eth0") -> Measure:
    return Measure("ifHCInOctets", instance, "octets", value)


def heat(value: int) -> Measure:
    return Measure("temperature", "", "millidegrees", value)


def said(minutes: float, *measures: Measure, device: str = "web1") -> Heard:
    return Heard(device, AT + minutes * MINUTE, measures)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], EmbeddedStore]]:
    """Opens the same embedded store, each time as another program would."""
    Vault.create(tmp_path / "vault.key")
    stores: list[EmbeddedStore] = []

    def one() -> EmbeddedStore:
        stores.append(open_series(read_settings(var=tmp_path)))
        return stores[-1]

    yield one
    for store in stores:
        store.close()


@pytest.fixture(params=["plain", "journal", "packed"])
def store(request: pytest.FixtureRequest, opened: Callable[[], EmbeddedStore]) -> SeriesStore:
    """The plainest store; the embedded one, from its journal; and the same after every hour was packed."""
    if request.param == "plain":
        return PlainStore()
    return opened() if request.param == "journal" else Packing(opened())


class Packing(EmbeddedStore):
    """The embedded store, all of whose hours are over as soon as they are written."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.__dict__ = store.__dict__

    def append(self, heard: object) -> None:
        super().append(heard)  # type: ignore[arg-type]
        self.pack(AT + timedelta(days=30))


def test_a_sample_is_read_back_with_its_unit(store: SeriesStore) -> None:
    store.append([said(2, octets(12))])
    assert store.last("web1") == [(Point(AT + 2 * MINUTE, 12), octets(12))]
    assert store.between(ETH0, AT, AT + HOUR) == [Point(AT + 2 * MINUTE, 12)]


def test_one_call_takes_many_machines_each_with_its_own_instant(store: SeriesStore) -> None:
    store.append(said(rank / 60, octets(rank), device=f"switch{rank}") for rank in range(40))
    for rank in (0, 17, 39):
        assert [point for point, _ in store.last(f"switch{rank}")] == [Point(AT + rank / 60 * MINUTE, rank)]


def test_the_latest_of_each_series_is_given_by_metric_and_instance(store: SeriesStore) -> None:
    store.append([said(0, octets(1), octets(5, "eth1")), said(0, octets(9), device="web2")])
    store.append([said(1, octets(2), heat(-4000))])
    found = [(point.at, measure.instance, point.value) for point, measure in store.last("web1")]
    assert found == [(AT + MINUTE, "eth0", 2), (AT, "eth1", 5), (AT + MINUTE, "", -4000)]


def test_the_latest_of_several_machines_is_that_of_each_and_may_be_of_some_series_alone(store: SeriesStore) -> None:
    store.append([said(0, octets(1), heat(20)), said(0, octets(9), device="web2"), said(0, octets(5), device="web3")])
    store.append([said(1, octets(2)), said(2, heat(30), device="web2")])
    asked = ("web1", "web2", "web9")
    assert {name: one.said for name, one in store.latest(asked).items()} == {
        name: store.last(name) for name in ("web1", "web2")
    }
    found = store.latest(asked, lambda metric, unit: (metric, unit) == ("temperature", heat(0).unit))
    assert found["web1"] == (AT + MINUTE, [(Point(AT, 20), heat(20))])  # it said something later, and not that
    assert found["web2"] == (AT + 2 * MINUTE, [(Point(AT + 2 * MINUTE, 30), heat(30))])
    assert store.latest([]) == {}


def test_of_a_machine_or_a_series_that_nobody_knows_there_is_nothing(store: SeriesStore) -> None:
    store.append([said(0, octets(1))])
    assert list(store.last("web9")) == []
    for name in (Name("web9", "ifHCInOctets", "eth0"), Name("web1", "ifHCInOctets", "eth9")):
        assert list(store.between(name, AT, AT + HOUR)) == []
        for resolution in Resolution:
            assert list(store.bands(name, AT, AT + HOUR, resolution)) == []


def test_what_a_machine_said_is_forgotten_and_the_others_keep_theirs(store: SeriesStore) -> None:
    for minutes in (0, 70):
        store.append([said(minutes, octets(600), heat(4)), said(minutes, octets(5), device="web2")])
    store.forget("web3")
    store.forget("web1")
    assert (list(store.last("web1")), list(store.between(ETH0, AT, AT + 3 * HOUR))) == ([], [])
    assert all(not store.bands(HEAT, AT, AT + 3 * HOUR, one) for one in Resolution)
    assert list(store.devices()) == ["web2"]
    assert len(store.between(Name("web2", "ifHCInOctets", "eth0"), AT, AT + 3 * HOUR)) == 2
    store.append([said(80, octets(7))])
    assert store.between(ETH0, AT, AT + 3 * HOUR) == [Point(AT + 80 * MINUTE, 7)]


def test_only_whole_hours_that_are_over_are_forgotten(store: SeriesStore) -> None:
    for minutes in (0, 30, 70, 100):
        store.append([said(minutes, heat(minutes))])
    store.forget("web1", AT + 95 * MINUTE)
    assert [point.value for point in store.between(HEAT, AT, AT + 3 * HOUR)] == [70, 100]
    assert [band.since for band in store.bands(HEAT, AT, AT + 3 * HOUR, Resolution.HOUR)] == [AT + HOUR]
    store.forget("web1", AT + 3 * HOUR)
    assert list(store.devices()) == []


def test_a_period_holds_its_beginning_and_not_its_end(store: SeriesStore) -> None:
    for minutes in range(4):
        store.append([said(minutes, octets(minutes))])
    found = store.between(ETH0, AT + MINUTE, AT + 3 * MINUTE)
    assert found == [Point(AT + MINUTE, 1), Point(AT + 2 * MINUTE, 2)]


def test_what_is_said_twice_for_one_instant_is_kept_as_it_was_first(store: SeriesStore) -> None:
    store.append([said(0, octets(1), octets(2))])
    store.append([said(0, octets(3))])
    assert store.between(ETH0, AT, AT + HOUR) == [Point(AT, 2)]


def test_what_comes_late_is_put_where_it_belongs(store: SeriesStore) -> None:
    for minutes in (1, 3, 2, 125, 0):
        store.append([said(minutes, octets(minutes))])
    assert [point.value for point in store.between(ETH0, AT, AT + 3 * HOUR)] == [0, 1, 2, 3, 125]


@pytest.mark.parametrize("value", [0, 1, 2**63 - 1, 2**63, LARGEST])
def test_any_counter_of_64_bits_comes_back_unchanged(store: SeriesStore, value: int) -> None:
    store.append([said(0, octets(value))])
    assert [point.value for point in store.between(ETH0, AT, AT + HOUR)] == [value]


@pytest.mark.parametrize("value", [-(2**63), -21_500, -1, 0, 2**63 - 1])
def test_a_value_may_be_below_zero(store: SeriesStore, value: int) -> None:
    store.append([said(0, heat(value), octets(LARGEST)), said(1, heat(5), octets(0))])
    assert [point.value for point in store.between(HEAT, AT, AT + HOUR)] == [value, 5]


@pytest.mark.parametrize("wrong", [octets(-1), octets(LARGEST + 1), heat(2**63), heat(-(2**63) - 1)])
def test_what_is_out_of_bounds_is_left_out_and_the_rest_is_kept(store: SeriesStore, wrong: Measure) -> None:
    store.append([said(0, wrong, octets(7, "eth1")), said(0, wrong, device="web2"), said(1, octets(8, "eth1"))])
    assert [measure.value for _, measure in store.last("web1")] == [8]
    assert list(store.last("web2")) == []


def test_a_counter_is_told_as_a_rate_and_a_value_as_itself(store: SeriesStore) -> None:
    store.append(said(minutes, octets(600 * minutes), heat(1000 + minutes)) for minutes in range(11))
    assert [band.mean for band in store.bands(ETH0, AT, AT + HOUR, Resolution.RAW)] == [10.0] * 10
    assert store.bands(ETH0, AT, AT + HOUR, Resolution.FIVE_MINUTES) == [
        Band(AT + rank * 5 * MINUTE, 10.0, 10.0, 10.0) for rank in range(3)
    ]
    assert store.bands(HEAT, AT, AT + HOUR, Resolution.FIVE_MINUTES)[:2] == [
        Band(AT, 1000, 1002, 1004),
        Band(AT + 5 * MINUTE, 1005, 1007, 1009),
    ]
    assert store.bands(HEAT, AT, AT + HOUR, Resolution.HOUR) == [Band(AT, 1000, 1005, 1010)]


def test_a_rate_goes_on_from_one_hour_to_the_next(store: SeriesStore) -> None:
    for minutes in range(57, 66):
        store.append([said(minutes, octets(minutes * 60))])
    found = store.bands(ETH0, AT + HOUR, AT + 2 * HOUR, Resolution.FIVE_MINUTES)
    assert [(band.since, band.mean) for band in found] == [(AT + HOUR, 1.0), (AT + 65 * MINUTE, 1.0)]


def test_a_wrap_goes_on_and_a_reset_is_a_gap(store: SeriesStore) -> None:
    values = [LARGEST - 59, 0, 60, 5, 65]
    store.append(said(minutes, octets(value)) for minutes, value in enumerate(values))
    found = store.bands(ETH0, AT, AT + HOUR, Resolution.RAW)
    assert [(band.since, band.mean) for band in found] == [(AT + minutes * MINUTE, 1.0) for minutes in (1, 2, 4)]


def test_a_machine_that_began_again_leaves_a_gap_though_its_counters_went_up(store: SeriesStore) -> None:
    uptimes = [500, 560, 20, 80]
    store.append(
        said(minutes, octets(60 * minutes), Measure("sysUpTime", "", "seconds", value))
        for minutes, value in enumerate(uptimes)
    )
    found = store.bands(ETH0, AT, AT + HOUR, Resolution.RAW)
    assert [band.since for band in found] == [AT + MINUTE, AT + 3 * MINUTE]


def test_an_interface_whose_counters_began_again_leaves_a_gap_and_the_others_none(store: SeriesStore) -> None:
    marks = [7, 7, 9, 9]
    store.append(
        said(
            minutes,
            *(octets(60 * minutes, port) for port in ("eth0", "eth1")),
            Measure("ifCounterDiscontinuityTime", "eth0", "hundredths", mark),
        )
        for minutes, mark in enumerate(marks)
    )
    for port, minutes in (("eth0", (1, 3)), ("eth1", (1, 2, 3))):
        found = store.bands(Name("web1", "ifHCInOctets", port), AT, AT + HOUR, Resolution.RAW)
        assert [band.since for band in found] == [AT + minute * MINUTE for minute in minutes], port


def test_a_long_silence_is_a_gap(store: SeriesStore) -> None:
    store.append(said(minutes, octets(60 * minutes)) for minutes in (0, 1, 30, 31))
    assert [band.since for band in store.bands(ETH0, AT, AT + HOUR, Resolution.RAW)] == [
        AT + MINUTE,
        AT + 31 * MINUTE,
    ]


def test_a_series_that_comes_and_goes_leaves_the_others_whole(store: SeriesStore) -> None:
    for minutes in range(6):
        more = [heat(minutes)] if minutes % 2 else [octets(1, "eth1"), heat(minutes)] if minutes == 4 else []
        store.append([said(minutes, octets(60 * minutes), *more)])
    assert [point.value for point in store.between(HEAT, AT, AT + HOUR)] == [1, 3, 4, 5]
    assert [band.mean for band in store.bands(ETH0, AT, AT + HOUR, Resolution.RAW)] == [1.0] * 5


def test_another_program_reads_what_was_appended(opened: Callable[[], EmbeddedStore]) -> None:
    opened().append([said(0, octets(1))])
    second = opened()
    second.append([said(1, octets(2))])
    assert [point.value for point in opened().between(ETH0, AT, AT + HOUR)] == [1, 2]


Said = tuple[int, int, int | None, int | None]
SAID = st.lists(
    st.tuples(
        st.integers(0, 60 * 60 * 5),
        st.sampled_from([0, 60, 2**40, 2**63, LARGEST]) | st.integers(0, 10**6),
        st.none() | st.integers(-(10**6), 10**6),
        st.none() | st.integers(0, 5000),
    ),
    max_size=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(told=SAID, packs=st.sets(st.integers(0, 30)))
@example(told=[(0, 0, None, None), (3700, 60, 1, 5), (10, 60, None, None)], packs={0, 1})
def test_the_embedded_store_tells_what_the_plainest_does(
    tmp_path_factory: pytest.TempPathFactory, told: list[Said], packs: set[int]
) -> None:
    """Whatever was said, in whatever order, and whenever it was packed."""
    folder = tmp_path_factory.mktemp("series")
    Vault.create(folder / "vault.key")
    plain, embedded = PlainStore(), open_series(read_settings(var=folder))
    try:
        for place, (second, counter, value, uptime) in enumerate(told):
            heard = said(second / 60, octets(counter), *([heat(value)] if value is not None else []),
                         *([Measure("sysUpTime", "", "seconds", uptime)] if uptime is not None else []))  # fmt: skip
            plain.append([heard])
            embedded.append([heard])
            if place in packs:
                embedded.pack(AT + 10 * HOUR)
        for name in (ETH0, HEAT):
            assert list(embedded.between(name, AT, AT + 6 * HOUR)) == list(plain.between(name, AT, AT + 6 * HOUR))
        for resolution in Resolution:
            alike(
                list(embedded.bands(HEAT, AT, AT + 6 * HOUR, resolution)),
                list(plain.bands(HEAT, AT, AT + 6 * HOUR, resolution)),
            )
        alike(
            list(embedded.bands(ETH0, AT, AT + 6 * HOUR, Resolution.RAW)),
            list(plain.bands(ETH0, AT, AT + 6 * HOUR, Resolution.RAW)),
        )
    finally:
        embedded.close()


def alike(found: list[Band], wanted: list[Band]) -> None:
    """To sixteen significant bits."""
    assert [band.since for band in found] == [band.since for band in wanted]
    for one, other in zip(found, wanted, strict=True):
        for name in ("low", "mean", "high"):
            assert math.isclose(getattr(one, name), getattr(other, name), rel_tol=2**-15, abs_tol=1e-3), (one, other)
