"""Alerts are told: by mail to whoever takes charge of them, and over webhooks; one message at most in a while."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from desk import alert_graphs
from desk.alert_graphs import Pictures
from foundation import clock, mail
from foundation.database import Store, reading, transaction
from foundation.errors import EssaimError
from foundation.mail import Mail, MailNotSent
from foundation.settings import Settings
from foundation.speech import LANGUAGES, Language, Phrase
from foundation.vault import vault_of
from inventory import on_call, webhooks
from inventory.models.webhooks import Shape
from inventory.on_call import OnCall
from monitoring.alerts import state
from monitoring.alerts.digest import digest, due, for_scopes
from monitoring.alerts.rules import Rules
from monitoring.alerts.state import Told
from monitoring.alerts.webhooks import send, told

MAIL: Final = "mail"
AT_ONCE: Final = 8
_CLAIMED: Final = timedelta(seconds=90)
"""Longer than every webhook's patience together with the mail server's: whoever has not come back by then died."""

_SUBJECT: Final = Phrase("[{association}] {title}", "[{association}] {title}")
_TEXT: Final = Phrase(
    "Bonjour,\n\n{rows}\n\n"
    'Les voir et s\'en charger : {url}/alerts ou essaim alert ack {first} --why "…"\n'
    "Vous lisez ceci parce que vous avez le mandat alerts.acknowledge ; ces messages cessent quand il se termine. "
    "Une question : répondez à ce message.\n",
    "Hello,\n\n{rows}\n\n"
    'To see them and take charge: {url}/alerts or essaim alert ack {first} --why "…"\n'
    "You read this because you hold the mandate alerts.acknowledge; these messages stop when it ends. A question: "
    "answer this message.\n",
)


@dataclass(frozen=True, slots=True)
class Way:
    """A way by which people are told; of a webhook, its shape, its language and its address."""

    name: str
    shape: Shape | None = None
    language: Language = LANGUAGES[0]
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways by which people are told, and who reads mails."""

    ways: tuple[Way, ...]
    people: tuple[OnCall, ...]

    @property
    def names(self) -> list[str]:
        """By what they are known in the samples' file."""
        return [one.name for one in self.ways]


def ways(store: Store, at: datetime) -> Ways:
    """How people are told today."""
    with reading(store) as session:
        people = tuple(on_call.on_call(session, clock.today(at)))
        vault = vault_of(session)
        hooks = [
            Way(f"webhook {one.name}", Shape(one.shape), _language(one.language), vault.open(one.address))
            for one in webhooks.list_webhooks(session)
        ]
    return Ways((*([Way(MAIL)] if people else []), *hooks), people)


def notify(samples: Store, settings: Settings, known: Ways, rules: Rules, at: datetime, *, round_made: bool) -> None:
    """Tell what waits to be told, and where a round was made that saw something, the watchmen that it was.

    A poller to which no machine answers is as good as none: whoever waits for its call is to come and look.
    What does not go is told again with the next cycle; why it did not is in `essaim alert list`.
    """
    claimed = _claim(samples, known, rules, at, round_made=round_made)
    if not claimed:
        return
    mailed = [one for way, events in claimed if way.shape is None for one in events]
    pictures = alert_graphs.pictures(settings, rules, mailed, at)
    with ThreadPoolExecutor(AT_ONCE) as lanes:
        going = [
            (way, events, lanes.submit(_go, settings, known.people, way, events, pictures, at))
            for way, events in claimed
        ]
        outcomes = [(way, events, one.result()) for way, events, one in going]
    with transaction(samples) as session:
        rows = state.channels(session, known.names)
        for way, events, failed in outcomes:
            row = rows[way.name]
            row.claimed_until = None
            if failed is not None:
                row.failing_since, row.reason = row.failing_since or at, failed[:200]
            else:
                row.failing_since, row.reason = None, ""
            if events and (failed is None or way.shape is None):  # a mail that did not go waits in the outbox
                row.sent_at, row.sent_id = at, max(one.id for one in events)


def _claim(
    samples: Store, known: Ways, rules: Rules, at: datetime, *, round_made: bool
) -> list[tuple[Way, Sequence[Told]]]:
    """The ways that are due, each with what it has to tell; nobody else takes them meanwhile."""
    found: list[tuple[Way, Sequence[Told]]] = []
    with transaction(samples) as session:
        rows = state.channels(session, known.names)
        for way in known.ways:
            row = rows[way.name]
            if row.claimed_until is not None and row.claimed_until > at:
                continue
            beats = way.shape is Shape.HEARTBEAT
            events = [] if beats else state.events_after(session, row.sent_id)
            if (beats and round_made) or (events and due(row.sent_at, rules.every, at)):
                row.claimed_until = at + _CLAIMED
                found.append((way, events))
    return found


def _go(
    settings: Settings, people: Iterable[OnCall], way: Way, events: Sequence[Told], pictures: Pictures, at: datetime
) -> str | None:
    """Tell one way; why it did not work, if it did not."""
    try:
        if way.shape is None:
            mail.send(settings, _mails(settings, people, events, pictures), at)
        else:
            said = digest(events, way.language)
            title, text, last = (said.title, said.text, said.last) if said else ("", "", 0)
            send(told(way.shape, way.address, f"[{settings.name}] {title}", text, last))
    except MailNotSent as untold:
        return untold.sentence(LANGUAGES[0])
    except EssaimError as failed:
        return str(failed.facts.get("reason", failed.kind))
    return None


def _mails(settings: Settings, people: Iterable[OnCall], events: Sequence[Told], pictures: Pictures) -> list[Mail]:
    found = []
    for one in people:
        language = _language(one.language)
        mine = for_scopes(events, one.scopes)
        said = digest(mine, language)
        if said is not None:
            subject = _SUBJECT.say(language, association=settings.name, title=said.title)
            drawings = alert_graphs.drawn(pictures, mine, language)
            rows = "\n\n".join([said.text, *(each.words for each in drawings)])
            text = _TEXT.say(language, rows=rows, first=mine[-1].number, url=settings.url)
            found.append(Mail(one.email, subject, text, drawings))
    return found


def _language(text: str) -> Language:
    return next((one for one in LANGUAGES if one == text), LANGUAGES[0])
