"""What speaks for whom, in points: names, numbers, accounts seen before, amounts. Each with its sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Final, NamedTuple

from billing.matching.knowing import ACCOUNT, BEGINNING, EMAIL, LABEL, PAYER, Arrived, Before, Known, Owed, sources
from billing.matching.words import PARTICLES, Said, hinted_numbers, initials_and_names, joint, mended, valid_references
from foundation.speech import LANGUAGES, Phrase
from inventory.numbers import shown


class Reason(NamedTuple):
    """Points for a suggestion, and why."""

    points: int
    phrase: Phrase


class Habit(NamedTuple):
    """Who was paid for from one source, and how surely it will be so again."""

    members: tuple[int, ...]
    reason: Reason
    last: Before
    same: Before | None


WEIGHTS: Final = {ACCOUNT: 100, EMAIL: 95, LABEL: 92, PAYER: 74, f"{BEGINNING} 3": 66, f"{BEGINNING} 2": 50}
_SEEN: Final = {
    ACCOUNT: Phrase("compte déjà vu pour {whom}", "account seen before for {whom}"),
    EMAIL: Phrase("adresse e-mail déjà vue pour {whom}", "e-mail address seen before for {whom}"),
    LABEL: Phrase("même libellé qu'avant, pour {whom}", "same label as before, for {whom}"),
    PAYER: Phrase("même nom de payeur qu'avant, pour {whom}", "same payer's name as before, for {whom}"),
}
_BEGUN: Final = Phrase("libellé qui commence comme avant, pour {whom}", "label that begins as before, for {whom}")
_NOBODY: Final = Phrase("personne (classé)", "nobody (filed)")


def habits(entry: Arrived, said: Said, known: Known) -> list[Habit]:
    """Whom what came before from the same source was for."""
    best: dict[tuple[int, ...], tuple[int, str, Before, Before | None]] = {}
    for source in sources(entry, said):
        past = known.before(source)[-40:]
        count = Counter(one.members for one in past)
        count.update(one.members for one in past[-3:] for _ in "xx")  # what is recent counts thrice
        whole = sum(count.values())
        for members, seen in count.items():
            own = [one for one in past if one.members == members]
            same = next((one for one in reversed(own) if one.cents == entry.cents), None)
            points = WEIGHTS[source.sort] * (seen + whole) // (2 * whole) + (14 if same is not None else 0)
            if members not in best or best[members][0] < points:
                best[members] = points, source.sort, own[-1], same
    return [
        Habit(members, Reason(points, _of(_SEEN.get(sort, _BEGUN), members)), last, same)
        for members, (points, sort, last, same) in best.items()
    ]


def _of(phrase: Phrase, members: tuple[int, ...]) -> Phrase:
    return _say(phrase, spelled(members)) if members else _filed(phrase)


@cache
def _filed(phrase: Phrase) -> Phrase:
    return Phrase.said(*(phrase.say(language, whom=_NOBODY) for language in LANGUAGES))


def spelled(members: Iterable[int]) -> str:
    """Their numbers, as people read them."""
    return ", ".join(shown("M", number) for number in members)


_FULL: Final = Phrase("nom entier de {whom}", "whole name of {whom}")
_INITIAL: Final = Phrase("nom et initiale de {whom}", "surname and initial of {whom}")
_SURNAME: Final = Phrase("nom de famille de {whom}", "surname of {whom}")
_OTHER_GIVEN: Final = Phrase("nom de famille de {whom}, autre prénom", "surname of {whom}, another given name")
_GROUP: Final = Phrase("nom de {whom}", "name of {whom}")
_GIVEN: Final = Phrase("prénom ou surnom de {whom} dans le libellé", "given or other name of {whom} in the label")


def names(said: Said, known: Known) -> dict[int, Reason]:
    """The members whose name stands in a transfer, and how much of it."""
    words = set(said.whole.split())
    found: set[int] = set()
    for word in words:
        found |= known.bearing.get(word, set())
    if len(said.cut) >= 3:
        found.update(known.beginning(said.cut))
    if not found:
        found.update(known.within(said.squeezed))
    scored: dict[int, Reason] = {}
    for number in found:
        reason = _named(said, known, number)
        if reason is not None:
            scored[number] = reason
    return scored


def _named(said: Said, known: Known, number: int) -> Reason | None:
    best: Reason | None = None
    person = known.people[number]
    for given, surname in known.names[number]:
        if person.organisation:
            reason = _of_group(said, surname, number)
        else:
            reason = max(
                (each for each in (_of_person(part, said, given, surname, number) for part in _parts(said)) if each),
                default=None,
                key=lambda each: each.points,
            )
        if reason is not None and (best is None or reason.points > best.points):
            best = reason
    return best


def _parts(said: Said) -> tuple[tuple[str, bool], ...]:
    """The places where a name may stand: who pays, and what they wrote."""
    if said.holder and said.motif:
        return ((said.holder, True), (said.motif, False))
    return ((said.holder or said.motif, bool(said.holder)),)


def _of_person(
    part: tuple[str, bool], said: Said, given: tuple[str, ...], surname: tuple[str, ...], number: int
) -> Reason | None:
    text, holder = part
    words = text.split()
    has = set(words)
    at_end = said.cut if text.endswith(said.cut) else ""

    def there(word: str) -> bool:
        return word in has or (len(at_end) >= 3 and len(at_end) < len(word) and word.startswith(at_end))

    told = [word for word in surname if word not in PARTICLES] or list(surname) or list(given)
    squeezed = "".join(words)
    whole = all(there(word) for word in told) or (len("".join(surname)) >= 5 and "".join(surname) in squeezed)
    some = any(there(word) for word in told if len(word) > 2)
    if not whole and not some:
        return None
    full = bool(given) and (all(there(word) for word in given) or (len(given[0]) > 3 and "".join(given) in squeezed))
    partly = bool(given) and there(given[0])
    whom = shown("M", number)
    first = given[0][0] if given else ""
    others = [word for word in initials_and_names(text) if word not in surname and word not in given]
    if whole and (full or partly):
        return Reason(68 if full else 60, _say(_FULL, whom))
    if whole and first and first in has - {"M"} | (_initials(words)):
        return Reason(50, _say(_INITIAL, whom))
    if not whole:
        return (
            Reason(46 if full else 18, _say(_FULL if full else _SURNAME, whom))
            if full or partly
            else (Reason(12, _say(_SURNAME, whom)) if holder else None)
        )
    if not holder:
        return Reason(32, _say(_SURNAME, whom))
    long = [word for word in others if len(word) > 2]
    if not long or joint(text):
        return Reason(38, _say(_SURNAME, whom))
    return Reason(26, _say(_OTHER_GIVEN, whom))


def _initials(words: list[str]) -> set[str]:
    """Single letters that are no title: an M at the very beginning is one."""
    return {word for rank, word in enumerate(words) if len(word) == 1 and (word != "M" or rank > 0)}


def _of_group(said: Said, name: tuple[str, ...], number: int) -> Reason | None:
    has = set(said.whole.split())
    told = [word for word in name if len(word) > 3 and word not in PARTICLES]
    whom = shown("M", number)
    if len(name) == 1:
        return Reason(60, _say(_GROUP, whom)) if name[0] in has else None
    if len(told) < 2:
        return None
    begun = tuple(one for one in has if len(one) >= 4) + ((said.cut,) if len(said.cut) >= 2 else ())
    seen = [word for word in told if word.startswith(begun)]
    if len(seen) < 2:
        return None
    return Reason(20 + 50 * len(seen) // len(told), _say(_GROUP, whom))


_VALID: Final = Phrase("référence de {whom}", "reference of {whom}")
_DAMAGED: Final = Phrase("référence de {whom}, à une faute près", "reference of {whom}, but for a slip")
_NUMBER: Final = Phrase("numéro {whom} dans le libellé", "number {whom} in the label")
_FORMER: Final = Phrase("ancien numéro de {whom} dans le libellé", "former number of {whom} in the label")
_ADDRESS: Final = Phrase("adresse e-mail de {whom}", "e-mail address of {whom}")
_TOLD: Final = Phrase("compte que {whom} a dit être le sien", "account that {whom} told of")


def numbers(entry: Arrived, known: Known) -> dict[int, list[Reason]]:
    """The members whom a number, a reference, an address or a told account names."""
    found: dict[int, list[Reason]] = {}

    def add(number: int, points: int, phrase: Phrase) -> None:
        if number in known.people:
            found.setdefault(number, []).append(Reason(points, _say(phrase, shown("M", number))))

    valid = [one for one in valid_references(entry.texts) if one in known.people]
    for number in valid:
        add(number, 150, _VALID)
    if not valid:
        _hinted(entry, known, add)
    for number in known.emails.get(entry.email.lower(), ()) if entry.email else ():
        add(number, 90, _ADDRESS)
    for number in known.accounts.get(entry.account, ()) if entry.account else ():
        add(number, 85, _TOLD)
    return found


def _hinted(entry: Arrived, known: Known, add: Callable[[int, int, Phrase], None]) -> None:
    """Numbers without a reference, references with a slip."""
    hints = hinted_numbers(entry.texts)
    for number in hints:
        add(number, 38, _NUMBER)
        for other in known.formers.get(number, ()):
            add(other, 30, _FORMER)
    for number in mended(entry.texts, known.references):
        if number not in hints:
            add(number, 34, _DAMAGED)


_ONE_DUE: Final = Phrase("montant exact d'un dû ouvert", "amount of an open due")
_ALL_DUES: Final = Phrase("montant exact de ce qui est dû", "amount of all that is owed")
_SOME_DUES: Final = Phrase("montant de plusieurs dus ouverts", "amount of several open dues")
_USUAL: Final = Phrase("montant habituel", "the usual amount")
_ROUND: Final = Phrase("montant dû, arrondi", "amount owed, rounded up")
_MONTHS: Final = Phrase("plusieurs fois un dû ouvert", "several times an open due")


def amount(cents: int, member: int, known: Known) -> Reason | None:
    """How well an amount fits what a member owes or gives."""
    dues = known.owed.get(member, [])
    total = sum(due.cents for due in dues)
    if any(due.cents == cents for due in dues):
        return Reason(20, _ONE_DUE)
    if dues and total == cents:
        return Reason(22, _ALL_DUES)
    if cents in known.usual.get(member, ()):
        return Reason(14, _USUAL)
    if cents in _sums(dues):
        return Reason(17, _SOME_DUES)
    if any(due.cents < cents <= -(-due.cents // 500) * 500 for due in dues):
        return Reason(8, _ROUND)
    if any(due.cents and cents % due.cents == 0 and cents <= 12 * due.cents for due in dues):
        return Reason(6, _MONTHS)
    return None


def _sums(dues: list[Owed]) -> set[int]:
    """What the oldest dues add up to, one after the other, of all and of each thing; and of any two."""
    found, running = set[int](), 0
    by_what: dict[str, int] = {}
    for due in dues[:24]:
        running += due.cents
        by_what[due.what] = by_what.get(due.what, 0) + due.cents
        found |= {running, by_what[due.what]}
    found |= {one.cents + other.cents for one in dues[:8] for other in dues[:8] if one is not other}
    return found


def given_in_motif(said: Said, known: Known, number: int) -> Reason | None:
    """Whether what was typed names this member, by a given or another name, beside who pays."""
    if not said.motif:
        return None
    words = said.motif.split()
    for given, surname in known.names.get(number, ()):
        for word in (given or surname)[:1]:
            if len(word) > 2 and words.count(word) > (0 if said.holder else 1 if word in words[:4] else 0):
                return Reason(16, _say(_GIVEN, shown("M", number)))
    return None


@lru_cache(maxsize=20_000)
def _say(phrase: Phrase, whom: str) -> Phrase:
    return Phrase.said(*(phrase.say(language, whom=whom) for language in LANGUAGES))
