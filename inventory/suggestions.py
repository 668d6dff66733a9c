"""Suggestions: a deed that someone has no mandate for waits, with what it would change, for someone who may do it.

Accepting does the very deed, by its own verb, as the one who accepts: their mandate is asked for, and the journal has
both names. What may be suggested is a closed list (`inventory/suggested.py`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from foundation import clock, journal
from foundation.acts import LONGEST_WHY, Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import numbers, rights, suggested
from inventory.models.people import Member
from inventory.models.suggestions import Deed, Suggestion, SuggestionState
from inventory.scopes import owners_of, scopes_of
from inventory.suggested import Suggested

MOST: Final = 20
"""Suggestions of one person that may wait at a time."""
S = SuggestionState


class NoSuchSuggestion(NotFound):
    """No suggestion of that number."""

    kind = "no-such-suggestion"
    phrase = Phrase(
        "Aucune suggestion {suggestion}. Les trouver : essaim suggestion list",
        "There is no suggestion {suggestion}. To find them: essaim suggestion list",
    )


class NothingToSuggest(Refused):
    """What is suggested is so already."""

    kind = "nothing-to-suggest"
    phrase = Phrase(
        "Cela ne changerait rien : {subject} est déjà ainsi. Rien n'a été noté.",
        "This would change nothing: {subject} is so already. Nothing was noted.",
    )


class TooManySuggestions(Refused):
    """Someone whose suggestions already wait in number."""

    kind = "too-many-suggestions"
    phrase = Phrase(
        "{count} de vos suggestions attendent déjà : on n'en garde pas plus à la fois. Rien n'a été noté. "
        "Les voir : essaim suggestion list",
        "{count} of your suggestions wait already: no more are kept at a time. Nothing was noted. "
        "To see them: essaim suggestion list",
    )


class SuggestionDecided(Refused):
    """A suggestion that waits for nobody any more."""

    kind = "suggestion-decided"
    phrase = Phrase(
        "{suggestion} est déjà {state}. Rien n'a été changé.", "{suggestion} is {state} already. Nothing was changed."
    )


class RefusedWithoutWhy(Invalid):
    """A suggestion refused without a word."""

    kind = "refused-without-why"
    phrase = Phrase(
        "Dites pourquoi, en quelques mots, à qui l'a proposée : "
        'essaim suggestion refuse {suggestion} --why "…". Rien n\'a été changé.',
        'Say why, in a few words, to whoever made it: essaim suggestion refuse {suggestion} --why "…". '
        "Nothing was changed.",
    )


def suggest(session: Session, act: Act, wanted: Suggested) -> Suggestion:
    """Note what someone would do; it waits for someone who may. No right is asked: nothing is done.

    Raises NothingToSuggest, TooManySuggestions, and what the deed's own verb raises of what cannot be.
    """
    waiting = select(func.count()).where(Suggestion.proposed_by == act.actor, Suggestion.state == S.WAITING)
    if (session.scalar(waiting) or 0) >= MOST:
        raise TooManySuggestions(count=MOST)
    plain = wanted.checked(session)
    made = Suggestion(
        number=numbers.following(session, Suggestion.number),
        deed=plain.deed,
        subject=plain.subject,
        arguments=journal.canonical(plain.arguments()),
        diff=_diff(session, plain, act.at),
        state=S.WAITING,
        why=act.why,
        proposed_by=act.actor,
        proposed_at=act.at,
    )
    session.add(made)
    session.flush()
    journal.record(
        session, act, "suggestion.add", str(made), member=plain.whose(session), deed=made.deed, of=made.subject
    )
    return made


def accept(session: Session, act: Act, suggestion: Suggestion) -> str:
    """Do what was suggested, as the one who accepts; gives the name of what it was done to.

    Raises SuggestionDecided, NothingToSuggest where someone did the same meanwhile, what rights raise for the deed's
    own verb, and what that verb raises.
    """
    wanted = read(suggestion)
    _check_waiting(suggestion)
    diff = _diff(session, wanted, act.at)
    whose = wanted.whose(session)
    before = f"{suggestion}, {suggestion.proposed_by}"
    said = " : ".join(each for each in (before, suggestion.why) if each)
    done = wanted.do(session, replace(act, why=said[:LONGEST_WHY]))
    _decide(session, act, suggestion, S.ACCEPTED, diff=diff)
    journal.record(
        session, act, "suggestion.accept", str(suggestion), member=whose, of=done, proposed_by=suggestion.proposed_by
    )
    return done


def refuse(session: Session, act: Act, suggestion: Suggestion) -> None:
    """Say that it shall not be done; `act.why` tells whoever suggested it, who may also take it back themselves.

    Raises RefusedWithoutWhy, SuggestionDecided, and what rights raise for the deed.
    """
    wanted = read(suggestion)
    _check_waiting(suggestion)
    own = suggestion.proposed_by in rights.files_of(session, act.actor)
    if not own or act.within is not None:
        rights.demand(session, act, wanted.task, suggestion, own=True)
    if not own and not act.why.strip():
        raise RefusedWithoutWhy(suggestion=str(suggestion))
    _decide(session, act, suggestion, S.REFUSED, reason=act.why)
    journal.record(session, act, "suggestion.refuse", str(suggestion), proposed_by=suggestion.proposed_by)


@scopes_of.register
def _(subject: Suggestion, session: Session) -> frozenset[str]:
    try:
        return scopes_of(read(subject).upon(session), session)
    except NotFound:  # what it was about is gone by now
        return frozenset()


@owners_of.register
def _(subject: Suggestion, session: Session) -> frozenset[int]:
    """Whoever made it, under the number that they have now."""
    by = numbers.parse("M", subject.proposed_by) if subject.proposed_by.startswith("M") else -1
    found = session.execute(select(Member.id, Member.merged_into_id).where(Member.number == by)).one_or_none()
    return frozenset(one for one in found or () if one is not None)


def read(suggestion: Suggestion) -> Suggested:
    """What is suggested, as a value."""
    return suggested.read(Deed(suggestion.deed), json.loads(suggestion.arguments))


def preview(session: Session, suggestion: Suggestion, at: datetime) -> str:
    """What it would change at that instant; of one that is decided, what it was to change then.

    What it is about may be gone by now: what was seen when it was made is said then.
    """
    if suggestion.state != S.WAITING:
        return suggestion.diff
    try:
        return _diff(session, read(suggestion), at)
    except (NotFound, Refused):
        return suggestion.diff


def find_suggestion(session: Session, text: str) -> Suggestion:
    """The suggestion of that number (`G0042`). Raises BadNumber, NoSuchSuggestion."""
    number = numbers.parse("G", text)
    found = session.scalar(select(Suggestion).where(Suggestion.number == number))
    if found is None:
        raise NoSuchSuggestion(suggestion=numbers.shown("G", number))
    return found


def list_suggestions(
    session: Session, *, decided: bool = False, by: str = "", after: int = 0, limit: int = 100
) -> Sequence[Suggestion]:
    """Those that wait, by number, a page at a time; with `decided`, the others too. `by`: of that person alone."""
    query = select(Suggestion).where(Suggestion.number > after).order_by(Suggestion.number).limit(limit)
    if not decided:
        query = query.where(Suggestion.state == S.WAITING)
    if by:
        query = query.where(Suggestion.proposed_by.in_(rights.files_of(session, by)))
    return session.scalars(query).all()


def latest_by(session: Session, actor: str, *, limit: int) -> Sequence[Suggestion]:
    """What someone suggested, decided or not, the latest first."""
    query = select(Suggestion).where(Suggestion.proposed_by.in_(rights.files_of(session, actor)))
    return session.scalars(query.order_by(Suggestion.number.desc()).limit(limit)).all()


def untold(session: Session) -> list[str]:
    """The numbers of those that are decided, and whose proposers were not told yet."""
    query = select(Suggestion.number).where(Suggestion.state != S.WAITING, Suggestion.told_at.is_(None))
    return [numbers.shown("G", number) for number in session.scalars(query.order_by(Suggestion.number))]


def note_told(session: Session, act: Act, suggestion: Suggestion) -> None:
    """Write down that its proposer was told. Asks for no right: the mail has gone, whoever had it sent."""
    suggestion.told_at = act.at
    session.flush()


def _diff(session: Session, wanted: Suggested, at: datetime) -> str:
    before, after = wanted.rows(session, clock.today(at))
    if before == after:
        raise NothingToSuggest(subject=wanted.subject)
    gone = [f"-{row}\n" for row in before if row not in after]
    return "".join([*gone, *(f"+{row}\n" for row in after if row not in before)])


def _check_waiting(suggestion: Suggestion) -> None:
    if suggestion.state != S.WAITING:
        raise SuggestionDecided(suggestion=str(suggestion), state=S(suggestion.state))


def _decide(session: Session, act: Act, suggestion: Suggestion, state: SuggestionState, **values: str) -> None:
    """Of two who decide at once, one does."""
    moved = session.execute(
        update(Suggestion)
        .where(Suggestion.id == suggestion.id, Suggestion.state == S.WAITING)
        .values(state=state, decided_by=act.actor, decided_at=act.at, **values)
        .returning(Suggestion.id)
    ).one_or_none()
    session.refresh(suggestion)
    if moved is None:
        _check_waiting(suggestion)
