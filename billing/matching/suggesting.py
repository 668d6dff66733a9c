"""Suggestions for a transfer, best first, each with its reasons. Nothing here is booked: a person confirms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from billing.matching import evidence, strangers
from billing.matching.evidence import Habit, Reason
from billing.matching.knowing import Arrived, Known, Part
from billing.matching.words import Said, said_of
from foundation.money import Euros, split
from foundation.speech import Phrase

ENOUGH: Final = 40
"""Points below which nobody is suggested: a click on a wrong name costs more than a search."""
_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a movement may be: parts that add up to it, or no member's (`account` of the books, or empty: unknown).

    `certainty` is in points: they order suggestions, and are no percentage.
    """

    parts: tuple[tuple[int, Euros], ...]
    reasons: tuple[Phrase, ...]
    certainty: int
    account: str = ""
    words: str = ""


def suggest(entry: Arrived, known: Known) -> tuple[Suggestion, ...]:
    """What a movement may be, best first; empty where nothing leads to anybody. What went out is only filed."""
    said = said_of(entry.label, entry.payer)
    habits = evidence.habits(entry, said, known)
    found = list(_of_nobody(entry, said, habits))
    if entry.cents > 0:
        found += _of_members(entry, said, habits, known)
    best: dict[object, Suggestion] = {}
    for one in sorted(found, key=lambda one: (-one.certainty, one.parts)):
        best.setdefault((one.parts, one.account), one)
    return tuple(islice((one for one in best.values() if one.certainty >= ENOUGH), _MOST))


def _of_nobody(entry: Arrived, said: Said, habits: Sequence[Habit]) -> Iterable[Suggestion]:
    told = strangers.read(said, coming=entry.cents > 0)
    if told is not None and not entry.email:  # a platform names the payer, and itself in every label
        yield Suggestion((), (told.phrase,), told.points, told.account, told.words)
    for habit in habits:
        if not habit.members:
            yield Suggestion((), (habit.reason.phrase,), habit.reason.points, habit.last.account, habit.last.words)


def _of_members(entry: Arrived, said: Said, before: Sequence[Habit], known: Known) -> Iterable[Suggestion]:
    named, numbered = evidence.names(said, known), evidence.numbers(entry, known)
    habits = {habit.members: habit for habit in before if habit.members}
    groups: dict[tuple[int, ...], None] = dict.fromkeys(habits)
    groups |= dict.fromkeys((number,) for number in numbered)
    best = max((reason.points for reason in named.values()), default=0)
    groups |= dict.fromkeys((number,) for number, reason in named.items() if reason.points >= best - 45)
    groups |= dict.fromkeys(_together(entry, named, numbered, habits, known))
    for members in groups:
        if all(number in known.people for number in members):
            yield _weighed(entry, said, members, named, numbered, habits.get(members), known)


def _together(
    entry: Arrived,
    named: dict[int, Reason],
    numbered: dict[int, list[Reason]],
    habits: dict[tuple[int, ...], Habit],
    known: Known,
) -> Iterable[tuple[int, ...]]:
    """Couples and neighbours: several who may be paid for at once, where what they owe makes the amount."""
    referred = tuple(sorted(number for number, reasons in numbered.items() if reasons[0].points >= 150))
    if len(referred) > 1:
        yield referred
    near = {number for members in habits for number in members}
    near |= {number for number, reason in named.items() if reason.points >= 46}
    near |= {other for number in set(near) for other in known.pairs.get(number, ())}
    for number in [*near, *numbered]:
        sharing = tuple(sorted(known.sharing(number)))
        if 1 < len(sharing) <= 6 and _combined(entry.cents, sharing, known):
            yield sharing
    people = sorted(near)[:8]
    for rank, one in enumerate(people):
        for other in people[rank + 1 :]:
            if _combined(entry.cents, (one, other), known):
                yield (one, other)


def _weighed(
    entry: Arrived,
    said: Said,
    members: tuple[int, ...],
    named: dict[int, Reason],
    numbered: dict[int, list[Reason]],
    habit: Habit | None,
    known: Known,
) -> Suggestion:
    reasons: list[Reason] = []
    for number in members:
        reasons += numbered.get(number, [])[:2]
    if habit is not None:
        reasons.append(habit.reason)
    names = [named[number] for number in members if number in named]
    if names:
        top = max(names, key=lambda one: one.points)
        reasons.append(top if habit is None else top._replace(points=top.points // 2))
    for number in members:
        typed = evidence.given_in_motif(said, known, number)
        if typed is not None:
            reasons.append(typed)
            break
    parts, fits = _parts(entry, members, habit, known)
    if fits is not None:
        reasons.append(fits)
    points = sum(one.points for one in reasons)
    ordered = sorted(reasons, key=lambda one: -one.points)
    whole = tuple((number, Euros(cents)) for number, cents in parts)
    return Suggestion(whole, tuple(dict.fromkeys(one.phrase for one in ordered)), points)


_SAME: Final = Phrase("même montant et mêmes parts qu'avant", "same amount and same parts as before")
_SUM: Final = Phrase("somme de ce que chacun doit", "sum of what each of them owes")


def _parts(
    entry: Arrived, members: tuple[int, ...], habit: Habit | None, known: Known
) -> tuple[tuple[Part, ...], Reason | None]:
    """Each one's part of the amount, which add up to it."""
    if len(members) == 1:
        return ((members[0], entry.cents),), evidence.amount(entry.cents, members[0], known)
    if habit is not None and habit.same is not None:
        return habit.same.parts, Reason(20, _SAME)
    combined = _combined(entry.cents, members, known)
    if combined:
        return combined, Reason(30, _SUM)
    weights = [sum(due.cents for due in known.owed.get(number, ())) for number in members]
    if habit is not None:
        last = dict(habit.last.parts)
        weights = [last.get(number, 0) for number in members]
    if not any(weights):
        weights = [1] * len(members)
    return tuple(zip(members, map(int, split(entry.cents, weights)), strict=True)), None


def _combined(cents: int, members: Sequence[int], known: Known) -> tuple[Part, ...]:
    """What each owes, one or several dues, where these add up to the amount; nothing where none do."""
    options = [_options(number, known) for number in members]
    if not all(options):
        return ()
    for chosen in islice(product(*options), 600):
        if sum(chosen) == cents:
            return tuple(zip(members, chosen, strict=True))
    return ()


def _options(number: int, known: Known) -> list[int]:
    """What this member might pay at once: the membership, the oldest of each thing, all of it."""
    dues = known.owed.get(number, ())
    found: dict[int, None] = {}
    for due in dues:
        found[due.cents] = None
    if dues:
        found[sum(due.cents for due in dues)] = None
    return list(found)[:6]
