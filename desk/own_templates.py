"""An association's own templates of every room: configurations, and the words of reminders."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from billing.reminding import words as reminder_words
from foundation.errors import Refused
from foundation.speech import LANGUAGES, Phrase
from foundation.text import TemplateFailed, environment
from provisioning import own_templates
from provisioning.own_templates import MACHINES, Family, Finding, Listed, Weight
from provisioning.specimens import Specimen

REMINDERS: Final = Family(
    "billing", {name: Specimen(name, facts) for name, facts in reminder_words.specimens().items()}
)
FAMILIES: Final = (MACHINES, REMINDERS)


def listed(folder: Path) -> list[Listed]:
    """Every template by name: ours, and theirs."""
    return own_templates.listed(folder, FAMILIES)


def source(folder: Path, name: str, *, ours: bool = False) -> str:
    """The text of a template: theirs where they have one, unless `ours`. Raises NoSuchTemplate."""
    return own_templates.source(folder, name, FAMILIES, ours=ours)


def check(folder: Path) -> list[Finding]:
    """What is to be said of every template of theirs; a reminder needs a subject and a text besides."""
    found = own_templates.check(folder, FAMILIES)
    wrong = {one.template for one in found if one.weight is Weight.ERROR}
    theirs = (one.name for one in listed(folder) if one.theirs and one.name in REMINDERS.names)
    return found + [one for name in theirs if name not in wrong for one in _mail(folder, name)]


def _mail(folder: Path, name: str) -> list[Finding]:
    """Whether a reminder that fills in is a mail."""
    text = environment(REMINDERS.package, folder).get_template(name).render(REMINDERS.specimens[name].facts)
    try:
        reminder_words.parted(name, text)
    except TemplateFailed as failed:
        return [Finding(name, 1, Weight.ERROR, _said(failed))]
    return []


def _said(failed: Refused) -> Phrase:
    return Phrase.said(*(failed.sentence(language) for language in LANGUAGES))
