"""Papers are set in type whatever members are called, and the same paper is the same octets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import epc
from billing.papers import typesetting
from billing.papers.content import Paper, Table, transfer_of
from billing.paying import HowToPay
from foundation.money import Euros

IBAN = "FR7699999000011234567890189"
HOW = HowToPay("Les Abeilles", IBAN, "", "RF23M0042", Euros(1200), epc.payload("A", IBAN, Euros(1200), "RF23M0042"))
PAPER = Paper(
    title="Relevé de compte",
    language="fr",
    association="Les Abeilles",
    address="12 rue des Ruches",
    member="M0042",
    to="Camille Exemple",
    day=date(2026, 11, 22),
    dated="22 novembre 2026",
    sentences=("Vous devez 12,00 €.",),
    tables=(Table("Reste", ("de quoi", "montant"), (("ADSL L0042", "12,00 €"),), 1, ("Total", "12,00 €")),),
    transfer=transfer_of(HOW, "fr"),
    notes=("Rien n'est jamais coupé.",),
)

TYPST = st.sampled_from(
    ["#panic()", "#read(\"/etc/passwd\")", "]", "[", "$", "\\", "`", "```", "*", "_", "//", "/*", "<a>", "@b", "#let",
     "\"", "\u202e", "\x00", "\ud800", "=", "- ", "~", "{{ x }}", "#sys.inputs", "🐝", "中"]
)  # fmt: skip
HOSTILE = st.lists(TYPST | st.text(max_size=12), max_size=8).map("".join)


@settings(max_examples=40)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_name_breaks_out_of_a_paper(name: str, label: str, association: str) -> None:
    hostile = replace(
        PAPER,
        to=name,
        association=association,
        title=label,
        sentences=(name, label),
        tables=(Table(name, ("de quoi", "montant"), ((label, name),), 1, ()),),
        notes=(name,),
    )
    assert typesetting.pdf(hostile).startswith(b"%PDF-")


def test_a_name_that_is_a_command_is_only_read(tmp_path: object) -> None:
    """Were it read as Typst, `#panic()` would stop it and a file would be in it."""
    plain = typesetting.pdf(replace(PAPER, to="#panic()"))
    assert plain.startswith(b"%PDF-")
    assert typesetting.pdf(replace(PAPER, to='#read("/etc/hostname")')).startswith(b"%PDF-")


def test_the_same_paper_is_the_same_octets() -> None:
    assert typesetting.pdf(PAPER) == typesetting.pdf(replace(PAPER))
    assert typesetting.pdf(PAPER) != typesetting.pdf(replace(PAPER, day=date(2026, 11, 23)))


@pytest.mark.parametrize("rows", [0, 1, 400])
def test_a_table_of_any_length_is_set(rows: int) -> None:
    long = Table("Reste", ("de quoi", "montant"), (("ADSL L0042", "12,00 €"),) * rows, 1, ())
    assert typesetting.pdf(replace(PAPER, tables=(long,) if rows else (), transfer=None)).startswith(b"%PDF-")
