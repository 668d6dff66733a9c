"""The bank at the terminal: an account, a statement read twice, the inbox, and what is said of each movement."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from statement_files import IBAN, Move, camt

from billing.reference import reference_of

MOVES = (
    Move(date(2026, 11, 3), 3500, f"COTIS {reference_of(1)}", payer="UNE AMIE", own="A1"),
    Move(date(2026, 11, 5), 2000, "COTISATION", payer="M LEROY BASILE", own="A2"),
    Move(date(2026, 11, 6), 750, "VIR COLETTE", own="A3"),
    Move(date(2026, 11, 9), -900, "FRAIS DE TENUE DE COMPTE", own="A4"),
    Move(date(2026, 11, 10), -1000, "VIR EMIS", payer="ADA DURAND", own="A5"),
)


@pytest.fixture
def banked(small: Any, tmp_path: Path) -> Any:
    """A small association with a member or two, and a statement in a file."""
    small("member", "add", "Ada Durand")
    small("member", "add", "Basile Leroy")
    (tmp_path / "novembre.xml").write_bytes(camt(MOVES))
    return small


def flat(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_a_statement_is_seen_then_kept_then_known(banked: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "novembre.xml")
    assert "essaim bank account add" in banked("bank", "account", "list").out
    assert "essaim bank account add" in banked("bank", "read", file, status=3).err
    assert "IBAN" in banked("bank", "account", "add", "courant", IBAN[:-1] + "8", status=1).err
    assert "essaim bank read" in banked("bank", "account", "add", "courant", IBAN).out
    seen = flat(banked("bank", "read", file, "--dry-run").out)
    assert "Mouvements nouveaux : 5, déjà connus : 0. Avec une référence exacte : 1, à rapprocher : 4." in seen
    assert "Rien n'a été gardé" in seen
    kept = flat(banked("bank", "read", file, lang="en").out)
    assert "New movements: 5" in kept
    assert "essaim bank inbox" in kept
    assert "déjà connus : 5" in flat(banked("bank", "read", file).out)
    assert json.loads(banked("bank", "read", file, "--json").out)["new"] == 0
    (account,) = json.loads(banked("bank", "account", "list", "--json").out)
    assert (account["movements"], account["kind"]) == (5, "bank")


def test_each_movement_of_the_inbox_is_said_and_undone(banked: Any, tmp_path: Path) -> None:
    banked("bank", "account", "add", "courant", IBAN)
    banked("bank", "read", str(tmp_path / "novembre.xml"))
    shown = flat(banked("bank", "inbox").out)
    assert "M0002 Basile Leroy" in shown
    assert "nom entier de M0002" in shown
    assert "essaim bank accept B0002" in shown
    assert "whole name of M0002" in banked("bank", "inbox", lang="en").out
    assert banked("bank", "inbox", "--csv").out.count("\n") == 5
    assert [one["number"] for one in json.loads(banked("bank", "inbox", "--limit", "1", "--json").out)] == ["B0002"]
    assert "--after B0002" in banked("bank", "inbox", "--limit", "1").out
    assert "M0002 Basile Leroy" in banked("bank", "accept", "B0002").out
    assert "n'attend plus" in banked("bank", "match", "B0002", "M0001", status=1).err
    assert "7,50 €" in flat(banked("bank", "match", "B0003", "M0001=8", status=1).err)
    banked("bank", "match", "B0003", "M0001=5", "M0002=2,50:don")
    banked("bank", "accept", "B0004")
    assert "Rendu à M0001" in banked("bank", "refund", "B0005", "M0001").out
    assert "Rien n'attend" in banked("bank", "inbox").out
    assert "attend de nouveau" in banked("bank", "unmatch", "B0003", "--reason", "pas eux").out
    assert "627" in banked("bank", "unmatch", "B0004", "--reason", "x").out + banked("bank", "file", "B0004", "627").out
    banked("payment", "record", "M0002", "7,50", "--on", "2026-11-06")
    assert "vient de B0003" in banked("bank", "link", "B0003", "P0005").out
    banked("bank", "match", "B0099", "M0001", status=3)
    assert "banque : rapprochement" in banked("journal", "show").out


def test_an_amount_or_a_sort_that_makes_no_sense_is_refused(banked: Any, tmp_path: Path) -> None:
    banked("bank", "account", "add", "courant", IBAN)
    banked("bank", "read", str(tmp_path / "novembre.xml"))
    banked("bank", "match", "B0002", "M0001=x", status=1)
    banked("bank", "match", "B0002", "M0001=5:cadeau", status=1)
    banked("bank", "account", "add", "autre", IBAN, "--kind", "coffre", status=1)
    assert "B0002" in banked("bank", "inbox").out
