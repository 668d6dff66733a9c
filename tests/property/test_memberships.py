"""What always holds of memberships: they never overlap, and merging two files loses no day and adds none."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inventory.merging import Period, beside
from inventory.words import fold

FIRST = date(2020, 1, 1)
SPAN = 40


@st.composite
def histories(draw: st.DrawFn) -> list[Period]:
    """The memberships of one file: disjoint, in order, the last perhaps without an end."""
    edges = sorted(draw(st.sets(st.integers(0, SPAN), max_size=8)))
    days = [FIRST + timedelta(days=edge) for edge in edges]
    kind = draw(st.sampled_from(["adherent", "affiliate"]))
    stays = [Period(since, until, kind) for since, until in zip(days[::2], days[1::2], strict=False)]
    if len(days) % 2:
        stays.append(Period(days[-1], None, kind))
    return stays


def days_of(stays: list[Period]) -> list[date]:
    """Every day covered, as often as it is."""
    end = FIRST + timedelta(days=SPAN + 5)
    return [one.since + timedelta(days=day) for one in stays for day in range(((one.until or end) - one.since).days)]


@given(histories(), histories())
def test_merging_covers_each_day_that_either_file_did_once(kept: list[Period], added: list[Period]) -> None:
    pieces = [piece for one in added for piece in beside(one, kept)]
    covered = days_of([*kept, *pieces])
    assert len(covered) == len(set(covered))
    assert set(covered) == set(days_of(kept)) | set(days_of(added))
    assert all(piece.until is None or piece.since < piece.until for piece in pieces)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert once == once.strip()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzéèàçôöœæ", min_size=1))
def test_what_is_written_in_capitals_is_found(text: str) -> None:
    assert fold(text.upper()) == fold(text)


@given(st.text(alphabet="abc déÉ", max_size=6), st.text(alphabet="abc déÉ", max_size=6))
def test_a_part_of_a_name_is_found_in_it(before: str, after: str) -> None:
    assert fold("zoé") in fold(f"{before}Zoé{after}")
