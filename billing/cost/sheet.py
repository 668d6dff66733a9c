"""The report of the cost price: for each offer and the membership, its cost, of what, and how far it is covered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from billing.cost.coverage import Cell, Giving, Had, bands, coverage, year_issued
from billing.cost.disclosure import LEAST, rows_kept_back
from billing.cost.given import Given
from billing.cost.price import Bearer, Expense, Facts, Row, Shared, share
from billing.models import CostKind, DueKind, SharingKey
from billing.reckoning import rounded
from foundation.clock import Month
from foundation.money import Euros
from foundation.speech import Phrase

STEP: Final = 50
"""What is said to cover a line is rounded up to so many cents."""

MEMBERSHIP_TITLE: Final = Phrase("Adhésion", "Membership")
_LINE: Final = Phrase(
    "{title} : une ligne coûte {one} par mois ; donner {enough} par mois couvre la vôtre, donner plus aide "
    "celles et ceux qui donnent moins.",
    "{title}: a line costs {one} a month; giving {enough} a month covers yours, giving more helps those who give less.",
)
_MEMBERSHIP: Final = Phrase(
    "{title} : elle coûte {one} par an ; donner {enough} par an couvre la vôtre, donner plus aide celles et ceux "
    "qui donnent moins.",
    "{title}: it costs {one} a year; giving {enough} a year covers yours, giving more helps those who give less.",
)
_NO_LINE: Final = Phrase(
    "{title} : personne n'en avait, il n'y a pas de coût par ligne.",
    "{title}: nobody had one, there is no cost of a line.",
)
_FREE: Final = Phrase(
    "{title} : aucun coût ne lui est réparti, ce que vous donnez aide les autres.",
    "{title}: no cost is shared to it, what you give helps the others.",
)
_LEFT: Final = Phrase(
    "{name} : {cents} ne sont répartis sur personne, car sa clé ({key}) ne trouve rien à quoi se mesurer. "
    "Choisir une autre clé, ou dire les parts (--key, --to) : essaim cost add --help",
    "{name}: {cents} fall to nobody, as its key ({key}) finds nothing to measure by. "
    "Choose another key, or say the parts (--key, --to): essaim cost add --help",
)
_UNMEASURED: Final = Phrase(
    "{name} : aucun kWh mesuré en {months}, rien n'y est compté. Le dire à la main : "
    "essaim cost add {name} --kind electricity --kwh-price PRIX --kwh 300",
    "{name}: no kWh measured in {months}, nothing is counted. To say it by hand: "
    "essaim cost add {name} --kind electricity --kwh-price PRICE --kwh 300",
)
_YEAR_MISSES: Final = Phrase(
    "Les dus d'une année entière ne sont pas émis : qui n'a pas de dû de cotisation n'est pas compté comme ne "
    "donnant rien.",
    "The dues of a whole year were not issued: whoever has no due of membership is not counted as giving nothing.",
)
_NOT_ISSUED: Final = Phrase(
    "Aucun dû de ligne en {months} : ce que donnent les membres y compte pour rien. "
    "Les émettre : essaim dues issue {first}",
    "No due of a line in {months}: what members give counts for nothing there. "
    "To issue them: essaim dues issue {first}",
)


@dataclass(frozen=True, slots=True)
class Part:
    """So many cents of one cost, by its name, in the words of its label."""

    name: str
    label: str
    cents: int


@dataclass(frozen=True, slots=True)
class OfferCost:
    """An offer, or the membership (no `offer`): what it took in all, and one line a month, one membership a year.

    `lines` is how many there were in the mean. What is `given`, how much of the cost that covers in percent, the
    `mean` for one, the `people` and their distribution are None, or without cells, where they would say what someone
    gives. Amounts in cents.
    """

    offer: str | None
    title: Phrase
    lines: int
    spent: int
    one: int | None
    made_of: tuple[Part, ...]
    given: int | None
    covered: int | None
    mean: int | None
    people: int | None
    cells: tuple[Cell, ...]
    answer: Phrase


@dataclass(frozen=True, slots=True)
class CostRow:
    """A cost, and how much of it falls to which offer (no `offer`: the membership); `left` to nobody. In cents."""

    name: str
    label: str
    cents: int
    shares: tuple[tuple[str | None, int], ...]
    left: int


@dataclass(frozen=True, slots=True)
class CostReport:
    """The cost price of a time (`2026` or `2026-11`), half-open. Rows add up to `spent`, and shares to their row.

    `gifts` are kept apart from what is `given`; both are None where they would say what someone gives. In cents.
    """

    period: str
    since: date
    until: date
    spent: int
    left: int
    given: int | None
    covered: int | None
    gifts: int | None
    offers: tuple[OfferCost, ...]
    costs: tuple[CostRow, ...]
    notes: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """All that a report is made from: what costs, what each month was, what was given, who had what.

    `issued` are the months whose dues were issued, `titles` the offers' words by name, `offers_now` the offer that each
    line has now.
    """

    expenses: Sequence[Expense]
    months: Sequence[Facts]
    given: Sequence[Given]
    had: Sequence[Had]
    members: Mapping[Month, Sequence[str]]
    issued: Collection[Month]
    titles: Mapping[str, str]
    offers_now: Mapping[str, str]


def report(period: str, known: Known) -> CostReport:
    """The cost price of these months, with nothing in it that says what one person gives."""
    shared = share(known.expenses, known.months)
    giving = coverage(known.given, known.had, known.members, known.offers_now, known.issued)
    rows = shared.table()
    bearers = _bearers(shared, giving, known)
    hidden, total_told = rows_kept_back(
        {one or "": len(giving[one].each) for one in bearers if one in giving},
        lambda name: giving[name or None].untold(bands(name or None)),
    )
    spent, given = Euros(sum(row.cents for row in rows)), sum((one.in_all for one in giving.values()), Fraction(0))
    told = given if total_told else None
    return CostReport(
        period=period,
        since=known.months[0].month.first,
        until=known.months[-1].month.after,
        spent=int(spent),
        left=sum(row.left for row in rows),
        given=None if told is None else int(rounded(told)),
        covered=None if told is None else _percent(told, shared.spent),
        gifts=_gifts(known.given),
        offers=tuple(
            _offer(one, shared, rows, giving.get(one, Giving()), known, hidden=(one or "") in hidden) for one in bearers
        ),
        costs=tuple(
            CostRow(row.name, row.label, int(row.cents), _ordered(row.shares, bearers), int(row.left)) for row in rows
        ),
        notes=tuple(_notes(shared, known)),
    )


def _offer(
    bearer: Bearer, shared: Shared, rows: Sequence[Row], giving: Giving, known: Known, *, hidden: bool
) -> OfferCost:
    units = sum((facts.units(bearer) for facts in known.months), Fraction(0))
    scale = 12 if bearer is None else 1
    one = shared.one(bearer, units * Fraction(1, scale))
    limits = bands(bearer)
    title = MEMBERSHIP_TITLE if bearer is None else Phrase.said(*[known.titles.get(bearer, bearer)] * 2)
    borne = shared.borne(bearer)
    mean = giving.in_all * scale * Fraction(units.denominator, units.numerator) if units else None
    return OfferCost(
        offer=bearer,
        title=title,
        lines=_whole(units * Fraction(1, len(known.months))),
        spent=sum(row.shares.get(bearer, Euros(0)) for row in rows),
        one=None if one is None else int(one[0]),
        made_of=() if one is None else tuple(Part(n, shared.labels[n], int(c)) for n, c in one[1].items()),
        given=None if hidden else int(rounded(giving.in_all)),
        covered=None if hidden else _percent(giving.in_all, borne),
        mean=None if hidden or mean is None else int(rounded(mean)),
        people=giving.people(limits),
        cells=giving.cells(limits),
        answer=_answer(bearer, title, None if one is None else one[0]),
    )


def _answer(bearer: Bearer, title: Phrase, one: Euros | None) -> Phrase:
    """What should I give? In one sentence."""
    phrase = _NO_LINE if one is None else _FREE if not one else _MEMBERSHIP if bearer is None else _LINE
    enough = Euros(-(-(one or 0) // STEP) * STEP)
    return Phrase.said(*(phrase.say(each, title=title, one=one or Euros(0), enough=enough) for each in ("fr", "en")))


def _bearers(shared: Shared, giving: Mapping[Bearer, Giving], known: Known) -> list[Bearer]:
    """Whom the report is about, the offers by name and the membership last."""
    had = {one.offer for one in known.had}
    offers = {one for one in (*shared.bearers(), *giving, *had) if one is not None}
    return [*sorted(offers), None]


def _ordered(shares: Mapping[Bearer, Euros], bearers: Sequence[Bearer]) -> tuple[tuple[str | None, int], ...]:
    return tuple((one, int(shares[one])) for one in bearers if shares.get(one))


def _gifts(given: Sequence[Given]) -> int | None:
    gifts = [one for one in given if one.kind is DueKind.GIFT]
    people = {one.member for one in gifts}
    return int(rounded(sum((one.cents for one in gifts), Fraction(0)))) if not people or len(people) >= LEAST else None


def _notes(shared: Shared, known: Known) -> list[Phrase]:
    """What the figures lack, and what to do about it."""
    keys = {one.name: one.key for one in known.expenses}
    notes = [
        _said(_LEFT, name=name, cents=rounded(cents), key=SharingKey(keys[name]).phrase)
        for name, cents in shared.left.items()
        if rounded(cents)
    ]
    for one in known.expenses:
        if one.kind is CostKind.ELECTRICITY and one.watthours is None:
            dark = [str(facts.month) for facts in known.months if _in_force(one, facts) and not _metered(one, facts)]
            notes += [_said(_UNMEASURED, name=one.name, months=dark)] if dark else []
    served = {one.month for one in known.had}
    dry = [str(facts.month) for facts in known.months if facts.month in served - set(known.issued)]
    notes += [_said(_NOT_ISSUED, months=dry, first=dry[0])] if dry else []
    return notes if year_issued(known.issued, known.months[-1].month) else [*notes, _YEAR_MISSES]


def _in_force(one: Expense, facts: Facts) -> bool:
    return one.since < facts.month.after and (one.until is None or one.until > facts.month.first)


def _metered(one: Expense, facts: Facts) -> int:
    return sum(facts.metered.get(one.feed, {}).values())


def _said(phrase: Phrase, **values: object) -> Phrase:
    return Phrase.said(phrase.say("fr", **values), phrase.say("en", **values))


def _percent(given: Fraction, cost: Fraction) -> int | None:
    return _whole(100 * given * Fraction(cost.denominator, cost.numerator)) if cost else None


def _whole(value: Fraction) -> int:
    return int(rounded(value))
