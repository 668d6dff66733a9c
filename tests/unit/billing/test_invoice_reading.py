"""A wholesaler's CSV is read as it is written, or refused in one sentence."""

from __future__ import annotations

from datetime import date

import pytest

from billing.invoices.amounts import BadTotal, amount_of
from billing.invoices.facts import Period, Statement
from billing.invoices.mapping import BadInvoiceMapping, Mapping, parse
from billing.invoices.rates import alike, kilobits
from billing.invoices.reading import InvoiceTotalDiffers, InvoiceUnreadable, Told, read
from foundation.clock import Month
from foundation.money import Euros
from inventory.exchange.records import MOST_OCTETS

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
TOLD = Told("F-1", date(2026, 11, 30), Month(2026, 11))
OWN = """
dates = "dmy"
skip = 2
total_row = "Total HT"
[columns]
invoice = "N° facture"
day = "Date facture"
reference = ["Réf. service", "ND"]
item = "Code produit"
since = "Du"
until = "Au"
amount = "Montant HT"
vat = "TVA"
guarantee = "Rétablissement"
[words]
"GTR-J1" = "j+1"
[items."ACC-FTTH-1G"]
technology = "ftth"
offer = "fibre"
rate = "1G/300M"
price = "18,00"
[items."FAS"]
once = true
[items."PORTE"]
line = false
"""
THEIRS = """Grossiste d'exemple
Facture mensuelle
N° facture;Date facture;Réf. service;ND;Code produit;Du;Au;Montant HT;TVA;Rétablissement
2026-77;01/12/2026;SRV-1;;acc-ftth-1g;01/11/2026;30/11/2026;18,0000 €;3,60;GTR-J1
2026-77;01/12/2026;SRV-2;0199001234;ACC-FTTH-1G;16/11/2026;30/11/2026;9,00;1,80;
2026-77;01/12/2026;;0199001234;FAS;16/11/2026;;50,00;10,00;
2026-77;01/12/2026;;;PORTE;01/11/2026;30/11/2026;1 150,00;230,00;
2026-77;01/12/2026;SRV-1;;ACC-FTTH-1G;01/10/2026;31/10/2026;−4,00;−0,80;
Total HT;;;;;;;1223,00;244,60;
"""


def given(text: str | bytes, mapping: Mapping | None = None, told: Told = TOLD) -> Statement:
    """What such a file says."""
    data = text if isinstance(text, bytes) else text.encode()
    return read("a.csv", data, mapping or Mapping(), told)[0]


def refused(text: str | bytes, mapping: Mapping | None = None, told: Told = TOLD) -> str:
    """Why it says nothing."""
    with pytest.raises((InvoiceUnreadable, InvoiceTotalDiffers)) as why:
        given(text, mapping, told)
    assert why.value.sentence("en") != why.value.sentence("fr")
    return why.value.sentence("fr")


def test_a_file_is_read_by_its_mapping() -> None:
    found = given(THEIRS, parse("own.toml", OWN.encode()), Told())
    assert (found.reference, found.day, found.period) == ("2026-77", date(2026, 12, 1), NOVEMBER)
    assert (found.cents, found.vat, found.stated) == (122300, 24460, True)
    access, part, fee, port, credit = found.lines
    assert (access.rank, access.reference, access.cents, access.vat, access.guarantee) == (4, "SRV-1", 1800, 360, "j+1")
    assert (access.technology, access.offer, access.rate, access.agreed) == ("ftth", "fibre", "1G/300M", 1800)
    assert (part.reference, part.period) == ("SRV-2 / 0199001234", Period(date(2026, 11, 16), date(2026, 12, 1)))
    assert (fee.once, fee.period.days, port.common, port.cents, credit.cents) == (True, 1, True, 115000, -400)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_usual_headings_are_known_in_any_encoding_and_order_and_say_the_same(encoding: str) -> None:
    one = "Référence;Libellé;Montant HT;TVA;Du;Au\nSRV-1;Accès;18,00;3,60;01/11/2026;30/11/2026\n"
    other = "Au\tDu\tTVA\tMontant HT\tLibellé\tRéférence\n2026-11-30\t2026-11-01\t3.60\t18.00\tAccès\tSRV-1\n"
    assert given(one.encode(encoding)).digest == given(other).digest
    assert given(one.replace("18,00", "18,01")).digest != given(other).digest


def test_what_the_file_does_not_say_is_told_or_asked_for() -> None:
    csv = "ref;produit;montant\nSRV-1;ACC;18,00\n"
    assert given(csv).lines[0].period == NOVEMBER
    assert not given(csv).stated
    assert given(csv, told=Told("F-1", date(2026, 11, 30), Month(2026, 11), Euros(1800))).stated
    assert "--month 2026-11" in refused(csv, told=Told("F-1", date(2026, 11, 30)))
    dated = "ref;produit;montant;mois\nSRV-1;ACC;18,00;11/2026\n"
    assert given(dated, told=Told("F-1", date(2026, 11, 30))).period == NOVEMBER
    assert "--number" in refused(dated, told=Told(None, date(2026, 11, 30)))
    assert "--on" in refused(dated, told=Told("F-1"))


def test_one_of_several_invoices_in_a_file_is_chosen_by_its_number() -> None:
    csv = "facture;date;ref;produit;mois;montant\nA;2026-11-30;S1;X;2026-11;1,00\nB;2026-12-31;S1;X;2026-12;2,00\n"
    assert "--number" in refused(csv, told=Told())
    chosen = given(csv, told=Told("B"))
    assert (chosen.reference, chosen.day, chosen.cents) == ("B", date(2026, 12, 31), 200)
    assert "--number" in refused(csv.splitlines()[0] + "\n" + csv.splitlines()[1], told=Told("C"))


@pytest.mark.parametrize(
    ("columns", "cells"),
    [("total", "17,99"), ("total ttc", "18,00"), ("total tva", "3,59")],
)
def test_lines_that_do_not_make_the_stated_total_are_refused(columns: str, cells: str) -> None:
    base = "ref;produit;montant;tva"
    assert "Rien n'a été gardé" in refused(f"{base};total facture ht\nS;X;18,00;3,60;17,99\n")
    mapping = Mapping() if columns != "total" else parse("m", b'[columns]\nreference="ref"\nitem="produit"\n'
                                                         b'amount="montant"\nvat="tva"\ntotal="total"\n')  # fmt: skip
    said = refused(f"{base};{columns}\nS;X;18,00;3,60;{cells}\n", mapping)
    assert cells in said.replace("\N{NO-BREAK SPACE}", " ")


def test_a_total_told_from_the_paper_is_held_to() -> None:
    csv = "ref;produit;montant\nSRV-1;ACC;18,00\nTotal;;36,00\n"
    assert "36,00" in refused(csv)
    assert "36,00" in refused(csv.rsplit("\n", 2)[0], told=Told("F", date(2026, 11, 30), Month(2026, 11), Euros(3600)))


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        ("", "vide"),
        (b"\0\1\2;\n", "octets nuls"),
        (b" " * (MOST_OCTETS + 1), "Mio"),
        ("ref;produit\nS;X\n", "--mapping"),
        ("ref;produit;montant\n", "aucune ligne"),
        ("ref;produit;montant;montant\nS;X;1;2\n", "deux fois"),
        ("ref;produit;montant\nS;X\n", "2 cellules"),
        ("ref;produit;montant\nS;X;dix\n", "centimes entiers"),
        ("ref;produit;montant\nS;X;\n", "centimes entiers"),
        ("ref;produit;montant\nS;X;1,005\n", "centimes entiers"),
        ("ref;produit;montant\nS;X;99999999999\n", "centimes entiers"),
        (f"ref;produit;montant\nS;X;{'9' * 5000}\n", "centimes entiers"),
        ("ref;produit;montant\nS;;1,00\n", "ce qui est facturé"),
        ("ref;produit;montant\nS\x1b[2J;X;1,00\n", "invisibles"),
        (f"ref;produit;montant\n{'S' * 61};X;1,00\n", "60 caractères"),
        ("ref;produit;montant;du;au\nS;X;1;30/11/2026;01/11/2026\n", "avant de commencer"),
        ("ref;produit;montant;du;au\nS;X;1;31/11/2026;30/11/2026\n", "pas une date"),
        ("ref;produit;montant;mois\nS;X;1;13/2026\n", "pas un mois"),
        ("ref;produit;montant;gtr\nS;X;1;bientôt\n", "garantie"),
        ("ref;produit;montant;technologie\nS;X;1;pigeon\n", "[words]"),
        ('ref;produit;montant\n"S;X;1,00\n', "lisible"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(csv: str | bytes, said: str) -> None:
    assert said in refused(csv) or (said == "lisible" and "cellules" in refused(csv))


def test_ten_of_many_wrong_rows_are_told() -> None:
    said = refused("ref;produit;montant\n" + "S;X;dix\n" * 30)
    assert said.count("a.csv, ligne") == 10
    assert "+ 20" in said


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("= 1", "TOML"),
        ("[" * 5000, "TOML"),
        ("colonnes = 1", "« colonnes »"),
        ('skip = "2"', "« skip »"),
        ("skip = true", "« skip »"),
        ("skip = -1", "« skip »"),
        ('dates = "ymd"', "« dates »"),
        ('until = "maybe"', "« until »"),
        ('[columns]\nmontant = "HT"', "« montant »"),
        ('[columns]\namount = ["HT", "TTC"]', "« amount »"),
        ('[columns]\namount = "HT"\nvat = "ht"', "deux choses"),
        ("[words]\na = 1", "« words »"),
        ("[items]\nA = 1", "« A »"),
        ('[items.A]\nprix = "1"', "« prix »"),
        ('[items.A]\nprice = "1,234"', "« A »"),
        ('[items.A]\ntechnology = "pigeon"', "« A »"),
        ('[items.A]\nguarantee = "soon"', "« A »"),
    ],
)
def test_a_mapping_in_which_something_means_nothing_is_refused(toml: str, said: str) -> None:
    with pytest.raises(BadInvoiceMapping) as why:
        parse("own.toml", toml.encode())
    assert said in why.value.sentence("fr")


def test_a_heading_that_the_mapping_names_must_be_there() -> None:
    mapping = parse("own.toml", OWN.encode())
    assert "« N° facture »" in refused("a;b\nc;d\n" + "Date facture;Montant HT\n2026-11-30;1,00\n", mapping)


@pytest.mark.parametrize(
    ("text", "kbit"),
    [("1 Gbit/s", (1_000_000,)), ("1G/300M", (1_000_000, 300_000)), ("8000k/800 kbps", (8000, 800)),
     ("100", (100_000,)), ("2,5G", (2_500_000,)), ("20 Mb/s / 1Mb/s", (20_000, 1000)), ("vite", ()), ("1/2/3", ())],
)  # fmt: skip
def test_a_rate_is_read_however_it_is_written(text: str, kbit: tuple[int, ...]) -> None:
    assert kilobits(text) == kbit


def test_rates_are_compared_by_what_both_say() -> None:
    assert alike("1 Gbit/s", "1000M/300M")
    assert not alike("1G/300M", "1G/1G")
    assert alike("Illimité", "illimité")


def test_a_typed_total_is_an_amount() -> None:
    assert amount_of("1 234,50 €") == 123450
    for wrong in ("", "douze", "1,234,5"):
        with pytest.raises(BadTotal):
            amount_of(wrong)
