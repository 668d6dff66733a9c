"""Wholesalers' invoices at the terminal: seen first, kept by `--apply`, weighed again, struck out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CSV = (
    "Facture;Date;Référence;Produit;Du;Au;Montant HT;TVA\n"
    "2026-77;30/11/2026;SRV-1;ACC-ADSL;01/11/2026;30/11/2026;18,00;3,60\n"
    "2026-77;30/11/2026;SRV-9;ACC-ADSL;01/11/2026;30/11/2026;18,00;3,60\n"
    "2026-77;30/11/2026;;PORTE;01/11/2026;30/11/2026;150,00;30,00\n"
    "Total;;;;;;186,00;37,20\n"
)
MAPPING = '[items."PORTE"]\nline = false\n[items."ACC-ADSL"]\ntechnology = "adsl"\nprice = "17,00"\n'


@pytest.fixture
def billed(homes: Any, tmp_path: Path) -> Any:
    """An association that buys L0002 from one wholesaler, who has sent an invoice."""
    homes("wholesaler", "add", "gros", "--collection", "realm-proxy", "--realm", "a.example")
    homes("order", "place", "L0002", "--wholesaler", "gros")
    homes("order", "move", "O0001", "--to", "delivered", "--reference", "SRV-1")
    (tmp_path / "a.csv").write_text(CSV)
    return homes


def flat(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_an_invoice_is_seen_then_kept_then_weighed_again(billed: Any, tmp_path: Path) -> None:
    read = ("invoice", "read", str(tmp_path / "a.csv"), "--wholesaler", "gros")
    assert "essaim invoice read" in billed("invoice", "list").out
    seen = flat(billed(*read).out)
    assert "Facture 2026-77 du 30 nov. 2026" in seen
    assert "186,00 € hors taxes, TVA 37,20 €, rangées : 3" in seen
    assert "« SRV-9 » (ACC-ADSL, 18,00 €) n'est le nom d'aucune ligne" in seen
    assert "line = false" in seen
    assert "avec --apply" in seen
    assert json.loads(billed("invoice", "list", "--json").out) == []
    assert "Kept: F0001" in billed(*read, "--apply", lang="en").out
    assert "déjà là (F0001)" in billed(*read, "--apply").out
    assert "F0001" in billed("invoice", "list", "--wholesaler", "gros").out
    assert "186,00" in flat(billed("invoice", "show", "F0001").out)
    assert "is the name of no line" in billed("invoice", "check", "F0001", lang="en").out
    billed("order", "note", "O0001", "--reference", "SRV-9")
    found = json.loads(billed("invoice", "check", "F0001", "--json").out)
    assert [one["rank"] for one in found if one["fault"] == "unknown"] == [2, 4]
    (tmp_path / "a.csv").write_text(CSV.replace("SRV-9", "SRV-8"))
    assert "essaim invoice strike F0001" in billed(*read, "--apply", status=1).err
    assert "--why" in billed("invoice", "strike", "F0001", status=1).err
    assert "retirée" in billed("invoice", "strike", "F0001", "--why", "remplacée").out
    billed("invoice", "show", "F0001", status=3)
    assert "facture de gros" in billed("journal", "show").out


def test_the_associations_own_file_says_how_a_wholesaler_writes(billed: Any, tmp_path: Path) -> None:
    own = billed.folder / "invoices" / "gros.toml"
    own.parent.mkdir()
    own.write_text(MAPPING)
    read = ("invoice", "read", str(tmp_path / "a.csv"), "--wholesaler", "gros", "--json")
    found = json.loads(billed(*read).out)
    assert (found["number"], found["applied"], found["cents"], found["vat_cents"]) == (None, False, 18600, 3720)
    assert found["lines"][2]["common"] is True
    assert {one["rank"] for one in found["findings"] if one["fault"] == "unknown"} == {3}
    (tmp_path / "other.toml").write_text("[items]\nPORTE = 3\n")
    said = billed(*read, "--mapping", str(tmp_path / "other.toml"), status=1).err
    assert "other.toml" in said
    assert "docs/howto/wholesaler-invoices.md" in said


def test_what_cannot_be_is_refused_and_nothing_is_kept(billed: Any, tmp_path: Path) -> None:
    read = ("invoice", "read", str(tmp_path / "a.csv"), "--apply", "--wholesaler")
    assert "185,00" in billed(*read, "gros", "--total", "185", status=1).err
    assert "centimes" in billed(*read, "gros", "--total", "beaucoup", status=1).err
    assert "2026-11" in billed(*read, "gros", "--month", "novembre", status=1).err
    billed(*read, "personne", status=3)
    (tmp_path / "a.csv").write_text(CSV.replace("18,00;", "dix-huit;"))
    said = billed(*read, "gros", status=1).err
    assert "ligne 2" in said
    assert "ligne 3" in said
    (tmp_path / "a.csv").unlink()
    billed(*read, "gros", status=3)
    assert json.loads(billed("invoice", "list", "--json").out) == []


def test_without_a_stated_total_one_is_asked_to_compare(billed: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ref;produit;montant\nSRV-1;ACC;18,00\n")
    read = ("invoice", "read", str(tmp_path / "a.csv"), "--wholesaler", "gros")
    told = ("--month", "2026-11", "--number", "77", "--on", "2026-11-30")
    assert "comparez-le au papier" in billed(*read, *told).out
    assert "papier" not in billed(*read, *told, "--total", "18,00").out
