"""What always holds of exchange: octets give records or sentences; a sweep finds a conflict where there is one."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.exchange import clubs, coin, netbox, ours
from inventory.exchange.cells import Dates
from inventory.exchange.exporting import guarded
from inventory.exchange.forms import FORMS
from inventory.exchange.periods import Held, conflicts, meet, union
from inventory.exchange.records import Reading

HEADINGS = sorted({heading for form in FORMS.values() for heading in form.known})
CELLS = st.one_of(
    st.sampled_from(
        ["", "M1", "L1", "03/04/2026", "2020-01-01", "oui", "198.51.100.0/24", "ppp a 2020-01-01/", "=1", "a b/c",
         "1" * 400,
         "active 2020-01-01T00:00:00Z", "adherent 2020-01-01/", "2026-03-29T02:30:00", "9999-12-31", "\u200b", "\ud7ff"]
    ),
    st.text(max_size=12),
)  # fmt: skip


def readings(file: str, data: bytes) -> list[Reading]:
    every = [ours.read(file, data, noun) for noun in FORMS]
    every += [ours.read_all({file: data}), netbox.read({file: data}), coin.read({file: data})]
    return [*every, clubs.galette(file, data), clubs.paheko(file, data)]


def check(found: list[Reading]) -> None:
    for reading in found:
        for one in (*reading.problems, *reading.remarks):
            for language in ("fr", "en"):
                assert one.sentence(language)  # type: ignore[arg-type]


@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.json", "members_member.csv", "members.csv"]))
def test_any_octets_give_records_or_sentences(data: bytes, file: str) -> None:
    check(readings(file, data))


@given(
    st.lists(
        st.sampled_from([*HEADINGS, "id_adh", "pk", "status", "address", "cid", "tenant"]), min_size=1, max_size=6
    ),
    st.lists(st.lists(CELLS, max_size=6), max_size=4),
    st.sampled_from([";", ",", "\t"]),
)
def test_any_table_gives_records_or_sentences(header: list[str], rows: list[list[str]], separator: str) -> None:
    lines = [separator.join(header), *(separator.join(f'"{cell}"' for cell in row) for row in rows)]
    check(readings("a.csv", "\n".join(lines).encode("utf-8", "replace")))


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
NAMES = st.sampled_from(["model", "fields", "pk", "members", "name", "inet"])


@given(st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=12))
def test_any_json_gives_records_or_sentences(found: object) -> None:
    import json

    check(readings("a.json", json.dumps(found).encode()))


@given(st.text(max_size=20))
def test_a_cell_written_out_comes_back(text: str) -> None:
    assert ours.unguarded(guarded(text)) == text


@st.composite
def held(draw: st.DrawFn) -> Held[int, int]:
    length = draw(st.integers(0, 4))
    first = draw(st.integers(0, (1 << length) - 1)) << (4 - length)
    since = draw(st.integers(0, 12))
    until = draw(st.none() | st.integers(since + 1, 14))
    return Held(draw(st.sampled_from([4, 6])), first, first + (1 << (4 - length)) - 1, since, until, 0)


@given(st.lists(held(), max_size=12))
def test_a_sweep_finds_a_conflict_exactly_where_there_is_one(every: list[Held[int, int]]) -> None:
    ranked = [Held(one.family, one.first, one.last, one.since, one.until, rank) for rank, one in enumerate(every)]

    def clash(one: Held[int, int], other: Held[int, int]) -> bool:
        near = one.family == other.family and one.first <= other.last and other.first <= one.last
        return near and meet(one.since, one.until, other.since, other.until)

    found = list(conflicts(ranked))
    assert bool(found) == any(clash(one, other) for one, other in combinations(ranked, 2))
    assert all(clash(ranked[one], ranked[other]) for one, other in found)
    left_out = {one for one, _ in found}
    kept = [one for one in ranked if one.what not in left_out]
    assert not any(clash(one, other) for one, other in combinations(kept, 2))


@given(
    st.lists(
        st.tuples(st.dates(), st.none() | st.dates()).filter(lambda one: one[1] is None or one[0] < one[1]), max_size=8
    )
)
def test_periods_as_one_cover_the_same_days_and_never_touch(every: list[tuple[object, object]]) -> None:
    whole = union(every)  # type: ignore[arg-type]
    for (_, until), (since, _) in pairwise(whole):
        assert until is not None
        assert until < since
    for since, until in every:
        assert any(one[0] <= since and (one[1] is None or (until is not None and until <= one[1])) for one in whole)  # type: ignore[operator]


@given(st.lists(st.dates(), min_size=1), st.sampled_from(["dmy", "mdy"]))
def test_the_order_that_a_file_tells_is_the_one_it_was_written_in(days: list[object], order: str) -> None:
    pattern = "%d/%m/%Y" if order == "dmy" else "%m/%d/%Y"
    texts = [day.strftime(pattern) for day in days]  # type: ignore[attr-defined]
    assert Dates.of(texts).order in (None, order)
    assert not Dates.of(texts).both


@pytest.mark.parametrize("name", ["", "a", "id"])
def test_a_file_of_one_heading_is_read(name: str) -> None:
    check(readings("a.csv", f"{name}\nx\n".encode()))
