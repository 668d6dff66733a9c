"""Alerts as programs read them, in the reader's language: the fields of `essaim alert list --json`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from foundation.speech import Language
from monitoring.alerts.rules import Severity
from monitoring.alerts.state import AlertView


@dataclass(frozen=True, slots=True)
class AlertShown:
    """An `AlertView` whose `words` are a sentence."""

    number: str
    rule: str
    subject: str
    severity: Severity
    words: str
    since: datetime
    until: datetime | None
    told_at: datetime | None
    behind: str
    works: str
    taken_by: str
    taken_at: datetime | None
    taken_why: str
    scopes: tuple[str, ...]


def view(alert: AlertView, language: Language) -> AlertShown:
    """An alert in the reader's language."""
    told = {one.name: getattr(alert, one.name) for one in fields(AlertView)}
    return AlertShown(**told | {"words": alert.words.say(language)})
