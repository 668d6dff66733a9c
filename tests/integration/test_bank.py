"""Statements read into an account, movements matched, filed, refunded and undone: to the cent, and never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from statement_files import IBAN, Move, camt, ofx

from billing import payments
from billing.balance import balance
from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox
from billing.bank.files import OpeningDiffers, Read, ReadOtherwise
from billing.bank.inbox import Part
from billing.bank.refusals import (
    AlreadyMatched,
    NotForFiling,
    NothingMatched,
    NothingSuggested,
    NotLinkable,
    PartsDoNotAddUp,
    WrongDirection,
)
from billing.books.chart import NoSuchAccount
from billing.models import BankAccount, BankEntry, BankFile, Due, Means, Payment
from billing.payments import MoreThanCredit
from billing.reference import reference_of
from billing.statements.refusals import UnbalancedStatement, UnreadableStatement, WrongAccount, WrongCurrency
from foundation import journal
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.money import Euros
from inventory import members
from inventory.models.people import Member

NOW = datetime(2026, 11, 22, 13, 2, tzinfo=UTC)
ACT = Act("machine:test", NOW, "test")
OTHER = "FR7630004000031234567890143"


def day(number: int) -> date:
    return date(2026, 11, number)


@pytest.fixture
def account(session: Session) -> BankAccount:
    for name in ("Ada Durand", "Basile Leroy", "Chloé Leroy"):
        members.add_member(session, Act("machine:test", datetime(2024, 1, 2, tzinfo=UTC)), name)
    return bank.add_account(session, ACT, "courant", IBAN)


def read(session: Session, account: BankAccount, *moves: Move, opening: int | None = 0) -> Read:
    return bank_files.read_file(session, ACT, account, camt(moves, opening=opening), "relevé.xml")


def member(session: Session, number: int) -> Member:
    return members.find_member(session, f"M{number:04d}")


def entry(session: Session, number: int) -> BankEntry:
    return inbox.find_entry(session, f"B{number:04d}")


def ahead(session: Session, number: int) -> int:
    return int(balance(session, member(session, number), day(30)).amount)


def rows(session: Session) -> tuple[int, ...]:
    tables = (BankEntry, BankFile, Payment)
    return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


COTISATION = Move(day(5), 2000, "COTISATION", payer="M LEROY BASILE", iban=OTHER, own="A2")
REFERRED = Move(day(3), 3500, f"COTIS {reference_of(1)}", payer="UNE AMIE", own="A1")


def test_an_exact_reference_books_itself_and_the_rest_waits(session: Session, account: BankAccount) -> None:
    found = read(session, account, REFERRED, COTISATION)
    assert [(one.entry, one.member, one.cents, one.payment) for one in found.booked] == [
        ("B0001", "M0001", 3500, "P0001")
    ]
    assert (found.new, found.known, found.waiting, found.closing) == (2, 0, 1, 5500)
    payment = payments.find_payment(session, "P0001")
    assert (payment.means, payment.source, payment.entry_id) == (Means.TRANSFER, "bank", entry(session, 1).id)
    (waits,) = inbox.waiting(session, ACT)
    assert str(waits.entry) == "B0002"
    assert waits.suggestions[0].parts == ((2, 2000),)


@pytest.mark.parametrize(
    "spelling", [str.lower, lambda text: f"{text[:4]} {text[4:6]} {text[6:]}", lambda text: f"({text})"]
)
def test_a_reference_counts_however_it_is_spelled(session: Session, account: BankAccount, spelling: object) -> None:
    assert callable(spelling)
    assert len(read(session, account, Move(day(3), 100, f"x {spelling(reference_of(2))} merci")).booked) == 1
    assert len(read(session, account, Move(day(3), 101, "x", reference=reference_of(2)), opening=None).booked) == 1
    assert len(read(session, account, Move(day(3), 102, "x", end_to_end=reference_of(2)), opening=None).booked) == 1


@pytest.mark.parametrize(
    "label",
    [
        reference_of(2)[:-1],
        reference_of(2)[:-1] + "9",
        reference_of(2).replace("M0", "MO"),
        reference_of(2) + "7",
        reference_of(4000),
        f"{reference_of(1)} {reference_of(2)}",
        "M0002",
    ],
)
def test_a_reference_that_is_damaged_unknown_or_one_of_two_waits(
    session: Session, account: BankAccount, label: str
) -> None:
    found = read(session, account, Move(day(3), 100, label))
    assert (found.booked, found.waiting) == ((), 1)


def test_money_that_goes_out_never_books_itself(session: Session, account: BankAccount) -> None:
    assert read(session, account, Move(day(3), -100, reference_of(2))).booked == ()


def test_a_transfer_of_ours_that_comes_back_is_no_payment_of_who_it_was_sent_to(
    session: Session, account: BankAccount
) -> None:
    found = read(session, account, Move(day(3), 100, f"VIR SEPA REJETE {reference_of(2)} COMPTE CLOTURE"))
    assert (found.booked, found.waiting) == ((), 1)
    (waits,) = inbox.waiting(session, ACT)
    assert waits.suggestions[0].parts == ()


def test_a_reference_of_a_merged_file_is_that_of_the_file_that_stays(session: Session, account: BankAccount) -> None:
    from desk import merging

    merging.merge(session, ACT, member(session, 3), member(session, 2))
    (one,) = read(session, account, Move(day(3), 100, reference_of(3))).booked
    assert one.member == "M0002"


def test_the_same_file_twice_and_one_that_overlaps_change_nothing_of_what_is_there(
    session: Session, account: BankAccount
) -> None:
    read(session, account, REFERRED, COTISATION)
    before = rows(session)
    again = read(session, account, REFERRED, COTISATION)
    assert (again.new, again.known, again.booked) == (0, 2, ())
    assert rows(session) == before
    more = read(session, account, COTISATION, Move(day(6), 100, "suite", own="A3"), opening=3500)
    assert (more.new, more.known) == (1, 1)


def test_a_statement_says_what_days_are_missing_before_it(session: Session, account: BankAccount) -> None:
    read(session, account, REFERRED)
    found = read(session, account, Move(day(20), 100, "plus tard", own="A9"), opening=9000)
    assert [note.say("fr") for note in found.notes] == [
        "Il manque les mouvements du 4 nov. 2026 au 19 nov. 2026 : demander ce relevé à la banque."
    ]


def test_a_statement_that_follows_what_we_hold_has_nothing_missing(session: Session, account: BankAccount) -> None:
    read(session, account, REFERRED)
    assert read(session, account, Move(day(20), 100, "plus tard", own="A9"), opening=3500).notes == ()


def test_a_statement_that_begins_with_other_money_on_days_that_we_hold_is_refused(
    session: Session, account: BankAccount
) -> None:
    read(session, account, REFERRED, COTISATION)
    before = rows(session)
    with pytest.raises(OpeningDiffers):
        read(session, account, COTISATION, Move(day(6), 100, "suite", own="A3"), opening=1)
    assert rows(session) == before


def test_the_same_days_in_another_format_are_refused_rather_than_counted_twice(
    session: Session, account: BankAccount
) -> None:
    read(session, account, REFERRED, COTISATION)
    moves = [
        Move(one.day, one.cents, one.label, payer=one.payer, own=f"OFX{one.own}") for one in (REFERRED, COTISATION)
    ]
    with pytest.raises(ReadOtherwise, match="B000"):
        bank_files.read_file(session, ACT, account, ofx(moves), "a.ofx")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (camt([REFERRED], account=OTHER), WrongAccount),
        (camt([REFERRED], currency="CHF"), UnreadableStatement),
        (camt([REFERRED], closing=1), UnbalancedStatement),
        (camt([REFERRED])[:-40], UnreadableStatement),
        (ofx([REFERRED], currency="USD"), WrongCurrency),
        (b" " * 100, UnreadableStatement),
    ],
)
def test_a_file_that_is_refused_leaves_nothing(
    session: Session, account: BankAccount, data: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bank_files.read_file(session, ACT, account, data, "x")
    assert rows(session) == (0, 0, 0)


def test_parts_make_the_whole_of_a_movement(session: Session, account: BankAccount) -> None:
    read(session, account, COTISATION)
    one = entry(session, 1)
    basile, chloe = member(session, 2), member(session, 3)
    for parts in (
        [],
        [Part(basile, Euros(1999))],
        [Part(basile, Euros(2001))],
        [Part(basile, Euros(2000)), Part(chloe)],
        [Part(basile), Part(chloe)],
        [Part(basile, Euros(-1)), Part(chloe)],
    ):
        with pytest.raises(PartsDoNotAddUp):
            inbox.match(session, ACT, one, parts)
    made = inbox.match(session, ACT, one, [Part(basile, Euros(1200)), Part(chloe)])
    assert [(pay.cents, pay.entry_id) for pay in made] == [(1200, one.id), (800, one.id)]
    assert (ahead(session, 2), ahead(session, 3)) == (1200, 800)
    assert inbox.waiting(session, ACT) == []


def test_what_parts_leave_is_a_gift_or_filed(session: Session, account: BankAccount) -> None:
    read(session, account, COTISATION)
    one, basile = entry(session, 1), member(session, 2)
    with pytest.raises(PartsDoNotAddUp):
        inbox.match(session, ACT, one, [Part(basile, Euros(2000))], rest="gifts")
    inbox.match(
        session, ACT, one, [Part(basile, Euros(1500)), Part(basile, Euros(300), gift=True)], rest="gifts", words="tronc"
    )
    assert inbox.left_of(session, one) == 0
    assert ahead(session, 2) == 1500
    inbox.unmatch(session, ACT, one, "erreur")
    assert inbox.left_of(session, one) == 2000
    assert ahead(session, 2) == 0


def test_a_movement_is_matched_once(session: Session, account: BankAccount) -> None:
    read(session, account, COTISATION)
    one = entry(session, 1)
    inbox.match(session, ACT, one, [Part(member(session, 2))])
    with pytest.raises(AlreadyMatched):
        inbox.match(session, ACT, one, [Part(member(session, 3))])
    with pytest.raises(AlreadyMatched):
        inbox.file_entry(session, ACT, one, "gifts")
    inbox.unmatch(session, ACT, one, "c'était Chloé")
    with pytest.raises(NothingMatched):
        inbox.unmatch(session, ACT, one, "encore")
    inbox.match(session, ACT, one, [Part(member(session, 3))])
    assert (ahead(session, 2), ahead(session, 3)) == (0, 2000)


def test_of_two_who_match_one_movement_at_once_the_second_is_refused(store: Store) -> None:
    with transaction(store) as session:
        members.add_member(session, ACT, "Ada")
        account = bank.add_account(session, ACT, "courant", IBAN)
        read(session, account, COTISATION)
    together = Barrier(2)

    def matched(_: int) -> bool:
        together.wait()
        try:
            with transaction(store) as session:
                inbox.match(session, ACT, entry(session, 1), [Part(member(session, 1))])
        except AlreadyMatched:
            return False
        return True

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(matched, range(2))) == [False, True]
    with reading(store) as session:
        assert [one.cents for one in session.scalars(select(Payment))] == [2000]


def test_what_is_filed_waits_no_more_until_it_is_taken_out(session: Session, account: BankAccount) -> None:
    read(
        session, account, Move(day(3), 412, "INTERETS CREDITEURS 2026"), Move(day(4), -900, "FRAIS DE TENUE DE COMPTE")
    )
    assert inbox.accept(session, ACT, entry(session, 1)).account == "interest"
    assert inbox.accept(session, ACT, entry(session, 2)).account == "fees"
    assert inbox.waiting(session, ACT) == []
    inbox.unfile(session, ACT, entry(session, 2), "autre chose")
    assert [one.left for one in inbox.waiting(session, ACT)] == [-900]
    with pytest.raises(NothingMatched):
        inbox.unfile(session, ACT, entry(session, 2), "encore")
    with pytest.raises(NotForFiling):
        inbox.file_entry(session, ACT, entry(session, 2), "411")
    with pytest.raises(NoSuchAccount):
        inbox.file_entry(session, ACT, entry(session, 2), "999")


def test_money_that_went_out_gives_credit_back_and_only_credit(session: Session, account: BankAccount) -> None:
    read(session, account, REFERRED, Move(day(7), -3000, "VIR EMIS ADA", own="A4"))
    out, ada = entry(session, 2), member(session, 1)
    with pytest.raises(MoreThanCredit):
        inbox.refund(session, ACT, out, member(session, 2))
    with pytest.raises(WrongDirection):
        inbox.match(session, ACT, out, [Part(ada)])
    inbox.refund(session, ACT, out, ada)
    assert (ahead(session, 1), inbox.left_of(session, out)) == (500, 0)
    assert session.scalars(select(Due.entry_id)).all() == [out.id]
    inbox.unmatch(session, ACT, out, "pas à elle")
    assert (ahead(session, 1), inbox.left_of(session, out)) == (3500, -3000)
    inbox.refund(session, ACT, out, ada)
    assert ahead(session, 1) == 500
    inbox.unmatch(session, ACT, entry(session, 1), "à une autre")
    assert ahead(session, 1) == -3000
    with pytest.raises(WrongDirection):
        inbox.refund(session, ACT, entry(session, 1), ada)


def test_a_payment_noted_by_hand_is_counted_once(session: Session, account: BankAccount) -> None:
    basile = member(session, 2)
    by_hand = payments.record_payment(session, ACT, basile, Euros(2000), date=day(4), means=Means.TRANSFER)
    less = payments.record_payment(session, ACT, basile, Euros(1900), date=day(4), means=Means.TRANSFER)
    read(session, account, COTISATION)
    with pytest.raises(NotLinkable):
        inbox.link(session, ACT, entry(session, 1), less, "c'est lui")
    made = inbox.link(session, ACT, entry(session, 1), by_hand, "c'est lui")
    assert ahead(session, 2) == 3900
    inbox.unmatch(session, ACT, entry(session, 1), "non")
    with pytest.raises(NotLinkable):
        inbox.link(session, ACT, entry(session, 1), made, "c'est lui")


def test_nobody_is_reminded_whose_transfer_waits(session: Session, account: BankAccount) -> None:
    read(session, account, COTISATION)
    assert inbox.names_waiting(session, ACT, member(session, 2))
    assert not inbox.names_waiting(session, ACT, member(session, 1))
    inbox.match(session, ACT, entry(session, 1), [Part(member(session, 2))])
    assert not inbox.names_waiting(session, ACT, member(session, 2))


def test_who_paid_before_from_an_account_is_suggested_whatever_the_words(
    session: Session, account: BankAccount
) -> None:
    read(session, account, COTISATION)
    inbox.match(session, ACT, entry(session, 1), [Part(member(session, 2), Euros(900)), Part(member(session, 3))])
    later = Move(day(9), 2000, "?", iban=OTHER, own="A7")
    read(session, account, later, opening=2000)
    (waits,) = inbox.waiting(session, ACT)
    assert waits.suggestions[0].parts == ((2, 900), (3, 1100))
    assert any("compte déjà vu" in reason.say("fr") for reason in waits.suggestions[0].reasons)
    inbox.accept(session, ACT, waits.entry)
    assert (ahead(session, 2), ahead(session, 3)) == (1800, 2200)


def test_nothing_is_done_where_nothing_is_suggested(session: Session, account: BankAccount) -> None:
    read(session, account, Move(day(9), 777, "??", own="A7"))
    with pytest.raises(NothingSuggested, match="B0001"):
        inbox.accept(session, ACT, entry(session, 1))


def test_the_inbox_is_read_in_pages_the_oldest_first(session: Session, account: BankAccount) -> None:
    read(session, account, *(Move(day(20 - rank), 100 + rank, "?", own=f"X{rank}") for rank in range(5)), opening=None)
    first = inbox.waiting(session, ACT, limit=2)
    rest = inbox.waiting(session, ACT, after=str(first[-1].entry))
    days = [one.entry.day for one in (*first, *rest)]
    assert days == sorted(days)
    assert len(days) == 5
    assert inbox.waiting(session, ACT, coming=False) == []


def test_each_deed_is_in_the_journal(store: Store) -> None:
    with transaction(store) as session:
        members.add_member(session, ACT, "Ada")
        account = bank.add_account(session, ACT, "courant", IBAN)
        read(session, account, Move(day(3), 100, reference_of(1)), COTISATION)
        inbox.match(session, ACT, entry(session, 2), [Part(member(session, 1))])
        inbox.unmatch(session, ACT, entry(session, 2), "non")
        inbox.file_entry(session, ACT, entry(session, 2), "gifts")
        inbox.unfile(session, ACT, entry(session, 2), "non")
    with reading(store) as session:
        verbs = [one.verb for one in journal.show(session)][::-1]
        assert "P0001" in {one.subject for one in journal.show(session, member="M0001")}
    assert verbs[1:] == [
        "bank.add", "payment.record", "bank.read", "payment.record", "bank.match", "payment.reverse", "bank.unmatch",
        "bank.file", "bank.unfile",
    ]  # fmt: skip
