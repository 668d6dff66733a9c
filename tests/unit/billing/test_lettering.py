"""What settles what in a member's account."""

from __future__ import annotations

from datetime import date

from billing.books.lettering import Letter, Thread, _letters, letters

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def test_a_due_and_what_pays_it_wholly_bear_the_same_letters_from_the_later_day() -> None:
    threads = {(42, "D0001"): Thread(1200, MARCH), (42, "P0001"): Thread(-1200, APRIL)}
    assert letters(threads, [("D0001", "P0001")]) == dict.fromkeys(threads, Letter("AA", APRIL))


def test_what_is_paid_in_part_has_none() -> None:
    threads = {(42, "D0001"): Thread(1200, MARCH), (42, "P0001"): Thread(-500, APRIL)}
    assert letters(threads, [("D0001", "P0001")]) == {}


def test_what_several_pay_together_is_lettered_together() -> None:
    threads = {
        (42, "D0001"): Thread(1200, MARCH),
        (42, "D0002"): Thread(300, MARCH),
        (42, "P0001"): Thread(-1000, MARCH),
        (42, "P0002"): Thread(-500, APRIL),
    }
    pairs = [("D0001", "P0001"), ("D0001", "P0002"), ("D0002", "P0002")]
    assert set(letters(threads, pairs).values()) == {Letter("AA", APRIL)}


def test_a_payment_that_was_reversed_settles_itself() -> None:
    assert letters({(42, "P0001"): Thread(0, APRIL)}, []) == {(42, "P0001"): Letter("AA", APRIL)}


def test_letters_are_each_member_s_own_in_the_order_of_the_days() -> None:
    threads = {
        (42, "P0001"): Thread(0, APRIL),
        (42, "P0002"): Thread(0, MARCH),
        (43, "P0003"): Thread(0, APRIL),
    }
    assert {thread: one.code for (_, thread), one in letters(threads, []).items()} == {
        "P0001": "AB",
        "P0002": "AA",
        "P0003": "AA",
    }


def test_there_are_always_letters_more() -> None:
    assert [_letters(rank) for rank in (0, 25, 26, 675, 676, 677)] == ["AA", "AZ", "BA", "ZZ", "AAA", "AAB"]
    assert len({_letters(rank) for rank in range(20000)}) == 20000
