"""What always holds of packed samples, of rates and of columns, whatever machines say."""

from __future__ import annotations

import math
from array import array
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitoring import graphs, packing, rates
from monitoring.series import Band

WORDS = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1])
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@st.composite
def hours(draw: st.DrawFn) -> tuple[list[int], list[list[int | None]]]:
    count, series = draw(st.integers(1, 12)), draw(st.integers(0, 70))
    instants = sorted(draw(st.sets(st.integers(0, 2**45), min_size=count, max_size=count)))
    one = st.lists(st.none() | WORDS, min_size=count, max_size=count)
    return instants, draw(st.lists(one, min_size=series, max_size=series))


@settings(max_examples=40)
@given(hour=hours())
@example(hour=([5], [[None]]))
@example(hour=([1, 2, 3], [[0, 2**64 - 1, 0], [None, 7, None], [9, 8, 10]]))
def test_what_was_packed_is_unpacked_as_it_was(hour: tuple[list[int], list[list[int | None]]]) -> None:
    instants, columns = hour
    body = packing.pack(instants, columns)
    assert packing.unpack(body) == (instants, dict(enumerate(columns)))
    for rank in range(0, len(columns), 7):
        assert packing.unpack(body, [rank]) == (instants, {rank: columns[rank]})


@given(words=st.lists(WORDS, min_size=1, max_size=80))
def test_a_row_is_unpacked_as_it_was(words: list[int]) -> None:
    assert packing.unpack_row(packing.pack_row(array("Q", words)), len(words)) == words


WHOLE = packing.pack([1, 2, 3], [[1, 2, 3]] * 40)


@given(body=st.binary(max_size=200), cut=st.integers(0, len(WHOLE) - 1))
def test_what_is_damaged_is_refused_and_never_made_up(body: bytes, cut: int) -> None:
    for damaged in (body, WHOLE[:cut], WHOLE + b"x", WHOLE[:cut] + bytes((WHOLE[cut] ^ 255,)) + WHOLE[cut + 1 :]):
        with pytest.raises(packing.Garbled):
            packing.unpack(damaged)
    with pytest.raises(packing.Garbled):
        packing.unpack_floats(body, 0, 3)


NUMBERS = st.floats(-1e18, 1e18, allow_nan=False) | st.just(math.nan)


@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=70))
def test_numbers_are_kept_to_sixteen_bits_and_their_order_stays(rows: list[tuple[float, float]]) -> None:
    body = packing.pack_floats([rows, rows], 2)
    found = [packing.unpack_floats(body, rank, 2) for rank in range(len(rows))]
    for row, (one, other) in zip(rows, found, strict=True):
        assert [math.isnan(each) for each in one] == [math.isnan(each) for each in row]
        for wanted, kept in zip(row, one, strict=True):
            assert math.isnan(wanted) or math.isclose(wanted, kept, rel_tol=2**-15, abs_tol=1e-30)
        assert str(one) == str(other)
    first = [(row[0], kept[0][0]) for row, kept in zip(rows, found, strict=True) if not math.isnan(row[0])]
    ordered = [kept for _, kept in sorted(first)]
    assert ordered == sorted(ordered)


@given(
    start=st.integers(0, 2**64 - 1),
    steps=st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 599)), min_size=1, max_size=20),
)
def test_a_counter_that_wraps_counts_as_one_that_does_not(start: int, steps: list[tuple[int, int]]) -> None:
    values, instants, total = [start % 2**64], [0.0], start
    for step, seconds in steps:
        total += step
        values.append(total % 2**64)
        instants.append(instants[-1] + seconds)
    assert rates.rates(values, rates.spans(instants), 64) == [step / seconds for step, seconds in steps]


@given(before=st.integers(2**40, 2**60), after=st.integers(0, 2**39))
def test_a_counter_that_was_reset_says_nothing(before: int, after: int) -> None:
    assert rates.counted(before, after, 60, 64) is None


@given(
    values=st.lists(st.none() | st.integers(0, 10**6), min_size=2, max_size=20),
    spans=st.lists(st.integers(1, 2000), min_size=20, max_size=20),
)
def test_no_rate_is_ever_below_zero_and_none_spans_a_silence(values: list[int | None], spans: list[int]) -> None:
    instants = [float(sum(spans[:place])) for place in range(len(values))]
    found = rates.rates(values, rates.spans(instants), 64)
    assert len(found) == len(values) - 1
    assert all(rate is None or rate >= 0 for rate in found)
    for place, rate in enumerate(found):
        if rate is not None:
            since = max(rank for rank in range(place + 1) if values[rank] is not None)
            assert instants[place + 1] - instants[since] <= rates.LONGEST


@given(
    known=st.lists(st.booleans(), min_size=1, max_size=300),
    width=st.integers(1, 80),
    figures=st.lists(st.floats(0, 1e9), min_size=300, max_size=300),
)
def test_columns_keep_the_extremes_and_every_gap_as_wide_as_one(
    known: list[bool], width: int, figures: list[float]
) -> None:
    step = timedelta(minutes=5)
    bands = [
        Band(NOON + place * step, figures[place], figures[place], figures[place])
        for place, there in enumerate(known)
        if there
    ]
    _, wide = graphs.chosen(len(known) * step, width)
    wide = max(wide, step)
    drawn = graphs.columns(bands, NOON, NOON + len(known) * step, wide)
    there = [column for column in drawn if column is not None]
    assert len(drawn) <= max(width, 1) + 1 or wide == step
    if bands:
        assert min(column.low for column in there) == min(band.low for band in bands)
        assert max(column.high for column in there) == max(band.high for band in bands)
    for place, column in enumerate(drawn):
        begin = NOON + place * wide
        assert (column is not None) == any(begin <= band.since < begin + wide for band in bands)


@given(figures=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=400))
def test_ninety_five_of_a_hundred_do_not_pass_the_percentile(figures: list[float]) -> None:
    """The nearest rank: one of the figures, and the least that will do."""
    found = graphs.percentile(figures)
    assert found in figures
    assert sum(figure <= found for figure in figures) * 100 >= 95 * len(figures)
    assert all(sum(figure <= less for figure in figures) * 100 < 95 * len(figures) for less in figures if less < found)
