"""Someone takes charge of an alert: who, and a word of what they are about, in the journal."""

from __future__ import annotations

from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid
from foundation.speech import Phrase
from inventory.models.mandates import Task
from inventory.rights import asks
from inventory.scopes import scopes_of
from monitoring.alerts.state import AlertOver, AlertView


class WordsWanted(Invalid):
    """Taking charge without a word says nothing to the others."""

    kind = "words-wanted"
    phrase = Phrase(
        "Dites en un mot ce que vous faites de {number}. Rien n'a été changé. "
        'Au terminal : essaim alert ack {number} --why "…"',
        "Say in a word what you are about with {number}. Nothing was changed. "
        'At the terminal: essaim alert ack {number} --why "…"',
    )


@scopes_of.register
def _(subject: AlertView, session: Session) -> frozenset[str]:
    del session
    return frozenset(subject.scopes)


@asks(Task.ALERTS_ACKNOWLEDGE, "alert")
def take(session: Session, act: Act, alert: AlertView) -> None:
    """Write down who takes charge. Raises WordsWanted, AlertOver."""
    if not act.why.strip():
        raise WordsWanted(number=alert.number)
    if alert.until is not None:
        raise AlertOver(number=alert.number, until=alert.until)
    journal.record(session, act, "alert.take", alert.number, rule=alert.rule, on=alert.subject)
