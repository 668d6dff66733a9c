"""Five thousand labelled transfers of a made association, in the manner of French banks: what judges the matcher.

`corpus()` gives them. It is written before any matcher, knows none, and is frozen: its README says what it draws.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from transfer_dues import Dues
from transfer_facts import Carries, Corpus, Draw, Owed, Person, Transfer, reference, references_in, sound
from transfer_labels import BANKS, Meant, motif, printed, spoilt, with_reference, written
from transfer_lines import Line, Typed, lines, month_before
from transfer_people import BEGINNING, Payer, Purse, association
from transfer_strangers import Stranger, Strangers

__all__ = ["SEED", "Corpus", "Owed", "Person", "Transfer", "corpus", "reference", "references_in", "sound"]

SEED, SIZE = 2026, 5000
MEMBERS = 600
"""Of a corpus of five thousand; a larger one has more, over the same two years."""


def corpus(seed: int = SEED, size: int = SIZE) -> Corpus:
    """The transfers that come to that association from January 2025 on, in order of time, until there are `size`."""
    payers = association(seed, max(40, MEMBERS * size // SIZE))
    year = _Years(seed, payers, size)
    year.run()
    return Corpus(
        tuple(payer.person for payer in payers.values()),
        tuple(year.transfers),
        tuple(year.dues.issued),
        tuple(tuple(parts) for parts in year.dues.paid),
    )


@dataclass(frozen=True, slots=True)
class _Paying:
    """A payment as it is meant: whose dues, how much for each, of which kind."""

    purse: Purse
    dues: tuple[int, ...]
    parts: tuple[tuple[int, int], ...]
    situation: str
    amount: str


class _Years:
    """The life of the association day by day: what is issued, who pays, what strangers send."""

    def __init__(self, seed: int, payers: dict[int, Payer], size: int) -> None:
        self.draw = Draw(seed, "years")
        self.payers, self.size = payers, size
        self.dues = Dues()
        self.transfers: list[Transfer] = []
        self._lines = lines(seed, payers)
        self._typed = {(line.member, line.what) for line in self._lines if line.plan in ("by hand", "irregular")}
        self._strangers = Strangers(seed, payers)
        self._agenda: list[tuple[date, int, Callable[[date], None]]] = []
        self._count = 0

    def run(self) -> None:
        self._month(BEGINNING)
        for payer in self.payers.values():
            if payer.joined > BEGINNING:
                self._at(payer.joined, partial(self._membership_due, payer))
        for line in self._lines:
            if line.plan not in ("covered", "direct debit"):
                self._begin(line)
        while len(self.transfers) < self.size:
            day, _, happens = heapq.heappop(self._agenda)
            happens(day)

    def _at(self, day: date, happens: Callable[[date], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (day, self._count, happens))

    # What is issued.

    def _month(self, first: date) -> None:
        if first.month == 1:
            for payer in self.payers.values():
                if payer.joined < first and (payer.left is None or payer.left > first):
                    self._membership_due(payer, first)
        for line in self._lines:
            if line.since <= first and (line.until is None or first < line.until):
                self.dues.month(line, first)
                if line.plan == "direct debit":
                    place = self.dues.open((line.member,), line.what)[-1:]
                    self._at(first + timedelta(days=4), self._elsewhere(line.member, place))
        for stranger in self._strangers.month(first, len(self.payers) * 100 // MEMBERS):
            self._at(_weekday(stranger.day), partial(self._from_stranger, stranger))
        self._at((first + timedelta(days=32)).replace(day=1), self._month)

    def _membership_due(self, payer: Payer, day: date) -> None:
        draw, number = self.draw, payer.person.number
        cents = draw.weighted((2000, 48), (1000, 10), (1200, 6), (1500, 16), (2500, 8), (3000, 12))
        place = self.dues.issue(Owed(number, "membership", f"Cotisation {day.year}", f"{day.year}", cents, day))
        late = draw.weighted(
            (draw.between(1, 60), 58), (draw.between(40, 130), 27), (draw.between(120, 300), 11), (0, 4)
        )
        if payer.joined == day:
            late = draw.between(1, 12)
        if draw.chance(13):  # cash, cheque, a platform
            self._at(day + timedelta(days=late + 1), self._elsewhere(number, [place]))
        elif late:
            self._at(_weekday(day + timedelta(days=late)), lambda when: self._membership(payer, place, when))

    def _elsewhere(self, member: int, places: list[int]) -> Callable[[date], None]:
        def happens(day: date) -> None:
            cents = sum(self.dues.left(place) for place in places)
            if cents:
                self.dues.pay(day, member, cents, places)

        return happens

    # Who pays.

    def _purse(self, payer: Payer) -> Purse:
        if self.draw.chance(2):  # a friend, who is a member too
            friend = self.draw.one(tuple(self.payers.values()))
            if friend.person.kind == "person":
                return friend.purses[0][0]
        return self.draw.weighted(*payer.purses)

    def _companions(self, payer: Payer, purse: Purse) -> list[int]:
        return [one for one in payer.together if self.payers[one].purses[0][0] is purse]

    def _membership(self, payer: Payer, place: int, day: date) -> None:
        draw, dues = self.draw, self.dues
        if not dues.left(place):
            return
        purse, number = self._purse(payer), payer.person.number
        chosen = [place]
        for other in self._companions(payer, purse):
            if draw.chance(80):
                chosen += dues.open((other,), "membership")[:1]
        situation = (
            "membership" if len(chosen) == 1 else "memberships of two" if len(chosen) == 2 else "memberships of several"
        )
        if len(chosen) == 1 and draw.chance(22):
            more = [one for one in dues.open((number,)) if (number, dues.issued[one].what) in self._typed]
            chosen, situation = chosen + more, "membership and line" if more else situation
        self._pay_dues(purse, chosen, situation, day, free=situation == "membership")
        if situation == "membership" and draw.chance(1):
            self._again(purse, place, day)
        if draw.chance(1):
            gift = draw.one((500, 1000, 2000, 5000))
            paying = _Paying(self._purse(payer), (), ((number, gift),), "gift of a member", "gift")
            self._at(_weekday(day + timedelta(days=draw.between(10, 90))), lambda when: self._send(paying, when))

    def _again(self, purse: Purse, place: int, day: date) -> None:
        due = self.dues.issued[place]
        again = _Paying(purse, (place,), ((due.member, due.cents),), "paid a second time", "overpaid")
        self._at(_weekday(day + timedelta(days=self.draw.between(2, 9))), lambda when: self._send(again, when))

    def _pay_dues(self, purse: Purse, chosen: Sequence[int], situation: str, day: date, free: bool = False) -> None:
        """Pay these open dues, wholly or as people do."""
        draw = self.draw
        parts: dict[int, int] = {}
        for place in chosen:
            due = self.dues.issued[place]
            parts[due.member] = parts.get(due.member, 0) + self.dues.left(place)
        total, amount = sum(parts.values()), "exact"
        first = self.dues.issued[chosen[0]].member
        months = [self.dues.issued[place].what for place in chosen if self.dues.issued[place].what != "membership"]
        if len(months) > len(set(months)) and len(parts) == 1:
            amount = "several months"
        if len(parts) == 1:
            other = total
            if free and draw.chance(13):  # prix libre: one gives what one likes
                other, amount = draw.one((1000, 1500, 2000, 2500, 3000, 1200, 4000)), "free"
            elif draw.chance(10):
                other, amount = max(100, total // 2 if draw.chance(40) else total // 500 * 500), "partial"
            elif draw.chance(5):
                other, amount = total + draw.one((100, 200, 500, 1000)), "overpaid"
            elif total % 100 and draw.chance(50):
                other, amount = -(-total // 100) * 100, "rounded"
            if other == total:
                amount = "several months" if amount == "several months" else "exact"
            elif amount in ("free", "partial") and other > total:
                amount = "overpaid"
            parts[first] = other
        self._send(_Paying(purse, tuple(chosen), tuple(parts.items()), situation, amount), day)

    def _begin(self, line: Line) -> None:
        first = max(line.since, BEGINNING)
        if line.plan != "standing":
            self._at(_weekday(first.replace(day=line.day)), lambda day: self._by_hand(line, day))
            return
        purse = self.draw.weighted(*self.payers[line.member].purses)
        line.amount = self._standing_amount(line, first)
        if line.early and line.since > BEGINNING:
            first = month_before(first)
        elif line.early:  # the first month was paid before the corpus begins
            self.dues.pay(BEGINNING - timedelta(days=3), line.member, line.amount, (), line.what)
        self._at(_weekday(first.replace(day=line.day)), lambda day: self._standing(line, purse, first, day))

    def _standing_amount(self, line: Line, day: date) -> int:
        exact = sum(part.price(day) for part in line.covers)
        if exact % 100 and self.draw.chance(45):
            return -(-exact // 100) * 100
        return -(-exact // 500) * 500 if self.draw.chance(4) else exact

    def _standing(self, line: Line, purse: Purse, month: date, day: date) -> None:
        """A standing order runs: it was meant for the day `month`, and is booked on this one."""
        if line.until is not None and day >= line.until and not self.draw.chance(60):
            return  # until then it goes on by itself, though the line is closed
        owed, rise = [part.price(day) for part in line.covers], line.prices[1][0]
        months = (day.year - rise.year) * 12 + day.month - rise.month
        if line.rises is not None and months >= line.rises and rise <= day and sum(owed) > line.amount:
            line.amount = self._standing_amount(line, day)
        before = [part.price(BEGINNING) for part in line.covers]
        total = sum(owed)
        shares = owed if line.amount >= total else before
        parts = {part.member: cents for part, cents in zip(line.covers, shares, strict=True)}
        parts[line.member] += line.amount - sum(parts.values())
        chosen = [one for part in line.covers for one in self.dues.open((part.member,), part.what)[:1]]
        amount = "exact" if line.amount == total else "old tariff" if line.amount < total else "rounded"
        if amount == "exact" and len(chosen) < len(line.covers):
            amount = "in advance"
        situation = "standing order" if len(line.covers) == 1 else "standing order for the flat"
        paying = _Paying(purse, tuple(chosen), tuple(parts.items()), situation, amount)
        self._send(paying, day, line)
        later = (month.replace(day=1) + timedelta(days=32)).replace(day=line.day)
        self._at(_weekday(later), lambda when: self._standing(line, purse, later, when))

    def _by_hand(self, line: Line, day: date) -> None:
        draw = self.draw
        payer = self.payers[line.member]
        members = [part.member for part in line.covers]
        chosen = self.dues.open(members, line.what)
        step = {"by hand": 1, "irregular": draw.between(2, 6), "quarterly": 3, "yearly": 12}[line.plan]
        forgot = line.plan == "by hand" and draw.chance(10)
        purse = self._purse(payer)
        if line.plan in ("quarterly", "yearly") and (line.until is None or day < line.until):
            ahead = step * line.price(day) + sum(self.dues.left(one) for one in chosen[:-1])
            paying = _Paying(purse, tuple(chosen), ((line.member, ahead),), line.plan, "several months")
            self._send(paying, day)
        elif chosen and not forgot:
            if line.plan == "irregular" and len(chosen) > 1 and draw.chance(25):
                chosen = chosen[: draw.between(1, len(chosen) - 1)]
            if len(members) > 1:
                chosen = [one for member in members for one in self.dues.open((member,), line.what)[:1]]
            situation = "by hand" if len(members) == 1 else "all parts of the flat"
            self._pay_dues(purse, chosen, "arrears" if line.plan == "irregular" else situation, day)
        if line.until is None or day < line.until or chosen:
            months = day.year * 12 + day.month - 1 + step
            last = draw.between(1, 28) if line.plan != "quarterly" else line.day
            self._at(_weekday(date(months // 12, months % 12 + 1, last)), lambda when: self._by_hand(line, when))

    # What the bank tells.

    def _send(self, paying: _Paying, day: date, line: Line | None = None) -> None:
        """Type it, or let the standing order run; the bank tells it; the dues are paid."""
        draw, purse = self.draw, paying.purse
        typed = (line.memory if line is not None else None) or self._typed_for(paying, day, line is None)
        account, told = typed.account, typed.told
        if len(told) == 1 and len(paying.parts) > 1:  # the reference says whose it is: all of it is theirs
            paying = _Paying(purse, paying.dues, ((told[0], sum(cents for _, cents in paying.parts)),),
                             "one reference for the dues of several", paying.amount)  # fmt: skip
        instant = line is None and draw.chance(25)
        for way in typed.ways:
            told_by_bank = printed(draw, account, way[0], day, instant, way[1])
            found = self._references(told_by_bank.label, told_by_bank.end_to_end)
            if set(found) == set(told):
                break
        if line is not None:
            line.memory = replace(typed, ways=(way,))
        carries = self._carries(found, typed.ref, f"{told_by_bank.label} {told_by_bank.end_to_end or ''}", purse)
        self.transfers.append(
            Transfer(day, sum(cents for _, cents in paying.parts), told_by_bank.label, told_by_bank.name,
                     told_by_bank.iban, told_by_bank.end_to_end, paying.parts, self._situation(paying), carries,
                     paying.amount)
        )  # fmt: skip
        for member, cents in paying.parts:
            self.dues.pay(day, member, cents, paying.dues, line.what if line is not None else "")

    def _typed_for(self, paying: _Paying, day: date, once: bool) -> Typed:
        draw, purse = self.draw, paying.purse
        account = purse.accounts[0 if draw.chance(78) else draw.below(len(purse.accounts))]
        said = motif(draw, purse, account, self._meant(paying, day))
        ref, told = self._reference(purse, [member for member, _ in paying.parts], once)
        if not ref:
            return Typed(account, ref, told, ((said, ""),))
        short = reference(told[0]) if len(told) == 1 else ref
        ways = [(with_reference(draw, said, ref), ""), (ref, ""), (short, "")]
        apart = [(said, short)] if told and BANKS[account.bank].end_to_end else []
        return Typed(account, ref, told, (*apart, *ways) if draw.chance(15) else (*ways, *apart))

    def _reference(self, purse: Purse, members: list[int], once: bool) -> tuple[str, tuple[int, ...]]:
        """What is typed as a reference, and whom it truly names."""
        draw = self.draw
        exact, wrong = {"always": (88, 7), "sometimes": (48, 9), "never": (0, 5)}[purse.habit]
        if members[0] not in purse.owners:  # whoever pays for somebody else copies what they were sent
            exact, wrong = {"always": (92, 5), "sometimes": (72, 6), "never": (10, 5)}[purse.habit]
        chance = draw.below(100) if once else draw.dealt(exact)  # a standing order repeats it for two years
        if chance < exact:
            if len(members) == 1:
                return written(draw, members[0]), (members[0],)
            if len(members) == 2 and chance < exact * 7 // 10:
                return " ".join(reference(member) for member in members), tuple(members)
            if once and chance < exact * 8 // 10:
                return written(draw, members[0]), (members[0],)
        elif chance < exact + wrong:
            payer = self.payers[members[0]]
            return spoilt(draw, members[0], payer.person.former_number, tuple(self.payers)), ()
        return "", ()

    def _references(self, label: str, end_to_end: str | None) -> list[int]:
        found = (*references_in(label), *references_in(end_to_end or ""))
        return [number for number in dict.fromkeys(found) if number in self.payers]

    def _carries(self, found: list[int], ref: str, shown: str, purse: Purse) -> Carries:
        if found:
            return "exact" if any(number in purse.owners for number in found) else "other"
        wanted, plain = (re.sub(r"[^0-9A-Z]", "", text.upper()) for text in (ref.replace("°", ""), shown))
        return "damaged" if wanted and wanted[: max(4, min(len(wanted), 6))] in plain else "none"

    def _meant(self, paying: _Paying, day: date) -> Meant:
        dues = tuple((self.dues.issued[place].what, self.dues.issued[place].period) for place in paying.dues)
        named = []
        for payer in [self.payers[member] for member, _ in paying.parts]:
            person = payer.person
            if person.number not in paying.purse.owners or (len(paying.purse.owners) > 1 and self.draw.chance(45)):
                named.append(person.name)
            elif person.uses_name and self.draw.chance(25):
                named.append(person.uses_name)
            elif payer.trait and person.kind == "person" and self.draw.chance(30):
                named.append(person.name)
        if paying.situation == "gift of a member":
            dues = ()
        return Meant(day, sum(cents for _, cents in paying.parts), dues, tuple(named[:3]))

    def _situation(self, paying: _Paying) -> str:
        first = self.payers[paying.parts[0][0]]
        if paying.purse.relation in ("parent", "employer"):
            who = "paid by a parent" if paying.purse.relation == "parent" else "paid by an employer"
        elif first.person.number not in paying.purse.owners:
            who = "paid by another member"
        elif len(paying.purse.owners) > 1 or paying.purse.relation == "joint":
            who = "joint account"
        else:
            who = first.trait
        return f"{paying.situation}, {who}" if who else paying.situation

    def _from_stranger(self, stranger: Stranger, day: date) -> None:
        told = stranger.printed
        self.transfers.append(
            Transfer(day, stranger.cents, told.label, told.name, told.iban, told.end_to_end, (), stranger.situation,
                     "none", "not owed")
        )  # fmt: skip


def _weekday(day: date) -> date:
    """Banks book on working days: a Saturday's or Sunday's is Monday's."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
