"""What a corpus of transfers is made of: plain values, honest draws, references and account numbers that check."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Literal, TypeVar

Kind = Literal["person", "organisation"]
Carries = Literal["exact", "other", "damaged", "none"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """A member as the association knows them: everything here may be given to a matcher.

    `name` is the one they go by in the association, `uses_name` a second one that the association knows (a nickname,
    an acronym, the name before marriage), `former_number` the one they had in an older register. `ibans` are the
    accounts they told the association of, for a deposit's return: of most members none, and never all.
    """

    number: int
    name: str
    email: str
    kind: Kind
    ibans: tuple[str, ...]
    uses_name: str
    former_number: int | None


@dataclass(frozen=True, slots=True)
class Owed:
    """A due that is open: `cents` of it remain. `period` is a year or a month (`2026`, `2026-03`)."""

    member: int
    what: str
    label: str
    period: str
    cents: int
    since: date


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that came on the association's account, and what it truly was.

    A matcher may see `day`, `cents`, `label`, `payer_name` (empty: the bank's file has no such field), `payer_iban`
    and `end_to_end`. `truth` holds (member, cents) that add up to `cents`, or nothing: not a member's payment.
    `situation`, `carries` (which reference) and `amount` tell what it was drawn from: they judge, they are not shown.
    """

    day: date
    cents: int
    label: str
    payer_name: str
    payer_iban: str | None
    end_to_end: str | None
    truth: tuple[tuple[int, int], ...]
    situation: str
    carries: Carries
    amount: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """People, and the transfers of about two years in order of time."""

    people: tuple[Person, ...]
    transfers: tuple[Transfer, ...]
    issued: tuple[Owed, ...]
    """Every due in the order of its issue, with its whole amount: some after the last transfer."""
    paid: tuple[tuple[tuple[date, int], ...], ...]
    """For each due of `issued`, what was paid of it, when, by any means, as the payer meant it."""
    _open: dict[date, tuple[Owed, ...]] = field(default_factory=dict, compare=False, repr=False)
    _ends: list[date] = field(default_factory=list, compare=False, repr=False)

    def owed_at(self, day: date) -> tuple[Owed, ...]:
        """What all members owed on the morning of that day, all earlier transfers being booked as they were meant."""
        if not self._ends:
            self._ends.extend(map(_settled, self.issued, self.paid))
        if day not in self._open:
            remaining = []
            for due, parts, end in zip(self.issued, self.paid, self._ends, strict=True):
                if due.since > day:
                    break
                if end >= day:
                    left = due.cents - sum(cents for when, cents in parts if when < day)
                    remaining.append(due if left == due.cents else replace(due, cents=left))
            self._open[day] = tuple(remaining)
        return self._open[day]


def _settled(due: Owed, parts: tuple[tuple[date, int], ...]) -> date:
    """The day on which nothing more of it remained, or never."""
    return max(when for when, _ in parts) if sum(cents for _, cents in parts) == due.cents else date.max


class Draw:
    """Draws that are the same in every release of Python: it promises as much for `random()` alone."""

    def __init__(self, *seed: object) -> None:
        self._random = Random(" ".join(str(part) for part in seed)).random
        self._decks: dict[object, list[int]] = {}

    def below(self, limit: int) -> int:
        return int(self._random() * limit)

    def between(self, first: int, last: int) -> int:
        return first + self.below(last - first + 1)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def one(self, among: Sequence[T]) -> T:
        return among[self.below(len(among))]

    def weighted(self, *among: tuple[T, int]) -> T:
        place = self.below(sum(weight for _, weight in among))
        for choice, weight in among:
            place -= weight
            if place < 0:
                return choice
        raise AssertionError("a place beyond the weights")

    def dealt(self, deck: object) -> int:
        """A number below 100 from a deck of that name, where the next twenty are spread evenly."""
        cards = self._decks.setdefault(deck, [])
        if not cards:
            cards.extend(self.shuffled(range(20)))
        return cards.pop() * 5 + self.below(5)

    def shuffled(self, among: Sequence[T]) -> list[T]:
        rest = list(among)
        return [rest.pop(self.below(len(rest))) for _ in range(len(rest))]


def reference(number: int) -> str:
    """ISO 11649: `RF`, two check digits by ISO 7064 mod 97-10, and the member's number as `M0042`."""
    return creditor_reference(f"M{number:04d}")


def creditor_reference(body: str) -> str:
    """A reference of anyone's, by the same standard."""
    return f"RF{98 - _mod97(body + 'RF00'):02d}{body}"


def references_in(text: str) -> tuple[int, ...]:
    """The numbers that valid references name in a text, once signs and blanks are out and small letters large."""
    found = []
    plain = re.sub(r"[^0-9A-Z]", "", text.upper())
    for one in re.finditer(r"(?=(RF\d\dM\d{4,9}))", plain):
        for end in range(9, len(one[1]) + 1):
            number = int(one[1][5:end])
            if reference(number) == one[1][:end]:
                found.append(number)
    return tuple(dict.fromkeys(found))


def account_number(draw: Draw) -> str:
    """A French IBAN of a bank that is none (99999): both its national key and its check digits are right."""
    branch, account = draw.below(100_000), draw.below(10**11)
    key = 97 - (89 * 99999 + 15 * branch + 3 * account) % 97
    rest = f"99999{branch:05d}{account:011d}{key:02d}"
    return f"FR{98 - _mod97(rest + 'FR00'):02d}{rest}"


def sound(iban: str) -> bool:
    """Whether an IBAN's check digits are right (ISO 13616)."""
    return _mod97(iban[4:] + iban[:4]) == 1


def bare(text: str) -> str:
    """Without accents."""
    text = text.replace("’", "'").replace("œ", "oe").replace("Œ", "OE")
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def _mod97(text: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in text)) % 97
