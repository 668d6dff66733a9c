"""A diff applied to the old text gives the new one, whatever the two are."""

from __future__ import annotations

import random
import re
import time
from difflib import unified_diff

from hypothesis import given
from hypothesis import strategies as st

from provisioning import differences
from provisioning.texts import unified

FEW = st.lists(st.sampled_from(["[Peer]", "", "AllowedIPs = ", "a", "b"]), max_size=30)
MANY = st.lists(st.integers(0, 40).map(str), max_size=60)
HEADING = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def applied(old: list[str], diff: list[str]) -> list[str]:
    """What a diff makes of a text, strictly: every row that it says is there must be there."""
    made, here, left = [], 0, [0, 0]
    for row in diff[2:]:
        heading = HEADING.fullmatch(row) if left == [0, 0] else None
        if heading is not None:
            first, count, first_new, count_new = (int(each or "1") for each in heading.groups())
            begin = first - (count > 0)
            made += old[here:begin]
            assert len(made) == first_new - (count_new > 0)
            here, left = begin, [count, count_new]
            continue
        if row[0] in " -":
            assert old[here] == row[1:]
            here, left[0] = here + 1, left[0] - 1
        if row[0] in " +":
            made.append(row[1:])
            left[1] -= 1
    assert left == [0, 0]
    return made + old[here:]


def held(old: list[str], new: list[str]) -> None:
    assert applied(old, list(differences.unified("x", old, new))) == new
    last = None
    for edit in differences.edits(old, new):
        assert edit.old_to > edit.old_from or edit.new_to > edit.new_from
        if last is not None:
            assert edit.old_from > last.old_to
            assert edit.old_from - last.old_to == edit.new_from - last.new_to
        last = edit


@given(FEW, FEW)
def test_a_diff_of_rows_that_repeat_gives_the_new_text(old: list[str], new: list[str]) -> None:
    held(old, new)


@given(MANY, MANY)
def test_a_diff_of_rows_that_hardly_repeat_gives_the_new_text(old: list[str], new: list[str]) -> None:
    held(old, new)


@given(MANY, st.data())
def test_a_diff_of_a_text_that_was_edited_gives_what_it_became(old: list[str], data: st.DataObject) -> None:
    new = list(old)
    for _ in range(data.draw(st.integers(0, 5))):
        begin = data.draw(st.integers(0, len(new)))
        end = data.draw(st.integers(begin, min(len(new), begin + 6)))
        where = data.draw(st.integers(0, len(new) - (end - begin)))
        moved, rest = new[begin:end], new[:begin] + new[end:]
        new = data.draw(st.sampled_from([rest, rest[:where] + moved + rest[where:], [*rest, "new"]]))
    held(old, new)
    assert list(differences.unified("x", old, old)) == []


def test_one_row_that_differs_is_told_as_difflib_tells_it() -> None:
    old = [f"row {rank}" for rank in range(20)]
    new = [*old[:9], "another", *old[10:]]
    assert list(differences.unified("x", old, new)) == list(unified_diff(old, new, "x", "x", lineterm=""))
    assert list(differences.unified("x", [], new)) == list(unified_diff([], new, "x", "x", lineterm=""))


def test_a_peer_that_comes_is_told_from_its_first_row_to_its_last() -> None:
    def text(*ranks: int) -> str:
        return "".join(f"\n[Peer]\n# L{rank:04d}\nPublicKey = {rank}\nAllowedIPs = {rank}/32\n" for rank in ranks)

    diff = unified({"wg0.conf": text(1, 2, 4, 5)}, {"wg0.conf": text(1, 2, 3, 4, 5)})
    came = [row for row in diff.splitlines()[3:] if row.startswith("+")]
    assert came == ["+", "+[Peer]", "+# L0003", "+PublicKey = 3", "+AllowedIPs = 3/32"]
    assert not [row for row in diff.splitlines()[3:] if row.startswith("-")]


def test_what_is_long_and_turned_about_takes_no_longer_for_it() -> None:
    rows = [f"row {rank}" for rank in range(20_000)]
    shuffled = random.Random(7).sample(rows, len(rows))
    began = time.process_time()
    held(rows, rows[::-1])
    held(rows, shuffled)
    held(rows, rows[10_000:] + rows[:10_000])
    held(["same"] * 20_000, ["same"] * 19_000 + ["other"])
    assert time.process_time() - began < 20
