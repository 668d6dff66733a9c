"""Logins as text: whatever stands in a database's rows, nothing of it can end where it stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from provisioning import login_rows
from provisioning.login_rows import Entry, Item

TEXTS = some.text(max_size=12) | some.sampled_from(["'", "\\", "a', Auth-Type := 'Accept", "\n# L0001", "\u2028", "#x"])
ITEMS = some.builds(
    Item,
    some.sampled_from(["Cleartext-Password", "Tmp-String-0", "Framed-Route", "Framed-MTU"]),
    some.sampled_from([":=", "=", "+=", "=="]),
    TEXTS,
)
ENTRIES = some.builds(
    Entry,
    some.text(min_size=1, max_size=12) | some.sampled_from(["# L0001", "\tx", "a b", "\\u{41}"]),
    some.sampled_from(["", "L0001", "L0042"]),
    some.lists(ITEMS, max_size=3).map(login_rows.ordered),
    some.lists(ITEMS, max_size=3).map(login_rows.ordered),
)


@given(some.lists(ENTRIES, max_size=4))
def test_what_is_written_is_read_back(entries: list[Entry]) -> None:
    written = login_rows.written(entries)
    assert login_rows.read(written) == tuple(sorted(entries, key=lambda one: one.login))
    assert len(written.splitlines()) == written.count("\n")


@given(TEXTS)
def test_a_value_in_a_row_means_what_was_meant(value: str) -> None:
    assert login_rows.meant(login_rows.stored(value)) == value


@given(ITEMS)
def test_spelling_a_row_twice_changes_nothing(item: Item) -> None:
    assert login_rows.spelled(login_rows.spelled(item)) == login_rows.spelled(item)
