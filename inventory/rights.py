"""Who may do what: every verb that writes asks here, once, before it does anything.

A right is a mandate in force: a task, held by the actor, whose scope covers what is acted upon. Three more ways in:
what is one's own (for verbs that say so), an emergency opened on the machine itself, and the founding: until the
first mandate was in force, the machine's own account acts, as nobody else could.

The outermost verb asks. What it does in consequence (closing a line gives its addresses back) is the same deed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.acts import Act
from foundation.errors import Forbidden
from foundation.speech import Phrase
from inventory.models.mandates import EVERYWHERE, Emergency, Mandate, Task
from inventory.models.people import Member
from inventory.scopes import owners_of as owners_of
from inventory.scopes import scopes_of as scopes_of

P = ParamSpec("P")
T = TypeVar("T")
_ASKED: Final = "asked"
OWN: Final = "own"
"""The word, among the tasks of a token, that lets it do what its owner may do to what is their own."""
MACHINE: Final = "machine:"
"""How the name of a machine's own account begins."""


class NotMandated(Forbidden):
    """The actor holds no mandate that covers this."""

    kind = "not-mandated"
    phrase = Phrase(
        "{actor} n'a pas le mandat « {task} » ({code}{scope}). Rien n'a été changé. "
        "Qui l'a : essaim mandate list --task {code}",
        "{actor} does not hold the mandate “{task}” ({code}{scope}). Nothing was changed. "
        "Who does: essaim mandate list --task {code}",
    )


class OwnNotGiven(Forbidden):
    """A token that was not made to write what is its owner's own."""

    kind = "own-not-given"
    phrase = Phrase(
        "Ce jeton lit ce qui est à {actor}, il ne l'écrit pas. Rien n'a été changé. Un jeton qui l'écrit : "
        "essaim token create {actor} --name portable --own",
        "This token reads what is {actor}'s own and does not write it. Nothing was changed. A token that does: "
        "essaim token create {actor} --name laptop --own",
    )


class WhoAreYou(Forbidden):
    """The machine's own account acts no longer, since people hold mandates."""

    kind = "who-are-you"
    phrase = Phrase(
        "Dites qui vous êtes : essaim --as M0042 … Il faut le mandat « {task} » ({code}). Rien n'a été changé. "
        'Personne pour l\'avoir, et ça presse : essaim --emergency "pourquoi" …',
        "Say who you are: essaim --as M0042 … The mandate “{task}” ({code}) is needed. Nothing was changed. "
        'Nobody there who has it, and it cannot wait: essaim --emergency "why" …',
    )


COMPLETE: Final = or_(Mandate.needs_second.is_(False), Mandate.seconded_by.is_not(None))
"""The condition of a mandate that has the people it takes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a verb asks: the task, the parameter that it acts upon, and whether one may do it to what is one's own."""

    task: Task
    of: str | None
    own: bool


VERBS: Final[dict[str, Asked]] = {}
"""Every verb that asks, by its module and name."""


def asks(
    task: Task, of: str | None = None, *, own: bool = False
) -> Callable[[Callable[Concatenate[Session, Act, P], T]], Callable[Concatenate[Session, Act, P], T]]:
    """Declare that a verb needs `task` over its parameter `of`; with `own`, its owner needs no mandate.

    The verb then raises NotMandated, OwnNotGiven or WhoAreYou before it does anything.
    """

    def declared(verb: Callable[Concatenate[Session, Act, P], T]) -> Callable[Concatenate[Session, Act, P], T]:
        VERBS[f"{verb.__module__}.{verb.__name__}"] = Asked(task, of, own)
        # The place of what is acted upon, after the session and the act.
        rank = list(inspect.signature(verb).parameters).index(of) - 2 if of is not None else None

        @wraps(verb)
        def asking(session: Session, act: Act, *args: P.args, **kwargs: P.kwargs) -> T:
            if session.info.get(_ASKED):
                return verb(session, act, *args, **kwargs)
            subject = None
            if of is not None and rank is not None:
                subject = kwargs[of] if of in kwargs else args[rank] if rank < len(args) else None
            demand(session, act, task, subject, own=own)
            session.info[_ASKED] = True
            try:
                return verb(session, act, *args, **kwargs)
            finally:
                del session.info[_ASKED]

        return cast("Callable[Concatenate[Session, Act, P], T]", asking)

    return declared


def demand(session: Session, act: Act, task: Task, subject: object = None, *, own: bool = False) -> None:
    """Raises NotMandated, OwnNotGiven or WhoAreYou unless the actor may do this task to this subject."""
    if may(session, act, task, subject, own=own):
        return
    if act.actor.startswith(MACHINE):
        raise WhoAreYou(task=task, code=str(task))
    if own and not _writes_own(act) and is_own(session, act, subject):
        raise OwnNotGiven(actor=act.actor)
    scopes = sorted(scopes_of(subject, session))
    raise NotMandated(actor=act.actor, task=task, code=str(task), scope=f" : {', '.join(scopes)}" if scopes else "")


def may(session: Session, act: Act, task: Task, subject: object = None, *, own: bool = False) -> bool:
    """Whether the actor may do this task to this subject."""
    if act.emergency:
        return _in_emergency(session, act)
    if act.actor.startswith(MACHINE):
        return not ever_mandated(session)
    if own and _writes_own(act) and is_own(session, act, subject):
        return True
    return _holds(session, act, task, {EVERYWHERE, *scopes_of(subject, session)})


def tasks_of(session: Session, act: Act) -> frozenset[Task]:
    """The tasks that the actor holds now, whatever their scope."""
    held = select(Mandate.task).where(in_force(act), Mandate.member_id == _member_of(act))
    return frozenset(Task(one) for one in session.scalars(held) if act.within is None or one in act.within)


def files_of(session: Session, actor: str) -> frozenset[str]:
    """The numbers that someone acts under, or did: theirs, and those of files merged into it."""
    file = select(Member.id).where(Member.number == _number(actor)).scalar_subquery()
    return frozenset({actor, *map(str, session.scalars(select(Member).where(Member.merged_into_id == file)))})


def in_force(act: Act) -> ColumnElement[bool]:
    """The condition of a mandate that counts on the day of the act."""
    return in_force_on(clock.today(act.at))


def in_force_on(day: date) -> ColumnElement[bool]:
    """The condition of a mandate that counts on that day."""
    return and_(Mandate.since <= day, or_(Mandate.until.is_(None), Mandate.until > day), COMPLETE)


def ever_mandated(session: Session) -> bool:
    """Whether the association's founding is over: someone was given a mandate that came into force."""
    return session.scalar(select(Mandate.id).where(COMPLETE).limit(1)) is not None


def _holds(session: Session, act: Act, task: Task, scopes: Iterable[str]) -> bool:
    if act.within is not None and task not in act.within:
        return False
    asked = {"number": _number(act.actor), "task": task, "scopes": sorted(scopes), "day": clock.today(act.at)}
    return session.connection().execute(_HELD, asked).first() is not None


# Prepared once, as each deed asks it.
_HELD: Final = (
    select(Mandate.id)
    .join(Member, Member.id == Mandate.member_id)
    .where(
        Member.number == bindparam("number"),
        Member.left.is_(None),
        Mandate.task == bindparam("task"),
        Mandate.scope.in_(bindparam("scopes", expanding=True)),
        Mandate.since <= bindparam("day"),
        or_(Mandate.until.is_(None), Mandate.until > bindparam("day")),
        COMPLETE,
    )
    .limit(1)
)


def _member_of(act: Act) -> ScalarSelect[int]:
    return select(Member.id).where(Member.number == _number(act.actor), Member.left.is_(None)).scalar_subquery()


def _writes_own(act: Act) -> bool:
    return act.within is None or OWN in act.within


def is_own(session: Session, act: Act, subject: object) -> bool:
    """Whether the subject is the actor's own: what they may read, whatever else they may."""
    owners = owners_of(subject, session)
    return bool(owners) and session.scalar(select(Member.id).where(Member.number == _number(act.actor))) in owners


def _number(actor: str) -> int:
    digits = actor[1:]
    return int(digits) if actor.startswith("M") and digits.isascii() and digits.isdecimal() and len(digits) < 10 else -1


def _in_emergency(session: Session, act: Act) -> bool:
    opened = select(Emergency.id).where(
        Emergency.actor == act.actor, Emergency.since <= act.at, Emergency.until > act.at
    )
    return session.scalar(opened.limit(1)) is not None
