"""Movements that wait until someone says what they are, and the saying: whose, refunded, filed, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from billing import allocations, payments
from billing.bank.files import MEANS, SOURCE
from billing.bank.knowledge import arrived, knowledge
from billing.bank.refusals import (
    AlreadyMatched,
    NoSuchEntry,
    NotForFiling,
    NothingMatched,
    NothingSuggested,
    NotLinkable,
    PartsDoNotAddUp,
    WrongDirection,
)
from billing.books import years
from billing.books.chart import Chart
from billing.debit.movements import cents_came_back
from billing.dues import net, reason_of
from billing.matching.knowing import Known
from billing.matching.suggesting import Suggestion, suggest
from billing.models import (
    Allocation,
    BankAccount,
    BankEntry,
    Cause,
    Correction,
    Due,
    DueKind,
    Filing,
    Holding,
    Payment,
    Reversal,
)
from foundation import clock, journal
from foundation.acts import Act
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import numbers
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

_OUT: Final = Phrase("de l'argent sorti, à classer ou à noter rendu", "money that went out, to be filed or refunded")
_IN: Final = Phrase("de l'argent reçu, qui n'a été rendu à personne", "money that came in, given back to nobody")
_FROM_BANK: Final = Phrase("il vient déjà d'un mouvement", "it comes of a movement already")
_REVERSED: Final = Phrase("il est annulé", "it is reversed")
_AMOUNT: Final = Phrase("son montant est autre", "its amount is another")


@dataclass(frozen=True, slots=True)
class Part:
    """What of a movement is a member's: all that is left where `cents` is None; a gift is kept apart from dues."""

    member: Member
    cents: Euros | None = None
    gift: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A movement that waits, on which account, what is left of it to say, and what it may be, best first."""

    entry: BankEntry
    account: str
    left: Euros
    suggestions: tuple[Suggestion, ...]


def find_entry(session: Session, text: str) -> BankEntry:
    """The movement of that number, `B0042`. Raises BadNumber, NoSuchEntry."""
    number = numbers.parse("B", text)
    entry = session.scalar(select(BankEntry).where(BankEntry.number == number))
    if entry is None:
        raise NoSuchEntry(number=numbers.shown("B", number))
    return entry


def cents_said() -> ColumnElement[int]:
    """The cents of a movement of which someone said what they are, beside the table `bank_entry`."""
    back = select(Reversal.id).where(Reversal.payment_id == Payment.id).correlate(Payment).exists()
    paid = select(func.coalesce(func.sum(Payment.cents), 0)).where(Payment.entry_id == BankEntry.id, ~back)
    filed = select(func.coalesce(func.sum(Filing.cents), 0))
    filed = filed.where(Filing.entry_id == BankEntry.id, Filing.undone.is_(None))
    corrected = select(func.coalesce(func.sum(Correction.cents), 0)).where(Correction.due_id == Due.id)
    given = Due.cents + corrected.correlate(Due).scalar_subquery()
    refunded = select(func.coalesce(func.sum(given), 0)).where(Due.entry_id == BankEntry.id)
    three = (each.correlate(BankEntry).scalar_subquery() for each in (paid, filed, refunded))
    whole, apart, out = three
    return whole + apart - out + cents_came_back()


def left_of(session: Session, entry: BankEntry) -> Euros:
    """The cents of a movement of which nobody said yet what they are."""
    said = session.scalar(select(cents_said()).select_from(BankEntry).where(BankEntry.id == entry.id))
    return Euros(int(entry.cents) - int(said or 0))


def _rows() -> Select[BankEntry, str, int]:
    query = select(BankEntry, BankAccount.name, cents_said().label("said"))
    query = query.join(BankAccount, BankAccount.id == BankEntry.account_id).where(cents_said() != BankEntry.cents)
    return query.order_by(BankEntry.day, BankEntry.number)


@asks(Task.DUES_READ)
def waiting(
    session: Session, act: Act, *, after: str = "", limit: int = 50, coming: bool | None = None
) -> list[Waiting]:
    """Movements that wait, the oldest first, after the one of that number (`B0042`), each with its suggestions.

    `coming`: only money that came in, or only what went out. Raises BadNumber, NoSuchEntry.
    """
    query = _rows().limit(limit)
    if after:
        last = find_entry(session, after)
        later = (BankEntry.day == last.day) & (BankEntry.number > last.number)
        query = query.where((BankEntry.day > last.day) | later)
    if coming is not None:
        query = query.where(BankEntry.cents > 0 if coming else BankEntry.cents < 0)
    rows = session.execute(query).all()
    known = knowledge(session, clock.today(act.at)) if rows else Known(())
    return [
        Waiting(row, account, Euros(int(row.cents) - int(said)), suggest(arrived(row), known))
        for row, account, said in rows
    ]


@asks(Task.DUES_READ)
def suggestions_of(session: Session, act: Act, entry: BankEntry) -> tuple[Suggestion, ...]:
    """What a movement may be, best first."""
    return suggest(arrived(entry), knowledge(session, clock.today(act.at)))


def named_waiting(session: Session, act: Act) -> frozenset[int]:
    """The numbers of the members whose transfer may wait in the inbox: of whom any suggestion speaks."""
    rows = session.execute(_rows().where(BankEntry.cents > 0)).all()
    if not rows:
        return frozenset()
    known = knowledge(session, clock.today(act.at))
    told = (one for row, _, _ in rows for one in suggest(arrived(row), known))
    return frozenset(number for one in told for number, _ in one.parts)


def names_waiting(session: Session, act: Act, member: Member) -> bool:
    """Whether a transfer that may be this member's waits in the inbox: nobody reminds them until it is looked at."""
    return member.number in named_waiting(session, act)


def _hold(session: Session, entry: BankEntry) -> Euros:
    """What is left of a movement, which nobody else says anything of until the transaction ends."""
    session.execute(select(BankEntry.id).where(BankEntry.id == entry.id).with_for_update()).all()
    left = left_of(session, entry)
    if left == 0:
        raise AlreadyMatched(entry=str(entry))
    return left


@asks(Task.PAYMENTS_MATCH)
def match(
    session: Session,
    act: Act,
    entry: BankEntry,
    parts: Sequence[Part],
    *,
    rest: str = "",
    words: str = "",
    chart: Chart | None = None,
) -> list[Payment]:
    """Book a movement as these members' payments, which settle their oldest dues; what is too much is their credit.

    The parts are the whole of it. One without an amount takes what the others leave; `rest` files what they all leave
    under an account of the books. Raises WrongDirection, AlreadyMatched, PartsDoNotAddUp, and as `file_entry`.
    """
    if entry.cents < 0:
        raise WrongDirection(entry=str(entry), cents=entry.cents, what=_OUT)
    left = _hold(session, entry)
    shared = _shared(entry, parts, left, rest=bool(rest))
    account = session.get_one(BankAccount, entry.account_id)
    made = []
    for part, cents in shared:
        book = payments.record_gift if part.gift else payments.record_payment
        made.append(
            book(
                session, act, part.member, cents, date=years.moved_day(session, entry.day),
                means=MEANS[Holding(account.kind)], reference=_reference(entry), entry=entry, source=SOURCE,
            )
        )  # fmt: skip
    over = left - sum(cents for _, cents in shared)
    if over:
        _file(session, act, entry, Euros(over), rest, words, chart)
    whose = [str(part.member) for part, _ in shared]
    journal.record(session, act, "bank.match", str(entry), members=whose, cents=[int(cents) for _, cents in shared])
    return made


def _shared(entry: BankEntry, parts: Sequence[Part], left: Euros, *, rest: bool) -> list[tuple[Part, Euros]]:
    told = sum(part.cents for part in parts if part.cents is not None)
    open_parts = [part for part in parts if part.cents is None]
    each = [(part, part.cents if part.cents is not None else Euros(left - told)) for part in parts]
    fits = told + (left - told if open_parts else 0) == left if not rest else told < left and not open_parts
    if not parts or len(open_parts) > 1 or any(cents <= 0 for _, cents in each) or not fits:
        raise PartsDoNotAddUp(parts=Euros(told), entry=str(entry), cents=left)
    return each


def _reference(entry: BankEntry) -> str:
    told = entry.reference or entry.label
    return "".join(sign for sign in told if sign.isprintable())[:140].strip()


@asks(Task.PAYMENTS_MATCH)
def accept(session: Session, act: Act, entry: BankEntry, *, chart: Chart | None = None) -> Suggestion:
    """Do what the first suggestion of a movement says. Raises NothingSuggested, and as `match` and `file_entry`."""
    found = suggestions_of(session, act, entry)
    if not found or not (found[0].parts or found[0].account):
        raise NothingSuggested(entry=str(entry))
    best = found[0]
    if best.parts:
        rows = select(Member).where(Member.number.in_([number for number, _ in best.parts]))
        people = {member.number: member for member in session.scalars(rows)}
        match(session, act, entry, [Part(people[number], cents) for number, cents in best.parts])
    else:
        file_entry(session, act, entry, best.account, best.words, chart=chart)
    return best


@asks(Task.PAYMENTS_MATCH)
def file_entry(
    session: Session, act: Act, entry: BankEntry, account: str, words: str = "", *, chart: Chart | None = None
) -> Filing:
    """Say that a movement is no member's: it goes under this account of the books, with a word.

    Raises AlreadyMatched, NoSuchAccount, NotForFiling.
    """
    return _file(session, act, entry, _hold(session, entry), account, words, chart)


def _file(
    session: Session, act: Act, entry: BankEntry, cents: Euros, account: str, words: str, chart: Chart | None
) -> Filing:
    plan, wanted = chart or Chart(), account.strip()
    found = plan.find(wanted)
    if found.word in ("members", "waiting") or found.code in (
        plan.account("members").code,
        plan.account("waiting").code,
    ):
        raise NotForFiling(account=found.code)
    told = " ".join(words.split())[:140]
    filing = Filing(
        entry_id=entry.id, account=found.word or found.code, cents=cents, words=told,
        day=years.moved_day(session, entry.day), at=act.at,
    )  # fmt: skip
    session.add(filing)
    session.flush()
    journal.record(session, act, "bank.file", str(entry), account=filing.account, cents=int(cents), words=told)
    return filing


@asks(Task.PAYMENTS_MATCH)
def unfile(session: Session, act: Act, entry: BankEntry, reason: str) -> None:
    """Take a movement out of the account it was filed under: it waits again. Raises ReasonNeeded, NothingMatched."""
    why = reason_of(reason)
    session.execute(select(BankEntry.id).where(BankEntry.id == entry.id).with_for_update()).all()
    if not _unfile(session, act, entry, why):
        raise NothingMatched(entry=str(entry))


def _unfile(session: Session, act: Act, entry: BankEntry, why: str) -> bool:
    living = session.scalar(select(Filing).where(Filing.entry_id == entry.id, Filing.undone.is_(None)))
    if living is None:
        return False
    living.undone, living.undone_day = act.at, years.open_day(session, clock.today(act.at))
    session.flush()
    journal.record(session, act, "bank.unfile", str(entry), account=living.account, cents=int(living.cents), reason=why)
    return True


@asks(Task.PAYMENTS_MATCH)
def refund(session: Session, act: Act, entry: BankEntry, member: Member) -> Due:
    """Money that went out was a member's credit, given back. Raises WrongDirection, AlreadyMatched, MoreThanCredit."""
    if entry.cents > 0:
        raise WrongDirection(entry=str(entry), cents=entry.cents, what=_IN)
    left = _hold(session, entry)
    due = payments.refund(session, act, member, Euros(-left), entry=entry)
    journal.record(session, act, "bank.refund", str(entry), member=str(member), cents=-int(left))
    return due


@asks(Task.PAYMENTS_MATCH)
def unmatch(session: Session, act: Act, entry: BankEntry, reason: str) -> None:
    """Undo what was said of a movement: payments are reversed, filings and refunds undone, and all of it waits again.

    Raises ReasonNeeded, NothingMatched.
    """
    why = reason_of(reason)
    session.execute(select(BankEntry.id).where(BankEntry.id == entry.id).with_for_update()).all()
    back = select(Reversal.payment_id)
    living = session.scalars(select(Payment).where(Payment.entry_id == entry.id, Payment.id.not_in(back))).all()
    for payment in living:
        payments.reverse(session, act, payment, why)
    given = [one for one in session.scalars(select(Due).where(Due.entry_id == entry.id)) if net(session, one)]
    for due in given:
        _take_back(session, act, due, why)
    if not (_unfile(session, act, entry, why) or living or given):
        raise NothingMatched(entry=str(entry))
    journal.record(session, act, "bank.unmatch", str(entry), reason=why, payments=[str(one) for one in living])


def _take_back(session: Session, act: Act, due: Due, why: str) -> None:
    """A refund that was none: what it took is the member's credit again."""
    member = session.get_one(Member, due.member_id)
    allocations.hold(session, member)
    left = net(session, due)
    allocations.lower(session, due, Euros(0))
    day = years.open_day(session, clock.today(act.at))
    session.add(Correction(due_id=due.id, cents=-left, cause=Cause.DECISION, reason=why, day=day, at=act.at))
    session.flush()
    allocations.settle(session, member)
    journal.record(session, act, "dues.correct", str(due), member=str(member), cents=-int(left), reason=why)


@asks(Task.PAYMENTS_MATCH)
def link(session: Session, act: Act, entry: BankEntry, payment: Payment, reason: str) -> Payment:
    """A payment noted by hand is the one that this movement brought: it is reversed, and booked from the movement.

    Raises WrongDirection, AlreadyMatched, NotLinkable, ReasonNeeded.
    """
    if entry.cents < 0:
        raise WrongDirection(entry=str(entry), cents=entry.cents, what=_OUT)
    left = _hold(session, entry)
    reversed_ = session.scalar(select(Reversal.id).where(Reversal.payment_id == payment.id))
    wrong = (
        _FROM_BANK if payment.entry_id is not None
        else _REVERSED if reversed_ is not None
        else _AMOUNT if payment.cents != left
        else None
    )  # fmt: skip
    if wrong is not None:
        raise NotLinkable(payment=str(payment), entry=str(entry), what=wrong)
    due = aliased(Due)
    gifts = select(Allocation.id).join(due, due.id == Allocation.due_id)
    gift = session.scalar(gifts.where(Allocation.payment_id == payment.id, due.kind == DueKind.GIFT)) is not None
    member = session.get_one(Member, payment.member_id)
    payments.reverse(session, act, payment, reason)
    (made,) = match(session, act, entry, [Part(member, left, gift)])
    return made
