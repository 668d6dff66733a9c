"""The rules by which an invoice is weighed against the inventory and against what was billed before. Pure.

1. A row whose item is common to all names no line, and is left alone; any other must name a line that is bought here.
2. What gives back (an amount below nothing) lessens what is found on the same line for the same days.
3. A subscription must lie within what is bought, to the day: the day on which that ends may still be billed.
4. Technology, offer, repair time and rate, where the row says them, are those of the inventory on some day of it.
5. Nothing is billed twice: the same item of the same line, for days in common, here or on an earlier invoice.
6. The amount is that of the agreed price where there is one, else of the last invoice that billed whole months of it.
7. A line that is bought for the whole period of the invoice is named by it, or by another one for the same days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from billing.invoices import findings as say
from billing.invoices import prices, rates
from billing.invoices.covered import billable, outside, terms_of
from billing.invoices.facts import Billed, Bought, Period, Statement, Stock
from billing.invoices.findings import Fault, Finding
from foundation.money import Euros
from foundation.speech import Phrase
from inventory.models.lines import Technology


class Other(NamedTuple):
    """A row of another invoice that is kept: `first` where it was read before, `earlier` where its day is."""

    invoice: str
    billed: Billed
    first: bool = True
    earlier: bool = True


class _Price(NamedTuple):
    """What an item of a line last cost a month, and on which invoice."""

    monthly: Fraction
    invoice: str


@dataclass(slots=True)
class _Credit:
    """What is left of an amount that was given back for these days."""

    period: Period
    left: int


def check(statement: Statement, stock: Stock, others: Sequence[Other] = ()) -> tuple[Finding, ...]:
    """What is amiss, row by row, then the lines that no row names."""
    return tuple(_Weighing(statement, stock, others).findings())


class _Weighing:
    """One invoice on the scales."""

    def __init__(self, statement: Statement, stock: Stock, others: Sequence[Other]) -> None:
        self.statement, self.stock, self.others = statement, stock, others
        self.seen: defaultdict[tuple[str, str], list[tuple[str, Billed]]] = defaultdict(list)
        self.last: dict[tuple[str, str], _Price] = {}
        self.dearest: dict[str, Fraction] = {}
        self.credits: defaultdict[str, list[_Credit]] = defaultdict(list)
        self.named: defaultdict[str, list[Billed]] = defaultdict(list)
        self.bought = {one.rank: self._bought(one) for one in statement.lines}
        for other in others:
            found = self._bought(other.billed)
            if found is not None:
                self._remember(found.line, other)
        for one in statement.lines:
            found = self.bought[one.rank]
            if found is not None:
                self._name(found.line, one)

    def findings(self) -> Iterator[Finding]:
        """All of them."""
        for one in self.statement.lines:
            bought = self.bought[one.rank]
            if one.common:
                continue
            if bought is None or not (bought.accesses or bought.living):
                yield self._unknown(one)
            elif one.cents >= 0:
                yield from self._of_charge(one, bought)
        yield from self._unbilled()

    def _of_charge(self, one: Billed, bought: Bought) -> Iterator[Finding]:
        if not one.once:
            yield from self._outside(one, bought)
            yield from self._options(one, bought)
        yield from self._twice(one, bought.line)
        yield from self._price(one, bought.line)
        self.seen[bought.line, one.what].append(("", one))

    def _remember(self, line: str, other: Other) -> None:
        """What another invoice says of a line: named, given back, billed first, and at what price before."""
        one = other.billed
        self._name(line, one)
        if one.cents <= 0:
            return
        if other.first:
            self.seen[line, one.what].append((other.invoice, one))
        monthly = None if one.once or not other.earlier else prices.monthly(one.cents, one.period)
        if monthly is not None:
            self.last[line, one.what] = _Price(monthly, other.invoice)
            self.dearest[line] = max(self.dearest.get(line, monthly), monthly)

    def _name(self, line: str, one: Billed) -> None:
        if one.cents < 0:
            self.credits[line].append(_Credit(one.period, -int(one.cents)))
        elif not one.once:
            self.named[line].append(one)

    def _bought(self, one: Billed) -> Bought | None:
        """Of the lines that a row may mean, the one that was bought for its days, else the first that ever was."""
        if one.common:
            return None
        lines = self.stock.lines_of(one.reference)
        known = [self.stock.bought[line] for line in lines if line in self.stock.bought]
        then = [each for each in known if any(billable(a.period).within(one.period).days for a in each.accesses)]
        return next(iter(then or known), Bought(lines[0], (), ()) if lines else None)

    def _unknown(self, one: Billed) -> Finding:
        bought = self.bought[one.rank]
        facts = {"reference": one.reference, "what": one.what, "wholesaler": self.stock.wholesaler}
        if bought is not None:
            return Finding(Fault.UNKNOWN, one.rank, bought.line, one.cents, say.ELSEWHERE, facts)
        said = say.NOBODY if one.reference else say.NAMELESS
        return Finding(Fault.UNKNOWN, one.rank, "", one.cents, said, facts)

    def _outside(self, one: Billed, bought: Bought) -> Iterator[Finding]:
        for gap in outside(one.period, bought):
            stake = self._left(bought.line, one, prices.part(one.cents, one.period, gap.period.days))
            if stake <= 0:
                continue
            facts = self._facts(one, gap.period) | {"end": gap.ended, "begin": gap.begins}
            if gap.ended is None:
                said = say.BEFORE if gap.begins is not None else say.NEVER_DELIVERED
                yield Finding(Fault.BEFORE_DELIVERY, one.rank, bought.line, stake, said, facts)
            elif bought.living and bought.over is not None:
                said, facts = say.STILL_ORDERED, facts | {"order": bought.living[0]}
                yield Finding(Fault.AFTER_CLOSURE, one.rank, bought.line, stake, said, facts)
            else:
                yield Finding(Fault.AFTER_CLOSURE, one.rank, bought.line, stake, say.CLAIM_AFTER, facts)

    def _options(self, one: Billed, bought: Bought) -> Iterator[Finding]:
        """At most one finding a row: what differs first is what there is to ask about."""
        carried = [each for each in bought.carried if billable(each.period).within(one.period).days]
        terms = terms_of(bought, one.period)
        facts = self._facts(one, one.period)
        for aspect, billed, held, same in (
            (say.TECHNOLOGY, one.technology, [each.technology for each in carried], str.__eq__),
            (say.OFFER, one.offer, [each.offer for each in carried], str.__eq__),
            (say.GUARANTEE, one.guarantee, [each.guarantee for each in terms], str.__eq__),
            (say.RATE, one.rate, [each.rate for each in terms], rates.alike),
        ):
            known = sorted({each for each in held if each})
            # A rate that nothing says is not known; a repair time that nothing says was not bought.
            unsaid = None in held and aspect is say.RATE
            if not billed or not held or unsaid or any(same(billed, each) for each in known):
                continue
            stake = self._left(bought.line, one, one.cents)
            if stake > 0 or one.cents == 0:
                facts |= {"aspect": aspect, "billed": _worded(billed), "bought": [*map(_worded, known)] or say.NOTHING}
                yield Finding(Fault.WRONG_OPTION, one.rank, bought.line, stake, say.NOT_SO, facts)
            return

    def _twice(self, one: Billed, line: str) -> Iterator[Finding]:
        met = [(one.period.within(each.period), invoice, each) for invoice, each in self.seen[line, one.what]]
        common = max((each for each in met if each[0].days), key=lambda each: each[0].days, default=None)
        if common is None:
            return
        period, invoice, other = common
        stake = self._left(line, one, prices.part(one.cents, one.period, period.days))
        if stake > 0:
            said = say.TWICE_THERE if invoice else say.TWICE_HERE
            facts = self._facts(one, period) | {"other": other.rank, "invoice": invoice}
            yield Finding(Fault.TWICE, one.rank, line, stake, said, facts)

    def _price(self, one: Billed, line: str) -> Iterator[Finding]:
        before = None if one.once else self.last.get((line, one.what))
        if one.agreed is None and before is None:
            return
        if one.agreed is not None and one.once:
            low = right = high = one.agreed
        else:
            monthly = Fraction(int(one.agreed)) if one.agreed is not None else before.monthly if before else Fraction(0)
            low, right, high = prices.expected(monthly, one.period)
        if low <= one.cents <= high:
            return
        apart = self._left(line, one, one.cents - right) if one.cents > right else one.cents - right
        if apart == 0:
            return
        facts = self._facts(one, one.period) | {"billed": one.cents, "right": right, "apart": Euros(abs(apart))}
        if one.agreed is not None:
            said = say.ABOVE_AGREED if apart > 0 else say.BELOW_AGREED
        else:
            assert before is not None
            now = prices.monthly(one.cents, one.period)
            facts |= {"before": _cents(before.monthly), "invoice": before.invoice, "now": _cents(now or Fraction(0))}
            said = say.NOT_PRO_RATA if now is None else say.RISEN if apart > 0 else say.FALLEN
        yield Finding(Fault.PRICE, one.rank, line, Euros(apart), said, facts)

    def _unbilled(self) -> Iterator[Finding]:
        period, alike = self.statement.period, self._by_offer()
        for line, bought in sorted(self.stock.bought.items()):
            served = any(each.period.within(period) == period for each in bought.accesses)
            if not served or any(each.period.within(period).days for each in self.named[line]):
                continue
            stake = self._usual(bought, alike)
            said = say.NOT_BILLED if stake is not None else say.NOT_BILLED_AT_ALL
            facts = {"since": period.since, "last": period.last, "wholesaler": self.stock.wholesaler}
            yield Finding(Fault.NOT_BILLED, None, line, stake, said, facts)

    def _usual(self, bought: Bought, alike: dict[str, Counter[int]]) -> Euros | None:
        """What such a line usually costs for the period: itself before, else most lines of its offer here."""
        period = self.statement.period
        if bought.line in self.dearest:
            return prices.expected(self.dearest[bought.line], period)[1]
        offers = {each.offer for each in bought.carried if each.period.within(period).days}
        counted = sum((alike[offer] for offer in sorted(offers)), Counter[int]())
        return Euros(counted.most_common(1)[0][0]) if counted else None

    def _by_offer(self) -> dict[str, Counter[int]]:
        """How often each amount is billed for the whole period, by the offers of the lines that it is billed for."""
        found: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for one in self.statement.lines:
            bought = self.bought[one.rank]
            if bought is not None and one.cents > 0 and not one.once and one.period == self.statement.period:
                for offer in {each.offer for each in bought.carried}:
                    found[offer][int(one.cents)] += 1
        return found

    def _left(self, line: str, one: Billed, stake: Euros) -> Euros:
        """What is left at stake once what was given back for these days is taken off; nothing is taken off twice."""
        for credit in self.credits[line]:
            if credit.left and stake > 0 and credit.period.within(one.period).days:
                taken = min(credit.left, int(stake))
                credit.left, stake = credit.left - taken, stake - taken
        return stake

    def _facts(self, one: Billed, period: Period) -> dict[str, object]:
        return {
            "what": one.what,
            "since": period.since,
            "last": period.last,
            "wholesaler": self.stock.wholesaler,
        }


def _cents(amount: Fraction) -> Euros:
    return Euros((amount + Fraction(1, 2)).__floor__())


def _worded(text: str) -> str | Phrase:
    return Technology(text).phrase if text in set(Technology) else text


def at_stake(found: Iterable[Finding]) -> Euros:
    """What may be claimed: what is known of it, but for what is to come or was too little."""
    asked = (one.cents for one in found if one.fault is not Fault.NOT_BILLED and one.cents is not None)
    return Euros(sum(max(int(cents), 0) for cents in asked))
