"""Break-glass: an emergency opens in a transaction of its own, and everyone who holds a mandate hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foundation import clock, mail
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.mail import Mail, MailNotSent
from foundation.settings import Settings
from foundation.speech import LANGUAGES, Language, Phrase
from inventory import emergencies, mandates

_SUBJECT: Final = Phrase(
    "[{association}] Urgence {emergency} : {actor} agit sans mandat",
    "[{association}] Emergency {emergency}: {actor} acts without a mandate",
)
_TEXT: Final = Phrase(
    "Bonjour,\n\n"
    "{actor} agit sans mandat sur la machine de l'association, du {since} au {until}.\n"
    "Pourquoi : {why}\n\n"
    "Quand ce sera fini, une personne qui donne les mandats relit ce qui a été fait :\n"
    'essaim mandate review {emergency} --why "…"\n\n'
    "Vous lisez ceci parce que vous avez un mandat ; ces messages cessent quand il se termine.\n"
    "Une question : répondez à ce message.\n",
    "Hello,\n\n"
    "{actor} acts without a mandate on the association's machine, from {since} to {until}.\n"
    "Why: {why}\n\n"
    "Once it is over, someone who gives mandates reads over what was done:\n"
    'essaim mandate review {emergency} --why "…"\n\n'
    "You read this because you hold a mandate; these messages stop when it ends.\n"
    "A question: answer this message.\n",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """An emergency in force: its number, until when, whether it begins now, and what kept others from being told."""

    number: str
    until: datetime
    new: bool
    untold: MailNotSent | None = None


def declare(store: Store, settings: Settings, act: Act) -> Opened:
    """Open an emergency for the actor, in the words of the act, and tell everyone who holds a mandate.

    One that the actor has open goes on without a word. Mails that do not go stop nothing: they stay in the outbox.
    Raises WhyNeeded.
    """
    with transaction(store) as session:
        emergency, new = emergencies.open_emergency(session, act)
        number, until = str(emergency), emergency.until
        facts = {
            "association": settings.name,
            "emergency": number,
            "actor": emergency.actor,
            "since": emergency.since,
            "until": until,
            "why": emergency.why,
        }
        told = mandates.holders(session, clock.today(act.at)) if new else ()
        mails = [_mail(one.email, _language(one.language), facts) for one in told if one.email]
    try:
        mail.send(settings, mails, act.at)
    except MailNotSent as untold:
        return Opened(number, until, new, untold)
    return Opened(number, until, new)


def _mail(to: str, language: Language, facts: dict[str, object]) -> Mail:
    return Mail(to, _SUBJECT.say(language, **facts), _TEXT.say(language, **facts))


def _language(text: str) -> Language:
    return next((one for one in LANGUAGES if one == text), LANGUAGES[0])
