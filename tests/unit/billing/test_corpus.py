"""The corpus that judges the matcher is what it says: the same every time, honest in its labels, hard enough."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import astuple
from hashlib import blake2b

import pytest
from transfers import Corpus, Transfer, corpus, reference, references_in, sound

from billing.reference import reference_of

FROZEN = "29d8f8cfec6cf76f4ab96eeed1853494"
"""BLAKE2b of the five thousand transfers of seed 2026. It changes with a reason in the corpus's README, or never."""


@pytest.fixture(scope="module")
def frozen() -> Corpus:
    return corpus(seed=2026, size=5000)


def digest(transfers: tuple[Transfer, ...]) -> str:
    rows = [json.dumps(astuple(one), default=str, ensure_ascii=True) for one in transfers]
    return blake2b("\n".join(rows).encode("ascii"), digest_size=16).hexdigest()


def text_of(transfer: Transfer) -> str:
    return f"{transfer.label}\n{transfer.end_to_end or ''}"


def named_in(transfer: Transfer, numbers: set[int]) -> set[int]:
    """The members whom valid references in a transfer name."""
    return {number for part in text_of(transfer).split("\n") for number in references_in(part)} & numbers


def percent(transfers: tuple[Transfer, ...], field: str) -> dict[str, int]:
    count = Counter(getattr(one, field) for one in transfers)
    return {value: round(many * 100 / len(transfers)) for value, many in count.items()}


def test_the_corpus_is_the_one_that_was_frozen(frozen: Corpus) -> None:
    assert digest(frozen.transfers) == FROZEN


def test_a_seed_gives_the_same_corpus_each_time_and_another_seed_another() -> None:
    assert corpus(seed=7, size=300) == corpus(seed=7, size=300)
    assert corpus(seed=7, size=300).transfers != corpus(seed=8, size=300).transfers


@pytest.mark.parametrize("size", [1, 300, 10_000])
def test_there_are_as_many_transfers_as_asked_in_order_of_time(size: int) -> None:
    days = [one.day for one in corpus(seed=3, size=size).transfers]
    assert len(days) == size
    assert days == sorted(days)
    assert all(day.weekday() < 5 for day in days if (day.month, day.day) != (1, 1) and day.day > 1)


def test_it_is_about_two_years_of_six_hundred_members(frozen: Corpus) -> None:
    assert len(frozen.people) == 600
    assert 680 < (frozen.transfers[-1].day - frozen.transfers[0].day).days < 760
    numbers = [person.number for person in frozen.people]
    assert numbers == sorted(set(numbers))


def test_every_label_adds_up_and_names_members(frozen: Corpus) -> None:
    numbers = {person.number for person in frozen.people}
    for one in frozen.transfers:
        assert one.cents > 0
        assert sum(cents for _, cents in one.truth) == (one.cents if one.truth else 0), one
        assert all(cents > 0 for _, cents in one.truth), one
        assert {member for member, _ in one.truth} <= numbers
        assert len({member for member, _ in one.truth}) == len(one.truth)
        assert one.situation
        assert (one.amount == "not owed") == (one.truth == ())


def test_references_are_as_many_as_the_proportions_say(frozen: Corpus) -> None:
    carries = percent(frozen.transfers, "carries")
    assert 33 <= carries["exact"] <= 37
    assert 4 <= carries["other"] <= 7
    assert 4 <= carries["damaged"] <= 6
    assert 52 <= carries["none"] <= 58


def test_amounts_are_as_the_proportions_say(frozen: Corpus) -> None:
    paid = tuple(one for one in frozen.transfers if one.truth)
    amounts = percent(paid, "amount")
    assert 67 <= amounts["exact"] <= 74
    for kind in ("partial", "rounded", "several months", "overpaid", "old tariff", "in advance"):
        assert 2 <= amounts[kind] <= 9, kind
    assert {one.cents % 100 for one in paid if one.amount == "rounded"} == {0}
    assert sum(one.cents % 100 > 0 for one in paid) > 20


def test_the_members_of_valid_references_are_the_truth_and_nothing_else(frozen: Corpus) -> None:
    """Whoever books a valid reference of an existing member to that member, all of it, is never wrong here.

    Where two members' references stand in one transfer, it is for both.
    """
    numbers = {person.number for person in frozen.people}
    pairs = 0
    for one in frozen.transfers:
        named = named_in(one, numbers)
        assert bool(named) == (one.carries in ("exact", "other")), one
        if named:
            assert named == {member for member, _ in one.truth}, one
            pairs += len(named) > 1
    assert pairs >= 10


def test_references_are_those_that_members_are_given() -> None:
    assert all(reference(number) == reference_of(number) for number in range(1, 12_000, 7))


def test_some_references_are_lost_in_every_manner(frozen: Corpus) -> None:
    numbers = {person.number for person in frozen.people}
    damaged = [one for one in frozen.transfers if one.carries == "damaged"]
    whole = [re.sub(r"[^0-9A-Z]", "", text_of(one).upper()) for one in damaged]
    invalid = [int(found[1]) for text in whole if (found := re.search(r"RF\d\dM(\d{4})", text))]
    assert sum(number in numbers for number in invalid) >= 15  # another member's digits, or their own badly checked
    truly = [(int(found[1]), one.truth[0][0]) for one, text in zip(damaged, whole, strict=True)
             if (found := re.search(r"RF\d\dM(\d{4})(?!\d)", text))]  # fmt: skip
    assert sum(said != member and said in numbers for said, member in truly) >= 5
    assert any("ADH" in text or "MEMBRE" in text for text in whole)
    assert any(re.search(r"(?<!RF\d\d)M0\d{3}", text) for text in whole)
    assert any("MO" in text and "RF" in text for text in whole)


def test_a_payer_who_is_a_member_may_pay_for_another(frozen: Corpus) -> None:
    by_member = [one for one in frozen.transfers if one.carries == "other" and "another member" in one.situation]
    assert len(by_member) >= 50
    assert any("parent" in one.situation for one in frozen.transfers if one.carries == "other")


def test_one_transfer_may_be_for_several_and_for_nobody(frozen: Corpus) -> None:
    assert sum(len(one.truth) > 1 for one in frozen.transfers) >= 100
    assert 350 <= sum(one.truth == () for one in frozen.transfers) <= 500


def test_labels_are_as_long_as_banks_make_them(frozen: Corpus) -> None:
    lengths = Counter(len(one.label) for one in frozen.transfers)
    assert max(lengths) <= 140
    assert all(lengths[limit] > 20 for limit in (31, 35))
    assert max(len(one.payer_name) for one in frozen.transfers) <= 70
    assert all(one.label == " ".join(one.label.split()) for one in frozen.transfers)
    assert sum(not one.label for one in frozen.transfers) > 0
    shouted = sum(one.label == one.label.upper() and one.label.isascii() for one in frozen.transfers)
    assert 75 <= shouted * 100 // len(frozen.transfers) <= 95


def test_account_numbers_check_and_are_of_no_bank(frozen: Corpus) -> None:
    told = {iban for person in frozen.people for iban in person.ibans}
    seen = {one.payer_iban for one in frozen.transfers if one.payer_iban}
    assert all(sound(iban) and iban[4:9] == "99999" and len(iban) == 27 for iban in told | seen)
    assert 40 <= sum(one.payer_iban is not None for one in frozen.transfers) * 100 // len(frozen.transfers) <= 60
    assert 20 <= len(told) <= 120
    assert any(len(person.ibans) > 1 for person in frozen.people)


def test_an_account_may_pay_for_several_members(frozen: Corpus) -> None:
    pays: dict[str, set[int]] = {}
    for one in frozen.transfers:
        pays.setdefault(one.payer_iban or "", set()).update(member for member, _ in one.truth)
    pays.pop("")
    assert sum(len(members) > 1 for members in pays.values()) >= 20


def test_names_are_shared_and_one_is_the_same(frozen: Corpus) -> None:
    names = Counter(person.name for person in frozen.people)
    assert names["Marie Martin"] == 2
    assert sum("martin" in person.name.lower().split() for person in frozen.people) >= 5
    assert any("-" in name for name in names)
    assert any(name.split()[0] in ("Élodie", "Jérôme", "Hélène", "Léa") for name in names)
    assert sum(person.kind == "organisation" for person in frozen.people) >= 20
    paying = {member for one in frozen.transfers if "homonym" in one.situation for member, _ in one.truth}
    assert len(paying) == 2


def test_what_was_open_is_told_for_each_day(frozen: Corpus) -> None:
    first = frozen.transfers[0].day
    last = frozen.transfers[-1].day
    assert {one.what for one in frozen.owed_at(first)} >= {"membership", "vpn", "adsl"}
    for day in (first, frozen.transfers[2500].day, last):
        owed = frozen.owed_at(day)
        assert all(one.cents > 0 and one.since <= day for one in owed)
        assert 100 < len(owed) < 1000
    months = Counter((one.member, one.what) for one in frozen.owed_at(last) if one.what != "membership")
    assert any(many >= 3 for many in months.values())  # several months late


def test_most_who_pay_exactly_owed_something_of_that_amount(frozen: Corpus) -> None:
    exact = [one for one in frozen.transfers if one.amount == "exact" and len(one.truth) == 1]
    told = 0
    for one in exact:
        of_payer = [due.cents for due in frozen.owed_at(one.day) if due.member == one.truth[0][0]]
        told += one.cents in of_payer or one.cents == sum(of_payer)
    assert told * 100 >= len(exact) * 90


def test_no_due_is_paid_beyond_itself(frozen: Corpus) -> None:
    for due, parts in zip(frozen.issued, frozen.paid, strict=True):
        assert sum(cents for _, cents in parts) <= due.cents, due
