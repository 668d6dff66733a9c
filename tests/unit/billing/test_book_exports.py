"""A year's books as other programs read them."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from billing.books import beancount, fec, paheko
from billing.books.bookings import Book, Draft, Posting
from billing.books.chart import Chart, Held, Plan
from billing.books.ledger import Entry, Ledger, Unbalanced
from billing.books.lettering import Letter
from billing.books.years import Year
from foundation.money import Euros
from foundation.speech import Phrase

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = date(2026, 3, 1)


def entry(number: int, book: Book, label: str, *postings: tuple[str, int, int, str]) -> Entry:
    lines = tuple(Posting(account, Euros(cents), member, thread) for account, cents, member, thread in postings)
    return Entry(number, Draft(book, DAY, AT, "D0001", DAY, Phrase.said(label, label), lines))


def books(*entries: Entry, siren: str = "732829320", label: str = "Cotisation 2026-03") -> Ledger:
    made = entries or (
        entry(1, Book.DUES, label, ("members", 1250, 42, "D0001"), ("membership", -1250, 0, "")),
        entry(1, Book.BANK, "Mouvement bancaire B0001", ("@1", 1250, 0, ""), ("waiting", -1250, 0, "")),
        entry(1, Book.PAYMENTS, "Règlement P0001", ("waiting", 1250, 0, ""), ("members", -1250, 42, "P0001")),
        entry(1, Book.OTHER, "Classement", ("waiting", -1, 0, ""), ("=6099", 1, 0, "")),
    )
    opening = (
        Posting("@1", Euros(10000)),
        Posting("members", Euros(-500), 7, "P0003"),
        Posting("surplus", Euros(-9500)),
    )
    letter = Letter("AA", date(2026, 3, 5))
    return Ledger(
        Year(date(2026, 1, 1), date(2027, 1, 1)),
        Plan(Chart(siren=siren), {1: Held("bank", 1, 'Crédit «\t"coop"')}),
        opening,
        made,
        {(42, "D0001"): letter, (42, "P0001"): letter},
        {42: 'Zoé\tL\'"Amie"\r\nx', 7: ""},
    )


def rows_of(ledger: Ledger) -> list[dict[str, str]]:
    header, *rows = [row.split("\t") for row in fec.text(ledger).removesuffix("\r\n").split("\r\n")]
    assert tuple(header) == fec.COLUMNS
    assert {len(row) for row in rows} == {18}
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_fec_has_its_eighteen_columns_whatever_people_are_called() -> None:
    assert fec.COLUMNS[0] == "JournalCode"
    assert fec.COLUMNS[-1] == "Idevise"
    due = next(row for row in rows_of(books()) if row["EcritureNum"] == "VE00001")
    assert due == {
        "JournalCode": "VE",
        "JournalLib": "Dus des membres",
        "EcritureNum": "VE00001",
        "EcritureDate": "20260301",
        "CompteNum": "411",
        "CompteLib": "Membres",
        "CompAuxNum": "411M0042",
        "CompAuxLib": 'Zoé L\'"Amie" x',
        "PieceRef": "D0001",
        "PieceDate": "20260301",
        "EcritureLib": "Cotisation 2026-03",
        "Debit": "12,50",
        "Credit": "0,00",
        "EcritureLet": "AA",
        "DateLet": "20260305",
        "ValidDate": "20260302",
        "Montantdevise": "",
        "Idevise": "",
    }


def test_a_fec_begins_with_what_the_accounts_had() -> None:
    first = [row for row in rows_of(books()) if row["JournalCode"] == "AN"]
    assert [(row["EcritureDate"], row["CompteNum"], row["Debit"], row["Credit"]) for row in first] == [
        ("20260101", "51201", "100,00", "0,00"),
        ("20260101", "411", "0,00", "5,00"),
        ("20260101", "120", "0,00", "95,00"),
    ]
    assert rows_of(books())[1]["CompAuxLib"] == "M0007"


def test_a_fec_is_named_after_the_association_and_the_year_s_last_day() -> None:
    assert fec.name(books()) == "732829320FEC20261231.txt"
    with pytest.raises(fec.SirenNeeded):
        fec.name(books(siren=""))


def test_members_are_named_in_one_column_of_the_fec_and_nowhere_else() -> None:
    for row in rows_of(books()):
        assert [column for column, value in row.items() if "Zoé" in value] in ([], ["CompAuxLib"])
    assert "Zoé" not in paheko.text(books()) + beancount.text(books(), "Les abeilles")


def test_paheko_gets_an_entry_s_words_on_its_first_row_alone() -> None:
    rows = list(csv.DictReader(paheko.text(books()).splitlines(), delimiter=";"))
    assert tuple(rows[0]) == paheko.COLUMNS
    assert [(row["Libellé"], row["Date"], row["Numéro compte"], row["Débit"], row["Crédit"]) for row in rows[:2]] == [
        ("Cotisation 2026-03", "01/03/2026", "411", "12,50", "0,00"),
        ("", "", "756", "0,00", "12,50"),
    ]
    assert rows[0]["Référence ligne"] == "M0042"
    assert all("AN" not in row["Remarques"] for row in rows)


def test_beancount_is_given_accounts_entries_and_what_they_add_up_to() -> None:
    text = beancount.text(books(), 'Les "abeilles"')
    opened = set(re.findall(r"^\d{4}-\d\d-\d\d open (\S+) EUR$", text, flags=re.MULTILINE))
    at_end = Counter[str]()
    for account, units, cents in re.findall(r"^  ([A-Z]\S+)  (-?\d+)\.(\d\d) EUR$", text, flags=re.MULTILINE):
        assert account in opened
        at_end[account] += int(units + cents)
    told = re.findall(r"^2027-01-01 balance (\S+) (-?\d+)\.(\d\d) EUR$", text, flags=re.MULTILINE)
    assert {account: int(units + cents) for account, units, cents in told} == dict(at_end)
    assert {
        "Assets:Banque:51201",
        "Assets:Membres:M0042",
        "Income:Cotisations:756",
        "Equity:Excedent-de-l-exercice:120",
    } <= opened
    assert sum(at_end.values()) == 0


def test_beancount_itself_finds_nothing_to_say(tmp_path: Path) -> None:
    program = shutil.which("bean-check")
    if program is None:
        pytest.skip("needs beancount's own program bean-check")
    file = tmp_path / "2026.beancount"
    file.write_text(beancount.text(books(label='Un "label" \\ avec\ttout'), 'Les "abeilles"'), encoding="utf-8")
    said = subprocess.run([program, str(file)], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_an_entry_that_does_not_balance_is_refused_by_its_name() -> None:
    wrong = entry(3, Book.DUES, "?", ("members", 10, 42, "D0001"), ("lines", -9, 0, ""))
    with pytest.raises(Unbalanced, match="VE00003"):
        books(wrong).checked()


def test_a_change_of_any_entry_changes_the_digest() -> None:
    assert books().digest() == books().digest()
    other = entry(1, Book.DUES, "", ("members", 1250, 43, "D0001"), ("membership", -1250, 0, ""))
    assert books(other, *books().entries[1:]).digest() != books().digest()
