"""Verbs on what the association lends to its members, with a deposit or without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import names, numbers
from inventory.models.equipment import Equipment, EquipmentKind, Loan
from inventory.models.mandates import Task
from inventory.models.people import Member, MemberStatus
from inventory.rights import asks
from inventory.scopes import owners_of

_DEPOSIT: Final = Phrase("une caution, en centimes", "a deposit, in cents")
_REFUND: Final = Phrase("la caution rendue, en centimes", "the deposit given back, in cents")


class NoSuchEquipment(NotFound):
    """Nothing of that number."""

    kind = "no-such-equipment"
    phrase = Phrase(
        "Aucun matériel {equipment}. Le trouver : essaim equipment list",
        "There is no equipment {equipment}. To find it: essaim equipment list",
    )


class BadEquipmentKind(Invalid):
    """A kind outside the list."""

    kind = "bad-equipment-kind"
    phrase = Phrase("« {text} » : choisir parmi {kinds}.", "“{text}”: choose among {kinds}.")


class BadDeposit(Invalid):
    """A text that is no amount of money."""

    kind = "bad-deposit"
    phrase = Phrase(
        "« {text} » n'est pas un montant comme 50 ou 12,50. Rien n'a été changé.",
        "“{text}” is not an amount such as 50 or 12.50. Nothing was changed.",
    )


class EquipmentKnown(Refused):
    """Its serial number or MAC address is known already."""

    kind = "equipment-known"
    phrase = Phrase(
        "Ce matériel est déjà là : {equipment}. Rien n'a été changé. Le voir : essaim equipment show {equipment}",
        "This is here already: {equipment}. Nothing was changed. To see it: essaim equipment show {equipment}",
    )


class AlreadyLent(Refused):
    """Someone has it."""

    kind = "already-lent"
    phrase = Phrase(
        "{equipment} est déjà chez {member}. Rien n'a été changé. Au retour : essaim equipment return {equipment}",
        "{equipment} is already with {member}. Nothing was changed. Once back: essaim equipment return {equipment}",
    )


class NotLent(Refused):
    """Nobody has it."""

    kind = "not-lent"
    phrase = Phrase(
        "{equipment} n'est chez personne. Rien n'a été changé.",
        "{equipment} is with nobody. Nothing was changed.",
    )


class EquipmentRetired(Refused):
    """It is no longer lent."""

    kind = "equipment-retired"
    phrase = Phrase(
        "{equipment} ne se prête plus depuis le {until}. Rien n'a été changé.",
        "{equipment} has not been lent since {until}. Nothing was changed.",
    )


class BorrowerLeft(Refused):
    """Who would borrow it is no member any more."""

    kind = "borrower-left"
    phrase = Phrase(
        "{member} n'est plus membre : on ne lui prête rien. Rien n'a été changé.",
        "{member} is no longer a member: nothing is lent to them. Nothing was changed.",
    )


class NoDepositDue(Refused):
    """No deposit waits to be given back."""

    kind = "no-deposit-due"
    phrase = Phrase(
        "Aucune caution à rendre pour {equipment}. Rien n'a été changé.",
        "No deposit to give back for {equipment}. Nothing was changed.",
    )


@owners_of.register
def _(subject: Equipment, session: Session) -> frozenset[int]:
    return frozenset(
        session.scalars(select(Loan.member_id).where(Loan.equipment_id == subject.id, Loan.until.is_(None)))
    )


@asks(Task.DEVICES_WRITE)
def add_equipment(
    session: Session,
    act: Act,
    kind: str,
    model: str = "",
    *,
    serial: str = "",
    mac: str | None = None,
    since: date | None = None,
) -> Equipment:
    """Something that may be lent. Raises BadEquipmentKind, BadText, BadMac, EquipmentKnown."""
    if kind not in set(EquipmentKind):
        raise BadEquipmentKind(text=kind[:32], kinds=[str(one) for one in EquipmentKind])
    said, known = names.sentence(model, 100), names.sentence(serial, 64) or None
    station = names.mac(mac) if mac else None
    for twin in (
        select(Equipment).where(Equipment.model == said, Equipment.serial == known) if known else None,
        select(Equipment).where(Equipment.mac == station) if station else None,
    ):
        other = session.scalar(twin) if twin is not None else None
        if other is not None:
            raise EquipmentKnown(equipment=str(other))
    thing = Equipment(
        number=numbers.following(session, Equipment.number),
        kind=str(kind),
        model=said,
        serial=known,
        mac=station,
        since=since or clock.today(act.at),
    )
    session.add(thing)
    journal.record(session, act, "equipment.add", str(thing), kind=thing.kind, model=said, serial=known)
    session.flush()
    return thing


@asks(Task.DEVICES_WRITE)
def lend(
    session: Session,
    act: Act,
    equipment: Equipment,
    member: Member,
    *,
    deposit: Euros | None = None,
    since: date | None = None,
) -> Loan:
    """Lend something to a member, who may leave a deposit for it.

    Raises EquipmentRetired, AlreadyLent, BorrowerLeft, OutOfRange, TooEarly.
    """
    held = _lock(session, equipment)
    if held.until is not None:
        raise EquipmentRetired(equipment=str(held), until=held.until)
    if member.status == MemberStatus.LEFT:
        raise BorrowerLeft(member=str(member))
    living = loan_of(session, held)
    if living is not None:
        raise AlreadyLent(equipment=str(held), member=str(living.member))
    cents = names.within(int(deposit or 0), _DEPOSIT, 0, 1_000_000)
    day = names.not_before(since or clock.today(act.at), _last_day(session, held))
    loan = Loan(equipment_id=held.id, member_id=member.id, deposit=cents, since=day)
    session.add(loan)
    journal.record(session, act, "equipment.lend", str(held), member=str(member), to=str(member), deposit_cents=cents)
    session.flush()
    session.refresh(loan, ["member", "equipment"])
    return loan


@asks(Task.DEVICES_WRITE)
def take_back(
    session: Session, act: Act, equipment: Equipment, *, refund: Euros | None = None, until: date | None = None
) -> Loan:
    """Something comes back; with `refund` its deposit, or what of it is given back, goes out the same day.

    Raises NotLent, NoDepositDue, OutOfRange, TooEarly.
    """
    held = _lock(session, equipment)
    loan = loan_of(session, held)
    if loan is None:
        raise NotLent(equipment=str(held))
    loan.until = names.not_before(until or clock.today(act.at), loan.since)
    journal.record(session, act, "equipment.return", str(held), member=str(loan.member), by=str(loan.member))
    if refund is not None:
        _refund(session, act, loan, refund, loan.until)
    session.flush()
    return loan


@asks(Task.DEVICES_WRITE)
def refund_deposit(session: Session, act: Act, equipment: Equipment, amount: Euros, *, on: date | None = None) -> Loan:
    """Give the deposit of the last loan back, after the thing itself. Raises NoDepositDue, OutOfRange, TooEarly."""
    held = _lock(session, equipment)
    ended = select(Loan).where(Loan.equipment_id == held.id, Loan.until.is_not(None), Loan.refunded.is_(None))
    due = ended.where(Loan.deposit > 0).order_by(Loan.since.desc(), Loan.id.desc())
    loan = session.scalar(due.options(*_WITH).limit(1))
    if loan is None:
        raise NoDepositDue(equipment=str(held))
    _refund(session, act, loan, amount, names.not_before(on or clock.today(act.at), loan.until))
    session.flush()
    return loan


@asks(Task.DEVICES_WRITE)
def retire_equipment(session: Session, act: Act, equipment: Equipment, *, until: date | None = None) -> None:
    """It is lent no more: broken, lost, given away. Raises EquipmentRetired, AlreadyLent, TooEarly."""
    held = _lock(session, equipment)
    if held.until is not None:
        raise EquipmentRetired(equipment=str(held), until=held.until)
    loan = loan_of(session, held)
    if loan is not None:
        raise AlreadyLent(equipment=str(held), member=str(loan.member))
    held.until = names.not_before(until or clock.today(act.at), _last_day(session, held))
    journal.record(session, act, "equipment.retire", str(held))
    session.flush()


def parse_deposit(text: str) -> Euros:
    """Read `50` or `12,50`. Raises BadDeposit."""
    try:
        return Euros.parse(text)
    except ValueError as wrong:
        raise BadDeposit(text=names.shown(text)) from wrong


def find_equipment(session: Session, text: str) -> Equipment:
    """The thing of that number (`Q0007`). Raises BadNumber, NoSuchEquipment."""
    number = numbers.parse("Q", text)
    thing = session.scalar(select(Equipment).where(Equipment.number == number))
    if thing is None:
        raise NoSuchEquipment(equipment=numbers.shown("Q", number))
    return thing


def list_equipment(
    session: Session,
    *,
    kind: str | None = None,
    member: Member | None = None,
    free: bool = False,
    retired: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Equipment]:
    """What may be lent, by number: of a kind, with a member, or with nobody; retired things only where asked."""
    query = select(Equipment).where(Equipment.number > after).order_by(Equipment.number).limit(limit)
    living = exists().where(Loan.equipment_id == Equipment.id, Loan.until.is_(None))
    if kind is not None:
        query = query.where(Equipment.kind == kind)
    if member is not None:
        query = query.where(living.where(Loan.member_id == member.id))
    if free:
        query = query.where(~living, Equipment.until.is_(None))
    if not retired:
        query = query.where(Equipment.until.is_(None))
    return session.scalars(query).all()


def lent_to(session: Session, member: Member) -> Sequence[Loan]:
    """What a member has of ours, by number of the thing."""
    asked = select(Loan).join(Equipment).where(Loan.member_id == member.id, Loan.until.is_(None))
    return session.scalars(asked.order_by(Equipment.number).options(*_WITH)).all()


def loan_of(session: Session, equipment: Equipment) -> Loan | None:
    """The living loan of a thing."""
    asked = select(Loan).where(Loan.equipment_id == equipment.id, Loan.until.is_(None))
    return session.scalar(asked.options(*_WITH))


def loans_of(session: Session, things: Iterable[Equipment]) -> Sequence[Loan]:
    """All loans of some things, the oldest first."""
    asked = select(Loan).where(Loan.equipment_id.in_([one.id for one in things]))
    return session.scalars(asked.order_by(Loan.since, Loan.id).options(*_WITH)).all()


_WITH: Final = (joinedload(Loan.equipment), joinedload(Loan.member))


def _refund(session: Session, act: Act, loan: Loan, amount: Euros, day: date) -> None:
    if loan.deposit == 0 or loan.refunded is not None:
        raise NoDepositDue(equipment=str(loan.equipment))
    loan.refund = names.within(int(amount), _REFUND, 0, loan.deposit)
    loan.refunded = day
    journal.record(session, act, "equipment.refund", str(loan.equipment), member=str(loan.member), cents=loan.refund)


def _last_day(session: Session, equipment: Equipment) -> date:
    ended = select(Loan.until).where(Loan.equipment_id == equipment.id, Loan.until.is_not(None))
    return session.scalar(ended.order_by(Loan.until.desc()).limit(1)) or equipment.since


def _lock(session: Session, equipment: Equipment) -> Equipment:
    asked = select(Equipment).where(Equipment.id == equipment.id).with_for_update()
    return session.scalars(asked.execution_options(populate_existing=True)).one()
