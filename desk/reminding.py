"""Kind words about money: what will go out, and today's sent, each once, whoever else sends at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from billing.bank import inbox
from billing.reminding import reminders
from billing.reminding.reminders import Calendar
from billing.reminding.waiting import Waiting, transfers_waiting
from billing.reminding.words import Letter
from foundation import clock, mail
from foundation.acts import Act
from foundation.database import Store, transaction
from foundation.mail import Mail, MailNotSent
from foundation.settings import Settings
from foundation.text import overriding
from inventory import rights
from inventory.models.mandates import Task


@dataclass(frozen=True, slots=True)
class Sent:
    """The letters that left, and why some of them wait in the outbox, if any do."""

    letters: tuple[Letter, ...]
    untold: MailNotSent | None = None


def calendar(session: Session, act: Act, weeks: int) -> Calendar:
    """What goes out in the weeks to come, and who is left in peace. Raises NotMandated."""
    rights.demand(session, act, Task.DUES_READ)
    return reminders.calendar(session, clock.today(act.at), weeks, waiting(session, act))


def today(session: Session, act: Act) -> Calendar:
    """What goes out today, for whoever may send it. Raises NotMandated."""
    rights.demand(session, act, Task.DUES_WRITE)
    return reminders.calendar(session, clock.today(act.at), 0, waiting(session, act))


def send(store: Store, settings: Settings, act: Act) -> Sent:
    """Send today's reminders.

    They are written down as sent before they leave: cut short between the two, one may not leave, but none leaves
    twice. What a server does not take waits in the outbox. Raises TemplateFailed, and then none is sent.
    """
    with transaction(store) as session, overriding(settings.own_templates):
        letters = reminders.claim(session, act, settings.name, settings.url, waiting(session, act))
    untold = _sent(settings, act, letters)
    if letters:
        with transaction(store) as session:
            reminders.note_sent(session, act, letters)
    return Sent(tuple(letters), untold)


def waiting(session: Session, act: Act) -> Waiting:
    """Whose transfer may wait in the inbox: in their name, from their account, or as any suggestion says."""
    theirs, suggested = transfers_waiting(session), inbox.named_waiting(session, act)
    return lambda member: member.number in suggested or theirs(member)


def _sent(settings: Settings, act: Act, letters: Sequence[Letter]) -> MailNotSent | None:
    try:
        mail.send(settings, [Mail(one.to, one.subject, one.text) for one in letters], act.at)
    except MailNotSent as untold:
        return untold
    return None
