"""Files of ours, read: any order, either language, any separator; what cannot be read is said with its line."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from inventory.exchange import ours, records, tables
from inventory.exchange.records import (
    AddressRecord,
    CredentialRecord,
    LineRecord,
    MemberRecord,
    MembershipRecord,
    Reading,
    ShareRecord,
)


def read(text: str | bytes, noun: str = "members", **how: Any) -> Reading:
    return ours.read("a.csv", text.encode() if isinstance(text, str) else text, noun, **how)


def only(reading: Reading) -> Any:
    assert reading.problems == []
    return next(one for one in reading.records if isinstance(one, MemberRecord))


def wrong(reading: Reading) -> list[str]:
    return [one.sentence("en") for one in reading.problems]


def members_file(day: str) -> str:
    return f"name;joined\nAda;{day}\n"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_columns_come_in_any_order_with_any_separator(separator: str) -> None:
    text = "e-mail;nom;n°\nada@membres.example;Ada;M0042\n".replace(";", separator)
    ada = only(read(text))
    assert (ada.ref.number, ada.name, ada.email) == (42, "Ada", "ada@membres.example")
    assert ada.place.line == 2


@pytest.mark.parametrize("heading", ["Prénom", "PRENOM", " prénom ", "First name", "first_name"])
def test_headings_are_french_or_english_with_or_without_accents(heading: str) -> None:
    assert only(read(f"{heading};Nom\nZoé;Œuvre\n")).name == "Zoé Œuvre"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_accents_survive_what_windows_writes(encoding: str) -> None:
    assert only(read("nom\nZoé\n".encode(encoding))).name == "Zoé"


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
@pytest.mark.parametrize("separator", ["\t", ";"])
def test_the_unicode_text_of_a_spreadsheet_is_read(mark: bytes, encoding: str, separator: str) -> None:
    text = f"nom{separator}e-mail\r\nAgnès Élue{separator}agnes@membres.example\r\n"
    record = only(read(mark + text.encode(encoding)))
    assert (record.name, record.email) == ("Agnès Élue", "agnes@membres.example")


@pytest.mark.parametrize("data", [b"\xff\xfen", b"\xff\xfe\0\0n\0\0\0", b"\xff\xfe\0\xd8"])
def test_what_only_begins_like_utf16_is_no_text(data: bytes) -> None:
    assert "null octets" in wrong(read(data))[0]


def test_a_cell_in_quotes_may_hold_lines_and_the_next_row_keeps_its_number() -> None:
    reading = read('nom;adresse\n"Ada ""la"" Faure";"1 rue\n2e étage"\nBéa;\n')
    assert [one.name for one in reading.records if isinstance(one, MemberRecord)] == ['Ada "la" Faure', "Béa"]
    assert [one.place.line for one in reading.records] == [2, 4]


def test_a_column_that_nobody_knows_is_named() -> None:
    reading = read("nom;couleur;signe\nAda;bleu;lion\n")
    assert only(reading).name == "Ada"
    assert [one.sentence("fr") for one in reading.remarks] == [
        "a.csv, ligne 1 : colonnes laissées de côté : couleur, signe."
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-04-03", date(2026, 4, 3)),
        ("2026-04-03 12:30:00+00:00", date(2026, 4, 3)),
        ("25/04/2026", date(2026, 4, 25)),
        ("04/25/2026", date(2026, 4, 25)),
        ("25.04.2026", date(2026, 4, 25)),
        ("03/03/2026", date(2026, 3, 3)),
    ],
)
def test_a_day_is_read_where_it_can_be_but_one(text: str, day: date) -> None:
    assert only(read(members_file(text))).joined == day


def test_another_day_of_the_file_tells_which_comes_first() -> None:
    reading = read("name;joined;left\nAda;03/04/2020;25/12/2021\n")
    assert only(reading).joined == date(2020, 4, 3)


def test_a_day_that_may_be_two_is_refused_however_french_the_file_looks() -> None:
    assert wrong(read("Nom;Adhésion\nZoé;03/04/2026\n")) == [
        "a.csv, line 2: “03/04/2026” (column Adhésion): day or month first? Nothing in this file tells: "
        "--dates dmy or --dates mdy."
    ]


def test_whoever_imports_may_say_which_comes_first() -> None:
    assert only(read(members_file("03/04/2026"), dates="dmy")).joined == date(2026, 4, 3)
    assert only(read(members_file("03/04/2026"), dates="mdy")).joined == date(2026, 3, 4)


def test_a_file_that_writes_days_in_both_ways_is_refused() -> None:
    (sentence,) = wrong(read("name;joined;left\nAda;13/04/2020;04/13/2021\nBéa;01/02/2020;\n"))[:1]
    assert "others with the month first" in sentence


@pytest.mark.parametrize("text", ["31/02/2026", "2026-02-30", "hier", "12/2026", "1/2/26", "0001-01-01", "9999-12-31"])
def test_what_is_no_day_is_said_with_its_line(text: str) -> None:
    (sentence,) = wrong(read(members_file(text), dates="dmy"))
    assert sentence.startswith(f"a.csv, line 2: “{text}” (column joined)")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "this file is empty"),
        (b"\xef\xbb\xbf \n", "this file is empty"),
        (b"nom\0\n", "null octets"),
        (b"nom;nom\nAda;Ada\n", "column “nom” is there twice"),
        (b"nom;name\nAda;Ada\n", "these two columns say the same: nom / name"),
        (b"nom;\nAda;x\n", "column 2 has no name"),
        (b"nom;email\nAda\n", "1 cells where the header has 2 columns"),
        (b"nom;email\nAda;a;b\n", "3 cells where the header has 2 columns"),
        (b"nom\nA\x07da\n", "invisible characters"),
        (b"nom;organisation\nAda;peut-etre\n", "yes or no is needed"),
        (b"nom;numero\nAda;toto\n", "is not a number such as M0042"),
        (b'nom\n"' + b"x" * 200_000 + b'"\n', "field larger than field limit"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_plain_sentence(data: bytes, sentence: str) -> None:
    (said,) = wrong(read(data))
    assert sentence in said
    assert read(data).problems[0].sentence("fr")


def test_a_file_too_large_is_not_read() -> None:
    assert "exceeds 64 MiB" in wrong(read(b"x" * (records.MOST_OCTETS + 1)))[0]


def test_a_file_with_too_many_rows_is_not_read() -> None:
    data = b"nom\n" + b"A\n" * (records.MOST_ROWS + 1)
    assert "more than 200000 rows" in wrong(read(data))[0]


def test_a_file_of_nothing_but_its_header_says_nothing() -> None:
    reading = read("nom;email\n")
    assert (reading.records, reading.problems) == ([], [])


def test_periods_of_membership_stand_in_one_cell() -> None:
    reading = read('number,name,memberships\nM1,Ada,"adherent 2019-01-01/2020-01-01, affiliate 2021-01-01/"\n')
    assert [(one.kind, one.since, one.until) for one in reading.records if isinstance(one, MembershipRecord)] == [
        ("adherent", date(2019, 1, 1), date(2020, 1, 1)),
        ("affiliate", date(2021, 1, 1), None),
    ]


@pytest.mark.parametrize("cell", ["adherent", "adherent 2020-01-01", "adherent 2021-01-01/2020-01-01", "x y/z"])
def test_a_period_that_makes_no_sense_is_refused(cell: str) -> None:
    assert len(wrong(read(f"number;name;memberships\nM1;Ada;{cell}\n"))) == 1


@pytest.mark.parametrize(
    ("said", "status", "kind"),
    [
        ("parti·e", "left", None),
        ("Ancienne", "left", None),
        ("candidat", "applicant", None),
        ("affilié·e", "member", "affilié·e"),
    ],
)
def test_a_status_may_be_a_kind_of_member(said: str, status: str, kind: str | None) -> None:
    ada = only(read(f"nom;statut\nAda;{said}\n"))
    assert (ada.status, ada.kind) == (status, kind)


def test_a_row_of_lines_is_a_part_with_what_opens_it_and_what_it_holds() -> None:
    reading = read(
        "ligne;offre;membre;depuis;login;mot de passe;nd;ipv4;ipv6\n"
        "L7;adsl;M1;2024-01-01;l7@adsl;secret;05 00 00 00 07;198.51.100.7;2001:db8:7::/56\n",
        "lines",
    )
    assert reading.problems == []
    line, share, login, *addresses = reading.records
    assert isinstance(line, LineRecord)
    assert (line.ref.number, line.details.nd) == (7, "05 00 00 00 07")
    assert isinstance(share, ShareRecord)
    assert (share.member.number, share.since) == (1, date(2024, 1, 1))
    assert isinstance(login, CredentialRecord)
    assert (login.name, login.secret) == ("l7@adsl", "secret")
    assert "secret'" not in repr(login)
    assert [str(one.prefix) for one in addresses if isinstance(one, AddressRecord)] == [
        "198.51.100.7/32",
        "2001:db8:7::/56",
    ]


def test_an_address_may_have_an_hour_and_a_day_alone_is_midnight_in_paris() -> None:
    reading = read("prefix;line;member;since;until\n198.51.100.7;L1;M1;2024-07-01;2024-07-02T10:00:00Z\n", "addresses")
    (one,) = reading.records
    assert isinstance(one, AddressRecord)
    assert (one.since, one.until) == (datetime(2024, 6, 30, 22, tzinfo=UTC), datetime(2024, 7, 2, 10, tzinfo=UTC))


@pytest.mark.parametrize("prefix", ["198.51.100.300", "198.51.100.7/24", "2001:db8::1/56", "fe80::1%eth0", "x"])
def test_what_is_no_prefix_is_refused(prefix: str) -> None:
    assert len(wrong(read(f"prefix;line;member\n{prefix};L1;M1\n", "addresses"))) == 1


def test_an_address_is_somebodys_or_put_aside_on_purpose() -> None:
    assert "whose is this address" in wrong(read("prefix\n198.51.100.7\n", "addresses"))[0]
    assert wrong(read("prefix;role\n198.51.100.7;reserved\n", "addresses")) == []


@pytest.mark.parametrize("text", ["=1+1", "+33 5 00", "-5", "@x", "'=x", "''=x", "plain", "'plain", ""])
def test_a_cell_that_a_spreadsheet_would_compute_comes_back_as_it_was(text: str) -> None:
    from inventory.exchange.exporting import guarded

    assert not guarded(text).startswith(("=", "+", "-", "@"))
    assert ours.unguarded(guarded(text)) == text


def test_json_is_read_like_csv_and_lists_like_lists() -> None:
    spell = {"kind": "adherent", "since": "2020-01-01", "until": None}
    found = [{"number": "M0007", "name": "Ada", "organisation": False, "memberships": [spell]}]
    reading = ours.read("a.json", json.dumps(found).encode(), "members")
    assert reading.problems == []
    assert [type(one) for one in reading.records] == [MemberRecord, MembershipRecord]


@pytest.mark.parametrize("data", [b"{", b"[1]", b'"x"', b"[[]]", b"[" * 100_000, b'[{"name": "\\ud800"}]', b"1" * 5000])
def test_json_that_is_no_list_of_objects_is_refused_in_a_sentence(data: bytes) -> None:
    assert len(ours.read("a.json", data, "members").problems) == 1


def test_a_heading_is_told_by_its_letters_alone() -> None:
    assert tables.plain(" E-Mail d'Adhérent·e ") == "emaildadherente"


def test_a_header_of_a_great_many_columns_is_read_in_one_go() -> None:
    sheet = Reading("ours", [], [], [])
    table = tables.read_csv(sheet, "a.csv", ",".join(f"a{rank}" for rank in range(200_000)).encode())
    assert table is not None
    assert len(table.headings) == 200_000


def test_lists_within_lists_without_end_are_one_problem() -> None:
    deep = '[{"name": ' + "[" * 600 + "]" * 600 + "}]"
    sheet = Reading("ours", [], [], [])
    assert tables.read_objects(sheet, "a.json", tables.read_json(sheet, "a.json", deep.encode())) is None
    assert [one.sentence("en") for one in sheet.problems] == ["a.json, line 1: lists within lists, without end."]
