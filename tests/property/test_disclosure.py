"""What is kept back stays unknown, even to whoever knows the rule and counts through everything that could be."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from billing.cost.disclosure import LEAST, bounded, counts_of, kept_back, rows_kept_back

counts = st.lists(st.integers(0, 12), min_size=1, max_size=8)
LIMITS = (0, 1, 500, 1000, 2000)


def told(cells: tuple[int, ...]) -> tuple[object, ...]:
    """All that is published of these cells: those told, which are kept back, and how many people there are in all."""
    hidden = kept_back(cells)
    if hidden is None:
        return ("nothing",)
    return (*(None if rank in hidden else count for rank, count in enumerate(cells)), sum(cells))


def test_nobody_recomputes_a_cell_by_trying_everything_that_could_be() -> None:
    possible = defaultdict(list)
    for cells in product(range(11), repeat=4):
        possible[told(cells)].append(cells)
    for published, ways in possible.items():
        hidden = [rank for rank, cell in enumerate(published[:-1]) if cell is None]
        for rank in hidden:
            assert len({way[rank] for way in ways}) > 1, (published, ways)
        if hidden:
            assert sum(ways[0][rank] for rank in hidden) >= LEAST, published


def test_where_no_cell_is_told_none_is_known() -> None:
    ways = [way for way in product(range(6), repeat=4) if kept_back(way) is None]
    assert all(len({way[rank] for way in ways}) > 1 for rank in range(4))
    assert (4, 4, 4, 4) in ways


@given(counts)
def test_no_cell_of_fewer_than_five_is_told(cells: list[int]) -> None:
    hidden = kept_back(cells)
    if hidden is not None:
        assert all(count == 0 or count >= LEAST for rank, count in enumerate(cells) if rank not in hidden)
        assert len(hidden) != 1


@given(counts, st.randoms())
def test_the_rule_does_not_depend_on_the_order_of_cells(cells: list[int], chance: object) -> None:
    order = list(range(len(cells)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    before, after = kept_back(cells), kept_back([cells[rank] for rank in order])
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert {order[rank] for rank in after} == before


amounts = st.lists(st.integers(0, 4000).map(Fraction), max_size=14)


@given(amounts)
def test_an_amount_in_all_leaves_every_kept_back_cell_open(given_by: list[Fraction]) -> None:
    cells = counts_of(given_by, LIMITS)
    assert sum(cells) == len(given_by)
    hidden = kept_back(cells)
    if hidden and bounded(given_by, LIMITS):
        whole, held = sum(given_by, Fraction(0)), sum(cells[rank] for rank in hidden)
        seen = defaultdict(set)
        for filling in product(range(1, held), repeat=len(hidden)):
            if sum(filling) != held:
                continue
            way = list(cells)
            for rank, count in zip(sorted(hidden), filling, strict=True):
                way[rank] = count
            if kept_back(way) == hidden and fits(way, whole):
                for rank in hidden:
                    seen[rank].add(way[rank])
        assert all(len(seen[rank]) > 1 for rank in hidden)


def fits(cells: list[int], whole: Fraction) -> bool:
    """Whether amounts in these bands, to the cent, may add up to that."""
    least = sum(count * low for count, low in zip(cells, LIMITS, strict=True))
    most = sum(count * (high - 1) for count, high in zip(cells, (*LIMITS[1:], 10**9), strict=True))
    return least <= whole <= most


def test_four_who_give_more_and_one_who_gives_less_are_not_found_out_by_the_amount_in_all() -> None:
    given_by = [Fraction(450), *[Fraction(990)] * 4]
    assert kept_back(counts_of(given_by, LIMITS)) == frozenset({1, 2})
    assert not bounded(given_by, LIMITS)
    assert bounded([Fraction(450)] * 9, LIMITS)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 12), max_size=6), st.sets(st.text("abc")))
def test_no_row_alone_is_kept_back_where_the_total_is_told(people: dict[str, int], untold: set[str]) -> None:
    hidden, total = rows_kept_back(people, lambda name: name in untold)
    assert all(not 0 < count < LEAST for name, count in people.items() if name not in hidden)
    if hidden and total:
        assert len(hidden) > 1
        assert sum(people[name] for name in hidden) >= LEAST
