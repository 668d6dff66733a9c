"""A bank's CSV through its mapping: ours, the one in the documents, and every habit a mapping can say."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from statement_files import IBAN, Move, common_csv, online_csv

from billing.statements import mapping
from billing.statements.mapping import Mapping, shipped
from billing.statements.reading import read
from billing.statements.refusals import (
    BadMapping,
    BadStatementAmount,
    BadStatementDay,
    EmptyStatement,
    MalformedStatement,
    StatementLacks,
    UnbalancedStatement,
    UndecodableStatement,
    UnknownStatementFormat,
    WrongCurrency,
)

DAY, NEXT = date(2026, 11, 23), date(2026, 11, 24)
HOWTO = Path(__file__).parents[3] / "docs" / "howto" / "bank-statements.md"
TWO_COLUMNS = """\
Numéro de compte;FR76 3000 6000 0112 3456 7890 189
Devise;EUR
Du;01/11/2026
Au;30/11/2026
Solde précédent;1 000,00 EUR
Solde final;1 012,50 EUR

Date;Valeur;Nature de l'opération;Débit;Crédit
23/11/2026;24/11/2026;VIR INST DE MME DUPONT;;16,00
23/11/2026;23/11/2026;FRAIS DE TENUE DE COMPTE;-3,50;
"""


def made(
    told: str = "", columns: str = 'day = "Date"\nlabel = "Libellé"\namount = "Montant"', before: str = ""
) -> Mapping:
    return mapping.parse("essai", f"{told}\n[columns]\n{columns}\n{before}")


def amounts(text: str, one: Mapping) -> list[int]:
    return [entry.cents for statement in read(text.encode(), mapping=one) for entry in statement.entries]


def row(amount: str = "12,50", day: str = "23/11/2026", label: str = "COTIS") -> str:
    return f"Date;Libellé;Montant\n{day};{label};{amount}\n"


def test_the_newest_may_come_first_and_the_balances_are_those_of_the_lines() -> None:
    told = [Move(DAY, 1250, "COTIS"), Move(DAY, -300, "FRAIS"), Move(NEXT, 1600, "Adhésion")]
    for newest_first in (True, False):
        (statement,) = read(common_csv(told, opening=10_000, newest_first=newest_first))
        assert (statement.account, statement.opening, statement.closing) == (IBAN, 10_000, 12_550)
        assert [entry.cents for entry in statement.entries] == [1250, -300, 1600]
        assert statement.entries[2].label == "Adhésion"


def test_of_one_day_the_balances_say_which_came_first() -> None:
    told = [Move(DAY, 1250, "COTIS"), Move(DAY, -300, "FRAIS")]
    assert read(common_csv(told, newest_first=True)) == read(common_csv(told, newest_first=False))


def test_debit_and_credit_in_two_columns_with_what_stands_before_them() -> None:
    (statement,) = read(TWO_COLUMNS.encode("latin-1"))
    assert (statement.account, statement.opening, statement.closing) == (IBAN, 100_000, 101_250)
    assert (statement.since, statement.until) == (date(2026, 11, 1), date(2026, 11, 30))
    assert [(entry.cents, entry.value_day) for entry in statement.entries] == [(1600, NEXT), (-350, DAY)]


def test_a_file_of_several_accounts_is_a_statement_for_each() -> None:
    text = online_csv(
        [Move(DAY, 1250, "COTIS", "MME DUPONT", IBAN, own="T1"), Move(DAY, -300, "FRAIS", own="T2")]
    ).decode()
    head, first, second = text.splitlines()
    one, other = read("\n".join([head, first, second.replace(f",{IBAN},EUR", ",DE89370400440532013000,EUR")]).encode())
    assert (one.account, other.account) == (IBAN, "DE89370400440532013000")
    (entry,) = one.entries
    assert (entry.key, entry.payer, entry.payer_account) == ("T1 20261123 +1250", "MME DUPONT", IBAN)


def test_the_mapping_of_the_documents_reads_the_file_of_the_documents() -> None:
    text = HOWTO.read_text(encoding="utf-8")
    example, told = (
        re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[0] for kind in ("csv", "toml")
    )
    one = mapping.parse("abeilles", told)
    (statement,) = read(example.encode("cp1252"), mappings=[one])
    assert (statement.account, statement.opening) == (IBAN, 100_000)
    assert [(entry.day.day, entry.cents, entry.payer) for entry in statement.entries] == [
        (2, -350, ""), (3, 1600, "MME DUPONT JEANNE"),
    ]  # fmt: skip


def test_every_column_that_a_mapping_may_have_is_documented_and_no_other() -> None:
    text = HOWTO.read_text(encoding="utf-8")
    table = "".join(re.findall(r"^\|(.*?)\|", text, re.MULTILINE)[2:])
    assert set(re.findall(r"`(\w+)`", table)) == set(mapping.COLUMNS)
    behind = text.partition("In `[before]`: ")[2].partition(".")[0]
    assert set(re.findall(r"`(\w+)`", behind)) == set(mapping.BEFORE)
    assert all(re.search(rf"\b{key}\b", text) for key in mapping._KEYS)
    assert all(f"(`{one.name}`)" in text for one in shipped())
    assert f"`{mapping.OWN_FOLDER}`" in text


def test_an_associations_own_mapping_goes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "ici.toml").write_text(
        'charset = "windows-1252"\n[columns]\nday = "Date de valeur"\nlabel = "Libellé"\namount = "Montant"\n'
    )
    data = common_csv([Move(DAY, 1250, "COTIS")])
    assert read(data)[0].closing == 1250
    assert read(data, mappings=mapping.own(tmp_path))[0].closing is None
    assert mapping.own(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    ("decimal", "written", "cents"),
    [
        (",", "12,50", 1250), (",", "1 234,56", 123_456), (",", "1\u202f234,56 €", 123_456), (",", "1.234,56", 123_456),
        (",", "-12,5", -1250), (",", "\N{MINUS SIGN}12,50", -1250), (",", "+12", 1200), (",", "12,50 EUR", 1250),
        (",", "12,50EUR", 1250), (".", "1,234.56", 123_456), (".", "12.50", 1250), (".", "1'234.56", 123_456),
        (",", "1.234", 123_400), (".", "1,234", 123_400), (",", "0,00", None),
    ],
)  # fmt: skip
def test_amounts_are_read_with_the_banks_decimal_sign(decimal: str, written: str, cents: int | None) -> None:
    assert amounts(row(written), made(f'decimal = "{decimal}"')) == ([] if cents is None else [cents])


@pytest.mark.parametrize(
    "written", ["12.50", "12,505", "1.23,00", "1,234.56", "douze", "--1", "1-", "99 999 999 999,00", "½"]
)
def test_an_amount_in_another_manner_is_refused(written: str) -> None:
    with pytest.raises(BadStatementAmount) as refused:
        amounts(row(written), made())
    assert "ligne 2" in refused.value.sentence("fr")


@pytest.mark.parametrize(
    ("dates", "written"),
    [("dd/mm/yyyy", "23/11/2026"), ("dd/mm/yy", "23/11/26"), ("yyyy-mm-dd", "2026-11-23"), ("dd.mm.yyyy", "23.11.2026"),
     ("yyyymmdd", "20261123"), ("ddmmyyyy", "23112026"), ("mm/dd/yyyy", "11/23/2026"),
     ("dd/mm/yyyy", "23/11/2026 14:02")],
)  # fmt: skip
def test_dates_are_read_in_the_banks_order(dates: str, written: str) -> None:
    (statement,) = read(row(day=written).encode(), mapping=made(f'dates = "{dates}"'))
    assert statement.entries[0].day == DAY


@pytest.mark.parametrize(
    "written", ["31/02/2026", "23/11/26", "11/23/2026", "2026-11-23", "23/11/20266", "demain", "23/11/1066"]
)
def test_a_date_in_another_order_is_refused(written: str) -> None:
    with pytest.raises(BadStatementDay):
        amounts(row(day=written), made())


def test_a_file_without_headings_is_read_by_numbers() -> None:
    one = made("skip = 2\nskip_end = 1", "day = 1\nlabel = [2, 4]\namount = 3")
    text = "Banque\n\n23/11/2026;COTIS;12,50;2026\n23/11/2026;FRAIS;-3,00\nTotal;;9,50\n"
    (statement,) = read(text.encode(), mapping=one)
    assert [(entry.label, entry.cents) for entry in statement.entries] == [("COTIS 2026", 1250), ("FRAIS", -300)]


def test_quotation_marks_may_be_letters() -> None:
    text = row(label='LOYER "LE NID')
    assert amounts(text, made('quote = ""')) == [1250]
    with pytest.raises(MalformedStatement):
        amounts(row(label='"LE NID'), made())


def test_cells_may_hold_delimiters_and_line_ends() -> None:
    (statement,) = read(row(label='"COTIS;\r\n2026"').encode(), mapping=made())
    assert statement.entries[0].label == "COTIS; 2026"


def test_headings_are_found_whatever_their_accents_and_capitals() -> None:
    assert amounts(row().replace("Libellé", "LIBELLE "), made()) == [1250]


def test_lines_that_are_alike_in_all_have_keys_of_their_own() -> None:
    text = "Date;Libellé;Montant\n" + "23/11/2026;COTIS;12,50\n" * 3
    (statement,) = read(text.encode(), mapping=made())
    assert len({entry.key for entry in statement.entries}) == 3


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"Date;Libell\xe9;Montant\n23/11/2026;COTIS;12,50\n", UndecodableStatement),
        (b"Date;Sujet;Montant\n23/11/2026;COTIS;12,50\n", BadMapping),
        ("Date;Libellé;Montant\n;COTIS;12,50\n".encode(), StatementLacks),
        ("Date;Libellé;Montant\n23/11/2026;COTIS;\n".encode(), StatementLacks),
        ("Date;Libellé;Montant\n23/11/2026;COT\0IS;12,50\n".encode(), MalformedStatement),
        (b"\xef\xbb\xbf \n", EmptyStatement),
    ],
)
def test_what_is_wrong_is_refused(data: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        read(data, mapping=made())


def test_the_column_that_is_missing_is_named() -> None:
    with pytest.raises(BadMapping) as refused:
        read(b"Date;Sujet;Montant\n23/11/2026;COTIS;12,50\n", mapping=made())
    assert "« Libellé »" in refused.value.sentence("fr")


def test_another_currency_is_refused_in_a_column_and_before_them() -> None:
    with pytest.raises(WrongCurrency):
        read(common_csv([Move(DAY, 1250, "COTIS")]).replace(b";EUR", b";CHF"))
    with pytest.raises(WrongCurrency):
        read(TWO_COLUMNS.replace("Devise;EUR", "Devise;CHF").encode("latin-1"))


def test_a_debit_and_a_credit_at_once_or_neither_is_refused() -> None:
    for wrong, refusal in (("-3,50;3,50", MalformedStatement), (";", StatementLacks)):
        with pytest.raises(refusal):
            read(TWO_COLUMNS.replace("-3,50;", wrong).encode("latin-1"))


def test_balances_before_the_columns_are_held_against_the_lines() -> None:
    with pytest.raises(UnbalancedStatement):
        read(TWO_COLUMNS.replace("1 012,50", "1 012,51").encode("latin-1"))


def test_running_balances_are_held_against_each_other() -> None:
    told = [Move(DAY, 1250, "COTIS"), Move(NEXT, -300, "FRAIS"), Move(NEXT, 1600, "COTIS")]
    text = common_csv(told).decode("cp1252")
    with pytest.raises(UnbalancedStatement):
        read("".join(line for line in text.splitlines(keepends=True) if "FRAIS" not in line).encode("cp1252"))


def test_a_csv_that_nobody_knows_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnknownStatementFormat) as refused:
        read(b"a;b;c\n1;2;3\n", name="export.csv")
    assert refused.value.sentence("fr").startswith("export.csv : ")
    assert "docs/howto/bank-statements.md" in refused.value.sentence("fr")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x = ", "Invalid value"),
        ('colour = "red"', "colour"),
        ('charset = "ebcdic"\n[columns]', "charset"),
        ('delimiter = ";;"\n[columns]', "delimiter"),
        ('decimal = "x"\n[columns]', "decimal"),
        ('dates = "dd/mm"\n[columns]', "dates"),
        ('dates = "dd/mm/yyyy(a+)+"\n[columns]', "dates"),
        ("skip = -1\n[columns]", "skip"),
        ("skip = true\n[columns]", "skip"),
        ("", "day"),
        ('[columns]\nday = "Date"', "label"),
        ('[columns]\nday = "Date"\nlabel = "L"', "amount"),
        ('[columns]\nday = "Date"\nlabel = "L"\namount = "M"\ndebit = "D"\ncredit = "C"', "amount"),
        ('[columns]\nday = "Date"\nlabel = "L"\ndebit = "D"', "amount"),
        ('[columns]\nday = "Date"\nlabel = 2\namount = 3', "name all columns"),
        ('[columns]\nday = ["Date", "Jour"]\nlabel = "L"\namount = "M"', "day"),
        ('[columns]\nday = []\nlabel = "L"\namount = "M"', "columns"),
        ('[columns]\nday = 0\nlabel = 1\namount = 2', "columns"),
        ('[columns]\nday = "Date"\nlabel = "L"\namount = "M"\nweather = "W"', "weather"),
        ('[columns]\nday = "Date"\nlabel = "L"\namount = "M"\n[before]\nmood = "H"', "mood"),
    ],
)  # fmt: skip
def test_a_mapping_that_will_not_do_says_what_is_wrong_in_it(text: str, word: str) -> None:
    with pytest.raises(BadMapping) as refused:
        mapping.parse("essai", text)
    assert "essai" in refused.value.sentence("en")
    assert word in refused.value.sentence("en")


def test_a_mapping_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadMapping):
        mapping.own(tmp_path)
    (tmp_path / "a.toml").write_text("#" * 70_000)
    with pytest.raises(BadMapping):
        mapping.own(tmp_path)
