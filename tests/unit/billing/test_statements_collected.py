"""What comes from HelloAsso and in Ğ1: who paid, once, and what it was worth."""

from __future__ import annotations

from datetime import date

import pytest

from billing.statements import g1, helloasso
from billing.statements.refusals import (
    BadStatementAmount,
    BadStatementDay,
    DoubledEntry,
    EmptyStatement,
    StatementLacks,
    StatementTooBig,
    UndecodableStatement,
    UnknownStatementFormat,
)

HEAD = (
    "Référence commande;Référence paiement;Montant total;Date du paiement;Statut du paiement;Versé;Date du versement;"
    "Nom payeur;Prénom payeur;Email payeur;Campagne;Type de campagne;Moyen de paiement\n"
)
ZOE = "82810;53041;45,00;03/04/2026 18:23:13;Payé;Non;;Durand;Zoé;Zoe@Durand.example;Adhésion 2026;Adhésion;Carte\n"
KEY = "2ny7YAdmzReQxAayyJZsyVYwYhVyax2thKcGknmQy5nQ"


def collected(*rows: str, head: str = HEAD) -> helloasso.Collected:
    return helloasso.read((head + "".join(rows)).encode())


def receipts(*rows: str, head: str = "Date;Montant;Cours;Émetteur;Commentaire") -> list[tuple[int, str]]:
    return [(one.cents, one.origin) for one in g1.read("\n".join([head, *rows]).encode())]


def test_a_payment_says_who_paid_by_which_form() -> None:
    (entry,) = collected(ZOE).entries
    assert (entry.key, entry.day, entry.cents) == ("53041", date(2026, 4, 3), 4500)
    assert (entry.payer, entry.payer_email) == ("Zoé Durand", "zoe@durand.example")
    assert (entry.label, entry.end_to_end, entry.kind) == ("Adhésion 2026", "82810", "Carte")


@pytest.mark.parametrize(
    "head",
    [
        "Commande;Id paiement;Montant payé;Date paiement;Statut;V;D;Nom;Prénom;E-mail;Formulaire;T;Moyen\n",
        "NUMERO DE COMMANDE;REFERENCE DU PAIEMENT;MONTANT;DATE;ETAT;V;D;NOM ACHETEUR;PRENOM ACHETEUR;EMAIL;TARIF;T;M\n",
        "\ufeff" + HEAD,
        HEAD.replace(";", '";"').replace("Référence commande", '"Référence commande', 1).replace("\n", '"\n'),
    ],
)
def test_columns_are_found_by_what_they_were_ever_called(head: str) -> None:
    (entry,) = collected(ZOE, head=head).entries
    assert (entry.key, entry.cents, entry.payer_email) == ("53041", 4500, "zoe@durand.example")


def test_latin_letters_and_other_delimiters_are_read() -> None:
    assert helloasso.read((HEAD + ZOE).encode("cp1252")).entries[0].payer == "Zoé Durand"
    text = (HEAD + ZOE).replace(",", ".").replace(";", ",")
    assert helloasso.read(text.encode()).entries[0].cents == 4500


def test_what_was_not_cashed_is_left_out_with_a_word() -> None:
    rows = [ZOE.replace("53041", str(rank)).replace("Payé", status) for rank, status in
            enumerate(["Refusé", "En attente", "Annulé", "", "Contesté", "Payé"], start=1)]  # fmt: skip
    found = collected(*rows, ZOE.replace("45,00", "0,00"))
    assert [entry.key for entry in found.entries] == ["6"]
    assert [one.phrase.fr for one in found.left_out][:2] == [
        "pas encaissé : « Refusé »",
        "pas encaissé : « En attente »",
    ]
    assert (found.left_out[-1].phrase.en, found.left_out[-1].line) == ("free of charge", 8)


def test_what_was_given_back_adds_up_to_nothing_and_only_the_way_back_is_new() -> None:
    before = collected(ZOE).entries
    after = collected(ZOE.replace("Payé", "Remboursé")).entries
    assert sum(entry.cents for entry in after) == 0
    assert [entry.key for entry in after] == [before[0].key, "53041/refund"]


def test_two_payments_of_one_order_are_two() -> None:
    found = collected(ZOE, ZOE.replace("53041", "53042").replace("03/04/2026", "03/05/2026"))
    assert [entry.key for entry in found.entries] == ["53041", "53042"]


def test_one_payment_twice_in_a_file_is_refused() -> None:
    with pytest.raises(DoubledEntry):
        collected(ZOE, ZOE)


def test_an_organisation_that_paid_is_named() -> None:
    head = HEAD.replace("Versé", "Raison sociale")
    (entry,) = collected(ZOE.replace(";Non;", ";Les Abeilles;").replace("Durand;Zoé", ";"), head=head).entries
    assert entry.payer == "Les Abeilles"


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("45,00", "45,005", BadStatementAmount),
        ("45,00", "quarante", BadStatementAmount),
        ("03/04/2026", "31/02/2026", BadStatementDay),
        ("82810;53041", ";", StatementLacks),
        ("Montant total", "Total", StatementLacks),
        ("Email payeur", "Courriel", StatementLacks),
    ],
)
def test_what_is_wrong_in_an_export_is_refused(old: str, new: str, refusal: type[Exception]) -> None:
    text = HEAD + ZOE
    assert old in text
    with pytest.raises(refusal):
        helloasso.read(text.replace(old, new).encode())


def test_another_file_is_no_export_of_payments() -> None:
    with pytest.raises(UnknownStatementFormat) as refused:
        helloasso.read(b"a;b\n1;2\n", name="autre.csv")
    assert "autre.csv" in refused.value.sentence("fr")
    for read in (helloasso.read, g1.read):
        with pytest.raises(EmptyStatement):
            read(b" \n")
        with pytest.raises(StatementTooBig):
            read(b" " * (32 * 1024 * 1024 + 1))


def test_a_receipt_in_g1_is_worth_its_amount_at_the_rate_of_the_day() -> None:
    assert receipts(f"03/04/2026;12,50;0,10;{KEY};RF18539007547034") == [(125, "12,50 Ğ1 × 0,10 €")]
    (entry,) = g1.read(f"Date;Montant;Cours;Émetteur;Commentaire\n2026-04-03T10:00;100 Ğ1;0.0333 €;{KEY};RF\n".encode())
    assert (entry.cents, entry.day, entry.payer_account, entry.label) == (333, date(2026, 4, 3), KEY, "RF")


@pytest.mark.parametrize(
    ("units", "rate", "cents"),
    [
        ("1", "0.005", 1),
        ("1", "0.0149999999", 1),
        ("3", "0.005", 2),
        ("0.01", "50.5", 51),
        ("-1", "0.005", -1),
        ("7", "0.333333333333", 233),
    ],
)
def test_half_a_cent_goes_away_from_zero_and_is_rounded_once(units: str, rate: str, cents: int) -> None:
    assert [one for one, _ in receipts(f"2026-04-03;{units};{rate};{KEY};x")] == [cents]


def test_a_receipt_worth_nothing_is_left_out() -> None:
    assert receipts(f"2026-04-03;0.01;0.1;{KEY};x") == []


def test_english_headings_do_as_well() -> None:
    head = "day\tamount\trate\tissuer\tcomment"
    assert receipts(f"2026-04-03\t10\t0.1\t{KEY}:abc\tthanks", head=head) == [(100, "10 Ğ1 × 0.1 €")]


def test_a_rate_that_is_put_right_changes_the_amount_and_not_the_key() -> None:
    one, other = (
        g1.read(f"Date;Montant;Cours;Clé;Commentaire\n2026-04-03;10,0;{rate};{KEY};x\n".encode())[0]
        for rate in ("0,1", "0,2")
    )
    assert (one.cents, other.cents) == (100, 200)
    assert one.key == other.key


def test_receipts_that_are_alike_have_keys_of_their_own() -> None:
    rows = [f"2026-04-03;10;0.1;{KEY};x"] * 2
    one = g1.read("\n".join(["Date;Montant;Cours;Clé;Commentaire", *rows]).encode())
    assert len({entry.key for entry in one}) == 2
    told = g1.read(f"Date;Montant;Cours;Clé;Commentaire;Transaction\n2026-04-03;10;0.1;{KEY};x;ABCDEF\n".encode())
    assert told[0].key == "ABCDEF"


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        (f"2026-04-03;dix;0.1;{KEY};x", BadStatementAmount),
        (f"2026-04-03;10;0;{KEY};x", BadStatementAmount),
        (f"2026-04-03;10;-1;{KEY};x", BadStatementAmount),
        (f"2026-04-03;10;1e9;{KEY};x", BadStatementAmount),
        (f"2026-04-03;999999999999;999999999;{KEY};x", BadStatementAmount),
        (f"2026-13-03;10;0.1;{KEY};x", BadStatementDay),
        ("2026-04-03;10;0.1;moi;x", StatementLacks),
        ("2026-04-03;10;0.1", StatementLacks),
    ],
)
def test_what_is_wrong_in_a_list_of_receipts_is_refused(row: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        receipts(row)


def test_a_list_of_receipts_lacks_no_column() -> None:
    with pytest.raises(UnknownStatementFormat):
        g1.read(b"Date;Montant;Cours\n2026-04-03;10;0.1\n")
    with pytest.raises(UndecodableStatement):
        g1.read("Date;Montant;Cours;Émetteur\n".encode("latin-1"))
