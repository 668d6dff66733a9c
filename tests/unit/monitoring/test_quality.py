"""Five minutes of echoes as series, and a line over a time: families, the latency band, its gaps, its table."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.settings import read_settings
from foundation.speech import LANGUAGES
from foundation.vault import Vault
from inventory.models.lines import Delivery, LineState, Technology
from monitoring import quality, svg
from monitoring.connections import LastConnection
from monitoring.diagnosis.questions import diagnose
from monitoring.diagnosis.seen import Reach, Seen
from monitoring.embedded import EmbeddedStore, open_series
from monitoring.graph_words import in_words, table
from monitoring.pinging import Echoed, Home

AT = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
FIVE, DAY = timedelta(minutes=5), timedelta(days=1)
ADDRESSES = {4: ip_address("198.51.100.7"), 6: ip_address("2001:db8::1")}
NBSP = "\N{NO-BREAK SPACE}"


def echoed(times: Sequence[int], sent: int | None = None, line: str = "L0042", version: int = 4) -> Echoed:
    count = len(times) if sent is None else sent
    return Echoed(Home(line, ADDRESSES[version]), count, 0, array("L", times))


@pytest.fixture
def series(tmp_path: Path) -> Iterator[EmbeddedStore]:
    Vault.create(tmp_path / "vault.key")
    opened = open_series(read_settings(var=tmp_path))
    yield opened
    opened.close()


@given(st.lists(st.integers(0, 4_000_000), max_size=31), st.integers(0, 31))
def test_five_minutes_are_told_by_their_own_echoes(times: list[int], lost: int) -> None:
    sent = len(times) + lost
    told = quality.heard([echoed(times, sent)], AT)
    if sent < quality.FEWEST:
        assert told == []
        return
    [one] = told
    found = {measure.metric: measure.value for measure in one.measures}
    assert (one.device, one.at) == ("L0042", AT)
    assert found[quality.LOSS] == round(10_000 * lost / sent)
    assert (quality.MEDIAN in found) == bool(times)
    if times:
        assert found[quality.LEAST] == min(times) <= found[quality.MEDIAN]
        assert found[quality.MEDIAN] <= found[quality.NINETY_FIVE] <= found[quality.NINETY_NINE] <= max(times)
        for metric, share in (("latencyMedian", 0.5), ("latency95", 0.95), ("latency99", 0.99)):
            assert sum(each <= found[metric] for each in times) >= share * len(times)
            assert sum(each < found[metric] for each in times) < share * len(times) or not times


def test_both_families_of_a_line_are_told_together_and_lines_apart() -> None:
    told = quality.heard([echoed([5] * 9), echoed([6] * 9, version=6), echoed([7] * 9, line="L0002")], AT)
    assert [one.device for one in told] == ["L0002", "L0042"]
    assert {measure.instance for measure in told[1].measures} == {"ipv4", "ipv6"}


@pytest.mark.parametrize(("device", "line"), [("L0042", True), ("L12345", True), ("L42", False), ("l0042", False),
                                              ("vpn", False), ("L0042 ", False)])  # fmt: skip
def test_lines_are_told_from_machines(device: str, line: bool) -> None:
    assert quality.is_line(device) is line


def fill(series: EmbeddedStore) -> None:
    """Two hours of which one half hour is missing; IPv6 never answers."""
    for rank in range(24):
        if not 6 <= rank < 12:
            times = [12_000] * 18 + [30_000] * 2
            both = [echoed(times, 25 if rank == 3 else 20), echoed([], 20, version=6)]
            series.append(quality.heard(both, AT + rank * FIVE))


def test_a_line_over_a_time_is_the_mean_of_its_five_minutes(series: EmbeddedStore) -> None:
    fill(series)
    four, six = quality.families(series, "L0042", AT, AT + DAY)
    assert (four.family, four.whiles, four.least, four.median) == ("ipv4", 18, 12.0, 12.0)
    assert (four.ninety_five, four.ninety_nine) == (30.0, 30.0)
    assert (four.loss, four.worst, four.worst_at) == (round(20 / 18, 2), 20.0, AT + 3 * FIVE)
    assert (six.loss, six.median) == (100.0, None)
    assert quality.families(series, "L0043", AT, AT + DAY) == []


def test_the_latency_is_a_band_with_its_gap_its_words_and_its_table(series: EmbeddedStore) -> None:
    fill(series)
    latency, lost = quality.pictures(series, "L0042", AT, AT + 24 * FIVE, 24)
    assert (latency.graph.key, lost.graph.key) == ("latency", "loss")
    [curve] = latency.curves  # nothing is known of IPv6's
    assert [each is None for each in curve.columns] == [6 <= rank < 12 for rank in range(24)]
    assert {(band.low, band.mean, band.high) for band in curve.columns if band} == {(12_000, 12_000, 30_000)}
    said = in_words(curve, latency.graph.unit, "fr", spread=latency.graph.spread)
    assert said.replace(NBSP, " ") == "IPv4 : médiane 12 ms, 95e centile 30 ms (au pire 30 ms), au mieux 12 ms."
    rows = table(latency, 4, "en")
    assert [row.figures[0].replace(NBSP, " ") for row in rows] == [
        "12 ms (12 ms to 30 ms)", "", "12 ms (12 ms to 30 ms)", "12 ms (12 ms to 30 ms)",
    ]  # fmt: skip
    for language in LANGUAGES:
        drawn = svg.drawn(latency, language, name="latency", standing=True)
        assert drawn.count("M") >= 2 * 2, "a band and a median, in two pieces"
    assert len(lost.curves) == 2


def test_a_line_of_which_nothing_is_known_has_no_picture(series: EmbeddedStore) -> None:
    assert quality.pictures(series, "L0042", AT, AT + DAY, 24) == []


def test_a_diagnosis_cites_what_was_measured_and_not_what_never_answered(series: EmbeddedStore) -> None:
    fill(series)
    seen = Seen(
        AT, "L0042", Technology.WIREGUARD, Delivery.TUNNEL, LineState.ACTIVE, AT - DAY,
        last=LastConnection(AT - DAY, AT, None, None, 1, 1, ""), reach=Reach(ipv4=True, ipv6=True),
        echoes=tuple(quality.families(series, "L0042", AT, AT + DAY)),
    )  # fmt: skip
    facts = diagnose(seen).findings[0].facts
    for language, said in (
        ("fr", "mesuré depuis une heure, IPv4 : 1,1 % d'échos perdus, latence médiane 12 ms"),
        ("en", "measured in the last hour, IPv4: 1.1 % of echoes lost, a median latency of 12 ms"),
    ):
        told = [one.say(language).replace(NBSP, " ") for one in facts]  # type: ignore[arg-type]
        assert len([one for one in told if said in one]) == 1, told
        assert not [one for one in told if "IPv6 :" in one or "IPv6:" in one]


def test_the_rates_of_the_copper_are_drawn_beside(series: EmbeddedStore) -> None:
    told = {"L0042": {"syncDown": 8_000_000, "syncUp": 900_000}, "L0002": {}}
    for rank in range(12):
        series.append(quality.rates_heard(told, AT + rank * FIVE))
    assert list(series.devices()) == ["L0042"]
    [sync] = quality.pictures(series, "L0042", AT, AT + 12 * FIVE, 12)
    assert [curve.title.en for curve in sync.curves] == ["towards you", "from you"]
    said = in_words(sync.curves[0], sync.graph.unit, "en")
    assert said.replace(NBSP, " ").startswith("Towards you: from 8 Mbit/s to 8 Mbit/s")
