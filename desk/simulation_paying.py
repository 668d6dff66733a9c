"""How money comes in a year that is made up: by habit, by hand, late, with references right, wrong and damaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from billing import payments
from billing.balance import balances_of
from billing.models import Means
from desk.simulation_bank import Bank, GivenBack, Other, Received
from desk.simulation_facts import Facts, Truth
from desk.simulation_life import Moment
from desk.simulation_people import BY_HAND, Habit, Person, cut, damaged, label, plain, spaced
from foundation.money import Euros
from inventory import members

_LATE: Final = (5, 9, 12)
_QUARTERLY: Final = (1, 4, 7, 10)
_WRONG: Final = (2, 5, 10)
_COUPLES: Final = 4
_EVERYONE: Final = 10_000


@dataclass
class Money:
    """Who pays what on which day, by transfer or by hand; the bank knows of it at once, the association later."""

    draw: Random
    bank: Bank
    facts: Facts
    people: list[Person]
    cheques: list[tuple[str, str, Euros]] = field(default_factory=list)
    cash: int = 0
    bounced: tuple[str, str] | None = None
    mistaken: set[int] = field(default_factory=set)
    refunded: set[str] = field(default_factory=set)

    def couples(self) -> dict[str, Person]:
        """Who pays for another one too: the first ones who owe and pay by transfer, by number."""
        able = [one for one in self.people[:60] if one.habit == Habit.OWED and not one.organisation]
        return {one.shown: other for one, other in zip(able[:_COUPLES], able[_COUPLES : 2 * _COUPLES], strict=False)}

    def round(self, now: Moment) -> None:
        """Everyone whose day it is pays as they do."""
        paired = self.couples()
        seconds = {one.shown for one in paired.values()}
        payers = [one for one in self.people if one.day == now.day.day and one.shown not in seconds]
        payers = [one for one in payers if one.shown not in self.refunded]
        if not payers:
            return
        everyone = [*payers, *(paired[one.shown] for one in payers if one.shown in paired)]
        owed = self.owed(now, everyone)
        for person in payers:
            other = paired.get(person.shown)
            if other is not None and owed[person.shown] > 0 and owed[other.shown] > 0:
                self._together(now.day, person, other, owed)
                continue
            for one in (person, other):
                if one is not None:
                    self._pay(now, one, self._amount(now.day, one, owed[one.shown]))

    def owed(self, now: Moment, people: Sequence[Person]) -> dict[str, Euros]:
        """What each of them owes as they are told; negative where they are ahead."""
        wanted = {one.shown for one in people}
        rows = [row for row in members.list_members(now.session, left=True, limit=_EVERYONE) if str(row) in wanted]
        found = balances_of(now.session, rows, now.day)
        return {str(row): -found[row.id].amount for row in rows}

    def _amount(self, day: date, person: Person, owed: Euros) -> Euros:
        match person.habit:
            case Habit.NEVER:
                return Euros(0)
            case Habit.STANDING if person.left is None:
                person.standing = person.standing or int(max(owed, Euros(0)))
                return Euros(person.standing)
            case Habit.AHEAD if person.left is None:
                return Euros(12 * owed) if day.month == 1 and owed > 0 else Euros(0)
            case Habit.QUARTERLY if day.month not in _QUARTERLY:
                return Euros(0)
            case Habit.LATE if day.month not in _LATE:
                return Euros(0)
            case Habit.LATE if day.month == _LATE[0] and owed > 200:
                return Euros(owed // 2)
        wanted = max(owed, Euros(0))
        # Some round up, to be ahead a little.
        return Euros(-(-wanted // 1000) * 1000) if wanted and self.draw.random() < 0.05 else wanted

    def _pay(self, now: Moment, person: Person, cents: Euros) -> None:
        if cents <= 0:
            return
        if person.habit in BY_HAND:
            self._by_hand(now, person, cents)
        else:
            self._transfer(now.day, person, cents, self._mark(now.day, person))

    def _mark(self, day: date, person: Person) -> str:
        if day.month in _WRONG and day.month not in self.mistaken and person.mark == "exact":
            self.mistaken.add(day.month)
            return "wrong"
        if person.mark == "exact" and self.draw.random() < 0.03:
            return self.draw.choice(("none", "damaged", "cut"))
        return person.mark

    def _transfer(self, day: date, person: Person, cents: Euros, mark: str) -> None:
        payer, wrongly, structured = person.payer(), "", ""
        match mark:
            case "wrong":
                others = [one for one in self.people if one.left is None and one.shown != person.shown]
                other = self.draw.choice(others)
                wrongly, written = other.shown, other.reference
            case "damaged":
                written = damaged(self.draw, person.reference)
            case "cut":
                written = cut(person.reference)
            case "none":
                written = ""
            case _:
                written = spaced(self.draw, person.reference)
                if self.draw.random() < 0.3:
                    structured, written = person.reference, ""
        truth = Received((Truth(person.shown, cents),), mark, wrongly)
        self._arrive(day, cents, payer, person, written, truth, structured)

    def _arrive(
        self, day: date, cents: Euros, payer: str, person: Person, written: str, truth: Received, structured: str = ""
    ) -> None:
        words = label(self.draw, payer, written)
        self.bank.move(day, cents, words, truth, payer=payer, iban=person.iban, reference=structured)

    def _together(self, day: date, person: Person, other: Person, owed: dict[str, Euros]) -> None:
        """One transfer for two, with both references or with none."""
        parts = tuple(Truth(one.shown, owed[one.shown]) for one in (person, other))
        cents = parts[0].cents + parts[1].cents
        two = self.draw.random() < 0.5
        written = f"{person.reference} {other.reference}" if two else f"ET {plain(other.name)}"
        self._arrive(day, cents, person.payer(), person, written, Received(parts, "two" if two else "none"))

    def _by_hand(self, now: Moment, person: Person, cents: Euros) -> None:
        means = Means.CASH if person.habit == Habit.CASH else Means.CHEQUE
        number = str(self.draw.randrange(10**6, 10**7))
        made = payments.record_payment(
            now.session, now.act, now.member(person.shown), cents, date=now.day, means=means,
            reference="" if means == Means.CASH else number,
        )  # fmt: skip
        fact = self.facts.payment(now.day, now.day, cents, means, [Truth(person.shown, cents)], "hand")
        if means == Means.CASH:
            self.cash += int(cents)
        else:
            self.cheques.append((str(made), fact, cents))

    def give(self, now: Moment, person: Person) -> None:
        """A gift apart from what one owes: by transfer, in cash, or more than one owes with a word for the rest."""
        cents, way = Euros(self.draw.choice((500, 1000, 2000, 3000, 5000))), self.draw.randrange(3)
        owed = self.owed(now, [person])[person.shown]
        if way == 0:
            payments.record_gift(now.session, now.act, now.member(person.shown), cents, date=now.day, means=Means.CASH)
            self.facts.payment(now.day, now.day, cents, Means.CASH, [Truth(person.shown, cents, gift=True)], "hand")
            self.cash += int(cents)
            return
        parts = [Truth(person.shown, cents, gift=True)]
        if way == 1 and owed > 0 and person.habit not in BY_HAND:
            parts.insert(0, Truth(person.shown, owed))
        total = sum((one.cents for one in parts), Euros(0))
        self._arrive(now.day, total, person.payer(), person, "DON MERCI", Received(tuple(parts), "none"))

    def from_nobody(self, day: date) -> None:
        """Money of which nobody finds out whose it is."""
        cents = Euros(self.draw.randrange(500, 4000))
        self.bank.move(day, cents, f"VIREMENT {self.draw.randrange(10**8)}", Received((), "none"))

    def carry_cheques(self, day: date) -> None:
        """The cheques received since the last time are carried to the bank."""
        total = sum((cents for _, _, cents in self.cheques), Euros(0))
        if total:
            self.bank.move(day, total, f"REMISE DE {len(self.cheques)} CHEQUES", Other("cheques"))
        self.cheques.clear()

    def bounce(self, day: date) -> None:
        """A cheque that is about to be carried will come back: the bank takes it off again a week later."""
        if self.bounced is None and self.cheques:
            payment, fact, cents = self.cheques[-1]
            self.bounced = payment, fact
            self.bank.move(day, -cents, "CHEQUE IMPAYE", Other("cheques"))

    def reverse_bounced(self, now: Moment) -> None:
        """The statement told of a cheque that came back: its payment counts no more."""
        if self.bounced is not None and self.bounced != ("", ""):
            payment, fact = self.bounced
            payments.reverse(now.session, now.act, payments.find_payment(now.session, payment), "chèque impayé")
            self.facts.note("return", now.day, payment=fact, day=now.day, reason="chèque impayé")
            self.bounced = "", ""

    def carry_cash(self, day: date) -> None:
        """Half of what is in the cash box is carried to the bank."""
        cents = Euros(self.cash // 2)
        if cents:
            self.cash -= int(cents)
            self.bank.move(day, cents, "VERSEMENT ESPECES", Other("cash"))

    def refund(self, now: Moment, person: Person) -> None:
        """What someone is ahead is transferred back to them."""
        ahead = -self.owed(now, [person])[person.shown]
        if ahead > 0:
            self.refunded.add(person.shown)
            self.bank.move(
                now.day, -ahead, f"VIR EMIS {person.payer()} REMBOURSEMENT", GivenBack(person.shown),
                payer=person.payer(), iban=person.iban,
            )  # fmt: skip

    def expenses(self, day: date, scaled: Callable[[int], int]) -> None:
        """What the association pays in a month, and what others give it; `scaled` to how many members it has."""
        for rank, (account, words, least, most) in enumerate(_EXPENSES):
            if day.day == 8 + 4 * rank:
                self.bank.move(day, Euros(-scaled(self.draw.randrange(least, most))), words, Other(account))
        if (day.month, day.day) in _GRANTS:
            account, words, cents = _GRANTS[day.month, day.day]
            self.bank.move(day, Euros(scaled(cents)), words, Other(account))


_EXPENSES: Final = (
    ("wholesale", "PRLV COLLECTE DSL", 90000, 120000),
    ("energy", "PRLV ELECTRICITE", 9000, 16000),
    ("rent", "PRLV DEMI BAIE", 21000, 21001),
    ("fees", "FRAIS DE TENUE DE COMPTE", 450, 900),
)
_GRANTS: Final = {
    (1, 3): ("grants", "SUBVENTION DE LA VILLE", 500_000),
    (12, 31): ("interest", "INTERETS CREDITEURS", 3217),
}
