"""Costs that one can reckon by hand, and the report that is made of them."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from billing.cost.coverage import Had
from billing.cost.given import Given
from billing.cost.price import Expense, Facts, Shared, months_after, share, spent
from billing.cost.sheet import CostReport, Known, OfferCost, report
from billing.models import CostKind, DueKind, Per, SharingKey
from foundation.clock import Month

NOVEMBER, FEBRUARY = Month(2026, 11), Month(2026, 2)
LONG_AGO = date(2020, 1, 1)
ALL = (1 << 30) - 1
HALF = (1 << 15) - 1
YEAR = frozenset(Month(2025 + (11 + rank) // 12, (11 + rank) % 12 + 1) for rank in range(12))


def cost(kind: CostKind = CostKind.RECURRING, key: SharingKey = SharingKey.LINES, **said: object) -> Expense:
    """A cost of 300 € a month since long ago, but for what is said."""
    known = {"since": LONG_AGO, "cents": 30000, "per": Per.MONTH, **said}
    return Expense("c", "C", kind, key, **known)  # type: ignore[arg-type]


def november(**known: object) -> Facts:
    """Two ADSL lines all the month, one VPN all of it and one half of it; four members."""
    told = {"lines": {"adsl": [ALL, ALL], "vpn": [ALL, HALF]}, "members": [ALL] * 4, **known}
    return Facts(NOVEMBER, **told)  # type: ignore[arg-type]


def shares(one: Expense, facts: Facts) -> dict[str | None, Fraction]:
    shared: Shared = share([one], [facts])
    return {bearer: shared.borne(bearer) for bearer in shared.bearers()}


def test_by_line_each_day_in_service_bears_the_same() -> None:
    assert shares(cost(), november()) == {"adsl": Fraction(120000, 7), "vpn": Fraction(90000, 7)}
    assert share([cost()], [november()]).one("adsl", Fraction(2)) == (8571, {"c": 8571})


def test_by_line_of_named_offers_alone() -> None:
    assert shares(cost(parts={"vpn": 1000}), november()) == {"vpn": 30000}


def test_by_member_whoever_has_two_lines_of_an_offer_counts_once() -> None:
    facts = november(users={"adsl": [ALL], "vpn": [ALL, ALL]})
    assert shares(cost(key=SharingKey.MEMBERS), facts) == {"adsl": 10000, "vpn": 20000}


def test_by_membership_it_falls_to_the_membership() -> None:
    assert shares(cost(key=SharingKey.MEMBERSHIP), november()) == {None: 30000}
    assert share([cost(key=SharingKey.MEMBERSHIP)], [november()]).one(None, Fraction(4)) == (7500, {"c": 7500})


def test_by_rate_a_fast_line_bears_more() -> None:
    facts = november(rates={"adsl": Fraction(20), "vpn": Fraction(80)})
    assert shares(cost(key=SharingKey.RATE), facts) == {"adsl": 7500, "vpn": 22500}
    assert shares(cost(key=SharingKey.RATE, parts={"adsl": 3000, "vpn": 4000}), facts) == {"adsl": 15000, "vpn": 15000}


def test_by_what_machines_used_or_by_the_watts_that_were_said() -> None:
    facts = november(used={"adsl": Fraction(1000), "vpn": Fraction(2000)})
    assert shares(cost(key=SharingKey.WATTS), facts) == {"adsl": 10000, "vpn": 20000}
    assert shares(cost(key=SharingKey.WATTS, parts={"adsl": 3000, "vpn": 8000}), facts) == {"adsl": 10000, "vpn": 20000}


def test_by_fixed_parts_even_to_an_offer_that_nobody_has() -> None:
    one = cost(key=SharingKey.PARTS, parts={"adsl": 1000, "fibre": 1500, None: 500})
    assert shares(one, november()) == {"adsl": 10000, "fibre": 15000, None: 5000}
    assert share([one], [november()]).one("fibre", Fraction(0)) is None


def test_what_no_key_measures_is_told_and_not_lost() -> None:
    shared = share([cost(key=SharingKey.RATE)], [november()])
    assert shared.spent == shared.left["c"] == 30000
    (row,) = shared.table()
    assert (row.cents, row.left, dict(row.shares)) == (30000, 30000, {})


def test_wholesale_is_by_the_lines_day() -> None:
    one = cost(CostKind.WHOLESALE, SharingKey.PARTS, per=None, cents=1850, parts={"adsl": 1000})
    assert spent(one, november(lines={"adsl": [ALL, HALF]})) == 1850 + 925
    changed = cost(
        CostKind.WHOLESALE, SharingKey.PARTS, per=None, cents=1850, parts={"adsl": 1000}, until=date(2026, 11, 16)
    )
    assert spent(changed, november(lines={"adsl": [ALL, ALL ^ HALF]})) == 925


def test_a_year_is_paid_by_twelfths_and_a_part_of_a_month_by_its_days() -> None:
    assert spent(cost(per=Per.YEAR), november()) == 2500
    assert spent(cost(since=date(2026, 11, 21)), november()) == 10000
    assert spent(cost(until=date(2026, 11, 1)), november()) == 0


def test_electricity_is_measured_or_said() -> None:
    priced: dict[str, Any] = {"cents": None, "per": None, "micros": 250_000}
    metered = {NOVEMBER.first + timedelta(days=rank): 10_000 for rank in range(30)}
    facts = november(metered={"cave/A": metered, "": metered})
    assert spent(cost(CostKind.ELECTRICITY, feed="cave/A", **priced), facts) == 7500
    assert spent(cost(CostKind.ELECTRICITY, since=date(2026, 11, 30), **priced), facts) == 250
    assert spent(cost(CostKind.ELECTRICITY, watthours=60_000, **priced), facts) == 1500


def test_a_machine_is_amortised_by_equal_months_from_its_day() -> None:
    bought = date(2026, 1, 31)
    one = cost(CostKind.MACHINE, since=bought, until=months_after(bought, 2), cents=1000, per=None, months=2)
    assert months_after(bought, 1) == date(2026, 2, 28)
    parts = [spent(one, Facts(Month(2026, number))) for number in range(1, 5)]
    assert parts == [500 * Fraction(1, 28), 500 * Fraction(27, 28) + 500 * Fraction(1, 31), 500 * Fraction(30, 31), 0]
    assert sum(parts) == 1000


def given(count: int, cents: int, first: int = 1, offer: str = "adsl") -> tuple[list[Given], list[Had]]:
    """So many members who each have a line and give so much for it."""
    numbers = range(first, first + count)
    return (
        [Given(NOVEMBER, f"M{one:04d}", DueKind.LINE, f"L{one:04d}", Fraction(cents)) for one in numbers],
        [Had(NOVEMBER, f"M{one:04d}", f"L{one:04d}", offer, Fraction(1)) for one in numbers],
    )


def reported(*of: tuple[list[Given], list[Had]], expenses: tuple[Expense, ...] = (), **more: object) -> CostReport:
    had = [one for _, each in of for one in each]
    lines = {offer: [ALL for one in had if one.offer == offer] for offer in {one.offer for one in had}}
    known = {
        "expenses": expenses,
        "months": [Facts(NOVEMBER, lines=lines, members=[ALL] * 4)],
        "given": [one for each, _ in of for one in each],
        "had": had,
        "members": {NOVEMBER: []},
        "issued": YEAR,
        "titles": {"adsl": "ADSL", "vpn": "VPN {libre}"},
        "offers_now": {one.line: one.offer for one in had},
        **more,
    }
    return report("2026-11", Known(**known))  # type: ignore[arg-type]


def of(found: CostReport, offer: str | None) -> OfferCost:
    return next(one for one in found.offers if one.offer == offer)


def test_what_should_i_give_is_answered_in_one_sentence() -> None:
    found = reported(given(10, 2500), expenses=(cost(cents=21414),))
    adsl = of(found, "adsl")
    assert adsl.answer.say("fr") == (
        "ADSL : une ligne coûte 21,41\u00a0€ par mois ; donner 21,50\u00a0€ par mois couvre la vôtre, donner plus aide "
        "celles et ceux qui donnent moins."
    )
    assert (adsl.one, adsl.given, adsl.covered, adsl.mean, adsl.people) == (2141, 25000, 117, 2500, 10)
    assert [(cell.low, cell.people) for cell in adsl.cells] == [(2500, 10)]
    assert (found.spent, found.given, found.covered) == (21414, 25000, 117)


def test_a_title_with_braces_is_only_words() -> None:
    assert "VPN {libre}: a line costs" in of(
        reported(given(6, 700, offer="vpn"), expenses=(cost(),)), "vpn"
    ).answer.say("en")


def test_neighbours_who_share_a_line_count_by_the_whole_line() -> None:
    parts = [(f"M{rank:04d}", Fraction(1, 3), cents) for rank, cents in ((1, 1167), (2, 1167), (3, 1166))]
    dues = [Given(NOVEMBER, who, DueKind.LINE, "L0099", Fraction(cents)) for who, _, cents in parts]
    held = [Had(NOVEMBER, who, "L0099", "adsl", part) for who, part, _ in parts]
    found = reported(given(4, 3500, first=10), (dues, held))
    assert [(cell.low, cell.people) for cell in of(found, "adsl").cells] == [(3500, 7)]


def test_what_one_of_few_gives_is_told_nowhere() -> None:
    found = reported(given(4, 2500), given(12, 700, 20, "vpn"), expenses=(cost(),))
    adsl, vpn = of(found, "adsl"), of(found, "vpn")
    assert (adsl.given, adsl.covered, adsl.mean, adsl.people, adsl.cells) == (None, None, None, None, ())
    assert vpn.given is None, "it is the total but for what the four give"
    assert found.given == 4 * 2500 + 12 * 700
    alone = reported(given(4, 2500), expenses=(cost(),))
    assert (alone.given, alone.covered) == (None, None)


def test_a_small_cell_is_kept_back_with_another() -> None:
    cells = of(reported(given(3, 2500), given(9, 700, 20), given(7, 1500, 40)), "adsl").cells
    assert [(cell.low, cell.people) for cell in cells] == [(500, 9), (1500, None), (2500, None)]


def test_who_has_a_line_and_no_due_gives_nothing_if_the_dues_were_issued() -> None:
    dues, held = given(12, 700)
    assert [(c.low, c.people) for c in of(reported((dues[:6], held)), "adsl").cells] == [(0, 6), (500, 6)]
    assert [(c.low, c.people) for c in of(reported(([], held), issued=frozenset()), "adsl").cells] == []


def test_a_membership_is_told_by_the_year_and_gifts_apart() -> None:
    who = [f"M{rank:04d}" for rank in range(1, 7)]
    dues = [Given(NOVEMBER, one, DueKind.MEMBERSHIP, "membership", Fraction(2000, 12)) for one in who]
    gifts = [Given(NOVEMBER, one, DueKind.GIFT, "gift", Fraction(1000)) for one in who]
    year = cost(key=SharingKey.MEMBERSHIP, cents=12000, per=Per.YEAR)
    found = reported((dues + gifts, []), expenses=(year,), members={NOVEMBER: who})
    membership = of(found, None)
    assert (membership.one, membership.given, membership.covered) == (3000, 1000, 100)
    assert "elle coûte 30,00\u00a0€ par an" in membership.answer.say("fr")
    assert [(cell.low, cell.people) for cell in membership.cells] == [(2000, 6)]
    assert (found.gifts, found.given) == (6000, 1000)
    assert reported((gifts[:4], [])).gifts is None


def test_a_line_that_migrated_brings_to_both_offers_by_days() -> None:
    dues = [Given(NOVEMBER, f"M{n:04d}", DueKind.LINE, f"L{n:04d}", Fraction(3000)) for n in range(1, 7)]
    held = [
        Had(NOVEMBER, f"M{n:04d}", f"L{n:04d}", offer, part)
        for n in range(1, 7)
        for offer, part in (("adsl", Fraction(1, 3)), ("fibre", Fraction(2, 3)))
    ]
    found = reported((dues, held))
    assert (of(found, "adsl").given, of(found, "fibre").given) == (6000, 12000)


def test_what_is_missing_is_said_with_what_to_do() -> None:
    dark = cost(CostKind.ELECTRICITY, cents=None, per=None, micros=227600, feed="cave/A")
    rate = cost(key=SharingKey.RATE)
    notes = [one.say("fr") for one in reported(given(6, 700), expenses=(dark, rate), issued=frozenset()).notes]
    assert any("aucun kWh mesuré en 2026-11" in note and "--kwh 300" in note for note in notes)
    assert any("300,00\u00a0€ ne sont répartis sur personne" in note for note in notes)
    assert any("essaim dues issue 2026-11" in note for note in notes)
