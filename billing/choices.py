"""What members choose to give, and what is paused for them: for the future, at any time."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import MEMBERSHIP, Asked, DueKind, Pause, Pledge, Tariff
from billing.tariffs import MOST, tariff_on
from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound
from foundation.money import Euros
from foundation.speech import Phrase
from inventory import lines
from inventory.models.lines import Line, Offer, Share
from inventory.models.mandates import Task
from inventory.models.people import Member, Membership
from inventory.rights import asks

ENTRY: Final = str(DueKind.ENTRY)


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
    if what in (MEMBERSHIP, ENTRY):
        kind = session.scalar(
            select(Membership.kind)
            .where(Membership.member_id == member.id, Membership.until.is_(None) | (Membership.until > day))
            .order_by(Membership.since.desc())
            .limit(1)
        )
        asked = Asked.REGULAR if what == MEMBERSHIP else Asked.ENTRY
        return None if kind is None else tariff_on(session, kind, day, asked)
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


def chosen(session: Session, member: Member, what: str, day: date) -> Euros | None:
    """What a member chose for it, as of that day; None: what is suggested."""
    query = select(Pledge.cents).where(Pledge.member_id == member.id, Pledge.what == what, Pledge.since <= day)
    return session.scalar(query.order_by(Pledge.since.desc()).limit(1))


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
