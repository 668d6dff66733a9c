"""Mandates of direct debit: signed by members, ended at their word, lapsed after 36 months without a collection.

An IBAN is sealed as it is signed; people see its last four digits, and the bank's file alone holds the whole of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, selectinload

from billing.allocations import hold
from billing.cost.price import months_after
from billing.debit.words import bank_letters, identifies
from billing.models import CollectionItem, DebitMandate, ItemState
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from foundation.vault import vault_of
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks, owners_of

LIFE: Final = 36
"""Months without a collection after which a mandate is void (EPC016-06, the core scheme's rulebook)."""

AHEAD: Final = timedelta(days=60)
"""How long before it lapses a mandate is pointed out."""

_EARLIEST: Final = date(2009, 11, 1)


class BadDebitMandate(Invalid):
    """A mandate that no bank would take."""

    kind = "bad-debit-mandate"
    phrase = Phrase(
        "Ce mandat ne convient pas : {what}. Rien n'a été enregistré.",
        "This mandate will not do: {what}. Nothing was recorded.",
    )


class DebitMandateTaken(Refused):
    """Someone has one mandate at a time, and a reference names one mandate for ever."""

    kind = "debit-mandate-taken"
    phrase = Phrase(
        "{member} a déjà le mandat {rum}. Rien n'a été enregistré. Pour en changer, finir d'abord celui-ci : "
        "essaim debit mandate end {rum}",
        "{member} has the mandate {rum} already. Nothing was recorded. To change it, end that one first: "
        "essaim debit mandate end {rum}",
    )


class RumTaken(Refused):
    """A reference that was given to another mandate, which may have ended since."""

    kind = "rum-taken"
    phrase = Phrase(
        "La référence {rum} est déjà celle d'un autre mandat. Rien n'a été enregistré ; sans --rum, une référence est "
        "faite.",
        "The reference {rum} is another mandate's already. Nothing was recorded; without --rum one is made.",
    )


class DebitMandateEnded(Refused):
    """A mandate ends once."""

    kind = "debit-mandate-ended"
    phrase = Phrase(
        "Le mandat {rum} a pris fin le {ended}. Rien n'a été changé.",
        "The mandate {rum} ended on {ended}. Nothing was changed.",
    )


class NoSuchDebitMandate(NotFound):
    """No mandate of that reference."""

    kind = "no-such-debit-mandate"
    phrase = Phrase(
        "Pas de mandat {rum}. Les voir : essaim debit mandate list",
        "There is no mandate {rum}. To see them: essaim debit mandate list",
    )


_IBAN: Final = Phrase("l'IBAN n'est pas juste, le recopier en entier", "the IBAN is not right, copy all of it")
_FAR: Final = Phrase("ce compte est hors de la zone SEPA", "this account is outside of SEPA")
_BIC: Final = Phrase("le BIC n'est pas juste", "the BIC is not right")
_RUM: Final = Phrase(
    "la référence (RUM) a 1 à 35 lettres sans accent, chiffres ou + ? / : ( ) . , ' -",
    "the reference (RUM) has 1 to 35 letters without accents, digits or + ? / : ( ) . , ' -",
)
_HOLDER: Final = Phrase(
    "le titulaire s'écrit en lettres latines, comme sur le RIB, en 70 signes au plus",
    "the holder is written in Latin letters, as the bank does, in at most 70 signs",
)
_SIGNED: Final = Phrase(
    "il se signe au plus tard aujourd'hui, et moins de 36 mois en arrière",
    "it is signed today at the latest, and less than 36 months ago",
)


@asks(Task.DUES_WRITE)
def sign(
    session: Session,
    act: Act,
    member: Member,
    iban: str,
    *,
    signed: date,
    holder: str = "",
    bic: str = "",
    rum: str = "",
) -> DebitMandate:
    """Keep the mandate that a member signed that day, for the account of `holder` (else their own name).

    Without `rum` a reference is made. Raises BadDebitMandate, DebitMandateTaken, RumTaken.
    """
    number, code = _account(iban, bic)
    name = " ".join((holder or member.name).split())
    if not bank_letters(name, 70) or len(name) > 70 or not name.isprintable():
        raise BadDebitMandate(what=_HOLDER)
    if not _EARLIEST <= signed <= (today := clock.today(act.at)) or months_after(signed, LIFE) <= today:
        raise BadDebitMandate(what=_SIGNED)
    hold(session, member)
    living = session.scalar(_living(member))
    if living is not None:
        raise DebitMandateTaken(member=str(member), rum=living.rum)
    made = DebitMandate(
        member_id=member.id,
        member=member,
        rum=_reference(session, member, rum),
        holder=name,
        iban=vault_of(session).seal(number),
        digest=vault_of(session).digest(number),
        last_four=number[-4:],
        bic=code,
        signed=signed,
        at=act.at,
    )
    session.add(made)
    session.flush()
    _journal(session, act, "debit.sign", made, member, holder=made.holder, signed=signed, account=made.last_four)
    return made


@asks(Task.DUES_WRITE, "mandate", own=True)
def end(session: Session, act: Act, mandate: DebitMandate) -> DebitMandate:
    """Nothing more is collected with this mandate; whoever signed it may end it. Raises DebitMandateEnded.

    What was not handed to the bank yet is withdrawn; what was can still be paid, and be asked back from the bank.
    """
    member = session.get_one(Member, mandate.member_id)
    hold(session, member)
    session.refresh(mandate, with_for_update=True)
    if mandate.ended is not None:
        raise DebitMandateEnded(rum=mandate.rum, ended=mandate.ended)
    mandate.ended = max(clock.today(act.at), mandate.signed)
    withdraw_planned(session, mandate)
    session.flush()
    _journal(session, act, "debit.end", mandate, member, account=mandate.last_four)
    return mandate


def lapses(mandate: DebitMandate) -> date:
    """The day from which nothing may be collected any more: 36 months after the last collection, or the signing."""
    return months_after(mandate.last_collected or mandate.signed, LIFE)


def lapsed(mandate: DebitMandate, day: date) -> bool:
    """Whether on that day the mandate is void for not having served."""
    return lapses(mandate) <= day


def find_mandate(session: Session, text: str) -> DebitMandate:
    """The mandate of that reference. Raises NoSuchDebitMandate."""
    query = select(DebitMandate).where(func.upper(DebitMandate.rum) == text.strip().upper())
    found = session.scalars(query.options(selectinload(DebitMandate.member))).first()
    if found is None:
        raise NoSuchDebitMandate(rum=text.strip()[:40])
    return found


def list_mandates(
    session: Session,
    *,
    member: Member | None = None,
    living: bool = False,
    lapsing: date | None = None,
    after: str = "",
    limit: int = 100,
) -> list[DebitMandate]:
    """Mandates by reference; of one member, those that have not ended, those that lapse until a day."""
    query = select(DebitMandate).where(DebitMandate.rum > after).options(selectinload(DebitMandate.member))
    if member is not None:
        query = query.where(DebitMandate.member_id == member.id)
    if living or lapsing is not None:
        query = query.where(DebitMandate.ended.is_(None))
    query = query.order_by(DebitMandate.rum)
    if lapsing is None:
        return list(session.scalars(query.limit(limit)))
    return [one for one in session.scalars(query) if lapsed(one, lapsing)][:limit]


def mandate_of(session: Session, member: Member) -> DebitMandate | None:
    """The mandate of a member that has not ended, if they have one."""
    return session.scalar(_living(member))


def on_account(session: Session, iban: str) -> list[DebitMandate]:
    """Every mandate that was signed for this account: members of one home may share one."""
    digest = vault_of(session).digest("".join(iban.split()).upper())
    query = select(DebitMandate).where(DebitMandate.digest == digest).order_by(DebitMandate.rum)
    return list(session.scalars(query.options(selectinload(DebitMandate.member))))


def move(session: Session, act: Act, absorbed: Member, into: Member) -> None:
    """Mandates follow when two files become one; where both had one, that of the file that stays goes on.

    No right is asked: whoever merges files was asked for theirs.
    """
    mine, kept = session.scalar(_living(absorbed)), session.scalar(_living(into))
    if mine is not None and kept is not None:
        end(session, act, mine)
    moving = update(DebitMandate).where(DebitMandate.member_id == absorbed.id)
    session.execute(moving.values(member_id=into.id))


def withdraw_planned(session: Session, mandate: DebitMandate) -> None:
    """What is planned with a mandate and was not handed to a bank is not asked for."""
    planned = (CollectionItem.mandate_id == mandate.id) & (CollectionItem.state == ItemState.PLANNED)
    session.execute(update(CollectionItem).where(planned).values(state=ItemState.WITHDRAWN))


def _living(member: Member) -> Select[DebitMandate]:
    return select(DebitMandate).where(DebitMandate.member_id == member.id, DebitMandate.ended.is_(None))


def _account(iban: str, bic: str) -> tuple[str, str]:
    """An account that can be debited and its BIC, both checked (ISO 13616, ISO 9362). Raises BadDebitMandate."""
    from schwifty import BIC, IBAN  # 0.2 s to import: only whoever signs a mandate waits for it
    from schwifty.exceptions import SchwiftyException

    try:
        account = IBAN(iban)
    except (SchwiftyException, ValueError) as wrong:
        raise BadDebitMandate(what=_IBAN) from wrong
    if not account.in_sepa_zone:
        raise BadDebitMandate(what=_FAR)
    try:
        return str(account.compact), str(BIC(bic).compact) if bic.strip() else ""
    except (SchwiftyException, ValueError) as wrong:
        raise BadDebitMandate(what=_BIC) from wrong


def _reference(session: Session, member: Member, rum: str) -> str:
    """The reference that is given, which no other mandate bears, or one that is made: `M0042-2`."""
    taken = set(session.scalars(select(func.upper(DebitMandate.rum))))
    if rum := rum.strip():
        if not identifies(rum):
            raise BadDebitMandate(what=_RUM)
        if rum.upper() in taken:
            raise RumTaken(rum=rum)
        return rum
    rank = 1
    while f"{member}-{rank}" in taken:
        rank += 1
    return f"{member}-{rank}"


def _journal(session: Session, act: Act, verb: str, one: DebitMandate, member: Member, **facts: object) -> None:
    journal.record(session, act, verb, one.rum, member=str(member), **facts)


@owners_of.register
def _(subject: DebitMandate, session: Session) -> frozenset[int]:
    del session
    return frozenset({subject.member_id})
