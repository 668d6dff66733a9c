"""What follows one another in time: of a file, weighed against what is here, so that no two of a key overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from typing import Final

from foundation.speech import Phrase
from inventory.exchange.periods import meet
from inventory.exchange.plans import Action, Draft
from inventory.exchange.records import Noun, Place

_MEETS: Final = Phrase(
    "{name} : une autre période l'empiète, du {since} au {until} ({where}).",
    "{name}: another period overlaps it, from {since} to {until} ({where}).",
)
_BACKWARDS: Final = Phrase(
    "{name} : cela finirait le {until}, avant de commencer le {since}.",
    "{name}: this would end on {until}, before it begins on {since}.",
)
_HERE: Final = Phrase("déjà ici", "here already")
_IN_FILE: Final = Phrase("ligne {line} de ce fichier", "line {line} of this file")
_ELSEWHERE: Final = Phrase("{file}, ligne {line}", "{file}, line {line}")


def where(place: Place | None, seen_from: Place) -> Phrase:
    """Where the other of two stands: here already, on a line of the same file, or of another one."""
    if place is None:
        return _HERE
    said = _IN_FILE if place.file == seen_from.file else _ELSEWHERE
    texts = [said.say(language, file=place.file, line=place.line) for language in ("fr", "en")]
    return Phrase.said(*texts)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open days, what was so in them, and where a file says it (None: it is here)."""

    since: date
    until: date | None
    what: object
    place: Place | None = None

    def meets(self, other: Span) -> bool:
        """Whether both have a day in common."""
        return meet(self.since, self.until, other.since, other.until)


class Timelines:
    """The spans of each key: those that are here, then those of the file as they are weighed."""

    def __init__(self) -> None:
        self._of: dict[Hashable, list[Span]] = defaultdict(list)

    def note(self, key: Hashable, span: Span) -> None:
        """One that is here."""
        self._of[key].append(span)

    def living(self, key: Hashable, what: object) -> Span | None:
        """The one that is so still."""
        return next((one for one in self._of[key] if one.until is None and one.what == what), None)

    def weigh(self, draft: Draft, noun: Noun, name: str, key: Hashable, span: Span, work: object) -> bool:
        """Say what would become of one of the file; whether it is new and meets no other."""
        place, others = span.place or Place("", 0), self._of[key]
        if span.until is not None and span.until < span.since:
            draft.wrong(place, _BACKWARDS, name=name, since=span.since, until=span.until)
            return False
        known = [one for one in others if one.place is None and one.since == span.since]
        same = any((one.until, one.what) == (span.until, span.what) for one in known)
        if same or any(one.meets(span) for one in known):
            draft.here(place, noun, name, same=same)
            return False
        met = next((one for one in others if one.meets(span)), None)
        if met is not None:
            found = where(met.place, place)
            draft.wrong(place, _MEETS, name=name, since=met.since, until=met.until or "…", where=found)
            return False
        others.append(span)
        draft.add(place, Action.CREATE, noun, name, work)
        return True
