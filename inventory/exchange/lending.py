"""What the association lends, and to whom: read, weighed, written, and written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.errors import EssaimError
from foundation.speech import Phrase
from inventory import equipment, names, numbers
from inventory.exchange.cells import Cells
from inventory.exchange.doing import Doing
from inventory.exchange.people import People
from inventory.exchange.plans import Action, Draft
from inventory.exchange.records import Noun, Place, Record, Ref, refusal
from inventory.exchange.timelines import Span, Timelines
from inventory.models.equipment import Equipment, EquipmentKind, Loan
from inventory.models.people import Member, MemberStatus

_MOST: Final = 1_000_000
"""Cents of the largest deposit."""
_DEPOSIT: Final = Phrase("une caution, en centimes", "a deposit, in cents")
_REFUND: Final = Phrase("la caution rendue, en centimes", "the deposit given back, in cents")
_TWIN: Final = Phrase(
    "{twin} a déjà ce numéro de série ou cette adresse MAC.", "{twin} has this serial number or MAC address already."
)
_RETIRED: Final = Phrase("{equipment} ne se prête plus.", "{equipment} is lent no more.")
_LEFT: Final = Phrase("{who} est parti·e et aurait encore ce matériel.", "{who} has left and would still have this.")
_WHEN: Final = Phrase(
    "une caution rendue a un montant et un jour.", "a deposit that was given back has an amount and a day."
)


@dataclass(frozen=True, slots=True)
class EquipmentRecord:
    """One thing that may be lent, by its number."""

    noun: ClassVar[Noun] = Noun.EQUIPMENT
    place: Place
    number: int
    kind: str
    model: str = ""
    serial: str | None = None
    mac: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class LoanRecord:
    """Something lent to a member, and the deposit that they left, in cents."""

    noun: ClassVar[Noun] = Noun.LOAN
    place: Place
    equipment: int
    member: Ref
    since: date | None = None
    until: date | None = None
    deposit: int = 0
    refund: int | None = None
    refunded: date | None = None


@dataclass(frozen=True, slots=True)
class NewLoan:
    """A loan to write, to the member of a handle."""

    member: int
    record: LoanRecord
    since: date


def read_equipment(cells: Cells) -> Iterator[Record]:
    """A row of `equipment`."""
    cells.needed("number")
    number, since, until = cells.ours("number", "Q"), cells.day("since"), cells.day("until")
    if number is not None and cells.period(since, until, empty=True):
        yield EquipmentRecord(
            place=cells.place,
            number=number,
            kind=cells.text("kind", 16) or str(EquipmentKind.OTHER),
            model=cells.text("model", 100) or "",
            serial=cells.text("serial", 64),
            mac=cells.text("mac", 40),
            since=since,
            until=until,
        )


def read_loan(cells: Cells) -> Iterator[Record]:
    """A row of `loans`."""
    cells.needed("equipment")
    cells.needed("member")
    thing, member = cells.ours("equipment", "Q"), cells.ref("member", "M")
    since, until = cells.day("since"), cells.day("until")
    if thing is not None and member is not None and cells.period(since, until, empty=True):
        yield LoanRecord(
            place=cells.place,
            equipment=thing,
            member=member,
            since=since,
            until=until,
            deposit=cells.number("deposit_cents") or 0,
            refund=cells.number("refund_cents"),
            refunded=cells.day("refunded"),
        )


def weigh_lending(
    draft: Draft, session: Session, people: People, records: Iterable[EquipmentRecord | LoanRecord]
) -> None:
    """Say of each thing and loan what would become of it: they come in that order."""
    every = list(records)
    if not every:
        return
    have = {one.number: one for one in session.scalars(select(Equipment))}
    twins: dict[object, int] = {}
    for number, one in have.items():
        twins |= dict.fromkeys(_marks(one.model, one.serial, one.mac), number)
    over = {number: one.until is not None for number, one in have.items()}
    loans = Timelines()
    for loan in _loans(session):
        what = (numbers.parse("M", loan["member"]), loan["deposit_cents"], loan["refund_cents"], loan["refunded"])
        loans.note(numbers.parse("Q", loan["equipment"]), Span(loan["since"], loan["until"], what))
    for record in every:
        try:
            if isinstance(record, EquipmentRecord):
                _thing(draft, have, twins, over, record)
            else:
                _loan(draft, people, loans, over, record)
        except EssaimError as wrong:
            draft.reading.problems.append(refusal(record.place, wrong))


def _thing(
    draft: Draft, have: dict[int, Equipment], twins: dict[object, int], over: dict[int, bool], record: EquipmentRecord
) -> None:
    name = numbers.shown("Q", record.number)
    if not draft.once(record.place, Noun.EQUIPMENT, name):
        return None
    mac = names.mac(record.mac) if record.mac else None
    here = have.get(record.number)
    if here is not None:
        said = {"kind": record.kind, "model": record.model, "serial": record.serial, "mac": mac, "until": record.until}
        same = all(value in (None, "", getattr(here, field)) for field, value in said.items())
        return draft.here(record.place, Noun.EQUIPMENT, name, same=same)
    if record.kind not in set(EquipmentKind):
        raise equipment.BadEquipmentKind(text=record.kind, kinds=[str(one) for one in EquipmentKind])
    marks = _marks(record.model, record.serial, mac)
    twin = next((twins[mark] for mark in marks if mark in twins), None)
    if twin is not None:
        return draft.wrong(record.place, _TWIN, twin=numbers.shown("Q", twin))
    twins |= dict.fromkeys(marks, record.number)
    over[record.number] = record.until is not None
    return draft.add(record.place, Action.CREATE, Noun.EQUIPMENT, name, record)


def _loan(draft: Draft, people: People, loans: Timelines, over: dict[int, bool], record: LoanRecord) -> None:
    thing, member = numbers.shown("Q", record.equipment), people.who(record.member)
    if member is None:
        return draft.unknown(record.place, Noun.MEMBER, record.member.shown("M"))
    if record.equipment not in over:
        return draft.unknown(record.place, Noun.EQUIPMENT, thing)
    if (record.refund is None) != (record.refunded is None):
        return draft.wrong(record.place, _WHEN)
    names.within(record.deposit, _DEPOSIT, 0, _MOST)
    names.within(record.refund or 0, _REFUND, 0, record.deposit)
    what = (member, record.deposit, record.refund, record.refunded)
    living = loans.living(record.equipment, what)
    since = record.since or (living.since if living and record.until is None else clock.today(draft.at))
    span, name = Span(since, record.until, what, record.place), f"{thing} → {people.called(member)}"
    new = loans.weigh(draft, Noun.LOAN, name, record.equipment, span, NewLoan(member, record, since))
    status = people.status.get(member) or people.now[member].status
    if new and record.until is None and over[record.equipment]:
        return draft.wrong(record.place, _RETIRED, equipment=thing)
    if new and record.until is None and status == MemberStatus.LEFT:
        return draft.wrong(record.place, _LEFT, who=people.called(member))
    return None


def _marks(model: str, serial: str | None, mac: str | None) -> list[object]:
    """By what a thing is told from all others."""
    return [mark for mark, said in (((model, serial), serial), (mac, mac)) if said]


def add_equipment(doing: Doing, record: EquipmentRecord) -> None:
    """Write a thing that may be lent, under its number."""
    session, shown = doing.session, numbers.shown("Q", record.number)
    since = record.since or min(clock.today(doing.act.at), record.until or date.max)
    session.add(
        Equipment(
            number=record.number,
            kind=record.kind,
            model=names.sentence(record.model, 100),
            serial=names.sentence(record.serial or "", 64) or None,
            mac=names.mac(record.mac) if record.mac else None,
            since=since,
            until=record.until,
        )
    )
    facts = {"kind": record.kind, "model": record.model, "serial": record.serial}
    journal.record(session, doing.act, "equipment.add", shown, **facts)
    session.flush()


def add_loan(doing: Doing, new: NewLoan) -> None:
    """Write a loan, of today or long ago."""
    session, record = doing.session, new.record
    row, number = doing.members[new.member]
    thing, shown = numbers.shown("Q", record.equipment), numbers.shown("M", number)
    session.add(
        Loan(
            equipment_id=equipment.find_equipment(session, thing).id,
            member_id=row,
            since=new.since,
            until=record.until,
            deposit=record.deposit,
            refund=record.refund,
            refunded=record.refunded,
        )
    )
    facts = {"to": shown, "deposit_cents": record.deposit, "since": new.since, "until": record.until}
    journal.record(session, doing.act, "equipment.lend", thing, member=shown, **facts)
    session.flush()


def _equipment(session: Session) -> list[dict[str, Any]]:
    fields = ("kind", "model", "serial", "mac", "since", "until")
    return [
        {"number": str(one), **{name: getattr(one, name) for name in fields}}
        for one in session.scalars(select(Equipment).order_by(Equipment.number))
    ]


def _loans(session: Session) -> list[dict[str, Any]]:
    query = select(Loan, Equipment.number, Member.number).join(Equipment).join(Member)
    return [
        {
            "equipment": numbers.shown("Q", thing),
            "member": numbers.shown("M", member),
            "since": one.since,
            "until": one.until,
            "deposit_cents": one.deposit,
            "refund_cents": one.refund,
            "refunded": one.refunded,
        }
        for one, thing, member in session.execute(query.order_by(Equipment.number, Loan.since, Loan.id))
    ]


THINGS: Final = {"equipment": _equipment, "loans": _loans}
