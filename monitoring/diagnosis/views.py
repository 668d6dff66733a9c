"""A diagnosis as programs read it: the same at the terminal and over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foundation.speech import Language
from monitoring.diagnosis.finding import Diagnosis, Finding, Situation, Told


@dataclass(frozen=True, slots=True)
class ToldView:
    """One sentence, and when it was so where it has an instant."""

    sentence: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class FindingView:
    """One thing that is the matter (`situation` for programs), the facts that it rests on, and what to try."""

    situation: Situation
    sentence: str
    facts: tuple[ToldView, ...]
    tries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiagnosisView:
    """A line at an instant: the first finding is the answer; `unseen` is what could not be looked at."""

    line: str
    at: datetime
    situation: Situation
    sentence: str
    findings: tuple[FindingView, ...]
    unseen: tuple[str, ...]


def view(diagnosis: Diagnosis, language: Language) -> DiagnosisView:
    """A diagnosis in the reader's language."""
    return DiagnosisView(
        line=diagnosis.line,
        at=diagnosis.at,
        situation=diagnosis.situation,
        sentence=diagnosis.findings[0].said.say(language),
        findings=tuple(_finding(one, language) for one in diagnosis.findings),
        unseen=tuple(one.say(language) for one in diagnosis.unseen),
    )


def _finding(one: Finding, language: Language) -> FindingView:
    return FindingView(
        one.situation,
        one.said.say(language),
        tuple(_told(fact, language) for fact in one.facts),
        tuple(each.say(language) for each in one.tries),
    )


def _told(fact: Told, language: Language) -> ToldView:
    return ToldView(fact.phrase.say(language, **fact.values), fact.at)
