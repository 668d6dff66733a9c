"""Direct debits, told ahead: a mail to each person before their account is debited, as the core scheme wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from billing.balance import Balance, balances_of
from billing.debit import collections as debit_collections
from billing.debit import files as debit_files
from billing.debit.collections import Foreseen
from billing.models import Collection, CollectionItem
from billing.papers.content import language_of
from billing.reminding import addresses as reminder_addresses
from billing.reminding.waiting import transfers_waiting
from billing.words import day_words
from foundation import clock, mail
from foundation.acts import Act
from foundation.database import Store, reading, transaction
from foundation.mail import Mail, MailNotSent
from foundation.settings import Settings
from foundation.speech import Phrase, amount
from inventory import rights
from inventory.models.mandates import Task

_SUBJECT: Final = Phrase(
    "[{association}] Prélèvement de {cents} le {day}", "[{association}] Direct debit of {cents} on {day}"
)
_TEXT: Final = Phrase(
    "Bonjour,\n\n"
    "Le {day}, {association} prélèvera {cents} sur votre compte qui finit par {account} : {what}.\n\n"
    "Mandat {rum}, créancier {ics}.\n\n"
    "Vous n'avez rien à faire. Si ce montant ou ce jour ne vous va pas, répondez à ce message avant le {day} : rien "
    "n'est prélevé contre votre gré, et votre ligne ne sera pas coupée.\n",
    "Hello,\n\n"
    "On {day} {association} will debit {cents} from your account that ends in {account}: {what}.\n\n"
    "Mandate {rum}, creditor {ics}.\n\n"
    "There is nothing to do. If this amount or this day does not suit you, answer this message before {day}: nothing "
    "is debited against your will, and your line will not be cut.\n",
)


@dataclass(frozen=True, slots=True)
class Announced:
    """Who was told of a collection, who has no mailbox and is to be told otherwise, and what waits in the outbox."""

    collection: str
    told: tuple[str, ...]
    unreached: tuple[str, ...]
    untold: MailNotSent | None = None


def foresee(session: Session, act: Act, day: str | None, again: Sequence[str] = ()) -> Foreseen:
    """What a collection of that day (else of the first that will do) would ask. Raises BadCollectionDay, BadMoment."""
    today = clock.today(act.at)
    chosen = debit_collections.first_day(session, today) if day is None else clock.today(clock.parse(day))
    return debit_collections.foresee(session, today, chosen, transfers_waiting(session), again=again)


def collect(session: Session, act: Act, foreseen: Foreseen, again: Sequence[str] = ()) -> Collection:
    """Plan what was foreseen. Raises as `debit_collections.collect`."""
    return debit_collections.collect(session, act, foreseen.day, transfers_waiting(session), again=again)


def announce(store: Store, settings: Settings, act: Act, number: str) -> Announced:
    """Tell everyone of a collection who was not told yet.

    The mails go before it is written down that they went: cut short between the two, someone is told once more, and
    nobody counts as told who was not. Raises NotMandated, NoSuchCollection, AlreadyWritten,
    TooLateToAnnounce, NotReadyToWrite.
    """
    with reading(store) as session:
        rights.demand(session, act, Task.DUES_WRITE)
        collection = debit_collections.find_collection(session, number)
        items = debit_collections.unannounced(session, act, collection)
        people = [one.mandate.member for one in items]
        boxes = reminder_addresses.for_money(session, people)
        held = balances_of(session, people, collection.day)
        ics = debit_files.creditor_identifier(session)
        reached = [one for one in items if one.mandate.member_id in boxes]
        mails = [
            _mail(settings, collection, one, boxes[one.mandate.member_id], held[one.mandate.member_id], ics)
            for one in reached
        ]
        name = str(collection)
        told = tuple(str(one.mandate.member) for one in reached)
        unreached = tuple(str(one.mandate.member) for one in items if one not in reached)
    untold = _sent(settings, act, mails)
    if told:
        with transaction(store) as session:
            found = debit_collections.find_collection(session, name)
            debit_collections.note_announced(session, act, found, told)
    return Announced(name, told, unreached, untold)


def _mail(settings: Settings, collection: Collection, one: CollectionItem, to: str, held: Balance, ics: str) -> Mail:
    language = language_of(one.mandate.member)
    what = ", ".join(due.words(language) for due in held.dues)
    facts = {
        "association": settings.name,
        "cents": amount(one.cents, language),
        "day": day_words(collection.day, language),
        "account": one.mandate.last_four,
        "what": what,
        "rum": one.mandate.rum,
        "ics": ics,
    }
    return Mail(to, _SUBJECT.say(language, **facts), _TEXT.say(language, **facts))


def _sent(settings: Settings, act: Act, mails: Sequence[Mail]) -> MailNotSent | None:
    try:
        mail.send(settings, mails, act.at)
    except MailNotSent as untold:
        return untold
    return None
