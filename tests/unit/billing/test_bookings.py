"""Rules of double entry, one fact at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from billing.books.bookings import (
    BankFact,
    Bookkeeper,
    CorrectionFact,
    DueFact,
    Fact,
    FilingFact,
    MergeFact,
    PaymentFact,
    Rate,
    ReversalFact,
    rate_of,
    vat_within,
)
from foundation.money import Euros

DAY, AT = date(2026, 3, 1), datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 9, tzinfo=UTC)


def due(kind: str, cents: int = 1200, *, entry: bool = False, what: str = "L0042", day: date = DAY) -> DueFact:
    return DueFact(7, 42, kind, what, DAY, Euros(cents), day, AT, entry)


def paid(means: str, *, entry: bool = False) -> PaymentFact:
    return PaymentFact(9, 42, Euros(500), means, DAY, AT, entry)


def lines(fact: Fact, keeper: Bookkeeper | None = None) -> list[tuple[str, int]]:
    return [(one.account, int(one.cents)) for one in (keeper or Bookkeeper()).book(fact).postings]


@pytest.mark.parametrize(
    ("kind", "account"),
    [
        ("membership", "membership"),
        ("entry", "entry"),
        ("line", "lines"),
        ("deposit", "deposits"),
        ("work", "work"),
        ("gift", "gifts"),
        ("refund", "bank"),
    ],
)
def test_a_due_is_a_debit_of_the_member_and_a_credit_of_what_it_is_for(kind: str, account: str) -> None:
    assert lines(due(kind)) == [("members", 1200), (account, -1200)]


def test_a_refund_whose_movement_is_known_waits_for_nobody() -> None:
    assert lines(due("refund", entry=True)) == [("members", 1200), ("waiting", -1200)]


@pytest.mark.parametrize(
    ("means", "account"),
    [
        ("transfer", "bank"),
        ("direct-debit", "bank"),
        ("card", "bank"),
        ("cheque", "cheques"),
        ("cash", "cash"),
        ("helloasso", "helloasso"),
        ("g1", "g1"),
        ("offset", "offsets"),
    ],
)
def test_what_is_noted_by_hand_lies_where_its_means_says(means: str, account: str) -> None:
    assert lines(paid(means)) == [(account, 500), ("members", -500)]
    assert lines(ReversalFact(paid(means), DAY, AT)) == [(account, -500), ("members", 500)]


def test_a_transfer_passes_through_what_waits() -> None:
    arrived = lines(BankFact(3, 1, Euros(500), DAY, AT))
    assert arrived == [("@1", 500), ("waiting", -500)]
    assert lines(paid("transfer", entry=True)) == [("waiting", 500), ("members", -500)]


def test_what_is_filed_leaves_what_waits_and_comes_back_when_it_is_undone() -> None:
    assert lines(BankFact(3, 1, Euros(-800), DAY, AT)) == [("@1", -800), ("waiting", 800)]
    filed = FilingFact(3, "fees", Euros(-800), "frais", DAY, AT, undone=False)
    assert lines(filed) == [("waiting", -800), ("fees", 800)]
    assert lines(filed._replace(undone=True)) == [("waiting", 800), ("fees", -800)]
    assert lines(filed._replace(account="6061")) == [("waiting", -800), ("=6061", 800)]


def test_a_correction_is_the_due_again_with_its_sign() -> None:
    assert lines(CorrectionFact(due("membership"), Euros(-200), DAY, AT)) == [("members", -200), ("membership", 200)]


TAXED = [Rate(date(2026, 1, 1), AT, "taxed", 2000)]


def test_vat_is_part_of_what_a_line_costs_and_of_nothing_else() -> None:
    assert lines(due("line"), Bookkeeper(TAXED)) == [("members", 1200), ("lines", -1000), ("vat", -200)]
    assert lines(due("work"), Bookkeeper(TAXED)) == [("members", 1200), ("work", -1000), ("vat", -200)]
    for kind in ("membership", "entry", "deposit", "gift"):
        assert "vat" not in dict(lines(due(kind), Bookkeeper(TAXED)))


def test_a_due_that_is_corrected_to_nothing_holds_no_tax_however_it_was_rounded() -> None:
    keeper, whole = Bookkeeper(TAXED), due("line", 1001)
    total = dict.fromkeys(("members", "lines", "vat"), 0)
    for fact in (whole, *(CorrectionFact(whole, Euros(cents), DAY, AT) for cents in (-333, -333, -335))):
        for account, cents in lines(fact, keeper):
            total[account] += cents
    assert total == {"members": 0, "lines": 0, "vat": 0}


def test_a_regime_holds_for_what_is_issued_after_it_was_said() -> None:
    said = [
        Rate(date(2026, 1, 1), AT, "franchise", 0),
        Rate(date(2026, 1, 1), LATER, "taxed", 2000),
        Rate(date(2027, 1, 1), LATER, "none", 0),
    ]
    assert rate_of(said, DAY, AT) == said[0]
    assert rate_of(said, DAY, LATER) == said[1]
    assert rate_of(said, date(2027, 1, 1), LATER) == said[2]
    assert rate_of(said, date(2025, 12, 31), LATER) is None


@pytest.mark.parametrize(("cents", "rate", "tax"), [(1200, 2000, 200), (1, 2000, 0), (3, 2000, 1), (1055, 550, 55)])
def test_tax_is_within_the_amount_to_the_nearest_cent(cents: int, rate: int, tax: int) -> None:
    assert vat_within(cents, rate) == tax


def test_a_merge_takes_what_is_left_of_each_due_and_payment_to_the_other_account() -> None:
    keeper = Bookkeeper(owners={"D0007": 41, "P0009": 41})
    first = keeper.book(due("membership"))
    assert first.postings[0].member == 41
    keeper.book(paid("cash"))
    keeper.book(CorrectionFact(due("membership"), Euros(-200), DAY, AT))
    moved = keeper.book(MergeFact(41, 42, ("D0007", "P0009"), DAY, LATER)).postings
    assert [(one.member, int(one.cents), one.thread) for one in moved] == [
        (41, -1000, "D0007"),
        (42, 1000, "D0007"),
        (41, 500, "P0009"),
        (42, -500, "P0009"),
    ]
    after = keeper.book(CorrectionFact(due("membership"), Euros(-100), DAY, LATER))
    assert after.postings[0].member == 42


def test_no_label_holds_a_word_that_somebody_wrote() -> None:
    keeper = Bookkeeper()
    for fact in (due("work"), due("gift"), paid("cheque"), BankFact(3, 1, Euros(5), DAY, AT)):
        assert keeper.book(fact).label.fr in ("Travaux", "Don", "Règlement P0009", "Mouvement bancaire B0003")
