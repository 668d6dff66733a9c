"""Verbs on webhooks: who is told of alerts over HTTP. Whoever sets the association's rules sets these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import journal
from foundation.acts import Act
from foundation.errors import Invalid, NotFound, Refused
from foundation.speech import LANGUAGES, Phrase
from foundation.vault import vault_of
from inventory import names
from inventory.models.mandates import Task
from inventory.models.webhooks import Shape, Webhook
from inventory.rights import asks

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")


class NoSuchWebhook(NotFound):
    """No webhook of that name."""

    kind = "no-such-webhook"
    phrase = Phrase(
        "Il n'y a pas de webhook {name}. Les voir : essaim alert webhook list",
        "There is no webhook {name}. To see them: essaim alert webhook list",
    )


class WebhookExists(Refused):
    """A webhook of that name is there already."""

    kind = "webhook-exists"
    phrase = Phrase("{name} existe déjà. Rien n'a été changé.", "{name} exists already. Nothing was changed.")


class BadWebhookName(Invalid):
    """A text that names no webhook."""

    kind = "bad-webhook-name"
    phrase = Phrase(
        "« {text} » ne peut pas nommer un webhook : minuscules, chiffres et tirets. Rien n'a été changé.",
        "“{text}” cannot name a webhook: small letters, digits and hyphens. Nothing was changed.",
    )


class BadShape(Invalid):
    """A shape or a language outside the list."""

    kind = "bad-webhook-shape"
    phrase = Phrase(
        "« {text} » : choisir parmi {known}. Rien n'a été changé.",
        "“{text}”: choose among {known}. Nothing was changed.",
    )


def parse_shape(text: str) -> Shape:
    """The shape of that name. Raises BadShape."""
    if text not in set(Shape):
        raise BadShape(text=text[:40], known=[str(one) for one in Shape])
    return Shape(text)


@asks(Task.RULES_SET)
def add_webhook(session: Session, act: Act, name: str, shape: Shape, address: str, language: str = "fr") -> Webhook:
    """Have alerts told there, in that language; the address is sealed.

    Raises BadWebhookName, BadShape, WebhookExists.
    """
    if not _NAME.fullmatch(name):
        raise BadWebhookName(text=names.shown(name))
    if language not in LANGUAGES:
        raise BadShape(text=language[:40], known=list(LANGUAGES))
    if session.scalar(select(Webhook.id).where(Webhook.name == name)) is not None:
        raise WebhookExists(name=name)
    sealed = vault_of(session).seal(address)
    webhook = Webhook(name=name, shape=shape, language=language, address=sealed)
    session.add(webhook)
    session.flush()
    journal.record(session, act, "webhook.add", name, shape=str(shape), address=sealed)
    return webhook


@asks(Task.RULES_SET)
def remove_webhook(session: Session, act: Act, webhook: Webhook) -> None:
    """Tell nothing there any more; its address is forgotten."""
    session.delete(webhook)
    session.flush()
    journal.record(session, act, "webhook.remove", webhook.name, shape=webhook.shape)


def find_webhook(session: Session, name: str) -> Webhook:
    """The webhook of that name. Raises NoSuchWebhook."""
    found = session.scalar(select(Webhook).where(Webhook.name == name))
    if found is None:
        raise NoSuchWebhook(name=names.shown(name))
    return found


def list_webhooks(session: Session) -> Sequence[Webhook]:
    """All of them, by name."""
    return session.scalars(select(Webhook).order_by(Webhook.name)).all()
