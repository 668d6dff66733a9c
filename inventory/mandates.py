"""Verbs on mandates: given, seconded where the association says so, ended; who holds what, in the open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, joinedload

from foundation import clock, journal
from foundation.acts import Act
from foundation.errors import Forbidden, Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import numbers, rights, rules
from inventory.models.addresses import Pool
from inventory.models.devices import Device
from inventory.models.lines import Offer
from inventory.models.mandates import EVERYWHERE, Mandate, MandateState, Task
from inventory.models.people import Member
from inventory.models.places import Site
from inventory.rights import asks

SCOPES = {"site": Site.name, "device": Device.name, "offer": Offer.name, "pool": Pool.name}
"""What a mandate may be limited to: the kind of object, and where its names are."""


class NoSuchMandate(NotFound):
    """No mandate of that number."""

    kind = "no-such-mandate"
    phrase = Phrase(
        "Aucun mandat {mandate}. Les trouver : essaim mandate list",
        "There is no mandate {mandate}. To find them: essaim mandate list",
    )


class NoSuchTask(Invalid):
    """A task that is not in the list."""

    kind = "no-such-task"
    phrase = Phrase(
        "« {task} » n'est pas une tâche : choisir parmi {tasks}.", "“{task}” is not a task: choose among {tasks}."
    )


class BadScope(Invalid):
    """A scope that is not written as one, or names what does not exist."""

    kind = "bad-scope"
    phrase = Phrase(
        "« {scope} » n'est pas une portée : * pour toute l'association, ou {kinds}, d'un nom qui existe. "
        "Rien n'a été changé.",
        "“{scope}” is not a scope: * for the whole association, or {kinds}, of a name that exists. "
        "Nothing was changed.",
    )


class TaskIsWhole(Invalid):
    """A task that cannot be limited to one object."""

    kind = "task-is-whole"
    phrase = Phrase(
        "« {task} » vaut pour toute l'association : on ne peut pas la limiter à {scope}. Rien n'a été changé.",
        "“{task}” is for the whole association: it cannot be limited to {scope}. Nothing was changed.",
    )


class BadTerm(Invalid):
    """A mandate that ends before it begins, or is over already."""

    kind = "bad-term"
    phrase = Phrase(
        "Un mandat du {since} au {until} ? Il doit finir après son début et après aujourd'hui. Rien n'a été changé.",
        "A mandate from {since} to {until}? It must end after it begins and after today. Nothing was changed.",
    )


class BadMinutes(Invalid):
    """Words for the minutes that cannot be kept."""

    kind = "bad-minutes"
    phrase = Phrase(
        "Le lien vers le compte rendu a 300 caractères visibles au plus. Rien n'a été changé.",
        "The link to the minutes has at most 300 visible characters. Nothing was changed.",
    )


class HolderLeft(Refused):
    """Whoever has left holds no mandate."""

    kind = "holder-left"
    phrase = Phrase(
        "{member} n'est plus membre : pas de mandat. Rien n'a été changé.",
        "{member} is no longer a member: no mandate. Nothing was changed.",
    )


class AlreadyHeld(Refused):
    """The same task in the same scope is held, or waits, already."""

    kind = "already-held"
    phrase = Phrase(
        "{member} a déjà ce mandat : {mandate}. Rien n'a été changé.",
        "{member} has this mandate already: {mandate}. Nothing was changed.",
    )


class FirstMandate(Refused):
    """The first mandate of all is the one that lets its holder give others."""

    kind = "first-mandate"
    phrase = Phrase(
        "Le premier mandat est de donner les autres, pour toute l'association et dès aujourd'hui ; sinon personne "
        "ne le pourrait : essaim mandate give {member} mandates.give. Rien n'a été changé.",
        "The first mandate is to give the others, for the whole association and from today; else nobody could: "
        "essaim mandate give {member} mandates.give. Nothing was changed.",
    )


class LastGiver(Refused):
    """Nobody could give mandates any more."""

    kind = "last-giver"
    phrase = Phrase(
        "{mandate} est le dernier mandat qui permet d'en donner. Le confier d'abord à quelqu'un d'autre : "
        "essaim mandate give M0042 mandates.give. Rien n'a été changé.",
        "{mandate} is the last mandate that allows giving any. First entrust it to someone else: "
        "essaim mandate give M0042 mandates.give. Nothing was changed.",
    )


class NothingToSecond(Refused):
    """The mandate needs no second, has one, or is over."""

    kind = "nothing-to-second"
    phrase = Phrase(
        "{mandate} n'attend pas d'appui ({state}). Rien n'a été changé.",
        "{mandate} does not wait for a second ({state}). Nothing was changed.",
    )


class SecondByAnother(Forbidden):
    """The second is neither who gave nor who receives."""

    kind = "second-by-another"
    phrase = Phrase(
        "{actor} donne ou reçoit {mandate} : l'appui vient de quelqu'un d'autre. Rien n'a été changé.",
        "{actor} gives or receives {mandate}: the second is someone else. Nothing was changed.",
    )


class AlreadyEnded(Refused):
    """The mandate is over."""

    kind = "mandate-ended"
    phrase = Phrase(
        "{mandate} est terminé depuis le {until}. Rien n'a été changé.",
        "{mandate} has been over since {until}. Nothing was changed.",
    )


@asks(Task.MANDATES_GIVE)
def give(
    session: Session,
    act: Act,
    member: Member,
    task: str,
    *,
    scope: str = EVERYWHERE,
    since: date | None = None,
    until: date | None = None,
    minutes: str = "",
) -> Mandate:
    """Entrust a task to someone, within a scope, from a day (today) to a day; `minutes` is where it was decided.

    Where the rule `mandates.quorum` is 2 it waits for a second. The founding needs none: the first mandate of all,
    and the next `mandates.give`, as until then nobody else could second.
    Raises NoSuchTask, BadScope, TaskIsWhole, BadTerm, BadMinutes, HolderLeft, AlreadyHeld, FirstMandate.
    """
    wanted, day = parse_task(task), clock.today(act.at)
    where, begin, words = _checked_scope(session, wanted, scope), since or day, minutes.strip()
    if until is not None and until <= max(begin, day):
        raise BadTerm(since=begin, until=until)
    if len(words) > 300 or not words.isprintable():
        raise BadMinutes
    if member.left is not None:
        raise HolderLeft(member=str(member))
    founding = not rights.ever_mandated(session)
    if founding and (wanted, where, begin <= day) != (Task.MANDATES_GIVE, EVERYWHERE, True):
        raise FirstMandate(member=str(member))
    # On PostgreSQL two may come at once; SQLite has one writer.
    session.execute(select(Member.id).where(Member.id == member.id).with_for_update(key_share=True))
    _check_not_held(session, member, wanted, where, begin, until)
    mandate = Mandate(
        number=numbers.following(session, Mandate.number),
        member=member,
        task=wanted,
        scope=where,
        since=begin,
        until=until,
        minutes=words,
        given_by=act.actor,
        given_at=act.at,
        needs_second=not founding and _needs_second(session, wanted),
    )
    session.add(mandate)
    session.flush()
    journal.record(
        session,
        act,
        "mandate.give",
        str(mandate),
        member=str(member),
        task=wanted,
        scope=where,
        since=begin,
        until=until,
        minutes=words,
        founding=founding,
        needs_second=mandate.needs_second,
    )
    return mandate


@asks(Task.MANDATES_GIVE)
def second(session: Session, act: Act, mandate: Mandate) -> None:
    """Say, as another person than who gives and who receives, that a mandate may come into force.

    Raises NothingToSecond, SecondByAnother.
    """
    _alone(session, [mandate])
    state = mandate.state_on(clock.today(act.at))
    if state != MandateState.WAITING:
        raise NothingToSecond(mandate=str(mandate), state=state)
    receiver = session.get_one(Member, mandate.member_id)
    if rights.files_of(session, act.actor) & {mandate.given_by, str(receiver)}:
        raise SecondByAnother(actor=act.actor, mandate=str(mandate))
    mandate.seconded_by, mandate.seconded_at = act.actor, act.at
    journal.record(session, act, "mandate.second", str(mandate), member=str(receiver))
    session.flush()


@asks(Task.MANDATES_GIVE, "mandate", own=True)
def end(session: Session, act: Act, mandate: Mandate) -> None:
    """A mandate ends now: it no longer counts today. Whoever holds it may lay it down.

    Raises AlreadyEnded, LastGiver.
    """
    _alone(session, [mandate])
    day = clock.today(act.at)
    if mandate.until is not None and mandate.until <= day:
        raise AlreadyEnded(mandate=str(mandate), until=mandate.until)
    _check_not_last(session, act, [mandate])
    _end(session, act, mandate)


@asks(Task.MEMBERS_WRITE, "member", own=True)
def end_all(session: Session, act: Act, member: Member) -> list[str]:
    """Whoever leaves lays all their mandates down: the numbers of those that end. Raises LastGiver."""
    query = select(Mandate).where(Mandate.member_id == member.id, not_ended(clock.today(act.at)))
    _alone(session, session.scalars(query).all())
    held = session.scalars(query.order_by(Mandate.number)).all()
    _check_not_last(session, act, held)
    for mandate in held:
        _end(session, act, mandate)
    return [str(mandate) for mandate in held]


def seconders(session: Session, mandate: Mandate, day: date) -> list[str]:
    """Who may second a mandate that waits: those who give mandates, but for its giver and its receiver."""
    query = select(Member).join(Mandate).where(Mandate.task == Task.MANDATES_GIVE, Mandate.scope == EVERYWHERE)
    query = query.where(rights.in_force_on(day), Member.left.is_(None), Member.id != mandate.member_id)
    return [str(one) for one in session.scalars(query.order_by(Member.number)) if str(one) != mandate.given_by]


def find_mandate(session: Session, text: str) -> Mandate:
    """The mandate of that number (`T0042`) with its holder. Raises BadNumber, NoSuchMandate."""
    wanted = numbers.parse("T", text)
    query = select(Mandate).where(Mandate.number == wanted).options(joinedload(Mandate.member))
    mandate = session.scalar(query)
    if mandate is None:
        raise NoSuchMandate(mandate=numbers.shown("T", wanted))
    return mandate


def list_mandates(
    session: Session,
    *,
    on: date,
    member: Member | None = None,
    task: str | None = None,
    ended: bool = False,
    after: int = 0,
    limit: int = 100,
) -> Sequence[Mandate]:
    """Mandates not ended on that day, by number, with their holders; past ones too where asked.

    Those that wait for a second or have not begun are among them. Raises NoSuchTask.
    """
    query = select(Mandate).where(Mandate.number > after).order_by(Mandate.number).limit(limit)
    if not ended:
        query = query.where(not_ended(on))
    if member is not None:
        query = query.where(Mandate.member_id == member.id)
    if task is not None:
        query = query.where(Mandate.task == parse_task(task))
    return session.scalars(query.options(joinedload(Mandate.member))).all()


def holders(session: Session, day: date) -> Sequence[Member]:
    """Members who hold a mandate in force on that day, by number."""
    held = exists().where(Mandate.member_id == Member.id, rights.in_force_on(day))
    return session.scalars(select(Member).where(held, Member.left.is_(None)).order_by(Member.number)).all()


def parse_task(text: str) -> Task:
    """The task of that code (`lines.write`). Raises NoSuchTask."""
    try:
        return Task(text.strip())
    except ValueError as unknown:
        raise NoSuchTask(task=text[:40], tasks=[str(one) for one in Task]) from unknown


def not_ended(day: date) -> ColumnElement[bool]:
    """The condition of a mandate that is not over on a day."""
    return or_(Mandate.until.is_(None), Mandate.until > day)


def _alone(session: Session, ending: Sequence[Mandate]) -> None:
    """Let nobody else second or end these, nor any that lets one give others, until the transaction ends.

    All are locked in one order; what each says is then read as it now is.
    """
    several = Mandate.id.in_([one.id for one in ending]) | (Mandate.task == Task.MANDATES_GIVE)
    session.execute(select(Mandate.id).where(several).order_by(Mandate.number).with_for_update(key_share=True)).all()
    for one in ending:
        session.refresh(one, ["until", "seconded_by", "seconded_at"])


def _checked_scope(session: Session, task: Task, text: str) -> str:
    plain = text.strip()
    if plain == EVERYWHERE:
        return plain
    sort, _, name = plain.partition(":")
    column = SCOPES.get(sort)
    if column is None or session.scalar(select(column).where(column == name)) is None:
        raise BadScope(scope=plain[:80], kinds=[f"{one}:…" for one in SCOPES])
    if not task.limitable:
        raise TaskIsWhole(task=str(task), scope=plain)
    return plain


def _check_not_held(session: Session, member: Member, task: Task, scope: str, since: date, until: date | None) -> None:
    same = select(Mandate).where(
        Mandate.member_id == member.id, Mandate.task == task, Mandate.scope == scope, not_ended(since)
    )
    if until is not None:
        same = same.where(Mandate.since < until)
    held = session.scalar(same.order_by(Mandate.number).limit(1))
    if held is not None:
        raise AlreadyHeld(member=str(member), mandate=str(held))


def _needs_second(session: Session, task: Task) -> bool:
    if rules.number(session, "mandates.quorum") < 2:
        return False
    if task != Task.MANDATES_GIVE:
        return True
    givers = select(func.count(Mandate.member_id.distinct())).where(Mandate.task == task, rights.COMPLETE)
    return (session.scalar(givers) or 0) > 1


def _check_not_last(session: Session, act: Act, ending: Sequence[Mandate]) -> None:
    """Raises LastGiver where these are all that lets anyone give mandates today."""
    givers = session.scalars(
        select(Mandate)
        .join(Member)
        .where(Mandate.task == Task.MANDATES_GIVE, rights.in_force(act), Member.left.is_(None))
        .order_by(Mandate.number)
    ).all()
    going = {mandate.id for mandate in ending}
    if givers and all(giver.id in going for giver in givers):
        raise LastGiver(mandate=str(givers[-1]))


def _end(session: Session, act: Act, mandate: Mandate) -> None:
    mandate.until = max(mandate.since, clock.today(act.at))
    holder = session.get_one(Member, mandate.member_id)
    journal.record(
        session, act, "mandate.end", str(mandate), member=str(holder), task=mandate.task, scope=mandate.scope
    )
    session.flush()
