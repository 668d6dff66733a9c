"""The books of an association: closing a year, VAT from a day on, merged files, and what goes to other programs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.balance import balance
from billing.books import keeping as books
from billing.books import ledger
from billing.books.chart import Chart
from billing.books.keeping import (
    BadRate,
    BooksChanged,
    EarlierYearOpen,
    YearClosedBefore,
    YearNotOver,
    close_year,
    journal_of,
    set_vat,
)
from billing.books.ledger import Ledger
from billing.books.years import ClosedDay
from billing.dues import charge, correct, issue
from billing.merging import take_over
from billing.models import BankAccount, BankEntry, BankFile, Due, Means, Per, Regime
from billing.payments import record_gift, record_payment, reverse
from billing.tariffs import set_tariff
from foundation.acts import Act
from foundation.clock import Month
from foundation.money import Euros
from inventory import members
from inventory.models.people import Member

CHART = Chart()


def on(year: int, month: int, day: int, hour: int = 12) -> Act:
    return Act("machine:test", datetime(year, month, day, hour, tzinfo=UTC), "test")


@pytest.fixture
def ada(session: Session) -> Member:
    """Someone who owes 2,00 € a month of membership, since November 2024."""
    old = on(2024, 11, 12)
    set_tariff(session, old, "adherent", Euros(200), per=Per.MONTH, label="cotisation", since=date(2020, 1, 1))
    return members.add_member(session, old, "Ada")


def pay(session: Session, act: Act, member: Member, cents: int, day: date) -> Any:
    return record_payment(session, act, member, Euros(cents), date=day, means=Means.TRANSFER)


def lines(found: Ledger) -> list[tuple[str, str, int, int]]:
    return [
        (entry.name, found.plan.account(one.account).code, one.member, int(one.cents))
        for entry in found.entries
        for one in entry.draft.postings
    ]


def test_a_year_is_read_in_the_order_in_which_it_was_recorded(session: Session, ada: Member) -> None:
    issue(session, on(2025, 12, 1), Month(2025, 12))
    issue(session, on(2026, 1, 1), Month(2026, 1))
    pay(session, on(2026, 1, 5), ada, 300, date(2025, 12, 30))
    correct(session, on(2026, 1, 6), session.query(Due).filter_by(period=date(2025, 12, 1)).one(), Euros(-50), "geste")
    before, now = (journal_of(session, on(2026, 2, 1), CHART, name) for name in ("2025", "2026"))
    assert lines(before) == [
        ("VE00001", "411", 1, 200),
        ("VE00001", "756", 0, -200),
        ("RG00001", "512", 0, 300),
        ("RG00001", "411", 1, -300),
    ]
    assert lines(now)[2:] == [("VE00002", "411", 1, -50), ("VE00002", "756", 0, 50)]
    assert [(one.account, int(one.cents), one.member) for one in now.opening] == [
        ("bank", 300, 0),
        ("members", -100, 1),
        ("surplus", -200, 0),
    ]


def test_a_closed_year_takes_nothing_more_and_its_months_are_issued_on_the_first_open_day(
    session: Session, ada: Member
) -> None:
    issue(session, on(2025, 11, 1), Month(2025, 11))
    done = close_year(session, on(2026, 1, 2), CHART, "2025")
    assert (done.entries, done.result, done.by_hand) == (1, 200, 0)
    with pytest.raises(ClosedDay, match="2026"):
        pay(session, on(2026, 1, 3), ada, 200, date(2025, 12, 30))
    with pytest.raises(ClosedDay):
        record_gift(session, on(2026, 1, 3), ada, Euros(5), date=date(2025, 12, 31), means=Means.CASH)
    with pytest.raises(ClosedDay):
        charge(session, on(2025, 12, 31), ada, Euros(5), "visite")
    issue(session, on(2026, 1, 4), Month(2025, 12))
    late = session.query(Due).filter_by(period=date(2025, 12, 1)).one()
    assert late.day == date(2026, 1, 1)
    assert len(journal_of(session, on(2026, 1, 5), CHART, "2025").entries) == 1
    pay(session, on(2026, 1, 5), ada, 200, date(2026, 1, 1))
    assert balance(session, ada, date(2026, 1, 5)).amount == -200


def test_a_year_is_closed_once_it_is_over_and_after_those_before(session: Session, ada: Member) -> None:
    issue(session, on(2024, 12, 1), Month(2024, 12))
    issue(session, on(2025, 11, 1), Month(2025, 11))
    with pytest.raises(YearNotOver):
        close_year(session, on(2025, 12, 31), CHART, "2025")
    with pytest.raises(EarlierYearOpen, match="2024"):
        close_year(session, on(2026, 1, 1), CHART, "2025")
    close_year(session, on(2026, 1, 1), CHART, "2024")
    close_year(session, on(2026, 1, 1, 13), CHART, "2025")
    with pytest.raises(YearClosedBefore):
        close_year(session, on(2026, 1, 2), CHART, "2025")
    opening = journal_of(session, on(2026, 1, 5), CHART, "2026").opening
    assert {one.account: int(one.cents) for one in opening} == {
        "members": 400,
        "surplus": -200,
        "carried-surplus": -200,
    }


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO correction (due_id, cents, cause, reason, day, at) SELECT id, -1, 'decision', 'x', '2025-12-31', "
        "issued FROM due",
        "INSERT INTO reversal (payment_id, reason, day, at) SELECT id, 'x', '2025-12-31', at FROM payment",
        "INSERT INTO filing (entry_id, account, cents, words, day, at) SELECT b.id, '627', 5, '', '2025-12-31', p.at "
        "FROM bank_entry b, payment p",
        "UPDATE filing SET undone = at, undone_day = '2025-12-31'",
        "DELETE FROM filing",
        "UPDATE filing SET account = '606'",
        "UPDATE fiscal_year SET until = '2025-06-01'",
        "DELETE FROM fiscal_year",
        "UPDATE vat_regime SET rate = 550",
        "DELETE FROM vat_regime",
    ],
)
def test_the_database_itself_keeps_what_is_closed(session: Session, ada: Member, row: str) -> None:
    issue(session, on(2025, 11, 1), Month(2025, 11))
    pay(session, on(2025, 11, 2), ada, 500, date(2025, 11, 2))
    a_movement(session, on(2025, 11, 3))
    session.execute(
        text("INSERT INTO filing (entry_id, account, cents, words, day, at) SELECT b.id, '627', 5, '', b.day, p.at "
             "FROM bank_entry b, payment p")
    )  # fmt: skip
    set_vat(session, on(2025, 11, 3), Regime.TAXED, since=date(2025, 11, 1), rate=2000)
    close_year(session, on(2026, 1, 2), CHART, "2025")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(row))


def a_movement(session: Session, act: Act) -> None:
    account = BankAccount(name="credit", kind="bank", iban="FR7699999000010000000000197", since=date(2020, 1, 1))
    session.add(account)
    session.flush()
    file = BankFile(account_id=account.id, name="r", digest=b"-" * 32, read_at=act.at)
    session.add(file)
    session.flush()
    day = act.at.date()
    values = {"number": 1, "account_id": account.id, "file_id": file.id, "key": "1", "day": day, "cents": 5}
    empty = dict.fromkeys(("payer", "payer_account", "payer_email", "end_to_end", "reference"), "")
    session.execute(insert(BankEntry).values(**values, **empty, label="VIR ADA"))


def test_a_closed_year_that_somebody_changed_behind_our_back_is_told(session: Session, ada: Member) -> None:
    issue(session, on(2025, 11, 1), Month(2025, 11))
    other = members.add_member(session, on(2025, 11, 1), "Basile")
    close_year(session, on(2026, 1, 2), CHART, "2025")
    journal_of(session, on(2026, 1, 3), CHART, "2025")
    session.execute(update(Due).values(member_id=other.id))
    with pytest.raises(BooksChanged):
        journal_of(session, on(2026, 1, 3), CHART, "2025")


def test_a_closed_year_keeps_the_numbers_that_its_accounts_had(session: Session, ada: Member) -> None:
    issue(session, on(2025, 11, 1), Month(2025, 11))
    close_year(session, on(2026, 1, 2), CHART, "2025")
    issue(session, on(2026, 1, 3), Month(2026, 1))
    renumbered = Chart(codes={"membership": "7561"}, begins=9)
    closed, now = (journal_of(session, on(2026, 1, 4), renumbered, name) for name in ("2025", "2026"))
    assert {code for _, code, _, _ in lines(closed)} == {"411", "756"}
    assert {code for _, code, _, _ in lines(now)} == {"411", "7561"}
    assert (now.year.since, now.year.last) == (date(2026, 1, 1), date(2026, 8, 31))


def test_files_that_are_merged_keep_their_entries_and_one_entry_moves_the_rest(session: Session, ada: Member) -> None:
    issue(session, on(2025, 11, 1), Month(2025, 11))
    twin = members.add_member(session, on(2025, 11, 2), "Ada, de nouveau")
    charge(session, on(2025, 11, 3), twin, Euros(1000), "visite")
    paid = pay(session, on(2025, 11, 4), twin, 300, date(2025, 11, 4))
    first = journal_of(session, on(2025, 11, 5), CHART)
    take_over(session, on(2025, 11, 6), twin, ada)
    reverse(session, on(2025, 11, 7), paid, "rejetée")
    whole = journal_of(session, on(2025, 11, 8), CHART)
    assert whole.entries[: len(first.entries)] == first.entries
    moved = whole.entries[len(first.entries)]
    assert [(one.member, int(one.cents)) for one in moved.draft.postings] == [
        (twin.number, -1000),
        (ada.number, 1000),
        (twin.number, 300),
        (ada.number, -300),
    ]
    assert whole.of_members() == {
        ada.number: -balance(session, ada, date(2025, 11, 8)).amount,
        twin.number: 0,
    }


def test_vat_is_in_what_is_issued_after_it_was_said(session: Session, ada: Member) -> None:
    charge(session, on(2026, 1, 3), ada, Euros(1200), "visite")
    set_vat(session, on(2026, 1, 4), Regime.TAXED, since=date(2026, 1, 1), rate=2000)
    charge(session, on(2026, 1, 5), ada, Euros(1200), "visite")
    found = lines(journal_of(session, on(2026, 1, 6), CHART))
    assert [(code, cents) for _, code, _, cents in found] == [
        ("411", 1200), ("708", -1200), ("411", 1200), ("708", -1000), ("44571", -200),
    ]  # fmt: skip
    assert books.vat_on(session, on(2026, 1, 6), date(2026, 1, 6)) == (Regime.TAXED, 2000)
    assert books.vat_on(session, on(2026, 1, 6), date(2025, 12, 31)) == (Regime.NONE, 0)


@pytest.mark.parametrize(("regime", "rate"), [("taxed", 0), ("taxed", 10_001), ("none", 2000), ("franchise", -1)])
def test_a_rate_where_none_is_due_is_refused_and_none_where_one_is(session: Session, regime: str, rate: int) -> None:
    with pytest.raises(BadRate):
        set_vat(session, on(2026, 1, 4), Regime(regime), since=date(2026, 1, 1), rate=rate)


def test_vat_of_a_closed_year_is_not_said_any_more(session: Session, ada: Member) -> None:
    close_year(session, on(2026, 1, 2), CHART, "2025")
    with pytest.raises(ClosedDay):
        set_vat(session, on(2026, 1, 4), Regime.FRANCHISE, since=date(2025, 12, 31))


def test_what_is_paid_wholly_is_lettered(session: Session, ada: Member) -> None:
    issue(session, on(2026, 1, 1), Month(2026, 1))
    issue(session, on(2026, 2, 1), Month(2026, 2))
    pay(session, on(2026, 2, 5), ada, 200, date(2026, 2, 5))
    found = journal_of(session, on(2026, 2, 6), CHART)
    assert {thread: letter.day for (_, thread), letter in found.letters.items()} == dict.fromkeys(
        ("D0001", "P0001"), date(2026, 2, 5)
    )


def test_ten_thousand_dues_are_read_in_seconds(session: Session, ada: Member) -> None:
    row = {"kind": "work", "what": "work", "per": "once", "cents": 100, "label": "x", "absorbed": False}
    day, at = date(2026, 1, 1), on(2026, 1, 1).at
    days = {"period": day, "day": day, "issued": at}
    rows = [{**row, **days, "number": number, "member_id": ada.id} for number in range(1, 10_001)]
    session.execute(insert(Due), rows)
    known = books.years(session, 1)
    began = datetime.now(UTC)
    found = ledger.read(session, known.named("2026"), known, CHART)
    assert len(found.entries) == 10_000
    assert (datetime.now(UTC) - began).total_seconds() < 10


# ── The terminal ──


@pytest.fixture
def kept(small: Any) -> Any:
    """A terminal where Ada owes 12,00 € for a visit and paid them."""
    small("member", "add", "Ada")
    small("dues", "charge", "M0001", "12", "--for", "visite chez Ada")
    small("payment", "record", "M0001", "12")
    return small


def test_the_books_are_read_at_the_terminal(kept: Any) -> None:
    assert "471" in kept("books", "accounts").out
    shown = kept("books", "journal").out
    assert all(word in shown for word in ("VE00001", "RG00001", "411M0001", "708"))
    assert "Ada" not in shown
    one = json.loads(kept("books", "journal", "--account", "411M0001", "--json").out)
    assert [(row["debit"], row["credit"]) for row in one] == [(1200, None), (None, 1200)]
    assert json.loads(kept("books", "journal", "--after", "2", "--json").out) == []
    first = kept("books", "journal", "--limit", "1").out
    assert "708" in first
    assert "--after 1" in first
    assert "--after" not in kept("books", "journal", "--after", "1").out
    assert "--account 411" in kept("books", "balance").out
    assert "dues issue" in kept("books", "journal", "--year", "2001", lang="en").out
    rows = json.loads(kept("books", "balance", "--json").out)
    assert {row["account"]: row["closing"] for row in rows} == {"411": 0, "512": 1200, "708": -1200}
    assert "bbc" in kept("books", "balance", "--year", "bbc", status=3).err


def test_vat_is_said_at_the_terminal(kept: Any) -> None:
    assert "hors du champ" in kept("books", "show").out
    kept("books", "vat", "set", "taxed", "--since", "2026-01-01", "--rate", "5,5")
    assert "5,50 %" in kept("books", "show").out
    assert "20" in kept("books", "vat", "set", "taxed", "--since", "2026-01-01", status=1).err
    assert (
        "rate" in kept("books", "vat", "set", "none", "--since", "2026-01-01", "--rate", "20", status=1, lang="en").err
    )
    assert "un taux" in kept("books", "vat", "set", "taxed", "--since", "2026-01-01", "--rate", "vingt", status=1).err
    said = json.loads(kept("books", "vat", "set", "franchise", "--since", "2026-01-01", "--json").out)
    assert said["mention"] == "TVA non applicable, art. 293 B du CGI"


def test_a_year_is_closed_at_the_terminal_and_says_so(kept: Any) -> None:
    now = int(json.loads(kept("books", "show", "--json").out)["year"])
    assert "finit le" in kept("books", "year", "close", str(now), status=1).err
    said = kept("books", "year", "close", str(now - 1)).out
    assert f"L'exercice {now - 1} est clos" in said
    assert f"{now - 1}" in kept("books", "show").out
    refused = kept("payment", "record", "M0001", "5", "--on", f"{now - 1}-12-31", status=1)
    assert "clos" in refused.err
    assert kept("books", "year", "close", str(now - 1), status=1, lang="en").err.startswith("Fiscal year")


def test_a_year_goes_to_other_programs_and_it_is_noted(kept: Any, tmp_path: Path) -> None:
    year = json.loads(kept("books", "show", "--json").out)["year"]
    assert "Rien n'est écrit encore" in kept("books", "export").out
    assert "SIREN" in kept("books", "export", "--to", str(tmp_path), status=1).err
    (kept.folder / "books.toml").write_text('siren = "732829320"\n')
    for form, name in (
        ("fec", f"732829320FEC{year}1231.txt"),
        ("paheko", f"paheko-{year}.csv"),
        ("beancount", f"{year}.beancount"),
    ):
        command = ("books", "export", "--year", year, "--format", form, "--to", str(tmp_path))
        assert name in kept(*command).out
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
        assert name in kept(*command, status=1).err
        kept(*command, "--force")
    assert "comptes : export" in kept("journal", "show").out
    (kept.folder / "books.toml").write_text("siren = 12")
    assert "12" in kept("books", "accounts", status=1).err
