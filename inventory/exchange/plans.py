"""What an import would do, line by line: plain values, so that two plans of the same file can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from foundation.speech import Language, Phrase
from inventory.exchange.records import Noun, Place, Reading, Said
from inventory.models.mandates import Task


class Action(StrEnum):
    """What becomes of a line of a file."""

    CREATE = "create"
    CHANGE = "change"
    NOTHING = "nothing"
    SKIP = "skip"

    @property
    def phrase(self) -> Phrase:
        """The action as people read it."""
        return _ACTIONS[self]


_ACTIONS: Final = {
    Action.CREATE: Phrase("créer", "create"),
    Action.CHANGE: Phrase("changer", "change"),
    Action.NOTHING: Phrase("rien (déjà ainsi)", "nothing (already so)"),
    Action.SKIP: Phrase("laisser de côté", "leave aside"),
}

_TASKS: Final[dict[Noun, Task]] = {
    Noun.KIND: Task.RULES_SET,
    Noun.MEMBER: Task.MEMBERS_WRITE,
    Noun.MEMBERSHIP: Task.MEMBERS_WRITE,
    Noun.REFERENT: Task.MEMBERS_WRITE,
    Noun.SITE: Task.DEVICES_WRITE,
    Noun.ROOM: Task.DEVICES_WRITE,
    Noun.RACK: Task.DEVICES_WRITE,
    Noun.DEVICE: Task.DEVICES_WRITE,
    Noun.PLACEMENT: Task.DEVICES_WRITE,
    Noun.FEED: Task.DEVICES_WRITE,
    Noun.OUTLET: Task.DEVICES_WRITE,
    Noun.PLUG: Task.DEVICES_WRITE,
    Noun.POOL: Task.ADDRESSES_WRITE,
    Noun.WHOLESALER: Task.LINES_WRITE,
    Noun.OFFER: Task.LINES_WRITE,
    Noun.LINE: Task.LINES_WRITE,
    Noun.SHARE: Task.LINES_WRITE,
    Noun.CREDENTIAL: Task.LINES_WRITE,
    Noun.ADDRESS: Task.ADDRESSES_WRITE,
    Noun.ORDER: Task.LINES_WRITE,
    Noun.ORDER_EVENT: Task.LINES_WRITE,
    Noun.EQUIPMENT: Task.DEVICES_WRITE,
    Noun.LOAN: Task.DEVICES_WRITE,
    Noun.WORKS: Task.WORKS_ANNOUNCE,
    Noun.WORKS_NOTE: Task.WORKS_ANNOUNCE,
}
"""What applying a step of each noun takes. Nothing is ever done to a mandate."""

_TWICE: Final = Phrase("« {name} » est déjà à la ligne {line}.", "“{name}” is in line {line} already.")
_UNKNOWN: Final = Phrase(
    "pas de {noun} « {name} », ni ici ni dans ce fichier.", "there is no {noun} “{name}”, here or in this file."
)
_STAYS: Final = Phrase.said("c'est autrement ici, et le reste", "it is otherwise here, and stays so")

_STEP: Final = Phrase(
    "{file}, ligne {line} : {action} {noun} {name}{more}", "{file}, line {line}: {action} {noun} {name}{more}"
)
_CHANGED: Final = Phrase("{field} « {before} » → « {after} »", "{field} “{before}” → “{after}”")


@dataclass(frozen=True, slots=True)
class Change:
    """One field, from what it is to what the file says."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Step:
    """What one line does to one thing. `work` is what `applying` needs to do it; it is not shown."""

    place: Place
    action: Action
    noun: Noun
    name: str
    changes: tuple[Change, ...] = ()
    why: Phrase | None = None
    work: object = field(default=None, repr=False)

    def sentence(self, language: Language) -> str:
        """The step for a person."""
        said = ", ".join(
            _CHANGED.say(language, field=one.field, before=_shown(one.before), after=_shown(one.after))
            for one in self.changes
        )
        reason = self.why.say(language) if self.why else ""
        more = "".join((" : " if language == "fr" else ": ") + text for text in (said, reason) if text)
        facts: Mapping[str, object] = {"action": self.action, "noun": self.noun, "name": self.name, "more": more}
        return _STEP.say(language, file=self.place.file, line=self.place.line, **facts)


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step of an import, what stands in its way (then nothing is done), and what to know."""

    source: str
    steps: tuple[Step, ...]
    problems: tuple[Said, ...]
    remarks: tuple[Said, ...]

    @property
    def doing(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.action in (Action.CREATE, Action.CHANGE))

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks that whoever applies it needs."""
        return tuple(sorted({_TASKS[step.noun] for step in self.doing}))

    @property
    def summary(self) -> dict[Noun, dict[Action, int]]:
        """How many steps of each kind, by noun."""
        counted = Counter((step.noun, step.action) for step in self.steps)
        nouns = [noun for noun in Noun if any(counted[noun, action] for action in Action)]
        return {noun: {action: counted[noun, action] for action in Action} for noun in nouns}


@dataclass(slots=True)
class Draft:
    """A plan in the making: what was read, the instant from which it is weighed, and the steps so far."""

    reading: Reading
    at: datetime
    steps: list[Step] = field(default_factory=list)
    _seen: dict[tuple[Noun, str], Place] = field(default_factory=dict)

    def add(
        self,
        place: Place,
        action: Action,
        noun: Noun,
        name: str,
        work: object = None,
        *,
        changes: tuple[Change, ...] = (),
        why: Phrase | None = None,
    ) -> None:
        """One more step."""
        self.steps.append(Step(place, action, noun, name, changes, why, work))

    def wrong(self, place: Place, phrase: Phrase, **facts: object) -> None:
        """Something stands in the way."""
        self.reading.wrong(place, phrase, **facts)

    def unknown(self, place: Place, noun: Noun, name: str) -> None:
        """What a line names is nowhere."""
        self.wrong(place, _UNKNOWN, noun=noun, name=name)

    def once(self, place: Place, noun: Noun, name: str) -> bool:
        """Whether this is the first line of the file that is about this thing; a problem where it is not."""
        first = self._seen.setdefault((noun, name), place)
        if first is not place:
            self.wrong(place, _TWICE, name=name, line=first.line)
        return first is place

    def here(self, place: Place, noun: Noun, name: str, *, same: bool) -> None:
        """A thing that is here already, and stays as it is: as the file has it, or otherwise."""
        self.add(place, Action.NOTHING if same else Action.SKIP, noun, name, why=None if same else _STAYS)

    def done(self) -> Plan:
        """The plan."""
        return Plan(self.reading.source, tuple(self.steps), tuple(self.reading.problems), tuple(self.reading.remarks))


def _shown(value: object) -> object:
    return "—" if value in (None, "") else value
