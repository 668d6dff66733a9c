"""The plan of accounts, and what an association may say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing.books.chart import WORDS, BadChart, Chart, Held, NoSuchAccount, Plan, from_text, read


def test_without_a_file_the_numbers_are_those_of_the_french_plan(tmp_path: Path) -> None:
    chart = read(tmp_path / "books.toml")
    numbers = {word: chart.account(word).code for word in ("members", "membership", "lines", "gifts", "waiting", "vat")}
    assert numbers == {
        "members": "411",
        "membership": "756",
        "lines": "706",
        "gifts": "7541",
        "waiting": "471",
        "vat": "44571",
    }


def test_every_account_has_a_name_in_both_languages() -> None:
    for word in WORDS:
        name = Chart().account(word).name
        assert all((name.fr, name.en)), word


def test_a_file_renames_and_renumbers_and_is_written_as_it_was_read() -> None:
    told = (
        'siren = "732829320"\nbegins = 9\n[accounts]\nmembership = "7561"\n'
        '[names]\n7561 = "Adhésions"\n6065 = "Logiciels"\n'
    )
    chart = from_text(told)
    assert (chart.account("membership").code, chart.account("membership").name.fr) == ("7561", "Adhésions")
    assert chart.find("6065").name.en == "Logiciels"
    assert (chart.siren, chart.begins) == ("732829320", 9)
    assert from_text(chart.text()) == chart


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("[", "TOML"),
        ('other = "1"', "other"),
        ('siren = "123"', "123"),
        ('siren = "732829321"', "732829321"),
        ("begins = 13", "begins"),
        ("begins = true", "begins"),
        ('accounts = "x"', "accounts"),
        ('[accounts]\nbeer = "606"', "beer"),
        ('[accounts]\nmembership = "606"', "606"),
        ('[accounts]\nmembership = "7\\t5"', "7"),
        ("[accounts]\nmembership = 756", "756"),
        ('[names]\nx = "Y"', "x"),
        ('[names]\n756 = ""', "756"),
        ('[names]\n756 = "a\\nb"', "756"),
    ],
)
def test_what_makes_no_sense_is_refused_with_where_it_is(told: str, said: str) -> None:
    with pytest.raises(BadChart) as refused:
        from_text(told)
    assert said in refused.value.sentence("fr")
    assert "Nothing was done" in refused.value.sentence("en")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "books.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadChart):
        read(tmp_path / "books.toml")


def test_an_account_is_found_by_its_word_or_number() -> None:
    assert Chart().find("fees").code == Chart().find(" 627 ").code == "627"
    with pytest.raises(NoSuchAccount):
        Chart().find("999")


def test_each_bank_account_has_its_own_number_and_what_was_typed_stands_as_typed() -> None:
    plan = Plan(Chart(), {5: Held("bank", 1, "credit"), 6: Held("bank", 2, "poste"), 8: Held("helloasso", 1, "ha")})
    assert [plan.account(key).code for key in ("@5", "@6", "@8", "bank", "=6061", "=6099")] == [
        "51201",
        "51202",
        "4671",
        "512",
        "6061",
        "6099",
    ]
    assert plan.account("@5").name.fr == "credit"
