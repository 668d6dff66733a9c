"""What one message says: everything since the last one, in few rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from foundation.speech import PARIS, Language, Phrase
from monitoring.alerts.evaluation import What
from monitoring.alerts.rules import Severity
from monitoring.alerts.state import Told

ROWS: Final = 20
"""Rows of a message, at most: whoever has more to read has a listing."""

_ONE: Final = Phrase("{words}", "{words}")
_SEVERAL: Final = Phrase("{told} alerte(s), {mended} finie(s)", "{told} alert(s), {mended} over")
_BEGAN: Final = Phrase("■ {number} {at} : {words}", "■ {number} {at}: {words}")
_URGENT: Final = Phrase("■ {number} {at} (urgent) : {words}", "■ {number} {at} (urgent): {words}")
_OVER: Final = Phrase("● {number} {at} : c'est fini ({words})", "● {number} {at}: over ({words})")
_BRIEF: Final = Phrase("● {number} {at} : {words}, puis de nouveau bien", "● {number} {at}: {words}, then well again")
_OTHERS: Final = Phrase("… et {count} de plus.", "… and {count} more.")


@dataclass(frozen=True, slots=True)
class Digest:
    """A message: its one-row title, its rows, and the number of the last event that is in it."""

    title: str
    rows: tuple[str, ...]
    last: int

    @property
    def text(self) -> str:
        """The rows, one under the other."""
        return "\n".join(self.rows)


def digest(told: Sequence[Told], language: Language) -> Digest | None:
    """One message of all this, what is still wrong first; None where there is nothing to say."""
    if not told:
        return None
    by_alert: dict[str, list[Told]] = {}
    for one in told:
        by_alert.setdefault(one.number, []).append(one)
    wrong = [events for events in by_alert.values() if events[-1].what is What.TOLD]
    wrong.sort(key=lambda events: (events[-1].severity is not Severity.URGENT, events[-1].id))
    over = [events for events in by_alert.values() if events[-1].what is What.MENDED]
    rows = [_row(events, language) for events in (*wrong, *over)]
    left = len(rows) - ROWS
    shown = (*rows[:ROWS], _OTHERS.say(language, count=left)) if left > 0 else tuple(rows)
    return Digest(_title(wrong, over, language), shown, told[-1].id)


def for_scopes(told: Iterable[Told], scopes: frozenset[str] | None) -> list[Told]:
    """What whoever answers for these scopes is to know; None is for everything."""
    return [one for one in told if scopes is None or one.scopes & scopes]


def due(sent_at: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether a message may go: the first at once, the next after so long a time."""
    return sent_at is None or now - sent_at >= every


def _title(wrong: Sequence[Sequence[Told]], over: Sequence[Sequence[Told]], language: Language) -> str:
    if len(wrong) + len(over) == 1:
        events = (*wrong, *over)[0]
        row = _ONE.say(language, words=events[-1].words)
        return row if wrong else _OVER_TITLE.say(language, words=row)
    return _SEVERAL.say(language, told=len(wrong), mended=len(over))


_OVER_TITLE: Final = Phrase("Fini : {words}", "Over: {words}")


def _row(events: Sequence[Told], language: Language) -> str:
    last = events[-1]
    facts = {"number": last.number, "at": f"{last.at.astimezone(PARIS):%H:%M}", "words": last.words}
    if last.what is What.TOLD:
        return (_URGENT if last.severity is Severity.URGENT else _BEGAN).say(language, **facts)
    return (_BRIEF if any(one.what is What.TOLD for one in events) else _OVER).say(language, **facts)
