"""What an association knows when a transfer comes: its members, what is open, and what was confirmed before."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from billing.matching.words import PARTICLES, Said, folded, named, payer_key, said_of
from billing.reference import reference_of

Part = tuple[int, int]
"""A member's number, and cents."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as far as a transfer may name them. `names` are the one they go by, and others that are known."""

    number: int
    names: tuple[str, ...]
    emails: tuple[str, ...] = ()
    organisation: bool = False
    former: int | None = None
    accounts: tuple[str, ...] = ()


class Owed(NamedTuple):
    """A due that is open, with the cents that are left of it. `what` is a line's number or `membership`."""

    member: int
    what: str
    cents: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A movement, as the bank tells it."""

    day: date
    cents: int
    label: str
    payer: str = ""
    account: str = ""
    email: str = ""
    end_to_end: str = ""
    reference: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Where a payer may have written."""
        return tuple(text for text in (self.label, self.reference, self.end_to_end) if text)


class Before(NamedTuple):
    """A movement that someone said what it was: whose (`parts`), or nobody's, then filed under an account."""

    members: tuple[int, ...]
    parts: tuple[Part, ...]
    cents: int
    account: str
    words: str


class Source(NamedTuple):
    """By what a movement is known again: a sort (account, wallet, address, label, payer…) and its value."""

    sort: str
    value: str


ACCOUNT: Final = "account"
EMAIL: Final = "email"
LABEL: Final = "label"
PAYER: Final = "payer"
BEGINNING: Final = "beginning"


class Known:
    """Grows as transfers are confirmed; what is owed is told anew for each day."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people: dict[int, Person] = {}
        self.names: dict[int, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        self.bearing: defaultdict[str, set[int]] = defaultdict(set)
        self.emails: dict[str, set[int]] = defaultdict(set)
        self.accounts: defaultdict[str, set[int]] = defaultdict(set)
        self.references: dict[str, int] = {}
        self.formers: defaultdict[int, set[int]] = defaultdict(set)
        self.owed: dict[int, list[Owed]] = {}
        self.usual: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self.pairs: defaultdict[int, set[int]] = defaultdict(set)
        self._sharing: defaultdict[str, list[int]] = defaultdict(list)
        self._before: defaultdict[Source, list[Before]] = defaultdict(list)
        for person in people:
            self._meet(person)
        self._words = sorted(self.bearing)

    def _meet(self, person: Person) -> None:
        number = person.number
        self.people[number] = person
        self.references[reference_of(number)] = number
        self.names[number] = []
        for name in person.names:
            given, surname = ((), tuple(folded(name).split())) if person.organisation else named(name)
            if not (given or surname):
                continue
            self.names[number].append((given, surname))
            for word in surname or given:
                if word not in PARTICLES or len(surname) == 1:
                    self.bearing[word].add(number)
            if len(surname) > 1:
                self.bearing["".join(surname)].add(number)
        for email in person.emails:
            self.emails[email.lower()].add(number)
        for account in person.accounts:
            self.accounts[account].add(number)
        if person.former is not None:
            self.formers[person.former].add(number)

    def beginning(self, cut: str) -> Iterator[int]:
        """Members one of whose names begins so: where a bank cuts, it cuts in the middle of words."""
        for word in self._words[bisect_left(self._words, cut) :]:
            if not word.startswith(cut):
                break
            yield from self.bearing[word]

    def within(self, squeezed: str) -> Iterator[int]:
        """Members one of whose names, of five letters or more, stands in a text without blanks."""
        for word in self._words:
            if len(word) >= 5 and word in squeezed:
                yield from self.bearing[word]

    def owe(self, dues: Iterable[Owed]) -> None:
        """Say what is open now, the oldest of each member first."""
        self.owed, self._sharing = {}, defaultdict(list)
        for due in dues:
            self.owed.setdefault(due.member, []).append(due)
            of_line = due.what[:1] == "L" and due.what[1:].isdigit()
            if of_line and due.member not in self._sharing[due.what]:
                self._sharing[due.what].append(due.member)

    def sharing(self, member: int) -> tuple[int, ...]:
        """Those who have dues open for a line that this member has dues for, the member included."""
        found = dict.fromkeys([member])
        for due in self.owed.get(member, ()):
            found |= dict.fromkeys(self._sharing.get(due.what, ()))
        return tuple(found)

    def learn(self, entry: Arrived, parts: Iterable[Part], *, account: str = "", words: str = "") -> None:
        """Remember what a movement was: whose, or nobody's and filed under an account of the books."""
        whole = tuple(parts)
        before = Before(tuple(sorted(number for number, _ in whole)), whole, entry.cents, account, words)
        for source in sources(entry, said_of(entry.label, entry.payer)):
            self._before[source].append(before)
        for number, cents in before.parts:
            self.usual[number][cents] = self.usual[number].get(cents, 0) + 1
        if len(before.parts) > 1:
            for number, _ in before.parts:
                self.pairs[number].update(other for other, _ in before.parts if other != number)

    def before(self, source: Source) -> list[Before]:
        """What came from there, the oldest first."""
        return self._before.get(source, [])


def sources(entry: Arrived, said: Said) -> list[Source]:
    """By what a movement is known again, the surest first."""
    found = []
    if entry.account:
        found.append((ACCOUNT, entry.account))
    if entry.email:
        found.append((EMAIL, entry.email.lower()))
    if said.told:
        found.append((LABEL, f"{entry.payer}|{said.told}"))
    if said.holder:
        found.append((PAYER, said.holder))
    elif said.motif:
        found += [(f"{BEGINNING} {most}", payer_key(said, most=most)) for most in (3, 2)]
    # What goes out to someone says nothing of what comes from them.
    return [Source(sort, value if entry.cents > 0 else f"- {value}") for sort, value in found]
