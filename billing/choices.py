"""What members choose to give, and what is paused for them: for the future, at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import MEMBERSHIP, Asked, Due, DueKind, Pause, Per, Pledge, Tariff
from billing.tariffs import MOST, allowed, tariff_on
from foundation import clock, journal
from foundation.acts import Act
from foundation.clock import Month
from foundation.errors import Invalid, NotFound
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import lines, numbers
from inventory.models.access import LineMigration, Outcome
from inventory.models.lines import Line, Offer, Share
from inventory.models.mandates import Task
from inventory.models.people import Member, Membership
from inventory.rights import asks

ENTRY: Final = str(DueKind.ENTRY)
_ENTRY_WAITS: Final = timedelta(days=62)
"""The month in which someone joined, and the next, by the end of which its dues are issued."""


class NothingToChoose(NotFound):
    """Not theirs, or without a tariff."""

    kind = "nothing-to-choose"
    phrase = Phrase(
        "{member} n'a pas de « {what} » qui ait un tarif le {day} : membership, entry, ou le numéro d'une de ses "
        "lignes. Rien n'a été changé.",
        "{member} has no “{what}” with a tariff on {day}: membership, entry, or the number of one of their lines. "
        "Nothing was changed.",
    )


class NotThatLittle(Invalid):
    """An amount below what the association counts on."""

    kind = "not-that-little"
    phrase = Phrase(
        "Pour {label}, on choisit à partir de {floor}{solidarity}. Rien n'a été changé.",
        "For {label} one chooses from {floor} on{solidarity}. Nothing was changed.",
    )


class NoAmount(Invalid):
    """A text that says no amount."""

    kind = "no-amount"
    phrase = Phrase(
        "« {cents} » n'est pas un montant comme 12,50. Rien n'a été changé.",
        "“{cents}” is not an amount such as 12.50. Nothing was changed.",
    )


class FixedPrice(Invalid):
    """A tariff of which nobody chooses the amount."""

    kind = "fixed-price"
    phrase = Phrase(
        "{label} a un prix fixe, {cents}{solidarity}. Rien n'a été changé.",
        "{label} has a fixed price, {cents}{solidarity}. Nothing was changed.",
    )


class SharedPrice(Invalid):
    """What several share costs what it costs."""

    kind = "shared-price"
    phrase = Phrase(
        "{line} est partagée : son prix est celui de la ligne, réparti entre ceux qui l'ont. Rien n'a été changé.",
        "{line} is shared: its price is the line's, split between those who have it. Nothing was changed.",
    )


class ForTheFuture(Invalid):
    """A choice for days that are over."""

    kind = "for-the-future"
    phrase = Phrase(
        "On choisit pour la suite : à partir du {today}, pas du {day}. Rien n'a été changé.",
        "One chooses for the future: from {today} on, not from {day}. Nothing was changed.",
    )


class BadPause(Invalid):
    """A pause that ends before it begins, or lasts for years."""

    kind = "bad-pause"
    phrase = Phrase(
        "Une pause finit après avoir commencé, et dure deux ans au plus. Rien n'a été changé.",
        "A pause ends after it began, and lasts two years at most. Nothing was changed.",
    )


@asks(Task.DUES_WRITE, "member", own=True)
def choose(session: Session, act: Act, member: Member, what: str, cents: Euros | None, *, since: date) -> Pledge:
    """From `since` on, a member gives so much for `membership`, `entry` or a line they have; None: what is suggested.

    Raises ForTheFuture, NothingToChoose, SharedPrice, FixedPrice, NotThatLittle.
    """
    today = clock.today(act.at)
    if since < today:
        raise ForTheFuture(today=today, day=since)
    if what not in (MEMBERSHIP, ENTRY):
        what = str(lines.find_line(session, what))
    tariff = tariff_of(session, member, what, since)
    if tariff is None:
        raise NothingToChoose(member=str(member), what=what[:40], day=since)
    if cents is not None:
        _fitting(tariff, cents)
    pledge = session.scalar(
        select(Pledge).where(Pledge.member_id == member.id, Pledge.what == what, Pledge.since == since)
    )
    if pledge is None:
        pledge = Pledge(member_id=member.id, what=what, since=since)
        session.add(pledge)
    pledge.cents = cents
    session.flush()
    amount = None if cents is None else int(cents)
    journal.record(session, act, "dues.choose", what, member=str(member), cents=amount, since=since)
    return pledge


def _fitting(tariff: Tariff, cents: Euros) -> None:
    if cents in (tariff.cents, tariff.solidarity):
        return
    also = Phrase("", "") if tariff.solidarity is None else _or_solidarity(tariff.solidarity)
    if tariff.floor is None:
        raise FixedPrice(label=tariff.label, cents=tariff.cents, solidarity=also)
    if not tariff.floor <= cents <= MOST:
        raise NotThatLittle(label=tariff.label, floor=tariff.floor, solidarity=also)


def _or_solidarity(cents: Euros) -> Phrase:
    said = Phrase(
        " ; ou le montant solidaire, {amount}, sans dire pourquoi",
        "; or the solidarity amount, {amount}, without saying why",
    )
    return Phrase.said(said.say("fr", amount=cents), said.say("en", amount=cents))


def tariff_of(session: Session, member: Member, what: str, day: date) -> Tariff | None:
    """The tariff of what a member has on that day; None where they have no such thing. Raises SharedPrice."""
    if what == ENTRY:
        return _entry_of(session, member, day)
    if what == MEMBERSHIP:
        kind = session.scalar(
            select(Membership.kind)
            .where(Membership.member_id == member.id, Membership.until.is_(None) | (Membership.until > day))
            .order_by(Membership.since.desc())
            .limit(1)
        )
        return None if kind is None else tariff_on(session, kind, day)
    line = lines.find_line(session, what)
    sharers = set(
        session.scalars(
            select(Share.member_id).where(Share.line_id == line.id, Share.until.is_(None) | (Share.until > day))
        )
    )
    if member.id not in sharers:
        return None
    if len(sharers) > 1:
        raise SharedPrice(line=str(line))
    return tariff_on(session, session.get_one(Offer, line.offer_id), day)


def _entry_of(session: Session, member: Member, day: date) -> Tariff | None:
    """The tariff of someone's entry, as long as it was not issued; of who came long ago none is asked any more."""
    joined = session.execute(
        select(Membership.since, Membership.kind)
        .where(Membership.member_id == member.id)
        .order_by(Membership.since)
        .limit(1)
    ).one_or_none()
    asked = select(Due.id).where(Due.member_id == member.id, Due.kind == DueKind.ENTRY).limit(1)
    if joined is None or joined.since < day - _ENTRY_WAITS or session.scalar(asked) is not None:
        return None
    return tariff_on(session, joined.kind, joined.since, Asked.ENTRY)


@dataclass(frozen=True, slots=True)
class Choosable:
    """What a member may choose the amount of: what is suggested, the least, what they give now, what they will.

    `per` month or year, or once. `next_cents` from `next_since` on, where they have chosen so already.
    """

    what: str
    label: str
    per: Per
    suggested_cents: Euros
    floor_cents: Euros | None
    solidarity_cents: Euros | None
    given_cents: Euros
    next_cents: Euros | None
    next_since: date | None


def choosable(session: Session, member: Member, day: date) -> list[Choosable]:
    """What the member may choose the amount of on that day: their membership, their entry, lines they have alone.

    What has a fixed price for everyone is left out.
    """
    own = [MEMBERSHIP, ENTRY, *(str(line) for line in lines_of(session, member, day))]
    found = []
    for what in own:
        try:
            tariff = tariff_of(session, member, what, day)
        except SharedPrice:
            continue
        if tariff is not None and (tariff.floor, tariff.solidarity) != (None, None):
            found.append(_choosable(session, member, what, tariff, day))
    return found


def _choosable(session: Session, member: Member, what: str, tariff: Tariff, day: date) -> Choosable:
    query = select(Pledge).where(Pledge.member_id == member.id, Pledge.what == what).order_by(Pledge.since)
    pledges = session.scalars(query).all()
    coming = next((one for one in pledges if one.since > day), None)
    begun = [one for one in pledges if one.since <= day and not _moved_since(session, what, one.since, day)]
    return Choosable(
        what=what,
        label=tariff.label,
        per=Per(tariff.per),
        suggested_cents=tariff.cents,
        floor_cents=tariff.floor,
        solidarity_cents=tariff.solidarity,
        given_cents=_given(tariff, begun[-1].cents if begun else None),
        next_cents=None if coming is None else _given(tariff, coming.cents),
        next_since=None if coming is None else coming.since,
    )


def _given(tariff: Tariff, cents: Euros | None) -> Euros:
    return tariff.cents if cents is None else allowed(tariff, cents)


def _moved_since(session: Session, what: str, since: date, day: date) -> bool:
    """Whether the line came to another offer since: what was chosen before was chosen for something else."""
    if what in (MEMBERSHIP, ENTRY):
        return False
    ended = session.scalars(
        select(LineMigration.ended)
        .join(Line, Line.id == LineMigration.line_id)
        .where(Line.number == numbers.parse("L", what), LineMigration.outcome == Outcome.DONE)
    )
    return any(at is not None and since < clock.today(at) <= day for at in ended)


def default_day(what: str, today: date) -> date:
    """From when on a choice holds where nothing is said: the first of next month; for an entry, which is once, now."""
    return today if what == ENTRY else Month(today.year, today.month).after


@asks(Task.DUES_WRITE, "member")
def pause(session: Session, act: Act, member: Member, what: str, *, since: date, until: date) -> Pause:
    """From `since` to `until` (not that day any more) a member owes nothing for `membership` or a line of theirs.

    Raises BadPause, NothingToChoose.
    """
    if not 0 < (until - since).days <= 731:
        raise BadPause
    if what != MEMBERSHIP:
        line = lines.find_line(session, what)
        theirs = select(Share.id).where(Share.line_id == line.id, Share.member_id == member.id).limit(1)
        if session.scalar(theirs) is None:
            raise NothingToChoose(member=str(member), what=what[:40], day=since)
        what = str(line)
    made = Pause(member_id=member.id, what=what, since=since, until=until)
    session.add(made)
    session.flush()
    journal.record(session, act, "dues.pause", what, member=str(member), since=since, until=until)
    return made


def pauses(session: Session, member: Member, day: date) -> list[Pause]:
    """A member's pauses that are not over on that day."""
    query = select(Pause).where(Pause.member_id == member.id, Pause.until > day)
    return list(session.scalars(query.order_by(Pause.since, Pause.id)))


def lines_of(session: Session, member: Member, day: date) -> list[Line]:
    """The lines that a member has a part of on that day."""
    held = select(Share.line_id).where(
        Share.member_id == member.id, Share.since <= day, Share.until.is_(None) | (Share.until > day)
    )
    return list(session.scalars(select(Line).where(Line.id.in_(held)).order_by(Line.number)))
