"""How to pay: to whom, where, with which reference, how much; the same on a page, in a mail and on paper."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing import epc
from billing.models import BankAccount, Holding
from billing.reference import reference_of
from foundation.money import Euros
from foundation.speech import Language, Phrase
from inventory import rules
from inventory.models.people import Member

_SAID = Phrase(
    "virement à {holder}, IBAN {iban}, référence {reference} : {amount}.",
    "bank transfer to {holder}, IBAN {iban}, reference {reference}: {amount}.",
)
_ANY_AMOUNT = Phrase(
    "virement à {holder}, IBAN {iban}, référence {reference}.",
    "bank transfer to {holder}, IBAN {iban}, reference {reference}.",
)
_BY_REFERENCE = Phrase(
    "virement avec la référence {reference} ; l'IBAN se demande en répondant à l'association.",
    "bank transfer with the reference {reference}; ask the association for its IBAN.",
)


@dataclass(frozen=True, slots=True)
class HowToPay:
    """A transfer to make. `iban` is empty until the association has said its account; `cents` 0: any amount.

    `code` is what a bank's application reads (EPC069-12), empty where there is no account or nothing to pay.
    """

    holder: str
    iban: str
    bic: str
    reference: str
    cents: Euros
    code: str

    @property
    def spaced(self) -> str:
        """The IBAN in fours, as people copy it."""
        return " ".join(re.findall(".{1,4}", self.iban))

    def sentence(self, language: Language) -> str:
        """The transfer in one sentence, to stand after “To pay:”."""
        phrase = _BY_REFERENCE if not self.iban else _SAID if self.cents else _ANY_AMOUNT
        return phrase.say(language, holder=self.holder, iban=self.spaced, reference=self.reference, amount=self.cents)

    def svg(self) -> str:
        """The code as a picture, empty where there is none."""
        return epc.svg(self.code) if self.code else ""


def how_to_pay(session: Session, member: Member, cents: Euros, association: str) -> HowToPay:
    """How the member pays so much, 0 or less: any amount. `association` is who is paid where the account says not."""
    reference, wanted = reference_of(member.number), max(cents, Euros(0))
    account = account_of_payments(session)
    if account is None:
        return HowToPay(association, "", "", reference, wanted, "")
    holder = account.holder or association
    try:
        code = epc.payload(holder, account.iban, wanted, reference, bic=account.bic) if wanted else ""
    except epc.NotPayableByCode:
        code = ""
    return HowToPay(holder, account.iban, account.bic, reference, wanted, code)


def account_of_payments(session: Session) -> BankAccount | None:
    """Where members pay to: the account that the rule `payments.account` names, else the bank's first."""
    query = select(BankAccount).where(BankAccount.kind == Holding.BANK).order_by(BankAccount.since, BankAccount.id)
    named = query.where(BankAccount.name == rules.value(session, "payments.account"))
    return session.scalars(named).first() or session.scalars(query).first()
