"""What is owed and paid in the made association, and nothing about how it is told to the bank."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import transfer_words as words
from transfer_facts import Owed
from transfer_lines import Line


class Dues:
    """Every due, what remains of it, and what is too much."""

    def __init__(self) -> None:
        self.issued: list[Owed] = []
        self.paid: list[list[tuple[date, int]]] = []
        self._left: list[int] = []
        self._of: dict[int, list[int]] = {}
        self._credit: dict[tuple[int, str], int] = {}

    def issue(self, due: Owed) -> int:
        """Say that it is owed; what was paid too much before pays it. Its place is given back."""
        self.issued.append(due)
        self.paid.append([])
        self._left.append(due.cents)
        place = len(self.issued) - 1
        self._of.setdefault(due.member, []).append(place)
        for what in (due.what, ""):
            credit = self._credit.pop((due.member, what), 0)
            if credit:
                self.pay(due.since - timedelta(days=1), due.member, credit, (place,), what)
        return place

    def month(self, line: Line, first: date) -> None:
        label = f"{line.label()}, {words.MONTHS[first.month - 1]} {first.year}"
        self.issue(Owed(line.member, line.what, label, f"{first:%Y-%m}", line.price(first), first))

    def left(self, place: int) -> int:
        return self._left[place]

    def open(self, members: Iterable[int], what: str | None = None) -> list[int]:
        """The places of open dues, oldest first for each member."""
        found = []
        for member in members:
            self._of[member] = [place for place in self._of.get(member, ()) if self._left[place]]
            found += [place for place in self._of[member] if what in (None, self.issued[place].what)]
        return found

    def pay(self, day: date, member: int, cents: int, meant: Iterable[int] = (), what: str = "") -> None:
        """Pay what is meant first, then what is oldest (of `what` alone); the rest waits for the next such due."""
        for place in (*meant, *self.open((member,), what or None)):
            part = min(cents, self._left[place])
            if part and self.issued[place].member == member:
                self._left[place] -= part
                self.paid[place].append((day, part))
                cents -= part
        if cents:
            self._credit[member, what] = self._credit.get((member, what), 0) + cents
