"""Collections of direct debits: who is asked for how much on a day, and who is not and why; nobody is asked twice.

A person has one item alive at a time, from the day it is planned until the bank's statement says what became of it.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, selectinload

from billing.allocations import hold
from billing.balance import balances_of
from billing.bank import days as bank_days
from billing.debit.mandates import lapsed
from billing.models import Collection, CollectionItem, DebitMandate, ItemState, ReminderHold, SequenceType
from billing.reminding.waiting import Waiting
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import numbers, rules
from inventory.models.mandates import Task
from inventory.models.people import Member
from inventory.rights import asks

_LATEST: Final = timedelta(days=366)


class Why(StrEnum):
    """Why someone who has a mandate is not asked."""

    NOTHING = "nothing"
    LAPSED = "lapsed"
    UNDER_WAY = "under-way"
    RETURNED = "returned"
    TOO_MUCH = "too-much"
    TRANSFER = "transfer"
    TIME = "time"

    @property
    def phrase(self) -> Phrase:
        """The reason as people read it."""
        return _WHY[self]


_WHY: Final = {
    Why.NOTHING: Phrase("ne doit rien ce jour-là", "owes nothing on that day"),
    Why.LAPSED: Phrase("mandat caduc : à faire signer de nouveau", "mandate lapsed: to be signed again"),
    Why.UNDER_WAY: Phrase("déjà demandé, la banque n'a pas encore répondu", "asked already, the bank has not said yet"),
    Why.RETURNED: Phrase("le dernier a été rejeté : voir avec la personne", "the last was returned: talk it over"),
    Why.TOO_MUCH: Phrase("plus que la règle debits.most : à voir ensemble", "more than the rule debits.most: ask them"),
    Why.TRANSFER: Phrase("un virement à rapprocher est peut-être le sien", "a transfer to match may be theirs"),
    Why.TIME: Phrase("a demandé du temps", "asked for time"),
}


class BadCollectionDay(Invalid):
    """A day on which nobody can be debited: too soon to tell them, too far, or one when banks rest."""

    kind = "bad-collection-day"
    phrase = Phrase(
        "Pas de prélèvement le {day} : les membres se préviennent {notice} jours avant, et les banques ne règlent ni "
        "le week-end ni les jours fériés. Le premier jour possible : {first}. Rien n'a été prévu.",
        "No direct debit on {day}: members are told {notice} days ahead, and banks settle neither at weekends nor on "
        "holidays. The first day that will do: {first}. Nothing was planned.",
    )


class NobodyToCollect(Refused):
    """A collection of nothing is none."""

    kind = "nobody-to-collect"
    phrase = Phrase(
        "Personne à prélever le {day}. Rien n'a été prévu. Qui, et pourquoi pas : essaim debit collect --on {day}",
        "Nobody to debit on {day}. Nothing was planned. Who, and why not: essaim debit collect --on {day}",
    )


class NoSuchCollection(NotFound):
    """No collection of that number."""

    kind = "no-such-collection"
    phrase = Phrase(
        "Pas de remise {number}. Les voir : essaim debit list", "There is no {number}. To see them: essaim debit list"
    )


class AlreadyWritten(Refused):
    """What a bank may have been asked for is not taken back by us."""

    kind = "collection-already-written"
    phrase = Phrase(
        "{collection} est déjà dans un fichier pour la banque, depuis le {day} : rien n'a été changé. Si le fichier "
        "n'a pas été envoyé, ou si la banque le refuse : essaim debit returned {first} --code FF01",
        "{collection} is in a file for the bank already, since {day}: nothing was changed. If the file was not sent, "
        "or the bank refuses it: essaim debit returned {first} --code FF01",
    )


class TooLateToAnnounce(Refused):
    """Members have the right to be told some days ahead."""

    kind = "too-late-to-announce"
    phrase = Phrase(
        "{collection} débite le {day} : il est trop tard pour prévenir {notice} jours avant. Personne n'a été prévenu. "
        "La retirer, puis prévoir un autre jour : essaim debit withdraw {collection}",
        "{collection} debits on {day}: it is too late to tell anyone {notice} days ahead. Nobody was told. "
        "Withdraw it, then plan another day: essaim debit withdraw {collection}",
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Someone who is debited, with which mandate, how much."""

    mandate: DebitMandate
    member: Member
    cents: Euros
    sequence: SequenceType


@dataclass(frozen=True, slots=True)
class Left:
    """Someone with a mandate who is not debited, what they owe, and why not."""

    mandate: DebitMandate
    member: Member
    cents: Euros
    why: Why


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A collection as it would be: who is asked, and who is not."""

    day: date
    asked: tuple[Asked, ...]
    left: tuple[Left, ...]

    @property
    def cents(self) -> Euros:
        """The sum of what is asked."""
        return Euros(sum(one.cents for one in self.asked))


def notice(session: Session) -> timedelta:
    """How long ahead members are told of a debit."""
    return timedelta(days=rules.number(session, "debits.notice_days"))


def first_day(session: Session, today: date) -> date:
    """The first day for which members can still be told in time."""
    return bank_days.first_from(today + max(notice(session), timedelta(days=1)))


def foresee(
    session: Session, today: date, day: date, waiting: Waiting, *, again: Some[str] = (), known: Iterable[int] = ()
) -> Foreseen:
    """What a collection of that day would ask, by member number; of the members of these rows alone, where given.

    Those of `again` (numbers of members) are asked though their last one was returned. Raises BadCollectionDay.
    """
    first = first_day(session, today)
    if not first <= day <= today + _LATEST or not bank_days.settles(day):
        raise BadCollectionDay(day=day, notice=notice(session).days, first=bank_days.first_from(max(day, first)))
    mandates = session.scalars(_living(known)).all()
    members = [one.member for one in mandates]
    held = balances_of(session, members, day)
    last, time = _last(session, [one.id for one in members]), _time(session, today)
    most = Euros(100 * rules.number(session, "debits.most"))
    asked, left = [], []
    for mandate in mandates:
        one, cents = mandate.member, Euros(max(0, -held[mandate.member_id].amount))
        why = _why_not(mandate, day, cents, most, last.get(one.id, set()), again=str(one) in again)
        if why is None and (waiting(one) or one.id in time):
            why = Why.TIME if one.id in time else Why.TRANSFER
        if why is not None:
            left.append(Left(mandate, one, cents, why))
            continue
        sequence = SequenceType.FIRST if mandate.last_collected is None else SequenceType.RECURRENT
        asked.append(Asked(mandate, one, cents, sequence))
    return Foreseen(day, tuple(asked), tuple(left))


def _why_not(mandate: DebitMandate, day: date, cents: Euros, most: Euros, last: set[str], *, again: bool) -> Why | None:
    if cents == 0:
        return Why.NOTHING
    if last & {ItemState.PLANNED, ItemState.SENT}:
        return Why.UNDER_WAY
    if lapsed(mandate, day):
        return Why.LAPSED
    if ItemState.RETURNED in last and not again:
        return Why.RETURNED
    return Why.TOO_MUCH if cents > most else None


@asks(Task.DUES_WRITE)
def collect(session: Session, act: Act, day: date, waiting: Waiting, *, again: Some[str] = ()) -> Collection:
    """Plan a collection of what members owe on that day; it takes nothing before it is announced, then written.

    Whoever collects at the same time waits, then finds them asked already: nobody is asked twice. Raises
    BadCollectionDay, NobodyToCollect.
    """
    today = clock.today(act.at)
    rows = sorted(one.member.id for one in foresee(session, today, day, waiting, again=again).asked)
    for row in rows:
        hold(session, row)
    found = foresee(session, today, day, waiting, again=again, known=rows) if rows else None
    if found is None or not found.asked:
        raise NobodyToCollect(day=day)
    made = Collection(
        number=(number := numbers.following(session, Collection.number)),
        day=day,
        created=act.at,
        message_id=f"{numbers.shown('V', number)}-{act.at:%Y%m%dT%H%M%S}",
    )
    session.add(made)
    session.flush()
    session.add_all(
        CollectionItem(
            collection_id=made.id,
            mandate_id=one.mandate.id,
            cents=one.cents,
            end_to_end=f"{made}-{one.member}",
            sequence=one.sequence,
            state=ItemState.PLANNED,
        )
        for one in found.asked
    )
    session.flush()
    _journal(session, act, "debit.collect", made, day=day, count=len(found.asked), cents=int(found.cents))
    return find_collection(session, str(made))


@asks(Task.DUES_WRITE)
def withdraw(session: Session, act: Act, collection: Collection, *, member: Member | None = None) -> list[str]:
    """Take back a collection that no bank was asked for, or a member's part: who is not debited after all.

    Raises AlreadyWritten.
    """
    items = locked(session, collection)
    if collection.written is not None:
        raise AlreadyWritten(collection=str(collection), day=clock.today(collection.written), first=items[0].end_to_end)
    planned = [one for one in items if one.state == ItemState.PLANNED]
    taken = [one for one in planned if member is None or one.mandate.member_id == member.id]
    for one in taken:
        one.state = ItemState.WITHDRAWN
    session.flush()
    names = [str(one.mandate.member) for one in taken]
    if taken:
        whose = None if member is None else str(member)
        _journal(session, act, "debit.cancel", collection, member=whose, count=len(taken))
    return names


def unannounced(session: Session, act: Act, collection: Collection) -> list[CollectionItem]:
    """Those whom nobody told yet. Raises AlreadyWritten, TooLateToAnnounce where it is too late to tell them."""
    items = [one for one in collection.items if one.state == ItemState.PLANNED and one.announced is None]
    if collection.written is not None:
        raise AlreadyWritten(
            collection=str(collection), day=clock.today(collection.written), first=collection.items[0].end_to_end
        )
    if items and clock.today(act.at) + notice(session) > collection.day:
        raise TooLateToAnnounce(collection=str(collection), day=collection.day, notice=notice(session).days)
    return items


@asks(Task.DUES_WRITE)
def note_announced(session: Session, act: Act, collection: Collection, told: Some[str]) -> list[str]:
    """Note that these members (`M0042`) were told of it today, by mail or by hand: who that is. Raises as above.

    Nobody is told in time who is told later than the rule `debits.notice_days` says.
    """
    locked(session, collection)
    noted = [one for one in unannounced(session, act, collection) if str(one.mandate.member) in told]
    for one in noted:
        one.announced = clock.today(act.at)
        member = str(one.mandate.member)
        journal.record(
            session, act, "debit.announce", str(collection), member=member, cents=int(one.cents), day=collection.day
        )
    session.flush()
    return [str(one.mandate.member) for one in noted]


def find_collection(session: Session, text: str) -> Collection:
    """The collection of that number, `V0042`, with its items. Raises BadNumber, NoSuchCollection."""
    number = numbers.parse("V", text)
    query = _whole().where(Collection.number == number).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NoSuchCollection(number=numbers.shown("V", number))
    return found


def list_collections(session: Session, *, after: int = 0, limit: int = 100) -> Sequence[Collection]:
    """Collections with their items, by number."""
    return session.scalars(_whole().where(Collection.number > after).order_by(Collection.number).limit(limit)).all()


def locked(session: Session, collection: Collection) -> list[CollectionItem]:
    """A collection's items as they are now; nobody else writes any of it until the transaction ends."""
    held = select(Collection).where(Collection.id == collection.id).with_for_update()
    session.scalars(held.execution_options(populate_existing=True)).one()
    return list(find_collection(session, str(collection)).items)


def _whole() -> Select[Collection]:
    items = selectinload(Collection.items).selectinload(CollectionItem.mandate).selectinload(DebitMandate.member)
    paid = selectinload(Collection.items).selectinload(CollectionItem.payment)
    return select(Collection).options(items, paid, selectinload(Collection.account))


def _living(known: Iterable[int]) -> Select[DebitMandate]:
    query = select(DebitMandate).join(Member, Member.id == DebitMandate.member_id).order_by(Member.number)
    query = query.where(DebitMandate.ended.is_(None)).options(selectinload(DebitMandate.member))
    if rows := list(known):
        query = query.where(DebitMandate.member_id.in_(rows))
    return query.execution_options(populate_existing=True)


def _last(session: Session, members: Sequence[int]) -> dict[int, set[str]]:
    """Of each member, the states of all that is alive, and of their living mandate's last item but those withdrawn."""
    query = (
        select(DebitMandate.member_id, DebitMandate.ended, CollectionItem.state)
        .join(DebitMandate, DebitMandate.id == CollectionItem.mandate_id)
        .where(DebitMandate.member_id.in_(members), CollectionItem.state != ItemState.WITHDRAWN)
        .order_by(CollectionItem.id)
    )
    alive: dict[int, set[str]] = {}
    last: dict[int, str] = {}
    for member, ended, state in session.execute(query):
        if state in (ItemState.PLANNED, ItemState.SENT):
            alive.setdefault(member, set()).add(state)
        if ended is None:
            last[member] = state
    return {row: alive.get(row, set()) | ({last[row]} if row in last else set()) for row in {*alive, *last}}


def _time(session: Session, today: date) -> set[int]:
    """Who asked for time: what was said last holds."""
    said = select(func.max(ReminderHold.id)).group_by(ReminderHold.member_id)
    query = select(ReminderHold.member_id).where(ReminderHold.id.in_(said), ReminderHold.until > today)
    return set(session.scalars(query))


def _journal(session: Session, act: Act, verb: str, collection: Collection, **facts: object) -> None:
    member = facts.pop("member", None)
    journal.record(session, act, verb, str(collection), member=member if isinstance(member, str) else None, **facts)
