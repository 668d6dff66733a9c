"""Money on paper, handed to whoever asks for it: to a member what is theirs, and to whoever may see who owes what."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from billing.balance import balance
from billing.models import Payment
from billing.papers import tax_receipts
from billing.papers.content import Paper, language_of
from billing.papers.receipts import receipt, statement, summary
from billing.paying import how_to_pay
from billing.payments import payer
from billing.reminding import addresses as reminder_addresses
from foundation import clock, journal, mail
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.errors import Refused
from foundation.mail import Mail
from foundation.settings import Settings
from foundation.speech import Language, Phrase, amount
from inventory import rights
from inventory.models.mandates import Task
from inventory.models.people import Member

_SUBJECT: Final = Phrase("[{association}] Votre compte au {day}", "[{association}] Your account on {day}")
_TEXT: Final = Phrase(
    "Bonjour,\n\n{sentence}\n{rows}{how}\n"
    "Le détail, les reçus et le relevé en PDF sont sur votre page : {url}\n\n"
    "Une question : répondez à ce message.\n\n{association}\n",
    "Hello,\n\n{sentence}\n{rows}{how}\n"
    "Details, receipts and the statement as PDF are on your page: {url}\n\n"
    "A question: answer this message.\n\n{association}\n",
)
_ROW: Final = Phrase("- {what} : {left}", "- {what}: {left}")
_HOW: Final = Phrase("\nPour payer : {how}\n", "\nTo pay: {how}\n")


class NobodyToWriteTo(Refused):
    """No mailbox where one may speak of money."""

    kind = "no-mailbox-for-money"
    phrase = Phrase(
        "{member} n'a pas d'adresse où parler d'argent. L'ajouter : essaim member contact add {member} email … "
        "--for billing. Rien n'a été envoyé.",
        "{member} has no mailbox for money. To add one: essaim member contact add {member} email … --for billing. "
        "Nothing was sent.",
    )


def demand(session: Session, act: Act, member: Member) -> None:
    """Whoever may see who owes what may go on, and the member for what is theirs. Raises NotMandated, OwnNotGiven."""
    rights.demand(session, act, Task.DUES_READ, member, own=True)


def balance_paper(session: Session, settings: Settings, act: Act, member: Member) -> Paper:
    """The balance of the day of the act."""
    demand(session, act, member)
    return statement(session, member, clock.today(act.at), settings.name)


def payment_paper(session: Session, settings: Settings, act: Act, payment: Payment) -> Paper:
    """A payment's receipt. Raises PaymentReversed."""
    demand(session, act, session.get_one(Member, payment.member_id))
    return receipt(session, payment, settings.name)


def year_paper(session: Session, settings: Settings, act: Act, member: Member, year: int) -> Paper:
    """A year's summary. Raises NoSuchPaperYear."""
    demand(session, act, member)
    return summary(session, member, year, clock.today(act.at), settings.name)


def gifts_paper(session: Session, settings: Settings, act: Act, member: Member, year: int) -> Paper:
    """A year's tax receipt for gifts, numbered now where there is none yet. Raises what `tax_receipts` raises."""
    return tax_receipts.tax_receipt(session, act, member, year, settings.name)


def mail_balance(store: Store, settings: Settings, act: Act, whose: str) -> str:
    """Write a member what they owe and how to pay it; give the mailbox. Raises NobodyToWriteTo, MailNotSent."""
    with transaction(store) as session:
        member = payer(session, whose)
        demand(session, act, member)
        to = reminder_addresses.for_money(session, [member]).get(member.id)
        if to is None:
            raise NobodyToWriteTo(member=str(member))
        written = _mail(session, settings, member, to, clock.today(act.at))
        journal.record(session, act, "dues.mail", str(member), member=str(member))
    mail.send(settings, [written], act.at)
    return to


def _mail(session: Session, settings: Settings, member: Member, to: str, day: date) -> Mail:
    language: Language = language_of(member)
    held = balance(session, member, day)
    rows = [_ROW.say(language, what=one.words(language), left=amount(one.open, language)) for one in held.dues]
    how = how_to_pay(session, member, -held.amount, settings.name)
    text = _TEXT.say(
        language,
        sentence=held.sentence(language),
        rows="".join(f"{row}\n" for row in rows),
        how=_HOW.say(language, how=how.sentence(language)) if held.amount < 0 and how.iban else "",
        url=settings.url,
        association=settings.name,
    )
    return Mail(to, _SUBJECT.say(language, association=settings.name, day=day), text)
