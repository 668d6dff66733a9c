"""Who owes what in a year that is made up, computed again from its `facts.jsonl` alone, and what the books must hold.

The rules are those of docs/reference/simulation.md, and nothing of Essaim's is imported: where the two say the same
amount, two computations of different making agree. What that page gives no meaning to raises `Unsaid`.

    python tests/recount/who_owes_what.py FOLDER/facts.jsonl [2026-06-30]

All amounts are whole cents; what is owed is positive, what somebody is ahead negative. Periods are half-open: `since`
is in one, `until` is not.
"""

from __future__ import annotations

import json
import sys
from calendar import isleap, monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

Fact = dict[str, Any]
Due = tuple[str, str, str, date]
"""A member, what kind of due, for what (a line, `membership`, `entry`), and the first day of the month."""

KEYS = {
    "begin": "seed year version members",
    "tariff": "of asked per cents floor solidarity since",
    "join": "member kind since",
    "become": "member kind since",
    "leave": "member until reason",
    "line": "line offer",
    "share": "line member weight since",
    "weigh": "line member weight since",
    "unshare": "line member until",
    "service": "line serves day",
    "choose": "member what cents since",
    "pause": "member what since until",
    "charge": "member cents day label",
    "correct": "member kind what period cents day reason",
    "pay": "payment day cents means parts reference",
    "return": "payment day reason",
    "refund": "member cents day",
    "move": "cents day account label",
    "end": "day",
}
"""Which facts there are, and all that each of them says."""


class Unsaid(Exception):
    """A fact, or several together, that the page gives no meaning to."""


def read(text: str) -> list[Fact]:
    """The facts of a file, in its order, days as dates. Raises Unsaid for what is not as the page says."""
    facts: list[Fact] = [json.loads(line) for line in text.splitlines()]
    for fact in facts:
        if set(fact) != {"fact", "known", *KEYS.get(fact["fact"], "?").split()}:
            raise Unsaid(f"there is no such fact, or these are not its keys: {fact}")
        for key in {"known", "since", "until", "day", "period"} & set(fact):
            fact[key] = date.fromisoformat(fact[key])
    if [at for at, fact in enumerate(facts) if fact["fact"] in {"begin", "end"}] != [0, len(facts) - 1]:
        raise Unsaid("a file begins with `begin` and ends with `end`")
    if facts[0]["version"] != 1 or any(later["known"] < fact["known"] for fact, later in pairwise(facts)):
        raise Unsaid("another version of the page, or days that go back")
    return facts


@dataclass
class Spell:
    """A membership, or a part of a line: half-open; without `until` it goes on."""

    member: str
    kind: str
    since: date
    weight: Fraction = Fraction(0)
    until: date | None = None
    weighed: list[Fact] = field(default_factory=list)

    def runs(self, day: date) -> bool:
        """Whether that day is in it."""
        return self.since <= day and (self.until is None or day < self.until)

    def weight_on(self, day: date) -> Fraction:
        """What the part counts for on a day."""
        last = latest(self.weighed, day)
        return Fraction(last["weight"]) if last else self.weight


def latest(facts: Iterable[Fact], day: date, key: str = "since") -> Fact | None:
    """The fact with the latest day that is not after `day`; of several of one day the last of the file."""
    found: Fact | None = None
    for fact in facts:
        if fact[key] <= day and (found is None or fact[key] >= found[key]):
            found = fact
    return found


def days_of(month: date) -> list[date]:
    """The days of a month, given by its first."""
    return [month.replace(day=number) for number in range(1, monthrange(month.year, month.month)[1] + 1)]


def month_of_year(cents: int, number: int) -> int:
    """What month number 1 to 12 costs of something that costs so much a year: rule 1 of rounding."""
    return floor(Fraction(cents * number, 12)) - floor(Fraction(cents * (number - 1), 12))


def nearest(amount: Fraction) -> int:
    """The nearest cent, half a cent up: rule 2 of rounding."""
    return floor(amount + Fraction(1, 2))


def largest_remainder(cents: int, weights: list[Fraction]) -> list[int]:
    """Whole cents in proportion to the weights, which add up to `cents`: rule 3 of rounding."""
    exact = [cents * weight / sum(weights) for weight in weights]
    parts = [floor(share) for share in exact]
    by_what_was_cut = sorted(range(len(weights)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_what_was_cut[: cents - sum(parts)]:
        parts[at] += 1
    return parts


def given(chosen: int | None, tariff: Fact) -> int:
    """What a member who chose so much gives under a tariff; null: what it suggests."""
    cents, lowest, solidarity = tariff["cents"], tariff["floor"], tariff["solidarity"]
    if chosen is None or chosen in {cents, solidarity} or (lowest is not None and chosen >= lowest):
        amount = cents if chosen is None else chosen
    elif solidarity is not None and chosen < cents:
        amount = solidarity
    else:
        amount = cents if lowest is None else lowest
    return int(amount)


def anniversary(first: date, year: int) -> date:
    """That day of the year; 29 February is the 28th in common years."""
    return first.replace(year=year, day=28 if (first.month, first.day) == (2, 29) and not isleap(year) else first.day)


@dataclass
class Recount:
    """What a year's facts ask of everyone, computed when it is made.

    `asked` and `corrected` are cents by due; what fell on paused parts is in neither.
    """

    facts: list[Fact]
    asked: Counter[Due] = field(default_factory=Counter)
    corrected: Counter[Due] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.year: int = self.facts[0]["year"]
        self.last: date = self.facts[-1]["day"]
        self.by_kind: dict[str, list[Fact]] = defaultdict(list)
        self.by_thing: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
        for fact in self.facts:
            self.by_kind[fact["fact"]].append(fact)
            for thing in (("of", "asked"), ("member", "what"), ("line",)):
                if set(thing) <= set(fact):
                    self.by_thing[(fact["fact"], *(fact[key] for key in thing))].append(fact)
        self.memberships = memberships(self.facts)
        self.parts = parts_of_lines(self.facts)
        self.members = sorted({fact["member"] for fact in self.facts if "member" in fact})
        for month in self.months():
            for line in self.parts:
                self._ask_line(line, month)
                self._ask_deposit(line, month)
            for member in self.memberships:
                self._ask_membership(member, month)
                self._ask_entry(member, month)
        cheques = {fact["payment"] for fact in self.by_kind["pay"] if fact["means"] == "cheque"}
        if not cheques >= {fact["payment"] for fact in self.by_kind["return"]}:
            raise Unsaid("something came back that was no cheque")
        for fact in self.by_kind["correct"]:
            due = fact["member"], fact["kind"], fact["what"], fact["period"]
            self.corrected[due] += fact["cents"]
            if due not in self.asked or self.asked[due] + self.corrected[due] < 0:
                raise Unsaid(f"that corrects what was not asked, or below nothing: {fact}")

    def months(self) -> list[date]:
        """The first days of the year's months."""
        return [date(self.year, number, 1) for number in range(1, 13)]

    def owed(self, member: str, on: date | None = None) -> int:
        """What a member owes at the end of a day, the last one if none is given; below 0 they are ahead.

        A month is owed from its first day on and as it is known at the very end, corrections included; charges,
        payments and refunds count from their own day on, and a payment that came back never did.
        """
        return self.everyone(on)[member]

    def everyone(self, on: date | None = None) -> Counter[str]:
        """What each member owes at the end of a day, the last one if none is given."""
        on, owed = on or self.last, Counter(dict.fromkeys(self.members, 0))
        for dues in (self.asked, self.corrected):
            for (member, _, _, month), cents in dues.items():
                owed[member] += cents if month <= on else 0
        for kind in ("charge", "refund"):
            for fact in self.by_kind[kind]:
                owed[fact["member"]] += fact["cents"] if fact["day"] <= on else 0
        for payment in self.payments(on):
            for part in payment["parts"]:
                owed[part["member"]] -= 0 if part["gift"] else part["cents"]
        return owed

    def payments(self, on: date) -> Iterator[Fact]:
        """The payments that came until the end of a day and did not come back."""
        back = {fact["payment"] for fact in self.by_kind["return"]}
        for fact in self.by_kind["pay"]:
            if fact["parts"] and sum(part["cents"] for part in fact["parts"]) != fact["cents"]:
                raise Unsaid(f"its parts are not the payment: {fact}")
            if fact["day"] <= on and fact["payment"] not in back:
                yield fact

    def books(self) -> dict[str, int]:
        """What accounts have at the end, debits positive: 411 by member, and by what stands in docs/howto/books.md.

        What moved the bank's account and was no member's is under its word.
        """
        books = Counter({f"411{member}": owed for member, owed in self.everyone().items()})
        account = {"line": "706", "deposit": "165", "membership": "756", "entry": "756"}
        for dues in (self.asked, self.corrected):
            for (_, kind, _, _), cents in dues.items():
                books[account[kind]] -= cents
        books["708"] -= sum(fact["cents"] for fact in self.by_kind["charge"])
        for payment in self.payments(self.last):
            books[{"transfer": "512", "cheque": "5112", "cash": "530"}[payment["means"]]] += payment["cents"]
            books["471"] -= 0 if payment["parts"] else payment["cents"]
            books["7541"] -= sum(part["cents"] for part in payment["parts"] if part["gift"])
        books["512"] -= sum(fact["cents"] for fact in self.by_kind["refund"])
        for fact in self.by_kind["move"]:
            books["512"] += fact["cents"]
            word: str = fact["account"]
            books[{"cheques": "5112", "cash": "530"}.get(word, word)] -= fact["cents"]
        return dict(books)

    def bank(self) -> list[tuple[date, int]]:
        """Every movement of the bank's account with its day: transfers and moves. Refunds are not among them."""
        transfers = [fact for fact in self.by_kind["pay"] if fact["means"] == "transfer"]
        return [(fact["day"], fact["cents"]) for fact in [*transfers, *self.by_kind["move"]]]

    def tariff(self, of: str, asked: str, day: date) -> Fact | None:
        """What is in force on a day for an offer or a kind of membership."""
        return latest(self.by_thing["tariff", of, asked], day)

    def chosen(self, member: str, what: str, day: date) -> int | None:
        """The amount that a member chose, as of a day; null: what is suggested."""
        last = latest(self.by_thing["choose", member, what], day)
        return last["cents"] if last else None

    def paused(self, member: str, what: str, day: date) -> bool:
        """Whether nothing is asked of them for that on a day."""
        return any(one["since"] <= day < one["until"] for one in self.by_thing["pause", member, what])

    def _offer(self, line: str) -> str:
        (ordered,) = self.by_thing["line", line]
        return f"offer:{ordered['offer']}"

    def _ask_line(self, line: str, month: date) -> None:
        cost, weights = Fraction(0), defaultdict[tuple[str, bool], Fraction](Fraction)
        days = days_of(month)
        for day in days:
            service = latest(self.by_thing["service", line], day, "day")
            tariff = self.tariff(self._offer(line), "regular", day)
            here = [part for part in self.parts[line] if part.runs(day)]
            if not (service and service["serves"] and tariff and here):
                continue
            holders = {part.member for part in here}
            alone = len(holders) == 1
            amount = given(self.chosen(here[0].member, line, day), tariff) if alone else tariff["cents"]
            if tariff["per"] not in {"month", "year"}:
                raise Unsaid(f"the regular price of a line is per month or per year: {tariff}")
            whole = month_of_year(amount, month.month) if tariff["per"] == "year" else amount
            cost += Fraction(whole, len(days))
            for part in here:
                weights[part.member, self.paused(part.member, line, day)] += part.weight_on(day)
        for ((member, paused), _), cents in zip(
            weights.items(), largest_remainder(nearest(cost), [*weights.values()]) if weights else [], strict=True
        ):
            if not paused:
                self.asked[member, "line", line, month] += cents

    def _ask_deposit(self, line: str, month: date) -> None:
        days = [fact["day"] for fact in self.by_thing["service", line] if fact["serves"]]
        if days and min(days).replace(day=1) == month:
            tariff = self.tariff(self._offer(line), "deposit", min(days))
            here = [part for part in self.parts[line] if part.runs(min(days))]
            if tariff and tariff["cents"] > 0 and here:
                self.asked[here[0].member, "deposit", line, month] += tariff["cents"]

    def _ask_membership(self, member: str, month: date) -> None:
        days, all_ = days_of(month), self.memberships[member]
        asking = [
            (day, tariff)
            for run in runs(all_)
            if (day := anniversary(run[0].since, month.year)) in days
            and (tariff := self._price_of(run, day))
            and tariff["per"] == "year"
        ]
        if len(asking) > 1:
            raise Unsaid(f"{member} has two anniversaries in {month:%Y-%m}")
        if not asking:
            begun = [day for day in days if any(spell.runs(day) for spell in all_)][:1]
            asking = [
                (day, tariff) for day in begun if (tariff := self._price_of(all_, day)) and tariff["per"] == "month"
            ]
        for day, tariff in asking:
            if not self.paused(member, "membership", day):
                chosen = self.chosen(member, "membership", day)
                self.asked[member, "membership", "membership", month] += given(chosen, tariff)

    def _price_of(self, spells: list[Spell], day: date) -> Fact | None:
        here = [spell for spell in spells if spell.runs(day)]
        if len(here) > 1:
            raise Unsaid(f"{here[0].member} has two memberships on {day}")
        return self.tariff(f"kind:{here[0].kind}", "regular", day) if here else None

    def _ask_entry(self, member: str, month: date) -> None:
        first = min(self.memberships[member], key=lambda spell: spell.since)
        tariff = self.tariff(f"kind:{first.kind}", "entry", first.since)
        if tariff and first.since.replace(day=1) == month:
            self.asked[member, "entry", "entry", month] += given(self.chosen(member, "entry", date.max), tariff)


def memberships(facts: Iterable[Fact]) -> dict[str, list[Spell]]:
    """Each member's memberships, those that never ran a day left out."""
    found: dict[str, list[Spell]] = defaultdict(list)
    for fact in facts:
        if fact["fact"] not in {"join", "become", "leave"}:
            continue
        theirs = found[fact["member"]]
        if fact["fact"] != "join":
            end(theirs, fact["until" if fact["fact"] == "leave" else "since"], fact)
        if fact["fact"] != "leave":
            theirs.append(Spell(fact["member"], fact["kind"], fact["since"]))
    return {member: lasting for member, all_ in found.items() if (lasting := lasted(all_))}


def parts_of_lines(facts: Iterable[Fact]) -> dict[str, list[Spell]]:
    """Each line's parts, in the order of their lines in the file."""
    found: dict[str, list[Spell]] = defaultdict(list)
    for fact in facts:
        if fact["fact"] == "share":
            found[fact["line"]].append(Spell(fact["member"], "", fact["since"], Fraction(fact["weight"])))
        elif fact["fact"] == "unshare":
            end([part for part in found[fact["line"]] if part.member == fact["member"]], fact["until"], fact)
        elif fact["fact"] == "weigh":
            here = [part for part in found[fact["line"]] if part.member == fact["member"] and part.runs(fact["since"])]
            if len(here) != 1:
                raise Unsaid(f"no part of theirs runs then: {fact}")
            here[0].weighed.append(fact)
    return {line: lasted(parts) for line, parts in found.items()}


def end(spells: list[Spell], until: date, fact: Fact) -> None:
    """End the one that has no end yet."""
    going_on = [spell for spell in spells if spell.until is None]
    if len(going_on) != 1 or going_on[0].since > until:
        raise Unsaid(f"that ends nothing, or one does not know what: {fact}")
    going_on[0].until = until


def lasted(spells: list[Spell]) -> list[Spell]:
    """Those that ran a day at least."""
    return [spell for spell in spells if spell.until is None or spell.since < spell.until]


def runs(spells: list[Spell]) -> list[list[Spell]]:
    """Memberships that go on from one another without a gap, together."""
    together: list[list[Spell]] = []
    for spell in sorted(spells, key=lambda one: one.since):
        until = max((one.until or date.max for one in together[-1]), default=date.max) if together else date.min
        if together and spell.since <= until:
            together[-1].append(spell)
        else:
            together.append([spell])
    return together


def main(argv: list[str]) -> None:
    """Write who owes what, a member a line: `M0042;1250`."""
    recount = Recount(read(Path(argv[0]).read_text("utf-8")))
    on = date.fromisoformat(argv[1]) if len(argv) > 1 else None
    for member, cents in recount.everyone(on).items():
        sys.stdout.write(f"{member};{cents}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
