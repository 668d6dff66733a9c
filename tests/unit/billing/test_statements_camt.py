"""camt.053: balances, batches, pages, and what is pending or in another currency."""

from __future__ import annotations

from datetime import date

import pytest
from statement_files import IBAN, Move, camt, camt_balance, camt_detail, camt_entry

from billing.statements.entries import Entry
from billing.statements.reading import read
from billing.statements.refusals import (
    BadStatementAmount,
    BadStatementDay,
    DoubledEntry,
    EmptyStatement,
    MalformedStatement,
    StatementLacks,
    UnbalancedStatement,
    UnknownStatementFormat,
    WrongCurrency,
)

DAY = date(2026, 11, 23)
DUES = Move(DAY, 1250, "COTIS 2026 ET VPN", "MME DUPONT JEANNE", IBAN, "E2E1", "RF18539007547034", "REF1")
FEES = Move(DAY, -300, "FRAIS DE TENUE DE COMPTE", "LA BANQUE", own="REF2")


def entries(data: bytes) -> list[Entry]:
    return [entry for statement in read(data) for entry in statement.entries]


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_statement_says_who_paid_what_and_why(version: str) -> None:
    (statement,) = read(camt([DUES, FEES], version=version, opening=10_000))
    assert (statement.account, statement.currency) == (IBAN, "EUR")
    assert (statement.opening, statement.closing) == (10_000, 10_950)
    dues, fees = statement.entries
    assert (dues.day, dues.value_day, dues.cents) == (DAY, DAY, 1250)
    assert (dues.label, dues.payer, dues.payer_account) == ("COTIS 2026 ET VPN", "MME DUPONT JEANNE", IBAN)
    assert (dues.end_to_end, dues.reference) == ("E2E1", "RF18539007547034")
    assert (fees.cents, fees.payer, fees.end_to_end) == (-300, "LA BANQUE", "")


def test_an_end_to_end_reference_that_says_there_is_none_is_none() -> None:
    for word in ("NOTPROVIDED", "NotProvided", "NONREF", "0000", "-"):
        (entry,) = entries(camt([Move(DAY, 1250, "COTIS", end_to_end=word)]))
        assert entry.end_to_end == ""


def test_a_payers_account_with_a_wrong_digit_is_none() -> None:
    (entry,) = entries(camt([Move(DAY, 1250, "COTIS", iban="FR7630006000011234567890188")]))
    assert entry.payer_account == ""


def test_what_is_not_booked_yet_is_not_read() -> None:
    pending = camt_entry(DUES, status="PDNG")
    assert [entry.cents for entry in entries(camt([FEES], more=pending))] == [-300]


def test_an_entry_of_nothing_is_not_read() -> None:
    assert entries(camt([Move(DAY, 0, "ARRETE DE COMPTE")])) == []


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_batch_becomes_an_entry_for_each_transfer(version: str) -> None:
    parts = [Move(DAY, cents, f"COTIS {cents}", f"PERSONNE {cents}") for cents in (1000, 1500, 2001)]
    details = "".join(camt_detail(part, version, amount=part.cents) for part in parts)
    whole = camt_entry(Move(DAY, 4501, "REMISE", own="LOT1"), version, details)
    found = entries(camt([], version=version, opening=None, more=whole))
    assert [(entry.cents, entry.payer) for entry in found] == [
        (1000, "PERSONNE 1000"), (1500, "PERSONNE 1500"), (2001, "PERSONNE 2001"),
    ]  # fmt: skip
    assert len({entry.key for entry in found}) == 3


def test_a_batch_whose_transfers_do_not_make_the_whole_stays_one_entry() -> None:
    for amounts in ((1000, 1500, 2000), (1000, 1500, None)):
        details = "".join(camt_detail(Move(DAY, 1, f"COTIS {each}"), amount=each) for each in amounts)
        found = entries(camt([], opening=None, more=camt_entry(Move(DAY, 4501, "", own="LOT1"), details=details)))
        assert [(entry.cents, entry.payer) for entry in found] == [(4501, "")]
        assert "COTIS 1000" in found[0].label
        assert "COTIS 1500" in found[0].label


def test_parts_of_a_batch_that_have_references_of_their_own_are_known_by_these() -> None:
    details = "".join(camt_detail(DUES, amount=1250, own=own) for own in ("A1", "A2"))
    found = entries(camt([], opening=None, more=camt_entry(Move(DAY, 2500, "", own="LOT1"), details=details)))
    assert [entry.key for entry in found] == ["A1 20261123 +1250", "A2 20261123 +1250"]


def test_a_transfer_and_the_charge_for_it_may_bear_one_reference() -> None:
    assert len(entries(camt([DUES, Move(DAY, -15, "FRAIS", own=DUES.own)]))) == 2


def test_one_reference_for_two_movements_of_one_amount_is_refused() -> None:
    with pytest.raises(DoubledEntry):
        read(camt([DUES, DUES]))


def test_a_file_that_holds_one_statement_twice_is_refused() -> None:
    text = camt([Move(DAY, 1250, "COTIS")]).decode()
    statement = text[text.index("<Stmt>") : text.index("</Stmt>") + 7]
    with pytest.raises(DoubledEntry):
        read(text.replace(statement, statement * 2).encode())


def test_balances_that_do_not_follow_from_the_entries_are_refused_with_the_sums() -> None:
    with pytest.raises(UnbalancedStatement) as refused:
        read(camt([DUES], opening=10_000, closing=11_251))
    assert "112,50" in refused.value.sentence("fr")
    assert "112,51" in refused.value.sentence("fr")


def test_a_negative_balance_has_its_side() -> None:
    (statement,) = read(camt([FEES], opening=-100))
    assert (statement.opening, statement.closing) == (-100, -400)


@pytest.mark.parametrize(
    ("codes", "opening", "closing"),
    [
        (["OPBD", "ITBD"], 0, 1250),
        (["ITBD", "ITBD"], 0, 1250),
        (["ITBD", "CLBD"], 0, 1250),
        (["PRCD", "CLBD"], 0, 1250),
        (["PRCD", "CLBD", "CLAV"], 0, 1250),
        (["CLBD"], None, 0),
        (["ITBD"], None, 0),
        ([], None, None),
    ],
)
def test_pages_have_interim_balances(codes: list[str], opening: int | None, closing: int | None) -> None:
    amounts = [0, 1250, 9999]
    more = "".join(camt_balance(code, cents) for code, cents in zip(codes, amounts, strict=False))
    (statement,) = read(camt([DUES], opening=None, more=more))
    assert (statement.opening, statement.closing) == (opening, closing)


def test_the_first_and_the_last_balances_of_several_days_count() -> None:
    days = [
        ("OPBD", 0, "2026-11-01"),
        ("CLBD", 500, "2026-11-01"),
        ("CLBD", 1250, "2026-11-02"),
        ("OPBD", 500, "2026-11-02"),
    ]
    more = "".join(camt_balance(code, cents, day=day) for code, cents, day in days)
    (statement,) = read(camt([DUES], opening=None, more=more))
    assert (statement.opening, statement.closing) == (0, 1250)


def test_charsets_and_byte_order_marks_are_understood() -> None:
    told = Move(DAY, 1250, "Adhésion de Zoé")
    for data in (
        camt([told], charset="iso-8859-1"),
        camt([told], charset="windows-1252"),
        camt([told], charset="iso-8859-15"),
        camt([told], charset="utf-16"),
        b"\xef\xbb\xbf" + camt([told]),
        b"\r\n " + camt([told]).replace(b"\n", b"\r\n").partition(b"?>")[2],
    ):
        assert [entry.label for entry in entries(data)] == ["Adhésion de Zoé"]


def test_the_label_is_one_line_of_visible_characters() -> None:
    (entry,) = entries(camt([Move(DAY, 1250, "COTIS\n\t  2026 \u202eNPV\u00a0X")]))
    assert entry.label == "COTIS 2026 NPV X"


def test_several_lines_of_a_motive_are_one_label() -> None:
    text = camt([DUES]).decode().replace("<Ustrd>COTIS 2026 ET VPN</Ustrd>", "<Ustrd>COTIS</Ustrd><Ustrd>2026</Ustrd>")
    assert [entry.label for entry in entries(text.encode())] == ["COTIS 2026"]


def test_without_a_motive_the_banks_own_words_are_the_label() -> None:
    text = camt([DUES]).decode().replace("<RmtInf><Ustrd>COTIS 2026 ET VPN</Ustrd>", "<RmtInf>")
    text = text.replace("</NtryDtls>", "</NtryDtls><AddtlNtryInf>VIR INST RECU</AddtlNtryInf>")
    assert [entry.label for entry in entries(text.encode())] == ["VIR INST RECU"]


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ('Ccy="EUR">12.50', 'Ccy="CHF">12.50', WrongCurrency),
        ("<Ccy>EUR</Ccy>", "<Ccy>USD</Ccy>", WrongCurrency),
        ("12.50", "12.505", BadStatementAmount),
        ("12.50", "12.500", BadStatementAmount),
        ("12.50", "-12.50", BadStatementAmount),
        ("12.50", "1e3", BadStatementAmount),
        ("12.50", "NaN", BadStatementAmount),
        ("12.50", "1 2", BadStatementAmount),
        ("12.50", "١٢", BadStatementAmount),
        ("12.50", "99999999999.99", BadStatementAmount),
        ("12.50", "9" * 4000, BadStatementAmount),
        ("12.50", "", BadStatementAmount),
        (">2026-11-23<", ">2026-02-30<", BadStatementDay),
        (">2026-11-23<", ">9999-12-31<", BadStatementDay),
        (">2026-11-23<", ">0001-01-01<", BadStatementDay),
        (">2026-11-23<", ">1970-01-01<", BadStatementDay),
        (">2026-11-23<", ">hier<", BadStatementDay),
        ("<BookgDt><Dt>2026-11-23</Dt></BookgDt><ValDt><Dt>2026-11-23</Dt></ValDt>", "", StatementLacks),
        (f"<IBAN>{IBAN}</IBAN>", "", StatementLacks),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "", MalformedStatement),
        ("<CdtDbtInd>CRDT</CdtDbtInd>", "<CdtDbtInd>credit</CdtDbtInd>", MalformedStatement),
        ("</Document>", "", MalformedStatement),
        ("</Stmt>", "</Stmt><Stmt>", MalformedStatement),
        ("camt.053", "camt.054", UnknownStatementFormat),
        ("camt.053.001.02", "pain.001.001.03", UnknownStatementFormat),
        ("urn:iso:std:iso:20022:tech:xsd:camt.053.001.02", "urn:example", UnknownStatementFormat),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(old: str, new: str, refusal: type[Exception]) -> None:
    text = camt([DUES], opening=None).decode()
    assert old in text
    with pytest.raises(refusal):
        read(text.replace(old, new).encode())


def test_a_file_without_a_statement_is_empty() -> None:
    text = camt([]).decode()
    with pytest.raises(EmptyStatement):
        read((text[: text.index("<Stmt>")] + text[text.index("</Stmt>") + 7 :]).encode())


def test_what_else_it_is_is_said() -> None:
    with pytest.raises(UnknownStatementFormat) as refused:
        read(camt([DUES]).replace(b"camt.053", b"camt.054"), name="avis.xml")
    assert "avis.xml : c'est un camt.054" in refused.value.sentence("fr")


def test_a_cut_file_is_refused_wherever_it_was_cut() -> None:
    whole = camt([DUES, FEES])
    for cut in range(1, len(whole) - 1, 37):
        with pytest.raises((MalformedStatement, UnknownStatementFormat)):
            read(whole[:cut])
