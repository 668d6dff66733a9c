"""OFX 1 and 2, as banks write them: without ends, in one line, with a charset that is not the one they say."""

from __future__ import annotations

from datetime import date

import pytest
from statement_files import IBAN, OFX_1, Move, ofx

from billing.statements.entries import Entry
from billing.statements.reading import read
from billing.statements.refusals import (
    BadStatementAmount,
    BadStatementDay,
    DoubledEntry,
    EmptyStatement,
    MalformedStatement,
    StatementLacks,
    UndecodableStatement,
    WrongCurrency,
)

DAY = date(2026, 11, 23)
DUES = Move(DAY, 1250, "Adhésion <2026> & VPN", "MME DUPONT", own="F1")
FEES = Move(DAY, -300, "FRAIS", own="F2")


def entries(data: bytes) -> list[Entry]:
    return [entry for statement in read(data) for entry in statement.entries]


@pytest.mark.parametrize("version", [1, 2])
def test_both_versions_say_the_same(version: int) -> None:
    (statement,) = read(ofx([DUES, FEES], version=version, closing=10_950))
    assert (statement.account, statement.opening, statement.closing) == (IBAN, None, 10_950)
    assert (statement.since, statement.until) == (date(2026, 11, 1), date(2026, 11, 30))
    dues, fees = statement.entries
    assert (dues.key, dues.day, dues.cents) == ("F1 20261123 +1250", DAY, 1250)
    assert dues.payer == "MME DUPONT"
    assert dues.label == "MME DUPONT Adhésion <2026> & VPN"
    assert (fees.cents, fees.label, fees.kind) == (-300, "FRAIS", "DEBIT")


def test_an_account_without_a_branch_keeps_the_banks_own_number() -> None:
    text = ofx([DUES], version=2).decode().replace("<BRANCHID>00001</BRANCHID>", "")
    (statement,) = read(text.encode())
    assert statement.account == "12345678901"


def test_a_header_in_one_line_is_understood() -> None:
    assert entries(ofx([DUES], header=OFX_1.replace("\n", "")))[0].label.startswith("MME DUPONT Adhésion")


def test_utf8_that_says_it_is_windows_is_read_as_what_it_is() -> None:
    data = ofx([DUES]).decode("cp1252").encode()
    assert "Adhésion" in entries(data)[0].label


def test_latin_1_and_utf8_headers_are_heeded() -> None:
    latin = ofx([DUES], header=OFX_1.replace("1252", "8859-1")).decode("cp1252").encode("latin-1")
    utf8 = ofx([DUES], header=OFX_1.replace("USASCII", "UTF-8").replace("1252", "NONE")).decode("cp1252").encode()
    none = ofx([DUES], header=OFX_1.replace("1252", "NONE"))
    for data in (latin, utf8, none):
        assert "Adhésion" in entries(data)[0].label


def test_a_charset_that_nobody_has_is_refused() -> None:
    with pytest.raises(UndecodableStatement):
        read(ofx([DUES], header=OFX_1.replace("1252", "EBCDIC")))


def test_an_empty_field_without_an_end_takes_nothing_from_what_follows() -> None:
    text = ofx([DUES]).replace(b"<MEMO>", b"<CHECKNUM>\n<EXTRA>\n<MEMO>")
    (entry,) = entries(text)
    assert (entry.cents, entry.end_to_end) == (1250, "")


def test_line_ends_do_not_matter() -> None:
    data = ofx([DUES, FEES])
    once = read(data)
    assert read(data.replace(b"\n", b"\r\n")) == once
    assert read(data.replace(b"\n", b"\r")) == once
    assert read(data.replace(b"\n", b"\r\n", 9)) == once


def test_small_letters_comments_and_cdata_are_read() -> None:
    text = ofx([DUES], version=2).decode()
    memo = "<MEMO>Adhésion &lt;2026&gt; &amp; VPN</MEMO>"
    assert memo in text
    wrapped = text.replace(memo, "<!-- rien --><memo><![CDATA[Adhésion <2026> & VPN]]></memo>")
    assert [entry.label for entry in entries(wrapped.encode())] == [entry.label for entry in entries(text.encode())]


@pytest.mark.parametrize(
    ("written", "cents"),
    [("12,50", 1250), ("+12.5", 1250), ("-12", -1200), ("12.00", 1200), ("-.50", -50), ("0012.50", 1250)],
)
def test_amounts_have_a_point_or_a_comma(written: str, cents: int) -> None:
    text = ofx([DUES]).replace(b"<TRNAMT>12,50", b"<TRNAMT>" + written.encode())
    assert [entry.cents for entry in entries(text)] == [cents]


@pytest.mark.parametrize("written", ["20261123", "20261123101500", "20261123101500.000[+1:CET]", "20261123[+1:CET]"])
def test_a_day_is_the_one_that_is_written_whatever_the_hour(written: str) -> None:
    text = ofx([DUES]).replace(b"<DTPOSTED>20261123", b"<DTPOSTED>" + written.encode())
    assert [entry.day for entry in entries(text)] == [DAY]


def test_movements_without_an_identity_get_one_that_does_not_depend_on_their_neighbours() -> None:
    bare = [
        Move(DAY, 1250, "COTIS", "MME DUPONT"),
        Move(DAY, 1250, "COTIS", "MME DUPONT"),
        Move(DAY, 1250, "COTIS", "M OU MME"),
    ]
    keys = [entry.key for entry in entries(ofx(bare))]
    assert len(set(keys)) == 3
    assert [entry.key for entry in entries(ofx(bare[2:]))] == keys[2:]
    assert {entry.key for entry in entries(ofx(bare[::-1]))} == set(keys)


def test_one_identity_for_two_movements_is_refused() -> None:
    with pytest.raises(DoubledEntry):
        read(ofx([DUES, Move(DAY, 1250, "AUTRE", own="F1")]))


def test_a_bank_that_counts_anew_in_each_file_makes_no_movement_look_like_an_older_one() -> None:
    keys = [entries(ofx([Move(day, 1250, "COTIS", own="1")]))[0].key for day in (DAY, date(2026, 12, 23))]
    assert keys[0] != keys[1]


def test_an_identity_longer_than_any_column_is_known_by_its_digest() -> None:
    (one, other) = entries(ofx([Move(DAY, 1, "A", own="X" * 200 + "1"), Move(DAY, 1, "A", own="X" * 200 + "2")]))
    assert len(one.key) < 64
    assert one.key != other.key


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("<CURDEF>EUR", "<CURDEF>USD", WrongCurrency),
        ("<CURDEF>EUR\n", "", WrongCurrency),
        ("<MEMO>", "<CURRENCY><CURRATE>1.1\n<CURSYM>CHF\n</CURRENCY><MEMO>", WrongCurrency),
        ("<TRNAMT>12,50", "<TRNAMT>12,505", BadStatementAmount),
        ("<TRNAMT>12,50", "<TRNAMT>1.234,50", BadStatementAmount),
        ("<TRNAMT>12,50", "<TRNAMT>99999999999", BadStatementAmount),
        ("<TRNAMT>12,50\n", "", StatementLacks),
        ("<DTPOSTED>20261123\n", "", StatementLacks),
        ("<DTPOSTED>20261123", "<DTPOSTED>20261323", BadStatementDay),
        ("<DTPOSTED>20261123", "<DTPOSTED>12/11/2026", BadStatementDay),
        ("<DTPOSTED>20261123", "<DTPOSTED>10661014", BadStatementDay),
        ("<ACCTID>12345678901\n", "", StatementLacks),
        ("</OFX>", "", MalformedStatement),
        ("</STMTTRN>", "", MalformedStatement),
        ("</BANKTRANLIST>", "</BANKTRANLIST></BANKTRANLIST>", MalformedStatement),
        ("</OFX>", "</OFX><OFX></OFX>", MalformedStatement),
        ("</OFX>", "</OFX><STMTRS></STMTRS>", MalformedStatement),
        ("<STMTRS>", "<STMTRS><!-- ", MalformedStatement),
    ],
)
def test_what_is_wrong_is_refused(old: str, new: str, refusal: type[Exception]) -> None:
    text = ofx([DUES]).decode("cp1252")
    assert old in text
    with pytest.raises(refusal):
        read(text.replace(old, new).encode("cp1252"))


def test_an_answer_without_a_statement_is_empty() -> None:
    with pytest.raises(EmptyStatement):
        read(b"OFXHEADER:100\n\n<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>")
