"""Emergencies: someone on the machine itself acts without a mandate, for a short time; others read it over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Forbidden, Invalid, NotFound, Refused
from foundation.speech import Phrase
from inventory import numbers, rights, rules
from inventory.models.mandates import Emergency, Task
from inventory.rights import asks


class NoSuchEmergency(NotFound):
    """No emergency of that number."""

    kind = "no-such-emergency"
    phrase = Phrase(
        "Aucune urgence {emergency}. Les trouver : essaim mandate emergencies",
        "There is no emergency {emergency}. To find them: essaim mandate emergencies",
    )


class WhyNeeded(Invalid):
    """An emergency, or its review, without a word."""

    kind = "emergency-why-needed"
    phrase = Phrase(
        "Il faut dire pourquoi, en quelques mots : les autres le liront. Rien n'a été changé.",
        "Say why, in a few words: others will read it. Nothing was changed.",
    )


class AlreadyReviewed(Refused):
    """Someone read the emergency over before."""

    kind = "already-reviewed"
    phrase = Phrase(
        "{emergency} a déjà été relue par {who}. Rien n'a été changé.",
        "{emergency} was already reviewed by {who}. Nothing was changed.",
    )


class ReviewByAnother(Forbidden):
    """Nobody reviews what they did themselves."""

    kind = "review-by-another"
    phrase = Phrase(
        "{actor} a ouvert {emergency} : quelqu'un d'autre doit la relire. Rien n'a été changé.",
        "{actor} opened {emergency}: someone else must review it. Nothing was changed.",
    )


def open_emergency(session: Session, act: Act) -> tuple[Emergency, bool]:
    """From now on, for as long as the rule `emergency.minutes` says, the actor may do all; whether it is a new one.

    One that the actor has open, unreviewed, goes on. No right is asked: it is for whoever has none. Only the terminal
    opens one, on the machine itself. Raises WhyNeeded.
    """
    words = _said(act)
    running = session.scalar(
        select(Emergency)
        .where(
            Emergency.actor == act.actor,
            Emergency.since <= act.at,
            Emergency.until > act.at,
            Emergency.reviewed_at.is_(None),
        )
        .order_by(Emergency.number.desc())
        .limit(1)
    )
    if running is not None:
        return running, False
    emergency = Emergency(
        number=numbers.following(session, Emergency.number),
        actor=act.actor,
        why=words,
        since=act.at,
        until=act.at + timedelta(minutes=rules.number(session, "emergency.minutes")),
    )
    session.add(emergency)
    session.flush()
    journal.record(session, act, "emergency.open", str(emergency), until=emergency.until)
    return emergency, True


@asks(Task.MANDATES_GIVE)
def review(session: Session, act: Act, emergency: Emergency) -> None:
    """Say, as another person, what became of an emergency, in the act's words; it ends if it still ran.

    Raises WhyNeeded, AlreadyReviewed, ReviewByAnother.
    """
    words = _said(act)
    if emergency.reviewed_by is not None:
        raise AlreadyReviewed(emergency=str(emergency), who=emergency.reviewed_by)
    if act.emergency or emergency.actor in rights.files_of(session, act.actor):
        raise ReviewByAnother(actor=act.actor, emergency=str(emergency))
    emergency.reviewed_by, emergency.reviewed_at, emergency.review = act.actor, act.at, words
    emergency.until = min(emergency.until, max(act.at, emergency.since))
    journal.record(session, act, "emergency.review", str(emergency))
    session.flush()


def find_emergency(session: Session, text: str) -> Emergency:
    """The emergency of that number (`E0042`). Raises BadNumber, NoSuchEmergency."""
    wanted = numbers.parse("E", text)
    emergency = session.scalar(select(Emergency).where(Emergency.number == wanted))
    if emergency is None:
        raise NoSuchEmergency(emergency=numbers.shown("E", wanted))
    return emergency


def list_emergencies(
    session: Session, *, reviewed: bool = True, after: int = 0, limit: int = 100
) -> Sequence[Emergency]:
    """Emergencies by number; without those that someone has read over, where asked."""
    query = select(Emergency).where(Emergency.number > after).order_by(Emergency.number).limit(limit)
    if not reviewed:
        query = query.where(Emergency.reviewed_at.is_(None))
    return session.scalars(query).all()


def _said(act: Act) -> str:
    words = act.why.strip()
    if not any(sign.isalnum() for sign in words):  # signs that nobody sees are no words
        raise WhyNeeded
    return words
