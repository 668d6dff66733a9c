"""Accounts of the association, at a bank or elsewhere: named, their numbers checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import BankAccount, Holding
from billing.statements.accounts import number_of
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory.models.mandates import Task
from inventory.rights import asks


class BadAccount(Invalid):
    """A name, an IBAN or a BIC that is none."""

    kind = "bad-bank-account"
    phrase = Phrase(
        "Ce compte ne convient pas : {what}. Rien n'a été enregistré.",
        "This account will not do: {what}. Nothing was recorded.",
    )


class AccountTaken(Refused):
    """Two accounts bear neither one name nor one number."""

    kind = "bank-account-taken"
    phrase = Phrase(
        "Le compte « {account} » a déjà ce nom ou ce numéro. Rien n'a été enregistré. Les comptes : "
        "essaim bank account list",
        "The account “{account}” has this name or number already. Nothing was recorded. Accounts: "
        "essaim bank account list",
    )


class NoSuchBankAccount(NotFound):
    """No account of that name, number, or none at all."""

    kind = "no-such-bank-account"
    phrase = Phrase(
        "Pas de compte « {account} ». En ajouter un : essaim bank account add courant FR76…",
        "There is no account “{account}”. To add one: essaim bank account add current FR76…",
    )


class WhichAccount(Invalid):
    """There are several accounts, and none was named."""

    kind = "which-bank-account"
    phrase = Phrase(
        "Il y a plusieurs comptes : {accounts}. Dire lequel : --account {first}. Rien n'a été fait.",
        "There are several accounts: {accounts}. Say which: --account {first}. Nothing was done.",
    )


_NAME: Final = Phrase("le nom a de 1 à 32 caractères visibles", "the name has 1 to 32 visible characters")
_IBAN: Final = Phrase("l'IBAN n'est pas juste, le recopier en entier", "the IBAN is not right, copy all of it")
_BIC: Final = Phrase("le BIC n'est pas juste", "the BIC is not right")
_HOLDER: Final = Phrase("le titulaire a 70 caractères au plus", "the holder has at most 70 characters")
_NUMBER: Final = Phrase("il faut la clé publique du portefeuille", "the wallet's public key is needed")


@asks(Task.PAYMENTS_MATCH)
def add_account(
    session: Session,
    act: Act,
    name: str,
    iban: str = "",
    *,
    kind: Holding = Holding.BANK,
    bic: str = "",
    holder: str = "",
) -> BankAccount:
    """Say that the association has this account. `iban` is checked; for Ğ1 it is the wallet's key, for HelloAsso none.

    Raises BadAccount, AccountTaken.
    """
    name, holder = " ".join(name.split()), " ".join(holder.split())
    if not 1 <= len(name) <= 32 or not name.isprintable():
        raise BadAccount(what=_NAME)
    if len(holder) > 70 or not holder.isprintable():
        raise BadAccount(what=_HOLDER)
    number, code = _number(iban, kind, bic)
    same = select(BankAccount).where((BankAccount.name == name) | (BankAccount.iban == number))
    taken = session.scalars(same).first()
    if taken is not None:
        raise AccountTaken(account=taken.name)
    account = BankAccount(name=name, kind=kind, iban=number, bic=code, holder=holder, since=clock.today(act.at))
    session.add(account)
    session.flush()
    journal.record(session, act, "bank.add", name, kind=str(kind), iban=number)
    return account


def _number(iban: str, kind: Holding, bic: str) -> tuple[str, str]:
    """The number that an account is known by, and its BIC, both checked (ISO 13616, ISO 9362)."""
    if kind == Holding.HELLOASSO:
        return number_of(iban) or "HELLOASSO", ""
    if kind == Holding.G1:
        wallet = "".join(iban.split()).partition(":")[0]
        if not (len(wallet) >= 32 and wallet.isascii() and wallet.isalnum()):
            raise BadAccount(what=_NUMBER)
        return wallet[:34], ""
    from schwifty import BIC, IBAN  # 0.2 s to import: only whoever adds an account waits for it
    from schwifty.exceptions import SchwiftyException

    try:
        number = str(IBAN(iban).compact)
    except (SchwiftyException, ValueError) as wrong:
        raise BadAccount(what=_IBAN) from wrong
    try:
        return number, str(BIC(bic).compact) if bic else ""
    except (SchwiftyException, ValueError) as wrong:
        raise BadAccount(what=_BIC) from wrong


def list_accounts(session: Session) -> Sequence[BankAccount]:
    """The accounts, by name."""
    return session.scalars(select(BankAccount).order_by(BankAccount.name)).all()


def find_account(session: Session, text: str = "") -> BankAccount:
    """The account of that name or number; the only one there is where nothing is said.

    Raises NoSuchBankAccount, WhichAccount.
    """
    accounts = list_accounts(session)
    wanted = text.strip()
    if not wanted and len(accounts) == 1:
        return accounts[0]
    if not wanted and accounts:
        raise WhichAccount(accounts=", ".join(one.name for one in accounts), first=accounts[0].name)
    for account in accounts:
        if wanted and (account.name == wanted or account.iban == number_of(wanted)):
            return account
    raise NoSuchBankAccount(account=wanted[:40] or "?")
