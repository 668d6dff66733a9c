"""Whatever costs are, and however they are shared: what is shared is what is spent, to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from billing.cost.price import Expense, Facts, months_after, share, spent
from billing.models import CostKind, Per, SharingKey
from billing.reckoning import rounded
from foundation.clock import Month

OFFERS = ("adsl", "fibre", "vpn")
MONTHS = [Month(2026, number) for number in range(1, 13)]
FIRST, LAST = date(2025, 11, 1), date(2027, 2, 1)

days = st.dates(FIRST, LAST)
cents = st.integers(1, 10_000_000)
bits = st.integers(0, 2**28 - 1)
parts: st.SearchStrategy[dict[str | None, int]] = st.dictionaries(
    st.sampled_from(OFFERS), st.integers(1, 100_000), max_size=3
)


@st.composite
def expenses(draw: st.DrawFn) -> Expense:
    """Any cost that the association may note."""
    kind, since = draw(st.sampled_from(CostKind)), draw(days)
    until = draw(st.none() | days.map(lambda day: max(day, since)))
    name, amount = draw(st.sampled_from("abcd")), draw(cents)
    key, to = draw(st.sampled_from(SharingKey)), draw(parts)
    if kind is CostKind.WHOLESALE:
        to = {draw(st.sampled_from(OFFERS)): 1000}
        return Expense(name, name, kind, SharingKey.PARTS, since, until, cents=amount, parts=to)
    if kind is CostKind.ELECTRICITY:
        used = draw(st.none() | st.integers(1, 10**9))
        return Expense(name, name, kind, key, since, until, micros=amount, watthours=used, parts=to)
    if kind in (CostKind.MACHINE, CostKind.ONCE):
        months = 12 if kind is CostKind.ONCE else draw(st.integers(1, 60))
        ends = months_after(since, months)
        ended = min(until or ends, ends)
        return Expense(name, name, kind, key, since, ended, cents=amount, months=months, parts=to)
    per = draw(st.sampled_from([Per.MONTH, Per.YEAR]))
    return Expense(name, name, kind, key, since, until, cents=amount, per=per, parts=to)


@st.composite
def facts(draw: st.DrawFn, month: Month) -> Facts:
    """Any month."""
    present = st.dictionaries(st.sampled_from(OFFERS), st.lists(bits, max_size=4), max_size=3)
    amounts = st.dictionaries(st.sampled_from(OFFERS), st.fractions(0, 1000, max_denominator=50), max_size=3)
    metered = {"": {month.first + timedelta(days=rank): draw(st.integers(0, 10**6)) for rank in range(0, 28, 5)}}
    lists = draw(st.lists(bits, max_size=4))
    return Facts(month, draw(present), draw(present), lists, draw(amounts), draw(amounts), metered)


@st.composite
def years(draw: st.DrawFn) -> list[Facts]:
    first = draw(st.integers(0, 11))
    return [draw(facts(month)) for month in MONTHS[first : first + draw(st.integers(1, 3))]]


@given(st.lists(expenses(), max_size=6), years())
def test_what_is_shared_adds_up_to_what_is_spent_to_the_cent(costs: list[Expense], months: list[Facts]) -> None:
    shared, rows = share(costs, months), share(costs, months).table()
    whole = sum((spent(cost, month) for cost in costs for month in months), Fraction(0))
    assert shared.spent == whole
    assert sum(row.cents for row in rows) == rounded(whole)
    for row in rows:
        assert sum(row.shares.values()) + row.left == row.cents
        assert row.left >= 0
        assert all(part >= 0 for part in row.shares.values())
        exact = sum(shared.shares[row.name].values(), shared.left[row.name])
        assert abs(row.cents - exact) < len(rows) + 1
    borne = sum((shared.borne(one) for one in shared.bearers()), Fraction(0))
    assert borne + sum(shared.left.values(), Fraction(0)) == whole


@given(st.lists(expenses(), max_size=6), years(), st.sampled_from([*OFFERS, None]))
def test_what_a_line_is_made_of_adds_up_to_what_it_costs(
    costs: list[Expense], months: list[Facts], bearer: str | None
) -> None:
    shared = share(costs, months)
    units = sum((month.units(bearer) for month in months), Fraction(0))
    one = shared.one(bearer, units)
    assert (one is None) == (units == 0)
    if one is not None:
        assert sum(one[1].values()) == one[0]
        assert abs(one[0] * units - shared.borne(bearer)) <= units


@given(expenses(), st.sampled_from([Month(2025, 11), *MONTHS, Month(2027, 1)]), st.data())
def test_a_cost_that_ends_stops(cost: Expense, month: Month, data: st.DataObject) -> None:
    takes = spent(cost, data.draw(facts(month)))
    if (cost.until is not None and cost.until <= month.first) or cost.since >= month.after:
        assert takes == 0
    assert takes >= 0


@given(cents, st.dates(date(2023, 1, 1), date(2026, 12, 31)), st.integers(1, 60))
def test_a_machine_is_amortised_whole_in_its_months_and_never_more(amount: int, since: date, months: int) -> None:
    end = months_after(since, months)
    machine = Expense("m", "m", CostKind.MACHINE, SharingKey.LINES, since, end, cents=amount, months=months)
    month, whole = Month(since.year, since.month), Fraction(0)
    while month.first < end:
        part = spent(machine, Facts(month))
        assert part > 0
        whole += part
        month = Month(month.after.year, month.after.month)
    assert whole == amount
    assert spent(machine, Facts(month)) == 0


@given(cents, st.sampled_from([Per.MONTH, Per.YEAR]))
def test_twelve_months_of_a_cost_are_a_year_of_it(amount: int, per: Per) -> None:
    cost = Expense("c", "c", CostKind.RECURRING, SharingKey.LINES, FIRST, cents=amount, per=per)
    whole = sum((spent(cost, Facts(month)) for month in MONTHS), Fraction(0))
    assert whole == amount * (1 if per == Per.YEAR else 12)
