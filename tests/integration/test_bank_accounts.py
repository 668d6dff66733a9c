"""Accounts of the association: at a bank, whose IBAN checks, at HelloAsso, in Ğ1; and what is read into the latter."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session
from statement_files import IBAN

from billing import payments
from billing.bank import accounts as bank
from billing.bank import files as bank_files
from billing.bank import inbox
from billing.bank.accounts import AccountTaken, BadAccount, NoSuchBankAccount, WhichAccount
from billing.bank.inbox import Part
from billing.models import BankAccount, Holding, Means
from foundation.acts import Act
from inventory import members
from inventory.models.people import Member

ACT = Act("machine:test", datetime(2026, 11, 22, 13, 2, tzinfo=UTC), "test")
OTHER = "FR7630004000031234567890143"


@pytest.fixture
def account(session: Session) -> BankAccount:
    for name in ("Ada Durand", "Basile Leroy"):
        members.add_member(session, Act("machine:test", datetime(2024, 1, 2, tzinfo=UTC)), name)
    return bank.add_account(session, ACT, "courant", IBAN)


def member(session: Session, number: int) -> Member:
    return members.find_member(session, f"M{number:04d}")


def test_an_account_has_an_iban_that_checks_and_a_name_of_its_own(session: Session, account: BankAccount) -> None:
    for wrong in ("", "FR76", IBAN[:-1] + "8", "XX7630006000011234567890189"):
        with pytest.raises(BadAccount):
            bank.add_account(session, ACT, "autre", wrong)
    with pytest.raises(BadAccount):
        bank.add_account(session, ACT, "autre", OTHER, bic="ABC")
    with pytest.raises(BadAccount):
        bank.add_account(session, ACT, "x" * 33, OTHER)
    for taken in (("courant", OTHER), ("autre", IBAN)):
        with pytest.raises(AccountTaken):
            bank.add_account(session, ACT, *taken)
    assert bank.find_account(session) is account
    bank.add_account(session, ACT, "HelloAsso", kind=Holding.HELLOASSO)
    assert bank.find_account(session, "FR76 3000 6000 0112 3456 7890 189") is account
    with pytest.raises(WhichAccount, match="HelloAsso, courant"):
        bank.find_account(session)
    with pytest.raises(NoSuchBankAccount):
        bank.find_account(session, "ailleurs")


HELLOASSO = (
    "Référence paiement;Date du paiement;Montant total;Statut du paiement;Nom payeur;Prénom payeur;Email payeur\n"
    "77;05/11/2026;20,00;Payé;Payeur;Autre;Basile@Example.example\n"
    "78;05/11/2026;20,00;Refusé;Payeur;Autre;basile@example.example\n"
)


def test_helloasso_knows_a_payer_by_their_address_whatever_its_case(session: Session, account: BankAccount) -> None:
    members.change_member(session, ACT, member(session, 2), email="BASILE@example.example")
    there = bank.add_account(session, ACT, "HelloAsso", kind=Holding.HELLOASSO)
    found = bank_files.read_file(session, ACT, there, HELLOASSO.encode(), "ha.csv")
    assert (found.new, len(found.notes)) == (1, 1)
    (waits,) = inbox.waiting(session, ACT)
    assert waits.suggestions[0].parts == ((2, 2000),)
    inbox.accept(session, ACT, waits.entry)
    assert payments.find_payment(session, "P0001").means == Means.HELLOASSO
    assert bank_files.read_file(session, ACT, there, HELLOASSO.encode(), "ha.csv").new == 0


WALLET = "78ZwwgpgdH5uLZLbThUQH7LKwPgjMunYfLiCfUCySkM8"
G1 = (
    "Date,Montant,Cours,Émetteur,Commentaire\n"
    f"2026-11-05,100,0.05,{WALLET},cotisation\n2026-11-06,200,0.05,{WALLET},cotisation\n"
)


def test_a_wallet_is_known_again_and_its_receipts_say_what_they_were(session: Session, account: BankAccount) -> None:
    with pytest.raises(BadAccount):
        bank.add_account(session, ACT, "g1", "court", kind=Holding.G1)
    there = bank.add_account(session, ACT, "g1", "9" * 44, kind=Holding.G1)
    bank_files.read_file(session, ACT, there, G1.encode(), "g1.csv")
    first, second = inbox.waiting(session, ACT)
    assert (first.entry.cents, first.entry.day, first.suggestions) == (500, date(2026, 11, 5), ())
    assert "100 Ğ1 × 0.05 €" in first.entry.label
    (made,) = inbox.match(session, ACT, first.entry, [Part(member(session, 2))])
    assert made.means == Means.G1
    (left,) = inbox.waiting(session, ACT)
    assert str(left.entry) == str(second.entry)
    assert left.suggestions[0].parts == ((2, 1000),)
