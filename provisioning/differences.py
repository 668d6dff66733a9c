"""How two long texts differ, row by row, at once even where they are tens of thousands of rows long.

Rows that stand once in each text hold the two together, as in Bram Cohen's patience diff: where the texts part, the
nearest such row that both still have ahead is where they meet again. All that lies between two edits is passed over
by comparing whole slices; the short gap that is left at each edit goes to difflib. The work grows with the length of
the texts and with what changed, never with their product.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

Rows = Sequence[str]


class Edit(NamedTuple):
    """Rows `old_from` to `old_to` of the old text give way to rows `new_from` to `new_to` of the new (half-open)."""

    old_from: int
    old_to: int
    new_from: int
    new_to: int


def edits(old: Rows, new: Rows) -> list[Edit]:
    """Every edit that makes `new` of `old`, in order: between two of them at least one row is the same in both."""
    found: list[Edit] = []
    begin = _alike(old, new, Edit(0, len(old), 0, len(new)))
    if begin == len(old) == len(new):
        return found
    end = _alike_behind(old, new, begin)
    meeting = _Meeting(old, new, len(old) - end, len(new) - end)
    here, there = begin, begin
    while here < meeting.old_end or there < meeting.new_end:
        again, further = meeting.after(here, there)
        found += _gap(old, new, Edit(here, again, there, further))
        same = _alike(old, new, Edit(again, meeting.old_end, further, meeting.new_end))
        here, there = again + same, further + same
    return _slid(old, new, found)


def unified(name: str, old: Rows, new: Rows, context: int = 3) -> Iterator[str]:
    """The rows of a unified diff, as diff(1) writes them, nothing when the texts are the same."""
    told = edits(old, new)
    if told:
        yield f"--- {name}"
        yield f"+++ {name}"
    for hunk in _hunks(told, context):
        first, last = hunk[0], hunk[-1]
        begin, stop = max(0, first.old_from - context), min(len(old), last.old_to + context)
        begin_new = first.new_from - (first.old_from - begin)
        stop_new = last.new_to + (stop - last.old_to)
        yield f"@@ -{_range(begin, stop)} +{_range(begin_new, stop_new)} @@"
        for edit in hunk:
            yield from (f" {row}" for row in old[begin : edit.old_from])
            yield from (f"-{row}" for row in old[edit.old_from : edit.old_to])
            yield from (f"+{row}" for row in new[edit.new_from : edit.new_to])
            begin = edit.old_to
        yield from (f" {row}" for row in old[begin:stop])


class _Meeting:
    """Where two texts that have parted meet again; beyond the two ends they are the same anyway."""

    def __init__(self, old: Rows, new: Rows, old_end: int, new_end: int) -> None:
        self.old_end, self.new_end = old_end, new_end
        self._old = old
        self._once = Counter(old), Counter(new)
        self._place = dict(zip(new, range(len(new)), strict=True))

    def after(self, here: int, there: int) -> tuple[int, int]:
        """The nearest row from these two on that stands once in each text, else both ends.

        Nearest by how many rows of both are passed over, so that what was moved far away holds nothing up; no more
        rows are looked at than are then passed over.
        """
        best, least = (self.old_end, self.new_end), self.old_end - here + self.new_end - there
        in_old, in_new = self._once
        for rank in range(here, self.old_end):
            passed = rank - here
            if passed >= least:
                break
            row = self._old[rank]
            if in_old[row] == 1 == in_new.get(row):
                place = self._place[row]
                if there <= place < self.new_end and passed + place - there < least:
                    best, least = (rank, place), passed + place - there
        return best


def _alike(old: Rows, new: Rows, within: Edit) -> int:
    """How many rows are the same in both, from the first of these on."""
    here, old_end, there, new_end = within
    most = min(old_end - here, new_end - there)
    same, step = 0, 1
    while step:
        step = min(step, most - same)
        if old[here + same : here + same + step] == new[there + same : there + same + step]:
            same += step
            step *= 2
        else:
            most = same + step - 1  # one of these differs: nothing further counts
            step //= 2
    return same


def _alike_behind(old: Rows, new: Rows, begin: int) -> int:
    """How many rows at the end are the same in both, those before `begin` left out."""
    same, most = 0, min(len(old), len(new)) - begin
    while same < most and old[-1 - same] == new[-1 - same]:
        same += 1
    return same


def _gap(old: Rows, new: Rows, gap: Edit) -> Iterator[Edit]:
    if gap.old_from == gap.old_to or gap.new_from == gap.new_to:
        yield gap
        return
    mine, theirs = old[gap.old_from : gap.old_to], new[gap.new_from : gap.new_to]
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, mine, theirs).get_opcodes():
        if tag != "equal":
            yield Edit(gap.old_from + old_from, gap.old_from + old_to, gap.new_from + new_from, gap.new_from + new_to)


def _slid(old: Rows, new: Rows, found: Sequence[Edit]) -> list[Edit]:
    """What only comes, or only goes, as early as it may be said to: a block begins with its own first row."""
    slid: list[Edit] = []
    for edit in found:
        rows, begin, end = (
            (new, edit.new_from, edit.new_to) if edit.old_from == edit.old_to else (old, edit.old_from, edit.old_to)
        )
        alone = edit.old_from == edit.old_to or edit.new_from == edit.new_to
        room = edit.old_from - (slid[-1].old_to + 1 if slid else 0)
        up = 0
        while alone and up < room and rows[begin - 1 - up] == rows[end - 1 - up]:
            up += 1
        slid.append(Edit(*(each - up for each in edit)))
    return slid


def _hunks(found: Sequence[Edit], context: int) -> Iterator[list[Edit]]:
    """Edits that share rows of context, together."""
    hunk: list[Edit] = []
    for edit in found:
        if hunk and edit.old_from - hunk[-1].old_to > 2 * context:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk


def _range(begin: int, stop: int) -> str:
    """Rows as a hunk's heading counts them: from one; of no rows, the one before."""
    if stop - begin == 1:
        return f"{begin + 1}"
    return f"{begin + (stop > begin)},{stop - begin}"
