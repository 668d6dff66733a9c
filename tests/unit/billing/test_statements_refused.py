"""Files that mean harm, or were brought by mistake: one sentence, soon, and without much memory."""

from __future__ import annotations

import io
import os
import time
import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from statement_files import IBAN, Move, camt, cfonb, common_csv, ofx

from billing.statements.accounts import expect_account, iban_of_rib, same_account
from billing.statements.entries import Statement
from billing.statements.reading import read, take
from billing.statements.refusals import (
    MOST_BYTES,
    EmptyStatement,
    MalformedStatement,
    StatementTooBig,
    StatementTooLong,
    StatementWithEntities,
    UndecodableStatement,
    UnknownStatementFormat,
    UnreadableStatement,
    WrongAccount,
    WrongCurrency,
)

DAY = date(2026, 11, 23)
DUES = Move(DAY, 1250, "COTIS")
NAMESPACE = 'xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"'
LAUGHS = "".join(f'<!ENTITY l{rank} "{f"&l{rank - 1};" * 10}">' for rank in range(1, 10))
SAMPLES = Path(os.environ.get("ESSAIM_SAMPLES", "nowhere"))


class Endless(io.RawIOBase):
    """A file of spaces without end, which counts what was asked of it."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        self.given += size
        return b" " * size


def every_kind(of: type[UnreadableStatement] = UnreadableStatement) -> list[type[UnreadableStatement]]:
    return [of, *(each for below in of.__subclasses__() for each in every_kind(below))]


def test_a_gigabyte_of_spaces_is_refused_before_it_is_in_memory() -> None:
    spaces = Endless()
    with pytest.raises(StatementTooBig) as refused:
        take(spaces)  # type: ignore[arg-type]
    assert spaces.given == MOST_BYTES + 1
    assert "32 Mio" in refused.value.sentence("fr")


def test_a_file_within_the_limit_is_taken_whole() -> None:
    assert take(io.BytesIO(b"abc")) == b"abc"
    with pytest.raises(StatementTooBig):
        read(b" " * (MOST_BYTES + 1))


@pytest.mark.parametrize(
    "document",
    [
        f'<!DOCTYPE lolz [<!ENTITY l0 "lol">{LAUGHS}]><Document {NAMESPACE}>&l9;</Document>',
        f'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Document {NAMESPACE}>&b;</Document>',
        f'<!DOCTYPE a SYSTEM "https://bank.example/a.dtd"><Document {NAMESPACE}></Document>',
        f'<!DOCTYPE a [<!ENTITY % b SYSTEM "https://bank.example/a">%b;]><Document {NAMESPACE}></Document>',
        "<!DOCTYPE OFX [<!ENTITY a 'b'>]><OFX><STMTRS><NAME>&a;</STMTRS></OFX>",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_entities_are_refused_and_never_followed(document: str, charset: str) -> None:
    began = time.process_time()
    with pytest.raises(StatementWithEntities):
        read(f'<?xml version="1.0" encoding="{charset}"?>{document}'.encode(charset))
    assert time.process_time() - began < 1


def test_an_entity_that_nobody_defined_is_refused() -> None:
    with pytest.raises(MalformedStatement):
        read(camt([Move(DAY, 1250, "X")]).replace(b"<Ustrd>X", b"<Ustrd>&xxe;"))


def test_included_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("do not show")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{tmp_path / "secret"}" parse="text"/>'
    text = camt([Move(DAY, 1250, "MARK")]).replace(b"MARK", f"MARK{include}".encode())
    assert [entry.label for entry in read(text)[0].entries] == ["MARK"]


LARGE = 1_500_000
TRAPS = {
    "deep XML": f"<Document {NAMESPACE}>" + "<a>" * 100_000,
    "wide XML": f"<Document {NAMESPACE}>" + "<a/>" * 3_000_000,
    "attributes": f"<Document {NAMESPACE} " + " ".join(f"a{rank}=''" for rank in range(100_000)) + ">",
    "many marks": "<" * 4_000_000,
    "pending entries": camt([DUES]).decode().replace("</Stmt>", "<Ntry><Sts>INFO</Sts></Ntry>" * 100_001 + "</Stmt>"),
    "deep OFX": "<OFX>" + "<STATUS>" * 100_000,
    "wide OFX": "<OFX>" + "<STATUS></STATUS>" * 300_000,
    "entries of OFX": ofx([]).decode("cp1252").replace("</BANKTRANLIST>", "<STMTTRN></STMTTRN>" * 100_002),
    "fields of OFX": "<OFX>" + "<A>" * 4_000_000,
    "comments": "<OFX>" + "<!--" * LARGE,
    "CDATA": "<OFX>" + "<![CDATA[" * LARGE,
    "half an entity": "<OFX><STMTRS><NAME>" + "&#x" * LARGE,
    "CFONB lines": cfonb([DUES]).decode() + "04\n" * LARGE,
    "CFONB line ends": cfonb([DUES]).decode() + "\n" * LARGE + "04",
    "open quote": common_csv([DUES]).decode("cp1252") + '"' + "x\n" * LARGE,
    "columns of CSV": common_csv([DUES]).decode("cp1252") + ";" * LARGE,
    "line ends": common_csv([DUES]).decode("cp1252") + "\n" * LARGE + "x",
    "delimiters": ";" * LARGE,
    "brackets": "<" + " " * LARGE,
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_refused_soon(trap: str) -> None:
    data = TRAPS[trap].encode("utf-8")
    began = time.process_time()
    with pytest.raises(UnreadableStatement):
        read(data)
    assert time.process_time() - began < 10  # what takes time in the square of its size takes minutes


@pytest.mark.parametrize("trap", ["deep XML", "wide XML", "deep OFX", "CDATA", "CFONB line ends", "delimiters"])
def test_a_trap_takes_no_more_memory_than_its_size_some_times_over(trap: str) -> None:
    data = TRAPS[trap].encode("utf-8")
    tracemalloc.start()
    with pytest.raises(UnreadableStatement):
        read(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 12 * len(data) + 1_000_000


def test_more_entries_than_a_statement_has_are_refused_with_how_many_it_may_have() -> None:
    with pytest.raises(StatementTooLong) as refused:
        read(common_csv([DUES]) + b"23/11/2026;23/11/2026;X;;1,00;;EUR\n" * 101_000)
    assert "100 000" in refused.value.sentence("fr")


@pytest.mark.parametrize("data", [b"", b" \r\n\t ", b"\n" * 1000])
def test_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(EmptyStatement):
        read(data)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7\n...", "PDF"),
        (b"PK\x03\x04...", "classeur"),
        (b"\x1f\x8b\x08...", "archive"),
        (b"<html><body>Session expir\xc3\xa9e</body></html>", "XML"),
        (b"<OFC></OFC>", "XML"),
        (b":20:940S261123\n:25:30006/12345678901", "ni OFX"),
        (bytes(range(256)) * 20, "ni OFX"),
    ],
)
def test_what_was_brought_by_mistake_is_named(data: bytes, word: str) -> None:
    with pytest.raises(UnknownStatementFormat) as refused:
        read(data)
    assert word in refused.value.sentence("fr")


@pytest.mark.parametrize(
    "data",
    [
        camt([Move(DAY, 1250, "\xe9")], charset="iso-8859-1").replace(b'encoding="iso-8859-1"', b'encoding="utf-8"'),
        camt([DUES]).replace(b'encoding="utf-8"', b'encoding="cp037"'),
        camt([DUES]).replace(b'encoding="utf-8"', b'encoding="utf-7"'),
        b"\xff\xfe" + camt([DUES])[:-1] + b"\xd8",
        ofx([DUES]).replace(b"COTIS", b"COT\x81\xe9"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes) -> None:
    with pytest.raises((UndecodableStatement, UnknownStatementFormat)):
        read(data)


def test_a_nul_is_refused_in_every_format() -> None:
    for data in (camt([DUES]), ofx([DUES]), cfonb([DUES]), common_csv([DUES])):
        with pytest.raises((MalformedStatement, UnknownStatementFormat)):
            read(data.replace(b"COTIS", b"COT\0S"))


def test_a_sentence_shows_no_control_character_of_the_file() -> None:
    with pytest.raises(WrongCurrency) as refused:
        read(ofx([DUES], version=2, currency="\x1b[2J\u202eX"))
    assert refused.value.sentence("en").isprintable()


def test_every_refusal_has_its_own_kind_and_says_that_nothing_was_recorded() -> None:
    kinds = every_kind()
    assert len({each.kind for each in kinds}) == len(kinds) > 15
    for each in kinds:
        assert each.phrase.fr.endswith("Rien n'a été enregistré.")
        assert each.phrase.en.endswith("Nothing was recorded.")


def test_a_statement_of_another_account_is_refused() -> None:
    (statement,) = read(camt([DUES]))
    expect_account(statement, "FR76 3000 6000 0112 3456 7890 189")
    expect_account(statement, "12345678901")
    expect_account(Statement("", "EUR", None, None, None, None, ()), IBAN)
    with pytest.raises(WrongAccount) as refused:
        expect_account(statement, iban_of_rib("99999", "00001", "00000000042"))
    assert IBAN in refused.value.sentence("fr")


def test_a_banks_own_number_is_found_in_the_iban_but_not_by_chance() -> None:
    assert same_account("12345678901", IBAN)
    assert same_account("30006 00001 12345678901", IBAN)
    assert not same_account("890", IBAN)
    assert not same_account("7630006", IBAN)
    assert not same_account("12345678902", IBAN)
    assert not same_account("FR7630006000011234567890189", "FR7630006000011234567890188")


def test_the_key_of_a_rib_is_that_of_the_banks_documents() -> None:
    assert iban_of_rib("30006", "00001", "12345678901") == IBAN
    assert iban_of_rib("20041", "01005", "0500013M026") == "FR1420041010050500013M02606"
    assert iban_of_rib("2004", "01005", "0500013M026") == ""


def test_ten_thousand_entries_are_read_in_well_under_three_seconds() -> None:
    told = [Move(DAY, 1 + rank, f"COTIS {rank}", f"MME DUPONT {rank}", IBAN, own=f"R{rank}") for rank in range(10_000)]
    data = camt(told, version="08")
    began = time.process_time()
    (statement,) = read(data)
    assert time.process_time() - began < 3
    assert sum(entry.cents for entry in statement.entries) == sum(move.cents for move in told)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="ESSAIM_SAMPLES names no folder of sample statements")
def test_published_samples_are_refused_for_their_currency_alone() -> None:
    """They state balances in crowns or amounts in dollars: read once these are euros."""
    paths = sorted(path for path in SAMPLES.iterdir() if path.suffix in (".xml", ".ofx"))
    assert paths
    for path in paths:
        data = path.read_bytes()
        with pytest.raises(WrongCurrency):
            read(data, name=path.name)
        mended = data.replace(b'"SEK">27.00', b'"EUR">27.00').replace(b"<CURDEF>USD", b"<CURDEF>EUR")
        mended = mended.replace(b"DBIT", b"CRDT")
        (statement,) = read(mended, name=path.name)
        expected = [885] if path.suffix == ".xml" else [-20_000, -30_000]
        assert [entry.cents for entry in statement.entries] == expected
