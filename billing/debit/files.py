"""The file of a collection for the bank: pain.008 of ISO 20022, written by `sepaxml` and checked against its schema.

What goes into it is settled once; after that the same collection always gives the same file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import Any, Final

from sqlalchemy.orm import Session

from billing.allocations import hold
from billing.balance import balances_of
from billing.debit.collections import locked, notice
from billing.debit.mandates import lapsed
from billing.debit.words import bank_letters
from billing.models import BankAccount, Collection, CollectionItem, ItemState, SequenceType
from billing.paying import account_of_payments
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, Refused, Unavailable
from foundation.money import Euros
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory import rules
from inventory.models.mandates import Task
from inventory.rights import asks


class Version(StrEnum):
    """Versions of the message that banks take: the current one, and the one of before."""

    V08 = "pain.008.001.08"
    V02 = "pain.008.001.02"


class UnknownVersion(Invalid):
    """A version of the message that Essaim does not write."""

    kind = "unknown-pain-version"
    phrase = Phrase(
        "« {version} » n'est pas une version connue : 08, ou 02 pour les banques qui la demandent encore.",
        "“{version}” is not a known version: 08, or 02 for banks that still ask for it.",
    )


class LibraryMissing(Unavailable):
    """Direct debits come with an optional part."""

    kind = "debits-not-installed"
    permanent = True
    phrase = Phrase(
        "Les prélèvements demandent une bibliothèque de plus : uv sync --extra debits. Rien n'a été écrit.",
        "Direct debits need one more library: uv sync --extra debits. Nothing was written.",
    )


class NotReadyToWrite(Refused):
    """Something that every file names is not known yet."""

    kind = "debits-not-ready"
    phrase = Phrase("{what}. Rien n'a été écrit.", "{what}. Nothing was written.")


class NotAnnounced(Refused):
    """Nobody is debited without having been told in time."""

    kind = "debit-not-announced"
    phrase = Phrase(
        "Pas (ou pas assez tôt) prévenu(s) de {collection} : {members}. Rien n'a été écrit. Prévenir : essaim debit "
        "announce {collection} ; laisser quelqu'un de côté : essaim debit withdraw {collection} --member {first}",
        "Not told of {collection}, or not in time: {members}. Nothing was written. To tell them: essaim debit announce "
        "{collection}; to leave someone out: essaim debit withdraw {collection} --member {first}",
    )


class TooLateToWrite(Refused):
    """A bank wants the file a day before."""

    kind = "too-late-to-write"
    phrase = Phrase(
        "{collection} débite le {day} : la banque veut le fichier la veille au plus tard. Rien n'a été écrit. "
        "La retirer, puis prévoir un autre jour : essaim debit withdraw {collection}",
        "{collection} debits on {day}: the bank wants the file the day before at the latest. Nothing was written. "
        "Withdraw it, then plan another day: essaim debit withdraw {collection}",
    )


class NothingToWrite(Refused):
    """Everyone has paid meanwhile, or withdrew."""

    kind = "nothing-to-write"
    phrase = Phrase(
        "Plus personne à prélever dans {collection}. Rien n'a été écrit. La retirer : "
        "essaim debit withdraw {collection}",
        "Nobody is left to debit in {collection}. Nothing was written. To withdraw it: essaim debit withdraw "
        "{collection}",
    )


class NotValid(Refused):
    """A message that a bank would refuse as a whole."""

    kind = "debit-file-not-valid"
    phrase = Phrase(
        "Le fichier n'est pas valide ({what}) : rien n'a été écrit. Vérifier l'ICS, le BIC, les mandats de la remise.",
        "The file is not valid ({what}): nothing was written. Check the ICS, the BIC and the collection's mandates.",
    )


_NO_ICS: Final = Phrase(
    "L'identifiant de créancier (ICS) manque ; la banque le donne, puis : essaim rule set debits.ics FR72ZZZ123456",
    "The creditor identifier (ICS) is missing; the bank gives it, then: essaim rule set debits.ics FR72ZZZ123456",
)
_NO_ACCOUNT: Final = Phrase(
    "Le compte à créditer manque ; le dire : essaim bank account add courant FR76…",
    "The account to be credited is missing; say it: essaim bank account add current FR76…",
)
_NO_BIC: Final = Phrase(
    "La version 02 veut le BIC de notre banque, que le compte ne dit pas ; prendre la version 08",
    "Version 02 wants our bank's BIC, which the account does not say; take version 08",
)
_NO_NAME: Final = Phrase(
    "Le nom du compte à créditer ne s'écrit pas en lettres latines ; le dire autrement au compte",
    "The name of the account to be credited cannot be written in Latin letters; say it otherwise",
)


@dataclass(frozen=True, slots=True, repr=False)
class Debit:
    """One direct debit of a file. Its representation says nothing: the IBAN is whole."""

    end_to_end: str
    cents: Euros
    sequence: SequenceType
    rum: str
    signed: date
    holder: str
    iban: str
    bic: str
    about: str


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """All that a file says. `iban` and `bic` are the creditor's."""

    id: str
    at: datetime
    day: date
    creditor: str
    ics: str
    iban: str
    bic: str
    debits: tuple[Debit, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """A file for the bank: its name, its bytes, how many it debits, how much; whom it leaves out after all."""

    name: str
    data: bytes
    count: int
    cents: Euros
    left: tuple[str, ...]


def version_of(text: str) -> Version:
    """The version of `08`, `02` or the whole name. Raises UnknownVersion."""
    for one in Version:
        if text.strip() in (one, one[-2:]):
            return one
    raise UnknownVersion(version=text[:40])


def creditor_identifier(session: Session) -> str:
    """Under which identifier the association collects (ICS). Raises NotReadyToWrite."""
    ics = rules.value(session, "debits.ics")
    if not ics:
        raise NotReadyToWrite(what=_NO_ICS)
    return ics


@asks(Task.DUES_WRITE)
def write(
    session: Session, act: Act, collection: Collection, association: str, version: Version = Version.V08
) -> Written:
    """The file of a collection; at first it settles what is asked: no more than was announced and is still owed.

    `association` is who collects, where the account names no holder.

    Who owes nothing any more, or whose mandate is void, is left out. Raises LibraryMissing, NotReadyToWrite,
    NotAnnounced, TooLateToWrite, NothingToWrite.
    """
    if find_spec("sepaxml") is None:
        raise LibraryMissing
    items = locked(session, collection)
    left: tuple[str, ...] = ()
    if collection.written is None:
        left = _settle(session, act, collection, items, association)
        items = locked(session, collection)
    account = collection.account
    if account is None:
        raise NotReadyToWrite(what=_NO_ACCOUNT)
    if version is Version.V02 and not account.bic:
        raise NotReadyToWrite(what=_NO_BIC)
    asked = [one for one in items if one.state not in (ItemState.PLANNED, ItemState.WITHDRAWN)]
    data = pain(_message(session, collection, account, asked), version)
    total = Euros(sum(one.cents for one in asked))
    journal.record(
        session, act, "debit.write", str(collection), count=len(asked), cents=int(total), version=str(version)
    )
    return Written(f"{collection.message_id}.xml", data, len(asked), total, left)


def _settle(
    session: Session, act: Act, collection: Collection, items: list[CollectionItem], association: str
) -> tuple[str, ...]:
    """Settle what this collection asks for good; gives whom it leaves out after all."""
    today, ics, account = clock.today(act.at), creditor_identifier(session), account_of_payments(session)
    if account is None:
        raise NotReadyToWrite(what=_NO_ACCOUNT)
    if today >= collection.day:
        raise TooLateToWrite(collection=str(collection), day=collection.day)
    planned = [one for one in items if one.state == ItemState.PLANNED]
    for row in sorted(one.mandate.member_id for one in planned):
        hold(session, row)
    late = [one for one in planned if one.announced is None or one.announced + notice(session) > collection.day]
    if late:
        names = [str(one.mandate.member) for one in late]
        raise NotAnnounced(collection=str(collection), members=names, first=names[0])
    held = balances_of(session, [one.mandate.member for one in planned], collection.day)
    left = []
    for one in planned:
        owed = Euros(max(0, -held[one.mandate.member_id].amount))
        if owed == 0 or one.mandate.ended is not None or lapsed(one.mandate, collection.day):
            one.state = ItemState.WITHDRAWN
            left.append(str(one.mandate.member))
            continue
        one.cents, one.state = min(one.cents, owed), ItemState.SENT
        one.mandate.last_collected = collection.day
    if len(left) == len(planned):
        raise NothingToWrite(collection=str(collection))
    creditor = bank_letters(account.holder or association, 70)
    if not creditor:
        raise NotReadyToWrite(what=_NO_NAME)
    collection.written, collection.account_id, collection.account = act.at, account.id, account
    collection.creditor, collection.ics = creditor, ics
    session.flush()
    return tuple(left)


def _message(session: Session, collection: Collection, account: BankAccount, items: list[CollectionItem]) -> Message:
    vault, at = vault_of(session), collection.written or collection.created
    debits = tuple(
        Debit(
            one.end_to_end,
            one.cents,
            SequenceType(one.sequence),
            one.mandate.rum,
            one.mandate.signed,
            one.mandate.holder,
            vault.open(one.mandate.iban),
            one.mandate.bic,
            f"{collection.creditor} {one.mandate.member}",
        )
        for one in items
    )
    return Message(
        collection.message_id,
        at,
        collection.day,
        collection.creditor,
        collection.ics,
        account.iban,
        account.bic,
        debits,
    )


def pain(message: Message, version: Version) -> bytes:
    """The message in XML, valid by the schema of its version. Pure: the same facts give the same bytes.

    Names are in the letters that banks take, and no postal address is in it. Raises NotValid.
    """
    from sepaxml import SepaDD

    config = {
        "name": bank_letters(message.creditor, 70),
        "IBAN": message.iban,
        "batch": True,
        "creditor_id": message.ics,
        "currency": "EUR",
        "instrument": "CORE",
    }
    if message.bic:
        config["BIC"] = message.bic
    made = SepaDD(config, schema=str(version), clean=False)
    for one in sorted(message.debits, key=lambda each: each.sequence):
        payment = {
            "name": bank_letters(one.holder, 70) or one.rum,
            "IBAN": one.iban,
            "amount": int(one.cents),
            "type": str(one.sequence),
            "collection_date": message.day,
            "mandate_id": one.rum,
            "mandate_date": one.signed,
            "description": bank_letters(one.about, 140) or one.end_to_end,
            "endtoend_id": one.end_to_end,
        }
        if one.bic:
            payment["BIC"] = one.bic
        made.add_payment(payment)
    return _checked(_named(made.export(validate=False), message), version)


_ELEMENT: Final = re.compile(r"Element '\{[^{}']*\}(\w+)'")


@cache
def _schema(version: Version) -> Any:
    """The schema of a version (ISO 20022), which the library carries."""
    from lxml import etree

    text = resources.files("sepaxml").joinpath("schemas", f"{version}.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(text))


def _checked(data: bytes, version: Version) -> bytes:
    """The message itself. Raises NotValid where its version's schema says no."""
    from lxml import etree

    schema = _schema(version)
    if not schema.validate(etree.fromstring(data)):
        # The name of what is wrong, without the value that stands there: it may be an IBAN.
        raise NotValid(what=", ".join(sorted(set(_ELEMENT.findall(str(schema.error_log))))) or "?")
    return data


def _named(data: bytes, message: Message) -> bytes:
    """The message with our own identifiers and instant, where the library draws its own each time."""
    from lxml import etree

    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    space = {"p": etree.QName(root).namespace}
    root.find(".//p:GrpHdr/p:MsgId", space).text = message.id
    root.find(".//p:GrpHdr/p:CreDtTm", space).text = f"{message.at:%Y-%m-%dT%H:%M:%S}"
    for part in root.iterfind(".//p:PmtInf", space):
        sequence = part.findtext(".//p:SeqTp", namespaces=space)
        part.find("p:PmtInfId", space).text = f"{message.id}-{sequence}"
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written
